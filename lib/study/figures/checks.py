"""The sampled check against exact certificates: tables from the frames of :mod:`study.figures.certificates`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from persuasion.games.seeded import build_game
from study.figures.frames import game_id
from study.figures.statistics import mean_interval, per_group
from study.figures.style import NAMES, named
from study.records.regrets import record_stakes, relative_interval
from study.records.rows import CheckRow, ProfileRow
from study.records.store import Record

GLOBAL = "global regret, at least"


def kinks_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row per game, start, step and number of samples: exact regret and the sampled gain, both relative.

    ``sampled`` is the upper end where only the largest gain of several movers is recorded, in utility units.
    """
    return pd.DataFrame(
        [
            {
                "game": game_id(record),
                **record.config["game"]["parameters"],
                "movers": record.config["movers"],
                "start": row.start,
                "step": row.step,
                "samples": int(samples),
                **dict(zip(("lower", "upper"), relative_interval(row.regret, row.gains, stakes))),
                "sampled": float(
                    np.max(np.array((row.sampled_gains or row.sampled)[samples]) / stakes)
                ),
            }
            for record in records
            for stakes in [record_stakes(record)]
            for row in record.rows_of(CheckRow)
            for samples in row.sampled
        ]
    )


def miss_rates(frame: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """How often the sampled check accepts what the exact one refutes at a tolerance, a share of the stakes.

    One row per movers, size, step and number of samples: profiles that are refuted, those of them that the sampled
    check accepts, and profiles that remain undecided.
    """
    decided = frame.assign(
        refuted=frame["lower"] > tolerance,
        undecided=(frame["lower"] <= tolerance) & (frame["upper"] > tolerance),
        accepted=frame["sampled"] <= tolerance,
    )
    decided["missed"] = decided["refuted"] & decided["accepted"]
    keys = ["movers", "senders", "signals", "step", "samples"]
    counts = ["refuted", "missed", "undecided", "accepted"]
    grouped = decided.groupby(keys)
    return grouped[counts].sum().assign(profiles=grouped.size()).reset_index()


def verdict_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Per method, radius and tolerance of selection: how many selected profiles the certificate confirms.

    At the tolerance of the check, a share of the game's utility range.
    """
    selected = frame.explode("tolerances").dropna(subset="tolerances").reset_index(drop=True)
    selected = selected.rename(columns={"tolerances": "tolerance"})
    keys = ["senders", "method", "radius", "tolerance"]
    found = verdicts(selected, selected["tolerance"]).groupby(
        [selected[k] for k in keys], sort=False
    )
    table = found.sum().assign(selected=found.size()).reset_index()
    return named(table.sort_values(keys[:1] + keys[2:], kind="stable"))


def overlooked(selections: pd.DataFrame, certified: pd.DataFrame) -> pd.DataFrame:
    """Selected profiles with what sampling found beside what there is to gain; both in utility units.

    Columns: game, family, method, radius, ``entries`` of one sender's policy, ``utility_range`` of the game,
    ``sampled`` gain, the exact regret's ``lower`` and ``upper`` end, and their ``ratio``: lower end over sampled
    gain. Where sampling found less than a millionth of the utility range the ratio says nothing, and the profile is
    left out.
    """
    names = {"gain": "sampled", "regret_least": "lower", "regret_most": "upper"}
    shown = _with_certificates(selections, certified).rename(columns=names).dropna(subset="lower")
    shown = shown.assign(entries=shown["signals"] * shown["states"])
    shown = shown[shown["sampled"] > 1e-6 * shown["utility_range"]]
    shown["ratio"] = shown["lower"] / shown["sampled"]
    columns = [
        "game", "family", "method", "radius", "entries", "utility_range", "sampled", "lower", "upper", "ratio",
    ]  # fmt: skip
    return shown[columns].reset_index(drop=True)


def within_pieces(frame: pd.DataFrame, records: Sequence[Record], tolerance: float) -> pd.DataFrame:
    """The frame of :func:`overlooked` with a column ``within``: what there is to gain without a change of action.

    That is the largest gain of a sender within the radius as long as the receiver acts at every joint signal as it
    does at the profile, in utility units. ``records`` are those of the searches, ``tolerance`` the one
    at which the profiles were selected.
    """
    found = {
        (game_id(record), record.config["method"], row.radius): (record, row)
        for record in records
        for row in record.rows_of(ProfileRow)
        if row.tolerance == tolerance
    }
    places = zip(frame["game"], frame["method"], frame["radius"])
    gains = [_gain_within_piece(*found[place]) for place in places]
    return frame.assign(within=pd.Series(gains, frame.index, dtype=float))


def _gain_within_piece(record: Record, row: ProfileRow) -> float:
    from persuasion.model.simulate import receiver_actions
    from persuasion.regret.nearby.piece import gain_within_piece

    game = build_game(record.config["game"])
    policies = np.array(row.policies).reshape(row.shape)
    actions = receiver_actions(game, policies)
    senders = range(game.shape.senders)
    return max(gain_within_piece(game, policies, i, row.radius, actions=actions) for i in senders)


def reach_table(frame: pd.DataFrame) -> pd.DataFrame:
    """How much of the exact regret is within the piece: profiles above and below the square root of the entries.

    ``frame`` from :func:`within_pieces`; only profiles whose certificate found at least what the piece holds, to
    which the share refers.
    """
    height = frame["ratio"] / frame["entries"] ** 0.5
    share = frame["within"] / frame["lower"]
    counted = share[share <= 1 + 1e-3]
    bins = pd.cut(height[counted.index], [0, 0.5, 1, 2, float("inf")])
    names = ["up to a half", "a half to 1", "1 to 2", "more than 2"]
    groups = counted.groupby(bins.cat.rename_categories(names), observed=True)
    table = pd.DataFrame(
        {"profiles": groups.size(), "median share": groups.median(), "largest share": groups.max()}
    )
    return table.rename_axis("ratio / square root").reset_index()


def _with_certificates(selections: pd.DataFrame, certified: pd.DataFrame) -> pd.DataFrame:
    """The accepted profiles with the certificate of each, missing where there is none."""
    columns = ["local_lower", "local_upper", "regret_least", "regret_most", "global_lower"]
    keys = ["game", "method", "radius"]
    return selections[selections["solved"]].merge(
        certified.loc[certified["headline"], keys + columns],
        on=keys,
        how="left",
        validate="one_to_one",
    )


def exact_table(
    selections: pd.DataFrame, certified: pd.DataFrame, tolerance: float, by: Sequence[str] = ()
) -> pd.DataFrame:
    """What certificates say of the profiles that a figure shows: one row per network, and per value of ``by``.

    ``selections`` are rows of an equilibria frame at one tolerance, in acceptance a share of the utility range;
    ``certified`` is a certificates frame. *Holds*: no sender gains more than that share of the range, proven.
    *Refuted*: one does. Regrets are means over the profiles examined, which have a certificate, as shares of
    stakes; global ones are about deviations of any size, and are a column only if there are any.
    """
    shown = _with_certificates(selections, certified)
    names = {**dict(zip(by, by)), "method": "network"}
    table = per_group(shown, names, lambda part: _exact_row(part, tolerance), sort=False)
    table["network"] = table["network"].map(NAMES)
    return table if shown["global_lower"].notna().any() else table.drop(columns=GLOBAL)


def _exact_row(shown: pd.DataFrame, tolerance: float) -> dict[str, Any]:
    known = shown[shown["local_upper"].notna()]
    return {
        "accepted": len(shown),
        "examined": len(known),
        **verdicts(known, tolerance).sum().astype(int),
        "regret, at least": str(mean_interval(known["local_lower"])),
        "at most": str(mean_interval(known["local_upper"])),
        GLOBAL: str(mean_interval(known["global_lower"])),
    }


def verdicts(frame: pd.DataFrame, tolerance: Any) -> pd.DataFrame:
    """Whether the certificate of a profile confirms, refutes or leaves open that nobody gains more than so much.

    The tolerance is a share of the game's utility range, as it was when the sampled check accepted.
    """
    limit = tolerance * frame["utility_range"]
    holds, refuted = frame["regret_most"] <= limit, frame["regret_least"] > limit
    return pd.DataFrame({"holds": holds, "refuted": refuted, "open": ~holds & ~refuted})


def global_table(frame: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """Per method and radius: global regret of local equilibria, relative to the senders' stakes."""

    def row(part: pd.DataFrame) -> dict[str, Any]:
        return {
            "profiles": len(part),
            "global equilibrium": int((part["global_upper"] <= tolerance).sum()),
            "not": int((part["global_lower"] > tolerance).sum()),
            "mean global regret (lower end)": str(mean_interval(part["global_lower"])),
            "mean local regret (upper end)": str(mean_interval(part["local_upper"])),
        }

    return named(per_group(frame, {"method": "method", "radius": "radius"}, row, sort=False))


def polish_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Per method, radius and number of senders: how polishing ended, and the change of welfare.

    The latter relative to the game's utility range, as all welfare is.
    """

    def row(part: pd.DataFrame) -> dict[Any, Any]:
        change = (part["polished_welfare"] - part["welfare"]) / part["utility_range"]
        return {
            "profiles": len(part),
            **part["polished_status"].value_counts().to_dict(),
            "change of welfare": str(mean_interval(change)),
        }

    keys = ("senders", "method", "radius")
    return named(per_group(frame, dict(zip(keys, keys)), row, sort=False)).fillna(0)
