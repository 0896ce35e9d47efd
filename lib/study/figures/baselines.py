"""Networks against searches without networks, game by game."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from study.designs.settings import Preset
from study.figures import frames
from study.figures.statistics import mean_interval, per_group
from study.figures.style import LOOKS, NAMES, legend, named, panels
from study.figures.tables import OTHERS, OURS, signs
from study.records.store import Record

SHOWN = {"logit_scale": "logit scale", "senders": "senders"}
GROUPS = list(SHOWN)
CLOSE = 0.01
"""A profile is close to the best if its welfare is at most this share of the utility range below."""


def selections_frame(records: Sequence[Record], preset: Preset) -> pd.DataFrame:
    """The selected profiles of networks and baselines, for the functions below.

    ``records`` are those of both benchmarks and of the baselines. Tolerance and radius are the headline's; the
    games are those that every method has finished and that are not degenerate.
    """
    methods = (*preset.methods, *preset.baselines.methods)
    frame = frames.with_all_methods(frames.equilibria_frame(records), records, methods)
    frame = frame[
        (frame["tolerance"] == preset.headline)
        & (frame["radius"] == preset.searches[0].radius)
        & ~frame["degenerate"]
    ]
    scales = {frames.game_id(r): r.config["game"]["parameters"]["logit_scale"] for r in records}
    return frame.assign(logit_scale=frame["game"].map(scales))


def comparison_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Welfare of every method minus that of DNL, over the games that both solved, by set of games.

    ``frame`` has the columns game, logit_scale, senders, method, solved, welfare and utility_range; differences are
    relative to the game's utility range, with 95% intervals over games.
    """
    rows = []
    for group, part in frame.groupby(GROUPS, sort=True):
        for method, own in part.groupby("method", sort=False):
            gap = relative_gaps(part, str(method), OURS)
            found = {"welfare − DNL": str(mean_interval(gap)), **signs(gap)}
            rows.append(
                {
                    **dict(zip(SHOWN.values(), group)),
                    "method": NAMES[str(method)],
                    "solved": f"{int(own['solved'].sum())} of {len(own)}",
                    **(dict.fromkeys(found, "–") if method == OURS else found),
                }
            )
    return pd.DataFrame(rows)


def message(frame: pd.DataFrame, others: tuple[str, ...]) -> str:
    """How often a search without networks is ahead of or behind DNL, beyond the 95% interval."""
    found = [
        mean_interval(relative_gaps(part, other, OURS))
        for _, part in frame.groupby(GROUPS)
        for other in others
    ]
    ahead = sum(gap.mean > gap.half_width for gap in found)
    behind = sum(gap.mean < -gap.half_width for gap in found)
    return (
        f"Of {len(found)} comparisons of a search without networks with DNL, by set of games, {ahead} have a "
        f"welfare that is higher beyond the 95% interval, and {behind} a lower one."
    )


def shortfalls(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with ``below``: how far welfare is below the best method's of the game, over the utility range."""
    best = frame.groupby("game")["welfare"].transform("max")
    return frame.assign(below=(best - frame["welfare"]) / frame["utility_range"])


def shortfall_curves(frame: pd.DataFrame, methods: Sequence[str]) -> Figure:
    """Share of games in which a method is at most so far below the best one, a panel per set of games.

    ``frame`` from :func:`shortfalls`. A curve ends at the share of games that the method solved.
    """
    groups = list(frame.groupby(GROUPS))
    figure, axes = panels(1, len(groups), 3 * len(groups), 3, sharey=True)
    for axis, ((scale, senders), part) in zip(axes[0], groups):
        for method in methods:
            own = part[part["method"].eq(method) & part["solved"]]
            heights = np.arange(len(own) + 1) / part["game"].nunique()
            axis.step(
                [0, *np.sort(own["below"])], heights, where="post",
                color=LOOKS[method]["color"], label=NAMES[method],
                ls="-" if method in (*OTHERS, OURS) else "--",
            )  # fmt: skip
        axis.set(title=f"logit scale {scale:g}, {senders} senders", xlabel="below the best method")
        axis.set_xscale("symlog", linthresh=1e-3)
        axis.set(xlim=(0, None), ylim=(0, 1.03))
    axes[0, 0].set_ylabel("share of games")
    legend(axes[0, -1], fontsize=8, loc="lower right")
    return figure


def shortfall_message(frame: pd.DataFrame) -> str:
    """Which method is most often close to the best; ``frame`` from :func:`shortfalls`."""
    if frame.empty:
        return "0 games have been tried by every method."
    solved = frame["solved"] & (frame["below"] <= CLOSE)
    near = solved.groupby(frame["method"].map(NAMES)).mean()
    return (
        f"Within {CLOSE:.0%} of the utility range of the best method of the game is most often {near.idxmax()} "
        f"(in {near.max():.0%} of the games) and least often {near.idxmin()} ({near.min():.0%}); DNL is in "
        f"{near['DNL']:.0%}."
    )


def verdicts(
    frame: pd.DataFrame, networks: tuple[str, ...], others: tuple[str, ...]
) -> Iterator[str]:
    """A sentence per set of games: which baselines have higher welfare than which networks, beyond the interval."""
    pairs = [(baseline, network) for baseline in others for network in networks]
    for (scale, senders), part in frame.groupby(GROUPS, sort=True):
        better, worse = (
            [
                f"{NAMES[one]} over {NAMES[other]}"
                for one, other in (pair[::sign] for pair in pairs)
                for gap in [mean_interval(relative_gaps(part, one, other))]
                if gap.mean > gap.half_width
            ]
            for sign in (1, -1)
        )
        found = "; ".join(filter(None, [", ".join(better), ", ".join(worse)]))
        yield f"Logit scale {scale:g}, {senders} senders: {found or 'no difference beyond its interval'}."


def polished_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Per set of games and method: what the certificate says of the selected profile, and of the polished one.

    ``frame`` from :func:`study.figures.certificates.certificates_frame`, one tolerance.
    """

    def row(part: pd.DataFrame) -> dict[str, Any]:
        reached = part[part["polished_status"] == "certified"]
        gain = (reached["polished_welfare"] - reached["welfare"]) / reached["utility_range"]
        return {
            "profiles": len(part),
            "regret, at least": str(mean_interval(part["local_lower"])),
            "at most": str(mean_interval(part["local_upper"])),
            "polished, certified locally": len(reached),
            "change of welfare": str(mean_interval(gain)),
        }

    return named(per_group(frame, SHOWN | {"method": "method"}, row))


def relative_gaps(frame: pd.DataFrame, method: str, against: str) -> pd.Series:
    """Welfare of one method minus another's, relative to the utility range, over the games that both solved."""
    solved = frame[frame["solved"]].assign(relative=lambda f: f["welfare"] / f["utility_range"])
    return frames.paired(solved, "relative", method, against)
