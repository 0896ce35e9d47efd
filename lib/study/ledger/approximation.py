"""How well the networks fit, Figures 1 and 4: errors, compared game by game by the logarithm of their ratio."""

import functools
import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from study.designs.settings import SIZES
from study.figures.style import NAMES
from study.figures.tables import OTHERS, OURS
from study.ledger.effects import CONSISTENT, SAME_ERROR, Count, Effect, Part, stronger_rival
from study.ledger.evidence import Evidence

SPAN = 8
"""From the smallest to the largest of the paper's sizes, 2 to 10."""


def figure_1(evidence: Evidence) -> list[Effect]:
    """Held-out errors on the didactic game: per sender the log ratio to DNL's, of its stronger rival."""
    return stronger_rival(*zip(*_figure_1_by_rival(evidence)))


def figure_1_beside(evidence: Evidence) -> list[Part]:
    """The same against both others, and the counts of the one run that the figure shows."""
    return [*itertools.chain(*_figure_1_by_rival(evidence)), *_figure_1_shown(evidence)]


def _figure_1_by_rival(evidence: Evidence) -> list[list[Effect]]:
    """Per rival, per sender: the log ratio of errors, seed by seed."""
    frame = evidence.didactic_seeds
    if frame.empty:
        return []
    log = frame.pivot(index=["sender", "seed"], columns="network", values="held-out / variance")
    log = log.reindex(columns=[NAMES[name] for name in (*OTHERS, OURS)]).map(np.log).dropna()
    return [
        [
            Effect.of(
                f"sender {sender}, log error {NAMES[other]} / {NAMES[OURS]}",
                part[NAMES[other]] - part[NAMES[OURS]],
                SAME_ERROR,
            )
            for sender, part in log.groupby("sender")
        ]
        for other in OTHERS
    ]


def _figure_1_shown(evidence: Evidence) -> list[Count]:
    """The one run of every network that Figure 1 shows: a count of senders."""
    table = evidence.didactic.pivot(index="sender", columns="network", values="held-out / variance")
    return [
        Count.of(
            f"the run in the figure: senders on which {NAMES[OURS]} beats {NAMES[other]}",
            table[NAMES[OURS]] < table[NAMES[other]],
        )
        for other in OTHERS
        if {NAMES[OURS], NAMES[other]} <= set(table)
    ]


def accuracies(evidence: Evidence, which: str = "training") -> list[Effect]:
    """Errors of two senders: their log ratio game by game, others over DNL; ``which`` may be ``held_out``."""
    log = _log_errors(evidence, which)
    return [
        Effect.of(f"log error {NAMES[other]} / {NAMES[OURS]}", log[other] - log[OURS], SAME_ERROR)
        for other in OTHERS
    ]


def accuracy(evidence: Evidence, which: str = "training") -> list[Effect]:
    """:func:`accuracies` against the stronger rival."""
    return stronger_rival(accuracies(evidence, which))


accuracy_held_out = functools.partial(accuracy, which="held_out")
accuracies_held_out = functools.partial(accuracies, which="held_out")


def accuracy_everywhere(evidence: Evidence) -> list[Count]:
    """At how many levels of the sizes the mean of the log ratio is for DNL, against each of the others.

    The parts' names say how few and how many games a level rests on.
    """
    return [
        Count.of(
            f"levels of the sizes{_games(part.size for part in parts)} at which the error is smaller than "
            f"{NAMES[other]}'s",
            (part.mean > 0 for part in parts),
            CONSISTENT,
        )
        for other, parts in zip(OTHERS, _levels_by_rival(evidence))
    ]


def accuracy_by_level(evidence: Evidence) -> list[Effect]:
    """:func:`accuracies` at every level of every size."""
    return [*itertools.chain(*zip(*_levels_by_rival(evidence)))]


def _levels_by_rival(evidence: Evidence) -> list[list[Effect]]:
    log = _log_errors(evidence, "training")
    return [
        [
            Effect.of(f"{name}, {NAMES[other]}", part[other] - part[OURS], SAME_ERROR)
            for size in SIZES
            for level, part in log.groupby(level=size)
            for name in [f"{level} {size}{_games([len(part)])}"]
        ]
        for other in OTHERS
    ]


def _games(counts: Iterable[int]) -> str:
    """How many games, from the fewest to the most, in brackets; nothing without games."""
    ends = sorted(counts)
    if not ends:
        return ""
    words = " to ".join(str(count) for count in dict.fromkeys((ends[0], ends[-1])))
    return f" ({words} game{'s' * (ends[-1] != 1)})"


def trends(evidence: Evidence, by_network: bool = True) -> list[Effect]:
    """What each network's training error changes by per step of a size; the mean of the networks' if not so.

    As a share of the utility range (root mean square), over all games, degenerate ones too, as in the figure. No
    difference is a change over all sizes that is 5% of the mean error at most.
    """
    frame = evidence.errors
    root = np.sqrt(frame["training"]) / frame["utility_range"]
    table = _errors(frame.assign(root=root), "root")
    return _slopes(table, by_network, np.expm1(SAME_ERROR) * float(np.mean(table)) / SPAN)


def trends_relative(evidence: Evidence, by_network: bool = True) -> list[Effect]:
    """Slopes of the log training error relative to the utility's variance, degenerate games left out."""
    return _slopes(_log_errors(evidence, "training"), by_network)


mean_trends = functools.partial(trends, by_network=False)
mean_trends_relative = functools.partial(trends_relative, by_network=False)


def _slopes(table: pd.DataFrame, by_network: bool, margin: float = 0.0) -> list[Effect]:
    """Slope on each size, signed as the paper claims: signals lower the error, states and actions raise it."""
    table = table if by_network else table.mean(axis=1).to_frame("all networks")
    return [
        _slope(
            f"{NAMES.get(str(method), method)}, {way} per {size[:-1]}",
            table.index.get_level_values(size), table[method], sign, margin,
        )
        for method in table
        for size, way, sign in zip(SIZES, ("fall", "rise", "rise"), (-1, 1, 1))
    ]  # fmt: skip


def _slope(name: str, x: Any, y: pd.Series, sign: int, margin: float) -> Effect:
    if len(y) < 3 or len(set(x)) < 2:
        return Effect(name, np.nan, np.nan, 0)
    from scipy import stats  # half a second to import, which pages without a slope need not spend

    fitted = stats.linregress(np.asarray(x, dtype=float), y)
    half = float(stats.t.ppf(0.975, len(y) - 2) * fitted.stderr)
    return Effect(
        name, sign * float(fitted.slope), half, len(y), margin, lost=2, percent=margin > 0
    )


def _log_errors(evidence: Evidence, which: str) -> pd.DataFrame:
    frame = evidence.errors
    return _errors(frame[~frame["degenerate"]], f"{which}_relative").map(np.log)


def _errors(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """An error per network, two senders, over the games that all networks have."""
    frame = frame[frame["senders"] == 2]
    table = frame.pivot(index=["game", *SIZES], columns="method", values=column)
    return table.reindex(columns=[*OTHERS, OURS]).dropna()
