r"""What pairs of directions are worth: the senders' utilities as a bilinear form of two measures.

A sender's policy is a measure on directions :math:`x\in\Delta(\Omega)`, signal :math:`s` putting
:math:`\sum_\omega\pi(s\mid\omega)` on :math:`\pi(s\mid\cdot)` scaled to sum 1. With
:math:`\varphi_i(x,y)=\sum_\omega\mu_0(\omega)x(\omega)y(\omega)v_i(a^*(x\circ y),\omega)` utilities are
:math:`V_i=\int\!\int\varphi_i\,d\mu\,d\nu`.
"""

import numpy as np
import torch

from persuasion.model.simulate import optimal_actions
from persuasion.model.standard import StandardGame
from persuasion.model.ties import TieRule
from persuasion.model.tolerances import DUST

SAME_DIRECTION = 1e-7
MOST = 160
KEPT = 120


def kernel(game: StandardGame, x: np.ndarray, y: np.ndarray, ties: TieRule) -> np.ndarray:
    """Utilities ``(senders, k, l)`` in stakes, of directions ``(k, states)`` and ``(l, states)``."""
    weights = game.prior * x[:, None] * y
    cells = weights.reshape(-1, len(game.prior))
    optimal = optimal_actions(*map(torch.from_numpy, (cells, game.receiver.copy()))).numpy()
    preference = ties.preference(game)
    if preference is not None:
        optimal = np.where(optimal, cells @ preference, -np.inf)
    actions = optimal.argmax(1)
    worth = np.einsum("cw,icw->ic", cells, game.senders.transpose(0, 2, 1)[:, actions])
    return worth.reshape(-1, len(x), len(y))


class Pool:
    """The directions of one sender, near-duplicates left out, and the rounds since each was in use."""

    def __init__(self, states: int) -> None:
        self.states = states
        self.directions = np.vstack([np.eye(states), np.full(states, 1 / states)])
        self.idle = np.zeros(states + 1)

    def add(self, columns: np.ndarray) -> int:
        """Add the directions of policy columns ``(k, states)``; how many are new."""
        before = len(self.directions)
        for direction in _split(columns)[0]:
            if np.abs(self.directions - direction).max(1).min() > SAME_DIRECTION:
                self.directions = np.vstack([self.directions, direction])
                self.idle = np.append(self.idle, 0.0)
        return len(self.directions) - before

    def measure(self, columns: np.ndarray) -> np.ndarray:
        """Policy columns ``(k, states)`` as weights of the pool's directions, which are added if need be."""
        self.add(columns)
        weights = np.zeros(len(self.directions))
        for direction, weight in zip(*_split(columns)):
            distance = np.abs(self.directions - direction).max(1)
            weights[distance.argmin()] += weight
        return weights

    def columns(self, weights: np.ndarray) -> np.ndarray:
        """The policy columns ``(k, states)`` of weights of the directions."""
        used = weights > DUST
        columns = self.directions[used] * weights[used, None]
        return columns / columns.sum(0)

    def random(self, generator: np.random.Generator) -> np.ndarray:
        """Random weights of a policy: a random mixture, filled up by revealing."""
        weights = generator.dirichlet(np.ones(len(self.directions)))
        weights /= (weights @ self.directions).max()
        weights[: self.states] += 1 - weights @ self.directions
        return weights

    def note(self, weights: np.ndarray) -> None:
        """Count which directions are in use; of many, those that have long been idle go."""
        self.idle = np.where(weights > DUST, 0.0, self.idle + 1)
        if len(self.idle) > MOST:
            order = np.argsort(self.idle, kind="stable")[:KEPT]
            keep = np.union1d(np.arange(self.states + 1), order)
            self.directions, self.idle = self.directions[keep], self.idle[keep]


def _split(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions and weights of the columns that have any; what solvers leave below zero, by rounding, is zero."""
    positive = np.maximum(columns, 0.0)
    weights = positive.sum(1)
    used = weights > 0
    return positive[used] / weights[used, None], weights[used]
