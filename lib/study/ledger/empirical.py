"""The paper's claims about its experiments, each a list of parts measured from records.

Comparisons are paired by game. Utilities and welfare are shares of the game's utility range, over all games of the
paper's design; errors are compared by their ratio, which leaves out degenerate games. A claim that DNL beats both
other networks is decided against its stronger rival: the one with the weaker evidence that DNL beats it.
"""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from study.designs.config import SIZES, Preset
from study.figures.baselines import GROUPS, relative_gaps, selections_frame
from study.figures.certificates import certificates_frame
from study.figures.frames import (
    didactic_errors,
    didactic_seed_errors,
    equilibria_frame,
    errors_frame,
    paired,
    with_all_methods,
)
from study.figures.starts import best_starts
from study.figures.statistics import mean_interval
from study.figures.style import NAMES
from study.figures.tables import OTHERS, OURS, PAPER_TABLE_1
from study.ledger.effects import CONSISTENT, SAME_ERROR, Count, Effect, Part
from study.ledger.table import Claim
from study.run.produce import produce

SPAN = 8
"""From the smallest to the largest of the paper's sizes, 2 to 10."""


class Evidence:
    """Tables from the records of a preset, each made when it is first asked for, missing records computed.

    At the headline's tolerance, of games that all networks were tried on.
    """

    def __init__(self, preset: Preset, store: str | Path | None, workers: int | None) -> None:
        self._preset = preset
        self._records = functools.cache(lambda name: produce(preset, name, store, workers))

    def at(self, senders: int, search: int = 0) -> pd.DataFrame:
        """Selections of the synthetic benchmark with so many senders, of one of the two searches."""
        frame = self.selections
        return frame[(frame["senders"] == senders) & (frame["radius"] == self.radii[search])]

    def beside_best_starts(self, senders: int) -> pd.DataFrame:
        """The same of the first search, with what the best of the random starts is worth."""
        frame = self.at(senders)
        return frame.assign(best_start=frame["game"].map(self.best_starts))

    @cached_property
    def radii(self) -> tuple[float, ...]:
        """Of the two searches."""
        return tuple(search.radius for search in self._preset.searches)

    @cached_property
    def didactic(self) -> pd.DataFrame:
        """Errors of the one run behind Figure 1."""
        return didactic_errors(self._records("didactic"))

    @cached_property
    def didactic_seeds(self) -> pd.DataFrame:
        """Those of shorter runs."""
        return didactic_seed_errors(self._records("didactic-seeds"))

    @cached_property
    def errors(self) -> pd.DataFrame:
        """Of the networks on the paper's synthetic games."""
        return self._complete(errors_frame(self._records("synthetic")), "synthetic")

    @cached_property
    def selections(self) -> pd.DataFrame:
        """The profiles selected there."""
        return self._selections("synthetic")

    @cached_property
    def best_starts(self) -> pd.Series:
        """Utilities at the best of the random starts of the synthetic games."""
        return best_starts(self._records("synthetic"))

    @cached_property
    def scenarios(self) -> pd.DataFrame:
        """Those of Table 1, with the constants that could have produced it."""
        return self._selections("table-1")

    @cached_property
    def first_scenarios(self) -> pd.DataFrame:
        """Those with the constants that were chosen first."""
        return self._selections("scenarios")

    @cached_property
    def certificates(self) -> pd.DataFrame:
        """Of the paper's synthetic games, without degenerate ones."""
        frame = self._certificates("figure-certificates", self.selections)
        return frame[frame["logit_scale"] == self._preset.synthetic.logit_scale]

    @cached_property
    def scenario_certificates(self) -> pd.DataFrame:
        """Of Table 1, likewise."""
        return self._certificates("table-1-certificates", self.scenarios)

    @cached_property
    def searches(self) -> pd.DataFrame:
        """The selections of the networks and of searches without them, on both benchmarks."""
        names = ("synthetic", "second", "baselines")
        records = [record for name in names for record in self._records(name)]
        return selections_frame(records, self._preset)

    def _selections(self, experiment: str) -> pd.DataFrame:
        frame = equilibria_frame(self._records(experiment))
        return self._complete(frame[frame["tolerance"] == self._preset.headline], experiment)

    def _certificates(self, experiment: str, selections: pd.DataFrame) -> pd.DataFrame:
        """Of the headline's profiles, without degenerate games.

        In these random policies all have the same utilities, and small deviations with them.
        """
        frame = certificates_frame(self._records(experiment), self._preset)
        degenerate = selections.loc[selections["degenerate"], "game"]
        kept = frame[frame["headline"] & ~frame["game"].isin(degenerate)]
        return self._complete(kept, experiment).assign(headline=self._preset.headline)

    def _complete(self, frame: pd.DataFrame, experiment: str) -> pd.DataFrame:
        """The games on which all networks were tried: a run cut short has others, too."""
        return with_all_methods(frame, self._records(experiment), self._preset.methods)


def gather(preset: Preset, store: str | Path | None = None, workers: int | None = None) -> Evidence:
    """The evidence of a preset; computes missing records first."""
    return Evidence(preset, store, workers)


def figure_1(evidence: Evidence) -> list[Part]:
    """Held-out errors on the didactic game: per sender the log ratio to DNL's, of its stronger rival."""
    parts = figure_1_by_rival(evidence)
    return [part for sender in zip(*parts) for part in _rival(sender)]


def figure_1_beside(evidence: Evidence) -> list[Part]:
    """The same against both others, and the counts of the one run that the figure shows."""
    return [*itertools.chain(*figure_1_by_rival(evidence)), *figure_1_shown(evidence)]


def figure_1_by_rival(evidence: Evidence) -> list[list[Effect]]:
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


def figure_1_shown(evidence: Evidence) -> list[Part]:
    """The one run of every network that Figure 1 shows: a count of senders."""
    table = evidence.didactic.pivot(index="sender", columns="network", values="held-out / variance")
    return [
        Count(
            f"the run in the figure: senders on which {NAMES[OURS]} beats {NAMES[other]}",
            int((table[NAMES[OURS]] < table[NAMES[other]]).sum()),
            len(table),
        )
        for other in OTHERS
        if {NAMES[OURS], NAMES[other]} <= set(table)
    ]


def _rival(parts: Iterable[Part]) -> list[Part]:
    """The comparison with the stronger rival, by :attr:`Effect.doubt`: that one is beaten if both are.

    Not the one that comes nearest on average: of a far one that is all chance less is known.
    """
    known = [part for part in parts if isinstance(part, Effect) and part.size]
    return [*sorted(known, key=lambda part: (-part.doubt, part.mean))[:1]]


def accuracies(evidence: Evidence, which: str = "training") -> list[Part]:
    """Errors of two senders: their log ratio game by game, others over DNL; ``which`` may be ``held_out``."""
    log = _log_errors(evidence, which)
    return [
        Effect.of(f"log error {NAMES[other]} / {NAMES[OURS]}", log[other] - log[OURS], SAME_ERROR)
        for other in OTHERS
    ]


def accuracy(evidence: Evidence, which: str = "training") -> list[Part]:
    """:func:`accuracies` against the stronger rival."""
    return _rival(accuracies(evidence, which))


accuracy_held_out, accuracies_held_out = (
    functools.partial(measure, which="held_out") for measure in (accuracy, accuracies)
)


def accuracy_everywhere(evidence: Evidence) -> list[Part]:
    """At how many levels of the sizes the mean of the log ratio is for DNL, against each of the others.

    The parts' names say how few and how many games a level rests on.
    """
    return [
        Count(
            f"levels of the sizes{_games(part.size for part in parts)} at which the error is smaller than "
            f"{NAMES[other]}'s",
            sum(part.mean > 0 for part in parts),
            len(parts),
            CONSISTENT,
        )
        for other, parts in zip(OTHERS, _levels_by_rival(evidence))
    ]


def accuracy_by_level(evidence: Evidence) -> list[Part]:
    """:func:`accuracies` at every level of every size."""
    return [part for level in zip(*_levels_by_rival(evidence)) for part in level]


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


def trends(evidence: Evidence, by_network: bool = True) -> list[Part]:
    """What each network's training error changes by per step of a size; the mean of the networks' if not so.

    As a share of the utility range (root mean square), over all games, degenerate ones too, as in the figure. No
    difference is a change over all sizes that is 5% of the mean error at most.
    """
    frame = evidence.errors
    root = np.sqrt(frame["training"]) / frame["utility_range"]
    table = _errors(frame.assign(root=root), "root")
    return _slopes(table, by_network, np.expm1(SAME_ERROR) * float(np.mean(table)) / SPAN)


def trends_relative(evidence: Evidence, by_network: bool = True) -> list[Part]:
    """Slopes of the log training error relative to the utility's variance, degenerate games left out."""
    return _slopes(_log_errors(evidence, "training"), by_network)


mean_trends, mean_trends_relative = (
    functools.partial(measure, by_network=False) for measure in (trends, trends_relative)
)


def _slopes(table: pd.DataFrame, by_network: bool, margin: float = 0.0) -> list[Part]:
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


def together(evidence: Evidence, search: int = 0) -> list[Part]:
    """Two senders: the sum of their utilities at the selected equilibrium, DNL minus its stronger rival."""
    return _rival(_welfare_gaps(evidence.at(2, search)))


def utilities(evidence: Evidence, search: int = 0) -> list[Part]:
    """Each of two senders' utility at the selected equilibrium, DNL minus its stronger rival."""
    parts = _utilities_by_rival(evidence.at(2, search))
    return [part for sender in zip(*parts) for part in _rival(sender)]


def utilities_by_rival(evidence: Evidence, search: int = 0) -> list[Part]:
    """The same against both others, and the sum; with and without degenerate games."""
    frame = evidence.at(2, search)
    by_sender = [part for parts in _utilities_by_rival(frame) for part in parts]
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


def from_starts(evidence: Evidence) -> list[Part]:
    """Two senders: the utility of each after extra-gradient with DNL, minus its mean over the random starts."""
    return _against(evidence.at(2), "start")


def over_revelation(evidence: Evidence) -> list[Part]:
    """Two senders: the utility of each after extra-gradient with DNL, minus that under full revelation."""
    return _against(evidence.at(2), "revelation")


def together_from_starts(evidence: Evidence) -> list[Part]:
    """The same for the senders' sum."""
    return [_welfare_over(evidence.at(2), "start")]


def from_best_start(evidence: Evidence) -> list[Part]:
    """Two senders: the same, minus the utility at the start of highest welfare."""
    return _against(evidence.beside_best_starts(2), "best_start")


def together_from_best_start(evidence: Evidence) -> list[Part]:
    """The same for the sum of two senders, and of four."""
    return [
        _welfare_over(evidence.beside_best_starts(count), "best_start")._replace(
            name=f"{count} senders, welfare"
        )
        for count in (2, 4)
    ]


def together_over_revelation(evidence: Evidence) -> list[Part]:
    """The same for the senders' sum, and that as a share of what there is to gain."""
    return [_welfare_over(evidence.at(2), "revelation"), _share_of_gain(evidence.at(2))]


def _relative(frame: pd.DataFrame) -> pd.DataFrame:
    """Utilities and welfare as shares of the game's utility range."""
    columns = {"utilities", "welfare", "start", "best_start", "revelation"} & set(frame)
    return frame.assign(**{name: frame[name] / frame["utility_range"] for name in columns})


def _own(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """DNL's rows of the games where it found an equilibrium and the other column has a value."""
    frame = _relative(frame)
    return frame[(frame["method"] == OURS) & frame["solved"] & frame[column].notna()]


def _against(frame: pd.DataFrame, column: str) -> list[Part]:
    own = _own(frame, column)
    gaps = own["utilities"] - own[column]
    return [
        Effect.share(f"sender {sender + 1}", [gap[sender] for gap in gaps])
        for sender in range(int(frame["senders"].max()) if len(frame) else 0)
    ]


def _welfare_over(frame: pd.DataFrame, column: str) -> Effect:
    own = _own(frame, column)
    gap = own["welfare"] - [float(utilities.sum()) for utilities in own[column]]
    return Effect.share(f"welfare, {NAMES[OURS]} − {NAMES.get(column, column)}", gap)


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


def welfare(evidence: Evidence, search: int = 0) -> list[Part]:
    """Four senders: welfare of DNL minus that of its stronger rival."""
    return _rival(_welfare_gaps(evidence.at(4, search)))


def welfare_by_rival(evidence: Evidence, search: int = 0) -> list[Part]:
    """Four senders: welfare of DNL minus that of the others; and without degenerate games."""
    frame = evidence.at(4, search)
    return [*_welfare_gaps(frame), *_varied_gaps(frame)]


def welfare_gained(evidence: Evidence) -> list[Part]:
    """Four senders: welfare after extra-gradient with DNL, minus that at the starts and under full revelation."""
    return [_welfare_over(evidence.at(4), column) for column in ("start", "revelation")]


def welfare_share_of_gain(evidence: Evidence) -> list[Part]:
    """Four senders: the same as a share of what there is to gain."""
    return [_share_of_gain(evidence.at(4))]


def _varied_gaps(frame: pd.DataFrame) -> list[Effect]:
    """Over the games in which random policies make a difference."""
    return _welfare_gaps(frame[~frame["degenerate"]], "not degenerate, welfare, ")


def _welfare_gaps(frame: pd.DataFrame, label: str = "") -> list[Effect]:
    """Welfare of DNL minus that of each of the others."""
    return [_welfare_gap(frame, OURS, other, label) for other in OTHERS]


def _welfare_gap(frame: pd.DataFrame, better: str, worse: str, label: str = "") -> Effect:
    gaps = relative_gaps(frame, better, worse)
    return Effect.share(f"{label}{NAMES[better]} − {NAMES[worse]}", gaps)


def larger_radius(evidence: Evidence) -> list[Part]:
    """The second search: utilities of two senders, and welfare of four."""
    four = [part._replace(name=f"4 senders, {part.name}") for part in welfare(evidence, 1)]
    return [*utilities(evidence, 1), *four]


def larger_radius_by_rival(evidence: Evidence) -> list[Part]:
    """The second search: utilities of two senders, welfare of four, against both others."""
    return [*utilities_by_rival(evidence, 1), *welfare_by_rival(evidence, 1)]


def scenario_order(evidence: Evidence, which: str = "scenarios") -> list[Part]:
    """Welfare of DNL over DeLU, and of DeLU over ReLU, in every scenario; ``which`` may be ``first_scenarios``."""
    return [
        _welfare_gap(part, better, worse, f"{family}, ")
        for family, part in _scenarios(evidence, which)
        for better, worse in (("dnl", "delu"), ("delu", "relu"))
    ]


def scenario_rivals(evidence: Evidence, which: str = "scenarios") -> list[Part]:
    """Welfare of DNL minus that of its stronger rival, in every scenario."""
    return [
        part
        for family, own in _scenarios(evidence, which)
        for part in _rival(_welfare_gaps(own, f"{family}, "))
    ]


first_order, first_rivals = (
    functools.partial(measure, which="first_scenarios")
    for measure in (scenario_order, scenario_rivals)
)


def _scenarios(evidence: Evidence, which: str) -> Iterator[tuple[Any, pd.DataFrame]]:
    frame: pd.DataFrame = getattr(evidence, which)
    yield from frame[frame["radius"] == evidence.radii[0]].groupby("family", sort=False)


def really_local(evidence: Evidence, search: int = 0) -> list[Part]:
    """Profiles of one of the searches whose exact regret is at most the tolerance, of those that are decided."""
    frame, radius = evidence.certificates, evidence.radii[search]
    return [
        _confirmed(part[part["method"] == method], f"{NAMES[method]}, radius {radius:g}")
        for part in [frame[frame["radius"] == radius]]
        for method in (*OTHERS, OURS)
    ]


def really_local_further(evidence: Evidence) -> list[Part]:
    """The same at the second radius."""
    return really_local(evidence, 1)


def scenarios_really_local(evidence: Evidence) -> list[Part]:
    """The same of the profiles behind Table 1, by scenario."""
    return [
        _confirmed(part, str(family))
        for family, part in evidence.scenario_certificates.groupby("family", sort=False)
    ]


def over_searches(evidence: Evidence) -> list[Part]:
    """Welfare of DNL minus that of the stronger search without a network, by set of games."""
    return [part for own in _over_searches(evidence) for part in _rival(own)]


def over_each_search(evidence: Evidence) -> list[Part]:
    """Welfare of DNL minus that of searches without a network, relative to the utility range, by set of games."""
    return [part for own in _over_searches(evidence) for part in own]


def _over_searches(evidence: Evidence) -> Iterator[list[Effect]]:
    frame = evidence.searches
    searches = [name for name in frame["method"].unique() if name not in (*OTHERS, OURS)]
    for (scale, senders), part in frame.groupby(GROUPS):
        label = f"logit scale {scale:g}, {senders} senders, {NAMES[OURS]} − "
        yield [
            Effect.share(label + NAMES[search], relative_gaps(part, OURS, search))
            for search in searches
        ]


def _confirmed(frame: pd.DataFrame, name: str) -> Count:
    limit = frame["headline"] * frame["utility_range"]  # what the check asked for
    holds = frame["regret_most"] <= limit
    decided = holds | (frame["regret_least"] > limit)
    return Count(name, int(holds.sum()), int(decided.sum()))


def _paper_table() -> str:
    lines: dict[str, list[str]] = defaultdict(list)
    for (family, method), value in PAPER_TABLE_1.items():
        lines[family].append(f"{NAMES[method]} {value.mean:.3f} ± {value.half_width:.3f}")
    return "; ".join(f"{family}: {', '.join(values)}" for family, values in lines.items())


RATIO = "mean log ratio over games, 95% t-interval, against the stronger rival"
PAIRED = "share of the utility range: mean of paired differences over games, 95% t-interval"
RIVAL = f"{PAIRED}, against the stronger rival"
FROM_STARTS = f"{PAIRED}; of the starts the mean, of the searches' ends the best, so that selecting counts, too"
EXACTLY = (
    "exact regret against the check's tolerance, 0.1% of the utility range; on games that all networks were tried "
    "on, without degenerate ones, and of the profiles that the certificate decides"
)
EMPIRICAL = (
    Claim(
        "Section 5.1, Figure 1", "DNL fits the didactic game's surface best", "learning/networks",
        "held-out errors of shorter runs: mean log ratio over seeds, 95% t-interval, against the stronger rival",
        figure_1, figure_1_beside,
    ),
    Claim(
        "Section 5.2, Figure 4", "DNL approximates more accurately than ReLU and DeLU",
        "experiments/synthetic", RATIO, accuracy, accuracies,
    ),
    Claim(
        "not in the paper, beside Figure 4", "DNL is also more accurate on policies that it was not trained on",
        "experiments/synthetic", RATIO, accuracy_held_out, accuracies_held_out,
    ),
    Claim(
        "Section 5.2, Figure 4", "DNL's advantage is consistent over the whole range of sizes",
        "experiments/synthetic", f"in at least {CONSISTENT:.0%} of the levels",
        accuracy_everywhere, accuracy_by_level,
    ),
    Claim(
        "Section 5.2, Figure 4",
        "the error falls with the number of signals and rises with states and actions, for all networks",
        "experiments/synthetic", "slope of the root mean squared error over the utility range, 95% interval",
        trends, mean_trends,
    ),
    Claim(
        "not in the paper, beside Figure 4",
        "for all networks the error relative to the utility's variance falls with signals, too, and rises with "
        "states and actions",
        "experiments/synthetic", "slope of its log, without degenerate games, 95% interval",
        trends_relative, mean_trends_relative,
    ),
    Claim(
        "Section 5.2, Figure 2", "both senders do better at the local equilibria found with DNL",
        "experiments/synthetic", RIVAL, utilities, utilities_by_rival,
    ),
    Claim(
        "Section 5.2, Figure 3", "extra-gradient with DNL improves both senders' utility from the random starts",
        "experiments/synthetic", FROM_STARTS, from_starts, together_from_starts,
    ),
    Claim(
        "not in the paper, beside Figure 3",
        "extra-gradient with DNL ends above the best of its random starts, too, and not only above their mean",
        "experiments/synthetic", f"{PAIRED}; the start of highest welfare, which no check has accepted",
        from_best_start, together_from_best_start,
    ),
    Claim(
        "Section 5.2, Figure 3",
        "extra-gradient with DNL beats full revelation for both senders, by a large margin",
        "experiments/synthetic", PAIRED, over_revelation, together_over_revelation, large=True,
    ),
    Claim(
        "Section 5.2, Figure 5", "with four senders DNL reaches the highest welfare",
        "experiments/synthetic", RIVAL, welfare, welfare_by_rival,
    ),
    Claim(
        "Section 5.2",
        "with four senders, too, extra-gradient with DNL improves on the random starts and beats full revelation",
        "experiments/synthetic", FROM_STARTS, welfare_gained, welfare_share_of_gain,
    ),
    Claim(
        "Appendix B, Figure 8", "DNL's advantages in utility and welfare persist at radius 0.01",
        "experiments/synthetic", RIVAL, larger_radius, larger_radius_by_rival,
    ),
    Claim(
        "Section 5.3, Table 1", "in the scenarios, welfare is highest with DNL, then DeLU, then ReLU",
        "experiments/scenarios", PAIRED, scenario_order, scenario_rivals,
    ),
    Claim(
        "not in the paper, beside Table 1", "welfare has this order with the constants that we chose first, too",
        "experiments/scenarios", PAIRED, first_order, first_rivals,
    ),
    Claim(
        "Section 5.3, Table 1", "the values of Table 1", "experiments/scenarios",
        "none: the scenarios' constants are lost", None, paper=_paper_table(),
    ),
    Claim(
        "Section 5.2", "the profiles that pass the sampled check are local equilibria",
        "experiments/synthetic", EXACTLY, really_local, really_local_further,
    ),
    Claim(
        "Section 5.3, Table 1", "the profiles compared in the scenarios are local equilibria",
        "experiments/scenarios", EXACTLY, scenarios_really_local,
    ),
    Claim(
        "not in the paper", "DNL finds a higher welfare than searches without a network do from the same starts",
        "experiments/baselines", f"{RIVAL}, without degenerate games", over_searches, over_each_search,
    ),
)  # fmt: skip
