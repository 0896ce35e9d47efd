"""The audit: every reported utility, welfare and status re-derived from the stored policies, without training."""

from study.audit.case import Case, Check
from study.audit.examine import in_log
from study.audit.lines import Kept, Log
from study.audit.run import Audit, Settings, audit, collect, strangers, to_examine
from study.audit.table import lines, logged, proved, summary

__all__ = [
    "Audit", "Case", "Check", "Kept", "Log", "Settings", "audit", "collect", "in_log", "lines", "logged", "proved",
    "strangers", "summary", "to_examine",
]  # fmt: skip
