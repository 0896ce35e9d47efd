"""The paper's claims about its experiments, each a list of parts measured from records.

Comparisons are paired by game. Utilities and welfare are in the games' own units and over all games of the paper's
design, as in the paper; errors are compared by their ratio, which leaves out degenerate games.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from study.designs.config import Preset
from study.figures.baselines import GROUPS, relative_gaps, selections_frame
from study.figures.certificates import certificates_frame
from study.figures.frames import (
    SIZES,
    commonly_solved,
    didactic_errors,
    equilibria_frame,
    errors_frame,
)
from study.figures.style import NAMES
from study.figures.tables import PAPER_TABLE_1
from study.ledger.effects import Count, Effect, Part
from study.ledger.table import Claim
from study.run.produce import produce

OURS = "dnl"
OTHERS = ("relu", "delu")


@dataclass(frozen=True)
class Evidence:
    """Tables from the records of one preset, all at the headline's tolerance.

    ``certificates`` are of the paper's synthetic games, ``scenario_certificates`` of Table 1, both without
    degenerate games, in which random policies all have the same utilities, and small deviations with them.
    ``searches`` compares the networks with searches without them, on both benchmarks.
    """

    didactic: pd.DataFrame
    errors: pd.DataFrame
    selections: pd.DataFrame
    scenarios: pd.DataFrame
    certificates: pd.DataFrame
    scenario_certificates: pd.DataFrame
    searches: pd.DataFrame
    radii: tuple[float, ...]

    def at(self, senders: int, search: int = 0) -> pd.DataFrame:
        """Selections of the synthetic benchmark with so many senders, of one of the two searches."""
        frame = self.selections
        return frame[(frame["senders"] == senders) & (frame["radius"] == self.radii[search])]


def gather(preset: Preset, store: str | Path | None = None, workers: int | None = None) -> Evidence:
    """The evidence of a preset; computes missing records first."""

    def records(experiment: str) -> list[Any]:
        return produce(preset, experiment, store, workers)

    synthetic = records("synthetic")
    selections, scenarios = (
        frame[frame["tolerance"] == preset.headline]
        for frame in (
            equilibria_frame(synthetic, preset),
            equilibria_frame(records("scenarios"), preset),
        )
    )
    certified, of_scenarios = (
        frame[frame["headline"]].assign(headline=preset.headline)
        for name in ("figure-certificates", "scenario-certificates")
        for frame in [_varied(certificates_frame(records(name), preset), selections, scenarios)]
    )
    certified = certified[certified["logit_scale"] == preset.synthetic.logit_scale]
    return Evidence(
        didactic_errors(records("didactic")),
        errors_frame(synthetic),
        selections,
        scenarios,
        certified,
        of_scenarios,
        selections_frame([*synthetic, *records("second"), *records("baselines")], preset),
        tuple(search.radius for search in preset.searches),
    )


def _varied(frame: pd.DataFrame, *of_games: pd.DataFrame) -> pd.DataFrame:
    """The rows of games that are not degenerate, as the other tables say."""
    degenerate = [game for table in of_games for game in table.loc[table["degenerate"], "game"]]
    return frame[~frame["game"].isin(degenerate)]


def figure_1(evidence: Evidence) -> list[Part]:
    """Held-out errors on the didactic game: one training run each, a count of senders."""
    table = evidence.didactic.pivot(index="sender", columns="network", values="held-out / variance")
    return [
        Count(
            f"senders on which {NAMES[OURS]} beats {NAMES[other]}",
            int((table[NAMES[OURS]] < table[NAMES[other]]).sum()),
            len(table),
        )
        for other in OTHERS
        if {NAMES[OURS], NAMES[other]} <= set(table)
    ]


def accuracy(evidence: Evidence) -> list[Part]:
    """Training errors of two senders: as in the figure, and their log ratio game by game."""
    return _accuracy(evidence, "training")


def accuracy_held_out(evidence: Evidence) -> list[Part]:
    """The same of held-out errors."""
    return _accuracy(evidence, "held_out")


def _accuracy(evidence: Evidence, which: str) -> list[Part]:
    """Differences in utility units over all games, which few games dominate; log ratios without degenerate ones."""
    plain, log = _errors(evidence.errors, which), _log_errors(evidence, which)
    return [
        Effect.of(name.format(NAMES[other], NAMES[OURS]), table[other] - table[OURS])
        for name, table in (("mean squared error {} − {}", plain), ("log error {} / {}", log))
        for other in OTHERS
    ]


def accuracy_everywhere(evidence: Evidence) -> list[Part]:
    """The same at every level of every size."""
    table = _log_errors(evidence, "training")
    return [
        Effect.of(f"{level} {size}, {NAMES[other]}", part[other] - part[OURS])
        for size in SIZES
        for level, part in table.groupby(level=size)
        for other in OTHERS
    ]


def trends(evidence: Evidence) -> list[Part]:
    """Slopes of the training error as in the figure: in utility units, over all games, degenerate ones too."""
    return _slopes(_errors(evidence.errors, "training"))


def trends_relative(evidence: Evidence) -> list[Part]:
    """Slopes of the log training error relative to the utility's variance, degenerate games left out."""
    return _slopes(_log_errors(evidence, "training"))


def _slopes(table: pd.DataFrame) -> list[Part]:
    """Slope on each size, signed as the paper claims: signals lower the error, states and actions raise it."""
    return [
        _slope(f"{NAMES[method]}, {way} per {size[:-1]}", table.index.get_level_values(size), table[method], sign)
        for method in (*OTHERS, OURS)
        for size, way, sign in zip(SIZES, ("fall", "rise", "rise"), (-1, 1, 1))
    ]  # fmt: skip


def _slope(name: str, x: Any, y: pd.Series, sign: int) -> Effect:
    if len(y) < 3 or len(set(x)) < 2:
        return Effect(name, np.nan, np.nan, 0)
    from scipy import stats  # half a second to import, which pages without a slope need not spend

    fitted = stats.linregress(np.asarray(x, dtype=float), y)
    half = float(stats.t.ppf(0.975, len(y) - 2) * fitted.stderr)
    return Effect(name, sign * float(fitted.slope), half, len(y))


def _log_errors(evidence: Evidence, which: str) -> pd.DataFrame:
    frame = evidence.errors
    return _errors(frame[~frame["degenerate"]], f"{which}_relative").map(np.log)


def _errors(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """An error per network, two senders, over the games that all networks have."""
    frame = frame[frame["senders"] == 2]
    table = frame.pivot(index=["game", *SIZES], columns="method", values=column)
    return table.reindex(columns=[*OTHERS, OURS]).dropna()


def utilities(evidence: Evidence, search: int = 0) -> list[Part]:
    """Each of two senders' utility at the selected equilibrium, DNL minus the others."""
    return [
        Effect.of(f"sender {sender + 1}, {NAMES[OURS]} − {NAMES[other]}", gap)
        for other in OTHERS
        for sender, gap in enumerate(_utility_gaps(evidence.at(2, search), other))
    ]


def _utility_gaps(frame: pd.DataFrame, other: str) -> Iterator[np.ndarray]:
    pair = commonly_solved(frame[frame["method"].isin([OURS, other])])
    table = pair.pivot(index="game", columns="method", values="utilities")
    if {OURS, other} <= set(table):
        yield from np.stack(list(table[OURS] - table[other])).T if len(table) else ()


def from_starts(evidence: Evidence) -> list[Part]:
    """Utility after extra-gradient with DNL, minus the mean over the random starts."""
    return list(_against(evidence.at(2), "start"))


def over_revelation(evidence: Evidence) -> list[Part]:
    """Utility after extra-gradient with DNL, minus that under full revelation."""
    return list(_against(evidence.at(2), "revelation"))


def _against(frame: pd.DataFrame, column: str) -> Iterator[Part]:
    own = frame[(frame["method"] == OURS) & frame["solved"] & frame[column].notna()]
    for sender in range(int(frame["senders"].max()) if len(frame) else 0):
        gap = [u[sender] - v[sender] for u, v in zip(own["utilities"], own[column])]
        yield Effect.of(f"sender {sender + 1}", gap)


def welfare(evidence: Evidence, search: int = 0) -> list[Part]:
    """Four senders: welfare of DNL minus that of the others."""
    return [_welfare_gap(evidence.at(4, search), OURS, other) for other in OTHERS]


def welfare_gained(evidence: Evidence) -> list[Part]:
    """Four senders: welfare after extra-gradient with DNL, minus that at the starts and under full revelation."""
    frame = evidence.at(4)
    own = frame[(frame["method"] == OURS) & frame["solved"]]
    parts: list[Part] = []
    for name, column in (("the starts", "start"), ("full revelation", "revelation")):
        known = own[own[column].notna()]
        gap = known["welfare"] - [utilities.sum() for utilities in known[column]]
        parts.append(Effect.of(f"welfare, {NAMES[OURS]} − {name}", gap))
    return parts


def _welfare_gap(frame: pd.DataFrame, better: str, worse: str, label: str = "") -> Effect:
    pair = commonly_solved(frame[frame["method"].isin([better, worse])])
    table = pair.pivot(index="game", columns="method", values="welfare")
    name = f"{label}{NAMES[better]} − {NAMES[worse]}"
    if not {better, worse} <= set(table):
        return Effect(name, np.nan, np.nan, 0)
    return Effect.of(name, table[better] - table[worse])


def larger_radius(evidence: Evidence) -> list[Part]:
    """The second search: utilities of two senders, welfare of four."""
    return [*utilities(evidence, 1), *welfare(evidence, 1)]


def scenario_order(evidence: Evidence) -> list[Part]:
    """DNL over DeLU over ReLU in every scenario."""
    frame = evidence.scenarios
    frame = frame[frame["radius"] == evidence.radii[0]]
    return [
        _welfare_gap(part, better, worse, f"{family}, ")
        for family, part in frame.groupby("family", sort=False)
        for better, worse in (("dnl", "delu"), ("delu", "relu"))
    ]


def really_local(evidence: Evidence) -> list[Part]:
    """Selected profiles whose exact regret is at most the tolerance, of those that the certificate decides."""
    frame = evidence.certificates
    return [
        _confirmed(frame[frame["method"] == method], NAMES[method]) for method in (*OTHERS, OURS)
    ]


def scenarios_really_local(evidence: Evidence) -> list[Part]:
    """The same of the profiles behind Table 1, by scenario."""
    return [
        _confirmed(part, str(family))
        for family, part in evidence.scenario_certificates.groupby("family", sort=False)
    ]


def over_searches(evidence: Evidence) -> list[Part]:
    """Welfare of DNL minus that of searches without a network, relative to the utility range, by set of games."""
    frame = evidence.searches
    searches = [name for name in frame["method"].unique() if name not in (*OTHERS, OURS)]
    return [
        Effect.of(
            f"logit scale {scale:g}, {senders} senders, {NAMES[OURS]} − {NAMES[search]}",
            relative_gaps(part, OURS, search),
        )
        for (scale, senders), part in frame.groupby(GROUPS)
        for search in searches
    ]


def _confirmed(frame: pd.DataFrame, name: str) -> Count:
    holds = frame["local_upper"] <= frame["headline"]
    decided = holds | (frame["local_lower"] > frame["headline"])
    return Count(name, int(holds.sum()), int(decided.sum()))


def _paper_table() -> str:
    return "; ".join(
        f"{family}: " + ", ".join(f"{NAMES[m]} {PAPER_TABLE_1[family, m]}" for m in (*OTHERS, OURS))
        for family in dict.fromkeys(family for family, _ in PAPER_TABLE_1)
    )


def _claim(
    where: str, says: str, page: str, test: str, parts: Callable[[Evidence], list[Part]] | None, paper: str = "",
) -> Claim:  # fmt: skip
    return Claim(where, says, page, test, parts, paper)


PAIRED = "mean of paired differences over games, 95% t-interval"
EMPIRICAL = (
    _claim(
        "Section 5.1, Figure 1", "DNL fits the didactic game's surface best", "learning/networks",
        "held-out errors of one run per network", figure_1,
    ),
    _claim(
        "Section 5.2, Figure 4", "DNL approximates more accurately than ReLU and DeLU",
        "experiments/synthetic", PAIRED, accuracy,
    ),
    _claim(
        "not in the paper, beside Figure 4", "DNL is also more accurate on policies that it was not trained on",
        "experiments/synthetic", PAIRED, accuracy_held_out,
    ),
    _claim(
        "Section 5.2, Figure 4", "DNL's advantage is consistent over the whole range of sizes",
        "experiments/synthetic", PAIRED, accuracy_everywhere,
    ),
    _claim(
        "Section 5.2, Figure 4",
        "the error falls with the number of signals and rises with states and actions, for all networks",
        "experiments/synthetic", "slope of the mean squared error over all games, 95% interval", trends,
    ),
    _claim(
        "not in the paper, beside Figure 4",
        "the error relative to the utility's variance, too, falls with signals and rises with states and actions",
        "experiments/synthetic", "slope of its log without degenerate games, 95% interval", trends_relative,
    ),
    _claim(
        "Section 5.2, Figure 2", "both senders do better at the local equilibria found with DNL",
        "experiments/synthetic", PAIRED, utilities,
    ),
    _claim(
        "Section 5.2, Figure 3", "extra-gradient with DNL improves on the random starts",
        "experiments/synthetic", PAIRED, from_starts,
    ),
    _claim(
        "Section 5.2, Figure 3",
        "extra-gradient with DNL beats full revelation for both senders, by a large margin",
        "experiments/synthetic", PAIRED, over_revelation,
    ),
    _claim(
        "Section 5.2, Figure 5", "with four senders DNL reaches the highest welfare",
        "experiments/synthetic", PAIRED, welfare,
    ),
    _claim(
        "Section 5.2",
        "with four senders, too, extra-gradient with DNL improves on the random starts and beats full revelation",
        "experiments/synthetic", PAIRED, welfare_gained,
    ),
    _claim(
        "Appendix B, Figure 8", "DNL's advantages in utility and welfare persist at radius 0.01",
        "experiments/synthetic", PAIRED, larger_radius,
    ),
    _claim(
        "Section 5.3, Table 1", "in the scenarios, welfare is highest with DNL, then DeLU, then ReLU",
        "experiments/scenarios", PAIRED, scenario_order,
    ),
    _claim(
        "Section 5.3, Table 1", "the values of Table 1", "experiments/scenarios",
        "none: the scenarios' constants are lost", None, _paper_table(),
    ),
    _claim(
        "Section 5.2", "the profiles that pass the sampled check are local equilibria",
        "experiments/synthetic", "exact regret against the check's tolerance, without degenerate games",
        really_local,
    ),
    _claim(
        "Section 5.3, Table 1", "the profiles compared in the scenarios are local equilibria",
        "experiments/scenarios", "exact regret against the check's tolerance, without degenerate games",
        scenarios_really_local,
    ),
    _claim(
        "not in the paper", "DNL finds a higher welfare than searches without a network do from the same starts",
        "experiments/baselines",
        f"{PAIRED}; relative to the utility range, without degenerate games", over_searches,
    ),
)  # fmt: skip
