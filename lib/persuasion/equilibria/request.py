"""Checks of what callers ask for."""

from __future__ import annotations

from typing import Any

from persuasion.model.checks import positive_number
from persuasion.model.game import Game
from persuasion.model.ties import TieRule
from persuasion.model.tolerances import REGRET_TOLERANCE

# the solvers' best responses are exact up to about a tenth of it


def check_tolerance(tolerance: Any) -> float:
    """The tolerance as a share of every sender's own stake; None means 1e-5."""
    return REGRET_TOLERANCE if tolerance is None else positive_number("tolerance", tolerance)


def check_rule(game: Game, ties: Any) -> TieRule:
    """The tie rule; ``ValueError`` if there is no such rule, or not for this game."""
    rule = TieRule.parse(ties)
    rule.preference(game)  # both raise for a rule of another game
    rule.action_map(game)
    return rule
