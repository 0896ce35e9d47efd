"""The senders' stakes apart from the library's: which outcomes can happen, asked of beliefs and not of mixtures."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from persuasion.model.game import Game
from study.audit.evaluate import lowered


def stakes(game: Game) -> np.ndarray:
    """Largest difference ``(senders,)`` that the receiver's action makes to a sender in a state; 1 for none.

    Counted are the actions that are optimal at some belief that the state is part of.
    """
    occurs = game.prior > 0
    utilities, losses = game.senders[:, occurs], lowered(game)[occurs]
    can_happen = np.stack([_states(losses, action) for action in range(losses.shape[1])], 1)
    most = np.where(can_happen, utilities, -np.inf).max(2)
    least = np.where(can_happen, utilities, np.inf).min(2)
    largest = (most - least).max(1)
    return np.where(largest > 0, largest, 1.0)


def _states(losses: np.ndarray, action: int) -> np.ndarray:
    """States in which the action can be taken: the largest support of a belief at which it is optimal.

    Beliefs up to a factor are a cone; each state counts for up to 1.
    """
    states, actions = losses.shape
    rows = (losses - losses[:, [action]]).T
    rows = rows / np.maximum(np.abs(rows).max(1, keepdims=True), np.finfo(float).tiny)
    counted = np.hstack([-np.eye(states), np.eye(states)])
    found = linprog(
        np.append(np.zeros(states), -np.ones(states)),
        A_ub=np.vstack([np.hstack([rows, np.zeros((actions, states))]), counted]),
        b_ub=np.zeros(actions + states),
        bounds=[(0, None)] * states + [(0, 1)] * states,
    )
    if found.x is None:
        raise ArithmeticError(f"the outcomes of action {action} were not found: {found.message}")
    return np.asarray(found.x[states:] > 0.5)
