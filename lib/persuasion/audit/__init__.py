"""The audit: every reported utility, welfare and status re-derived from the stored policies, without training."""

from persuasion.audit.case import Case, Check
from persuasion.audit.run import Audit, Settings, audit, collect
from persuasion.audit.table import lines, summary

__all__ = ["Audit", "Case", "Check", "Settings", "audit", "collect", "lines", "summary"]
