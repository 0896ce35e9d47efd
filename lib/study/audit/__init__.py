"""The audit: every reported utility, welfare and status re-derived from the stored policies, without training."""

from study.audit.case import Case, Check
from study.audit.log import Log
from study.audit.run import Audit, Settings, audit, collect
from study.audit.table import lines, logged, summary

__all__ = [
    "Audit", "Case", "Check", "Log", "Settings", "audit", "collect", "lines", "logged", "summary",
]  # fmt: skip
