"""Checks of what callers ask for."""

from __future__ import annotations

from typing import Any

import numpy as np

from persuasion.checks import positive_number
from persuasion.game import Game
from persuasion.ties import TieRule

# the solvers' best responses are exact up to about a tenth of it
TOLERANCE = 1e-5


def check_tolerance(game: Game, tolerance: Any) -> float:
    """The tolerance in utility units; None means 1e-5 of the senders' largest absolute utility."""
    if tolerance is None:
        return TOLERANCE * (float(np.abs(game.senders).max()) or 1.0)
    return positive_number("tolerance", tolerance)


def check_rule(game: Game, ties: Any) -> TieRule:
    """The tie rule; ``ValueError`` if there is no such rule, or not for this game."""
    rule = TieRule.parse(ties)
    rule.preference(game)  # both raise for a rule of another game
    rule.action_map(game)
    return rule
