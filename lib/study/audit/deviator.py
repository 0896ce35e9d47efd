r"""One sender's deviations within a radius, in arrays of the audit's own, and what their rounding amounts to.

With the others' policies fixed, a joint signal of theirs is a column :math:`W_{\omega t}`. At its signal :math:`s`
the deviator chooses :math:`x_\omega` within limits; the receiver takes action :math:`a` there only if no rival
:math:`a'` beats it by more than the tie tolerance :math:`\tau`,

.. math:: \sum_\omega W_{\omega t}\,x_\omega\,(u(a,\omega)-u(a',\omega)+\tau\,|u(a,\omega)-u(a',\omega)|)\ge0 .

Sums are of double precision. A number in these arrays is wrong by a few units in its last place, so a sum of their
products is wrong by no more than :attr:`Deviator.rounding` times the sum of the absolute values (Higham,
*Accuracy and Stability of Numerical Algorithms*, Section 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from persuasion.model.game import Game
from persuasion.model.ties import LOWEST_INDEX, TIE_TOLERANCE
from study.audit.evaluate import joint_weights

EPSILON = np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class Deviator:
    """What the receiver may do where, and what that is worth to the deviator.

    Attributes
    ----------
    gains : (columns, actions, states) weighted utility above its least in the state, in shares of ``unit``
    rows : (columns, actions, actions, states), largest entry 1; action ``a`` needs ``rows[t, a] @ x >= 0``
    lower, upper : (signals, states) limits of ``x``, rounded outwards
    possible : (signals, columns, actions) False for actions that are taken nowhere within the limits
    unit : the sender's stake, in utility units; any other number would do
    """

    gains: np.ndarray
    rows: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    possible: np.ndarray
    unit: float

    @property
    def rounding(self) -> float:
        """Relative error of a sum over any of the axes, generously."""
        return 4 * EPSILON * (sum(self.possible.shape) + self.gains.shape[2] + 16)

    def only(self, place: tuple[int, int], action: int) -> Deviator:
        """The same where the receiver takes ``action`` at the joint signal ``place`` (signal, column)."""
        possible = self.possible.copy()
        possible[place] = False
        possible[(*place, action)] = self.possible[(*place, action)]
        return replace(self, possible=possible)


def deviator(game: Game, policies: np.ndarray, sender: int, radius: float, ties: Any) -> Deviator:
    """The problem of ``sender`` at ``policies`` (senders, states, signals), every entry within ``radius``."""
    weights = joint_weights(game, np.delete(policies, sender, axis=0)).T
    weights = weights[weights.max(1) > 0]
    worth, unit = above_least(game, sender), float(game.stakes[sender])
    lead = game.receiver.T[:, None] - game.receiver.T  # (actions, actions, states)
    rows = weights[:, None, None] * (lead + TIE_TOLERANCE * np.abs(lead))
    largest = np.abs(rows).max(-1, keepdims=True)
    own = policies[sender].T
    found = Deviator(
        gains=weights[:, None] * (worth / unit).T,
        rows=rows / np.where(largest > 0, largest, 1.0),
        lower=np.maximum(np.nextafter(own - radius, -1.0), 0.0),
        upper=np.minimum(np.nextafter(own + radius, 2.0), 1.0),
        possible=np.ones((len(own), *weights.shape[:1], game.shape.actions), bool),
        unit=unit,
    )
    return replace(found, possible=~(_beaten(found) | _never_first(weights, lead, ties)))


def above_least(game: Game, sender: int) -> np.ndarray:
    """The sender's utility ``(states, actions)`` above its least in the state.

    What a row of a policy lacks to 1 by rounding then pays nothing.
    """
    return np.asarray(game.senders[sender] - game.senders[sender].min(1, keepdims=True))


def _beaten(problem: Deviator) -> np.ndarray:
    """Actions (signals, columns, actions) that some rival beats everywhere within the limits."""
    rows, lower, upper = problem.rows, problem.lower.T, problem.upper.T
    most = np.maximum(rows, 0) @ upper + np.minimum(rows, 0) @ lower
    beaten = most < -problem.rounding * (np.abs(rows) @ upper)
    return np.moveaxis(beaten.any(2), -1, 0)


def _never_first(weights: np.ndarray, lead: np.ndarray, ties: Any) -> np.ndarray:
    """Actions (columns, actions) with a double before them in all states that occur: never the first."""
    if ties != LOWEST_INDEX:
        return np.zeros((len(weights), len(lead)), bool)
    same = ~((lead != 0) & (weights > 0)[:, None, None]).any(-1)
    return np.tril(same, -1).any(-1)
