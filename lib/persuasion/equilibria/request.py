"""Checks of what callers ask for, and the profile that play starts from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from persuasion.game import Game
from persuasion.policies import check_policies
from persuasion.ties import TieRule

# the solvers' best responses are exact up to about a tenth of it
TOLERANCE = 1e-5


def start_profile(game: Game, policies: Any) -> np.ndarray:
    """One valid profile in double precision, its rows normalised; ``ValueError`` as ``check_policies``."""
    given = np.array(policies)  # a copy: torch reads no negative strides
    if given.ndim != 3:
        raise ValueError(f"start must be one profile with 3 axes, got shape {given.shape}")
    check_policies(game, given)
    profile = given.astype(np.float64)
    return np.asarray(profile / profile.sum(-1, keepdims=True))


def check_tolerance(game: Game, tolerance: Any) -> float:
    """The tolerance in utility units; None means 1e-5 of the senders' largest absolute utility."""
    if tolerance is None:
        return TOLERANCE * (float(np.abs(game.senders).max()) or 1.0)
    return check_positive("tolerance", tolerance)


def check_positive(name: str, value: Any) -> float:
    """A finite positive number; ``ValueError`` otherwise."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{name} must be a finite positive number, got {value!r}")
    return float(value)


def check_rounds(rounds: Any) -> int:
    """A positive whole number; ``ValueError`` otherwise."""
    whole = isinstance(rounds, (int, np.integer)) and not isinstance(rounds, bool)
    if not whole or rounds < 1:
        raise ValueError(f"rounds must be a whole number of at least 1, got {rounds!r}")
    return int(rounds)


def check_rule(game: Game, ties: Any) -> TieRule:
    """The tie rule; ``ValueError`` if there is no such rule, or not for this game."""
    rule = TieRule.parse(ties)
    rule.preference(game)  # both raise for a rule of another game
    rule.action_map(game)
    return rule
