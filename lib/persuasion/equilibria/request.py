"""Checks of what callers ask for."""

from __future__ import annotations

from typing import Any

from persuasion.model.checks import positive_number
from persuasion.model.tolerances import REGRET_TOLERANCE


def check_tolerance(tolerance: Any) -> float:
    """The tolerance as a share of every sender's own stake; None means 1e-5."""
    return REGRET_TOLERANCE if tolerance is None else positive_number("tolerance", tolerance)
