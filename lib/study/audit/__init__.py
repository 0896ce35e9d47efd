"""The audit: every reported utility, welfare and status re-derived from the stored policies, without training."""

from study.audit.case import Case, Check
from study.audit.kept import Kept
from study.audit.log import Log
from study.audit.run import Audit, Settings, audit, collect
from study.audit.table import lines, logged, logged_regrets, proved, summary

__all__ = [
    "Audit", "Case", "Check", "Kept", "Log", "Settings", "audit", "collect", "lines", "logged", "logged_regrets",
    "proved", "summary",
]  # fmt: skip
