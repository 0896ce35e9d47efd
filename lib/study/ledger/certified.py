"""Whether the profiles that were found are local equilibria: counts of those that a certificate decides."""

import pandas as pd

from study.figures.style import NAMES
from study.figures.tables import OTHERS, OURS
from study.ledger.effects import Count, Part
from study.ledger.evidence import Evidence


def really_local(evidence: Evidence) -> list[Part]:
    """Profiles of the first search whose exact regret is at most the tolerance, of those that are decided."""
    return [*_by_method(evidence, 0)]


def really_local_further(evidence: Evidence) -> list[Part]:
    """The same of the second search, and how many profiles of each are decided at all."""
    frame, parts = evidence.certificates, [*_by_method(evidence, 1)]
    for search, radius in enumerate(evidence.radii):
        decided = sum(count.size for count in _by_method(evidence, search))
        planned = int((frame["radius"] == radius).sum())
        parts.append(Count(f"decided, radius {radius:g}", decided, planned))
    return [*parts]


def _by_method(evidence: Evidence, search: int) -> list[Count]:
    frame, radius = evidence.certificates, evidence.radii[search]
    part = frame[frame["radius"] == radius]
    return [
        _confirmed(part[part["method"] == method], f"{NAMES[method]}, radius {radius:g}")
        for method in (*OTHERS, OURS)
    ]


def scenarios_really_local(evidence: Evidence) -> list[Part]:
    """The same of the profiles behind Table 1, by scenario."""
    return [
        _confirmed(part, str(family))
        for family, part in evidence.scenario_certificates.groupby("family", sort=False)
    ]


def _confirmed(frame: pd.DataFrame, name: str) -> Count:
    limit = frame["headline"] * frame["utility_range"]  # what the check asked for
    holds = frame["regret_most"] <= limit
    decided = holds | (frame["regret_least"] > limit)
    return Count(name, int(holds.sum()), int(decided.sum()))
