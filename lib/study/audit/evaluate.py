r"""Definition 1 written out, apart from the simulator that produced the records.

One profile at a time, the whole table of weights :math:`w(\mathbf s,\omega)`, numpy alone, the game as it is
written; ties go to the lowest index among the actions that are optimal as :mod:`persuasion.model.ties` defines it.
"""

from __future__ import annotations

import numpy as np

from persuasion.model.game import Game
from persuasion.model.ties import TIE_TOLERANCE


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
    losses = lowered(game)
    near = nearly_optimal(losses.T @ weights, losses, weights.sum(0))
    (unsettled,) = np.nonzero(near.sum(0) > 1)
    if len(unsettled):
        near[:, unsettled] &= unbeaten(near[:, unsettled], losses, weights[:, unsettled])
    return near.argmax(0)


def lowered(game: Game) -> np.ndarray:
    """The receiver's utility ``(states, actions)`` less its best of the state: free of zero points."""
    return game.receiver - game.receiver.max(1, keepdims=True)


def nearly_optimal(values: np.ndarray, losses: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Actions ``(actions, cells)`` so close to the best that they may tie: all that tie, and maybe more."""
    return values >= values.max(0) - TIE_TOLERANCE * np.ptp(losses) * mass


def unbeaten(near: np.ndarray, losses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Which actions ``(actions, cells)`` none of the ``near`` ones beats, ``weights`` being ``(states, cells)``.

    One action beats another if it leads by more than the tolerance's share of their absolute differences' sum.
    """
    tied = np.ones(near.shape, bool)
    for action, rival in np.ndindex(2 * near.shape[:1]):
        lead = losses[:, rival] - losses[:, action]
        tied[action] &= ~(near[rival] & (lead @ weights > TIE_TOLERANCE * (np.abs(lead) @ weights)))
    return tied


def units(game: Game) -> np.ndarray:
    """What differences in each sender's utility are measured in, ``(senders,)``.

    The most that the receiver's action can change in a state that occurs, or the largest absolute payoff if that is
    less or if nothing can change.
    """
    spread = np.ptp(game.senders, axis=2)[:, game.prior > 0].max(1)
    largest = np.maximum(np.abs(game.senders).max((1, 2)), np.finfo(float).tiny)
    return np.where(spread > 0, np.minimum(spread, largest), largest)


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
