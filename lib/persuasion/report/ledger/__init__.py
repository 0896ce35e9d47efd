"""The claims ledger: every claim of the paper, what was measured of it, and a verdict by a stated rule."""

from persuasion.report.ledger.effects import Count, Effect, Verdict, verdict
from persuasion.report.ledger.empirical import EMPIRICAL, Evidence, gather
from persuasion.report.ledger.own import OWN, STANDING, own_table
from persuasion.report.ledger.show import ledger_brief, ledger_markdown
from persuasion.report.ledger.table import Claim, ledger_table
from persuasion.report.ledger.theory import THEORY

__all__ = [
    "EMPIRICAL",
    "OWN",
    "STANDING",
    "THEORY",
    "Claim",
    "Count",
    "Effect",
    "Evidence",
    "Verdict",
    "gather",
    "ledger_brief",
    "ledger_markdown",
    "ledger_table",
    "own_table",
    "verdict",
]
