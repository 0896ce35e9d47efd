"""The ledger as a table."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from study.ledger.effects import Part, Verdict, states, verdict


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes
    ----------
    where : in the paper
    says : the claim, in our words
    page : of the book, without its ending
    test : how it is tested
    parts : from the evidence to the measured parts of the primary comparison, which decides the verdict; None where
        the text leaves out what it would take
    beside : other parts, shown beside it
    paper : the paper's number, if it has one
    large : whether the claim is of a large margin
    """

    where: str
    says: str
    page: str
    test: str
    parts: Callable[[Any], Sequence[Part]] | None
    beside: Callable[[Any], Sequence[Part]] | None = None
    paper: str = ""
    large: bool = False

    @property
    def anchor(self) -> str:
        """Where in the ledger the claim's row is: the text of the claim as an identifier."""
        return "claim-" + re.sub(r"[^a-z0-9]+", "-", self.says.lower()).strip("-")[:60]


def ledger_table(claims: Iterable[Claim], evidence: Any) -> pd.DataFrame:
    """One row per claim: where, claim, paper, ours (the parts), cases (fewest and most), test, verdict, page.

    ``ours`` are the parts of the primary comparison and ``beside`` the others, each with their ``states``.
    """
    rows = []
    for claim in claims:
        parts, beside = (
            [] if measure is None else measure(evidence) for measure in (claim.parts, claim.beside)
        )
        sizes = sorted(part.size for part in parts)
        found = verdict(parts, claim.large)
        rows.append(
            {
                "where": claim.where,
                "claim": claim.says,
                "paper": claim.paper or "–",
                "ours": [str(part) for part in parts],
                "states": states(parts),
                "beside": [str(part) for part in beside],
                "states beside": states(beside),
                "instances": sum(sizes),
                "cases": "–".join(str(size) for size in dict.fromkeys((*sizes[:1], *sizes[-1:]))),
                "test": claim.test,
                "verdict": str(Verdict.UNDECIDABLE if claim.parts is None else found),
                "page": claim.page,
                "anchor": claim.anchor,
            }
        )
    return pd.DataFrame(rows)
