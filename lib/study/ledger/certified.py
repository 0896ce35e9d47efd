"""Whether the profiles that were found are local equilibria: counts of those that a certificate decides."""

import pandas as pd

from study.figures.checks import verdicts
from study.figures.style import NAMES
from study.figures.tables import OTHERS, OURS
from study.ledger.effects import Count
from study.ledger.evidence import Evidence


def really_local(evidence: Evidence, search: int = 0) -> list[Count]:
    """Profiles of a search whose exact regret is at most the tolerance, of those that are decided, by network."""
    frame, radius = evidence.certificates, evidence.radii[search]
    part = frame[frame["radius"] == radius]
    return [
        _confirmed(part[part["method"] == method], f"{NAMES[method]}, radius {radius:g}")
        for method in (*OTHERS, OURS)
    ]


def really_local_further(evidence: Evidence) -> list[Count]:
    """The same of the second search, and how many profiles of each are decided at all."""
    decided = [
        Count(
            f"decided, radius {radius:g}",
            sum(count.size for count in really_local(evidence, search)),
            int((evidence.certificates["radius"] == radius).sum()),
        )
        for search, radius in enumerate(evidence.radii)
    ]
    return [*really_local(evidence, 1), *decided]


def scenarios_really_local(evidence: Evidence) -> list[Count]:
    """The same of the profiles behind Table 1, by scenario."""
    return [
        _confirmed(part, str(family))
        for family, part in evidence.scenario_certificates.groupby("family", sort=False)
    ]


def _confirmed(frame: pd.DataFrame, name: str) -> Count:
    found = verdicts(frame, frame["headline"])  # what the check asked for
    return Count(name, int(found["holds"].sum()), int((~found["open"]).sum()))
