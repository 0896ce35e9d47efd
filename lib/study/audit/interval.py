"""An interval that contains a sender's utility at a profile, whatever rounding does to the sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from persuasion.model.game import Game
from persuasion.model.ties import LOWEST_INDEX, TIE_TOLERANCE, TieRule
from study.audit.deviator import EPSILON, above_least
from study.audit.evaluate import joint_weights

POLICY_TOLERANCE = 1e-9


def utility_interval(
    game: Game, policies: np.ndarray, sender: int, ties: Any = LOWEST_INDEX
) -> tuple[float, float]:
    """The least and the most that the sender's utility above its least in each state can be, in utility units.

    Where rounding leaves open which of several actions is taken, each of them counts. Of tie rules, ``ties`` may be
    ``"lowest-index"`` or an action per joint signal; under another one every tied action counts.
    """
    weights = joint_weights(game, policies)
    unit = 4 * EPSILON * (len(policies) + len(weights) + game.shape.actions + 8)
    taken = _may_be_taken(game, weights, unit, ties)
    values = above_least(game, sender).T @ weights
    least = np.where(taken, values, np.inf).min(0).sum()
    most = np.where(taken, values, -np.inf).max(0).sum()
    error = (unit + EPSILON * weights.shape[1]) * most
    return float(least - error), float(most + error)


def _may_be_taken(game: Game, weights: np.ndarray, unit: float, ties: Any) -> np.ndarray:
    """Actions ``(actions, joint signals)``."""
    lead = game.receiver.T[None] - game.receiver.T[:, None]  # (action, rival, states)
    ahead, size = lead @ weights, np.abs(lead) @ weights
    excess = ahead - TIE_TOLERANCE * size
    optimal = (excess <= unit * size).all(1)
    surely = (excess <= -unit * size).all(1)
    rule = TieRule.parse(ties)
    # an action after one that is surely optimal is not the first
    first = optimal & (np.cumsum(surely, 0) - surely == 0)
    if rule.kind == LOWEST_INDEX:
        return first
    wanted = rule.action_map(game)
    if wanted is None:
        return optimal
    named = np.arange(len(optimal))[:, None] == wanted.ravel()
    settled = (named & surely).any(0)
    return np.where(settled, named, (named & optimal) | first)


def gain_of(
    game: Game, policies: np.ndarray, sender: int, deviation: np.ndarray, ties: Any = LOWEST_INDEX
) -> float:
    """What the sender surely gains by ``deviation`` (states, signals), in utility units; may be negative."""
    other = policies.copy()
    other[sender] = deviation
    least = utility_interval(game, other, sender, ties)[0]
    return least - utility_interval(game, policies, sender, ties)[1]


def require_deviation(policy: np.ndarray, deviation: np.ndarray, radius: float) -> None:
    """``ValueError`` unless ``deviation`` is a policy within ``radius`` of ``policy``, up to 1e-9 per number."""
    if not np.isfinite(deviation).all() or (deviation < 0).any():
        raise ValueError("a deviation has a probability that is none")
    if (np.abs(deviation.sum(1) - 1) > POLICY_TOLERANCE).any():
        raise ValueError("a deviation's probabilities do not add up to 1")
    if (np.abs(deviation - policy) > radius + POLICY_TOLERANCE).any():
        raise ValueError(f"a deviation is further away than {radius:g}")
