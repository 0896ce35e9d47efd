"""The claims ledger: every claim of the paper, what was measured of it, and a verdict by a stated rule."""

from study.ledger.effects import Count, Effect, Verdict, verdict
from study.ledger.empirical import EMPIRICAL
from study.ledger.evidence import gather
from study.ledger.own import OWN, STANDING, own_table
from study.ledger.show import in_plain_words, ledger_brief, ledger_markdown, opening
from study.ledger.table import Claim, ledger_table
from study.ledger.theory import THEORY

__all__ = [
    "EMPIRICAL",
    "OWN",
    "STANDING",
    "THEORY",
    "Claim",
    "Count",
    "Effect",
    "Verdict",
    "gather",
    "in_plain_words",
    "ledger_brief",
    "ledger_markdown",
    "ledger_table",
    "opening",
    "own_table",
    "verdict",
]
