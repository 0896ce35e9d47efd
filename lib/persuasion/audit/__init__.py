"""The audit: every reported utility, welfare and status re-derived from the stored policies, without training."""

from persuasion.audit.case import Case, Check
from persuasion.audit.log import Log
from persuasion.audit.run import Audit, Settings, audit, collect
from persuasion.audit.table import lines, logged, summary

__all__ = [
    "Audit", "Case", "Check", "Log", "Settings", "audit", "collect", "lines", "logged", "summary",
]  # fmt: skip
