"""What the senders get at the profiles that were found, Figures 2, 3, 5, 8 and Table 1, paired by game.

Utilities and welfare are shares of the game's utility range, over all games of the paper's design.
"""

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from study.figures.baselines import GROUPS, relative_gaps
from study.figures.dominance import dominance_table
from study.figures.frames import gaps_by_sender, paired
from study.figures.statistics import mean_interval
from study.figures.style import NAMES
from study.figures.tables import OTHERS, OURS
from study.ledger.effects import CONSISTENT, NO_DIFFERENCE, Count, Effect, stronger_rival
from study.ledger.evidence import Evidence

VARIED = "not degenerate, "


def welfare(evidence: Evidence, search: int = 0, senders: int = 4) -> list[Effect]:
    """The senders' sum of utilities at the selected equilibrium, DNL minus its stronger rival."""
    return stronger_rival(_welfare_gaps(evidence.at(senders, search)))


together = functools.partial(welfare, senders=2)


def utilities(evidence: Evidence, search: int = 0) -> list[Effect]:
    """Each of two senders' utility at the selected equilibrium, DNL minus its stronger rival."""
    return stronger_rival(*zip(*_utilities_by_rival(evidence.at(2, search))))


def utilities_by_rival(evidence: Evidence, search: int = 0) -> list[Effect]:
    """The same against both others, and the sum; with and without degenerate games."""
    frame = evidence.at(2, search)
    by_sender = itertools.chain(*_utilities_by_rival(frame))
    return [*by_sender, *together(evidence, search), *_varied_gaps(frame)]


def _utilities_by_rival(frame: pd.DataFrame) -> list[list[Effect]]:
    """Per rival, per sender."""
    solved = _relative(frame[frame["solved"]])
    gaps = {other: paired(solved, "utilities", OURS, other).tolist() for other in OTHERS}
    return [
        [
            Effect.share(f"sender {sender}, {NAMES[OURS]} − {NAMES[other]}", own)
            for sender, own in enumerate(zip(*by_game), start=1)
        ]
        for other, by_game in gaps.items()
    ]


def dominance(evidence: Evidence, **margin: float) -> list[Count]:
    """Two senders: games in which DNL's profile Pareto dominates another, of those in which the two differ."""
    table = dominance_table(evidence.at(2), **margin)
    return [
        Count(f"dominates {row['against']}", row["DNL better"], row["differ"], CONSISTENT)
        for row in table.to_dict("records")
    ]


def dominance_that_matters(evidence: Evidence) -> list[Count]:
    """The same where differences too small to matter count as none."""
    label = f"by more than {NO_DIFFERENCE:.0%} of the range, "
    parts = dominance(evidence, margin=NO_DIFFERENCE)
    return [part._replace(name=label + part.name) for part in parts]


def from_starts(evidence: Evidence) -> list[Effect]:
    """Two senders: the utility of each after extra-gradient with DNL, minus its mean over the random starts."""
    return _against(evidence.at(2), "start")


def over_revelation(evidence: Evidence) -> list[Effect]:
    """Two senders: the utility of each after extra-gradient with DNL, minus that under full revelation."""
    return _against(evidence.at(2), "revelation")


def together_from_starts(evidence: Evidence) -> list[Effect]:
    """The same for the senders' sum; and without degenerate games."""
    return [_welfare_over(evidence.at(2), "start"), *_against(evidence.at(2), "start", VARIED)]


def from_best_start(evidence: Evidence) -> list[Effect]:
    """Two senders: the same, minus the utility at the start of highest welfare."""
    return _against(evidence.beside_best_starts(2), "best_start")


def together_from_best_start(evidence: Evidence) -> list[Effect]:
    """The same for the sum of two senders, and of four."""
    return [
        _welfare_over(evidence.beside_best_starts(count), "best_start")._replace(
            name=f"{count} senders, welfare"
        )
        for count in (2, 4)
    ]


def together_over_revelation(evidence: Evidence) -> list[Effect]:
    """The same for the senders' sum, and that as a share of what there is to gain; and without degenerate games."""
    frame = evidence.at(2)
    parts = [_welfare_over(frame, "revelation"), _share_of_gain(frame)]
    return [*parts, *_against(frame, "revelation", VARIED)]


def _relative(frame: pd.DataFrame) -> pd.DataFrame:
    """Utilities and welfare as shares of the game's utility range."""
    columns = {"utilities", "welfare", "start", "best_start", "revelation"} & set(frame)
    return frame.assign(**{name: frame[name] / frame["utility_range"] for name in columns})


def _own(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """DNL's rows of the games where it found an equilibrium and the other column has a value."""
    frame = _relative(frame)
    return frame[(frame["method"] == OURS) & frame["solved"] & frame[column].notna()]


def _against(frame: pd.DataFrame, column: str, label: str = "") -> list[Effect]:
    own = _own(frame[~frame["degenerate"]] if label else frame, column)
    return [
        Effect.share(f"{label}sender {sender}", gap)
        for sender, gap in gaps_by_sender(frame, own, column)
    ]


def _welfare_over(frame: pd.DataFrame, column: str, label: str = "") -> Effect:
    own = _own(frame[~frame["degenerate"]] if label else frame, column)
    name = f"{label}welfare, {NAMES[OURS]} − {NAMES.get(column, column)}"
    return Effect.share(name, own["welfare"] - own[column].map(np.sum))


def _share_of_gain(frame: pd.DataFrame) -> Effect:
    """DNL's welfare beyond full revelation over what the best network has beyond it: a ratio of means over games.

    Its interval is that of the residuals, as both means vary.
    """
    own = _own(frame, "revelation").set_index("game")
    revealed = own["revelation"].map(np.sum)
    best = _relative(frame).groupby("game")["welfare"].max().reindex(own.index)
    room, gained = np.maximum(best, revealed) - revealed, own["welfare"] - revealed
    name = "share of what the best of the networks has beyond full revelation"
    if not room.sum() > 0:
        return Effect(name, np.nan, np.nan, 0)
    ratio = gained.mean() / room.mean()
    half = mean_interval((gained - ratio * room) / room.mean()).half_width
    return Effect(name, float(ratio), half, len(own), percent=True)


def welfare_by_rival(evidence: Evidence, search: int = 0) -> list[Effect]:
    """Four senders: welfare of DNL minus that of the others; and without degenerate games."""
    frame = evidence.at(4, search)
    return [*_welfare_gaps(frame), *_varied_gaps(frame)]


def welfare_gained(evidence: Evidence) -> list[Effect]:
    """Four senders: welfare after extra-gradient with DNL, minus that at the starts and under full revelation."""
    return [_welfare_over(evidence.at(4), column) for column in ("start", "revelation")]


def welfare_share_of_gain(evidence: Evidence) -> list[Effect]:
    """Four senders: the same as a share of what there is to gain; and without degenerate games."""
    frame = evidence.at(4)
    varied = [_welfare_over(frame, column, VARIED) for column in ("start", "revelation")]
    return [_share_of_gain(frame), *varied]


def _varied_gaps(frame: pd.DataFrame) -> list[Effect]:
    """Over the games in which random policies make a difference."""
    return _welfare_gaps(frame[~frame["degenerate"]], f"{VARIED}welfare, ")


def _welfare_gaps(frame: pd.DataFrame, label: str = "") -> list[Effect]:
    """Welfare of DNL minus that of each of the others."""
    return [_welfare_gap(frame, OURS, other, label) for other in OTHERS]


def _welfare_gap(frame: pd.DataFrame, better: str, worse: str, label: str = "") -> Effect:
    gaps = relative_gaps(frame, better, worse)
    return Effect.share(f"{label}{NAMES[better]} − {NAMES[worse]}", gaps)


def larger_radius(evidence: Evidence) -> list[Effect]:
    """The second search: utilities of two senders, and welfare of four."""
    four = [part._replace(name=f"4 senders, {part.name}") for part in welfare(evidence, 1)]
    return [*utilities(evidence, 1), *four]


def larger_radius_by_rival(evidence: Evidence) -> list[Effect]:
    """The second search: utilities of two senders, welfare of four, against both others."""
    return [*utilities_by_rival(evidence, 1), *welfare_by_rival(evidence, 1)]


def scenario_order(evidence: Evidence, which: str = "scenarios") -> list[Effect]:
    """Welfare of DNL over DeLU, and of DeLU over ReLU, in every scenario; ``which`` may be ``first_scenarios``."""
    return [
        _welfare_gap(part, better, worse, f"{family}, ")
        for family, part in _scenarios(evidence, which)
        for better, worse in (("dnl", "delu"), ("delu", "relu"))
    ]


def scenario_rivals(evidence: Evidence, which: str = "scenarios") -> list[Effect]:
    """Welfare of DNL minus that of its stronger rival, in every scenario."""
    scenarios = _scenarios(evidence, which)
    return stronger_rival(*(_welfare_gaps(part, f"{family}, ") for family, part in scenarios))


first_order = functools.partial(scenario_order, which="first_scenarios")
first_rivals = functools.partial(scenario_rivals, which="first_scenarios")


def _scenarios(evidence: Evidence, which: str) -> Iterator[tuple[Any, pd.DataFrame]]:
    frame: pd.DataFrame = getattr(evidence, which)
    yield from frame[frame["radius"] == evidence.radii[0]].groupby("family", sort=False)


def over_searches(evidence: Evidence) -> list[Effect]:
    """Welfare of DNL minus that of the stronger search without a network, by set of games."""
    return stronger_rival(*_over_searches(evidence))


def over_each_search(evidence: Evidence) -> list[Effect]:
    """Welfare of DNL minus that of searches without a network, relative to the utility range, by set of games."""
    return [*itertools.chain(*_over_searches(evidence))]


def _over_searches(evidence: Evidence) -> Iterator[list[Effect]]:
    frame = evidence.searches
    searches = [name for name in frame["method"].unique() if name not in (*OTHERS, OURS)]
    for (scale, senders), part in frame.groupby(GROUPS):
        label = f"logit scale {scale:g}, {senders} senders, "
        yield [_welfare_gap(part, OURS, search, label) for search in searches]
