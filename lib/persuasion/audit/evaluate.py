r"""Definition 1 written out, apart from the simulator that produced the records.

One profile at a time, the whole table of weights :math:`w(\mathbf s,\omega)`, numpy alone; ties go to the lowest
index among the actions that are optimal within the tolerance of :mod:`persuasion.ties`.
"""

from __future__ import annotations

import numpy as np

from persuasion.game import Game
from persuasion.ties import TIE_TOLERANCE


def utilities(game: Game, policies: np.ndarray) -> np.ndarray:
    """Ex-ante utilities ``(senders,)`` of one profile ``(senders, states, signals)``."""
    weights = joint_weights(game, policies)
    chosen = lowest_optimal_action(game, weights)
    outcomes = np.zeros(game.receiver.shape)
    for action in range(game.shape.actions):
        outcomes[:, action] = weights[:, chosen == action].sum(1)
    return np.array([(outcomes * values).sum() for values in game.senders])


def joint_weights(game: Game, policies: np.ndarray) -> np.ndarray:
    """Probability of every state and joint signal, ``(states, signals ** senders)``."""
    weights = game.prior[:, None]
    for policy in policies:
        weights = (weights[:, :, None] * policy[:, None, :]).reshape(len(weights), -1)
    return weights


def lowest_optimal_action(game: Game, weights: np.ndarray) -> np.ndarray:
    """The receiver's action at every joint signal, ``(signals ** senders,)``."""
    values = game.receiver.T @ weights
    slack = TIE_TOLERANCE * np.abs(game.receiver).max() * weights.sum(0)
    return (values >= values.max(0) - slack).argmax(0)


def payoff_scale(game: Game) -> float:
    """The largest absolute payoff of a sender: what "relative" refers to."""
    return max(float(np.abs(game.senders).max()), np.finfo(float).tiny)


def ignores_deviations(game: Game, policies: np.ndarray) -> bool:
    """Whether no sender can change the receiver's action alone: enough for an equilibrium (Theorem 4).

    For profiles without randomness. If all states in which the other senders send the same signals share one
    optimal action, the receiver takes it whatever the remaining sender does.
    """
    if not np.isin(policies, (0.0, 1.0)).all():
        return False
    words = policies.argmax(-1).T
    optimal = game.receiver.argmax(1)
    unique = (game.receiver == game.receiver.max(1, keepdims=True)).sum(1) == 1
    for sender in range(words.shape[1]):
        seen: dict[tuple[int, ...], int] = {}
        for word, action in zip(np.delete(words, sender, 1).tolist(), optimal.tolist()):
            if seen.setdefault(tuple(word), action) != action:
                return False
    return bool(unique.all())
