"""The ledger as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from study.ledger.effects import Part, Verdict, verdict


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes
    ----------
    where : in the paper
    says : the claim, in our words
    page : of the book, without its ending
    test : how it is tested
    parts : from the evidence to the measured parts; None where the text leaves out what it would take
    paper : the paper's number, if it has one
    """

    where: str
    says: str
    page: str
    test: str
    parts: Callable[[Any], list[Part]] | None
    paper: str = ""


def ledger_table(claims: Iterable[Claim], evidence: Any) -> pd.DataFrame:
    """One row per claim: where, claim, paper, ours (the parts), cases (fewest and most), test, verdict, page."""
    rows = []
    for claim in claims:
        parts = [] if claim.parts is None else claim.parts(evidence)
        sizes = sorted({part.size for part in parts})
        rows.append(
            {
                "where": claim.where,
                "claim": claim.says,
                "paper": claim.paper or "–",
                "ours": [str(part) for part in parts],
                "states": [part.state for part in parts],
                "cases": "–".join(str(size) for size in dict.fromkeys((*sizes[:1], *sizes[-1:]))),
                "test": claim.test,
                "verdict": str(Verdict.UNDECIDABLE if claim.parts is None else verdict(parts)),
                "page": claim.page,
            }
        )
    return pd.DataFrame(rows)
