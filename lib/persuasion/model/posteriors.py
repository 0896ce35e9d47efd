"""What the receiver learns: joint signals, their probabilities, the posteriors, and the actions taken."""

from typing import Any, NamedTuple

import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.game import Game
from persuasion.model.policies import joint_weights, one_profile
from persuasion.model.simulate import receiver_actions
from persuasion.model.ties import LOWEST_INDEX

MAX_ENTRIES = 20_000_000


class JointSignals(NamedTuple):
    """The most probable joint signals of a profile, most probable first."""

    signals: np.ndarray
    """``(count, senders)`` signal of every sender."""
    probabilities: np.ndarray
    """``(count,)``, positive."""
    posteriors: np.ndarray
    """``(count, states)`` the receiver's belief by Bayes' rule."""
    actions: np.ndarray
    """``(count,)`` the receiver's action."""


def likely_joint_signals(
    game: Game, policies: np.ndarray, *, ties: Any = LOWEST_INDEX, count: int | None = None
) -> JointSignals:
    """The ``count`` most probable joint signals of one profile (all that occur if None).

    Raises ``ValueError`` for policies that are no profile of the game, or if the table of joint signals and states
    would have more than 20 million entries.

    >>> from persuasion import full_revelation
    >>> game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]] * 2, signals=2)
    >>> found = likely_joint_signals(game, full_revelation(game))
    >>> found.signals.tolist(), found.probabilities.tolist(), found.actions.tolist()
    ([[0, 0], [1, 1]], [0.7, 0.3], [0, 1])
    """
    profile = one_profile(game, policies)
    most = None if count is None else whole_number("count", count)
    shape = game.shape
    if (entries := shape.signals**shape.senders * shape.states) > MAX_ENTRIES:
        raise ValueError(
            f"joint signals x states make {entries:,} entries; at most {MAX_ENTRIES:,} fit"
        )
    weights = joint_weights(game, profile)
    probability = weights.sum(0)
    order = np.argsort(-probability, kind="stable")[:most]
    order = order[probability[order] > 0]
    return JointSignals(
        np.stack(np.unravel_index(order, (shape.signals,) * shape.senders), -1),
        probability[order],
        (weights[:, order] / probability[order]).T,
        receiver_actions(game, profile, ties=ties).reshape(-1)[order],
    )
