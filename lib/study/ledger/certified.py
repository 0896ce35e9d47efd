"""Whether the profiles that were found are local equilibria: counts of those that a certificate decides."""

from __future__ import annotations

import pandas as pd

from study.figures.style import NAMES
from study.figures.tables import OTHERS, OURS
from study.ledger.effects import Count, Part
from study.ledger.evidence import Evidence


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


def _confirmed(frame: pd.DataFrame, name: str) -> Count:
    limit = frame["headline"] * frame["utility_range"]  # what the check asked for
    holds = frame["regret_most"] <= limit
    decided = holds | (frame["regret_least"] > limit)
    return Count(name, int(holds.sum()), int(decided.sum()))
