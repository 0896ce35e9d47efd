r"""Public persuasion in general, and its exact reduction to a sender's best response.

Receiver :math:`j` of an audience has weight :math:`q_j` and any finite number of actions, the first of them worth
nothing to anybody; action :math:`b` is worth :math:`g_j(b,\theta)\in[-1,1]` to it and :math:`c_j(b,\theta)\ge0` to
the sender. The paper's public persuasion (Definition 5) has equal weights, two actions and :math:`c_j(1,\cdot)=1`.

In the reduced game a single receiver plays the part that the second sender's signal names; see :func:`reduction`.
Numbers may be floats or fractions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


@dataclass(frozen=True, eq=False)
class Audience:
    r"""A problem of public persuasion.

    Parameters
    ----------
    prior : (states,) distribution :math:`\mu`
    weights : (receivers,) distribution :math:`q`
    receivers : per receiver (states, actions): :math:`g_j`, between -1 and 1, the first column 0
    payoffs : per receiver (states, actions): :math:`c_j`, not negative, the first column 0

    ``ValueError`` names the receiver whose tables are wrong.
    """

    prior: np.ndarray
    weights: np.ndarray
    receivers: Sequence[np.ndarray]
    payoffs: Sequence[np.ndarray]

    def __post_init__(self) -> None:
        if not len(self.weights) == len(self.receivers) == len(self.payoffs):
            raise ValueError("weights, receivers and payoffs must be as many")
        for j, (g, c) in enumerate(zip(self.receivers, self.payoffs)):
            if g.ndim != 2 or g.shape != c.shape or len(g) != len(self.prior):
                raise ValueError(f"tables of receiver {j} must be ({len(self.prior)}, actions)")
            if (g[:, 0] != 0).any() or (c[:, 0] != 0).any():
                raise ValueError(f"the first action of receiver {j} must be worth nothing")
            if (abs(g) > 1).any() or (c < 0).any():
                raise ValueError(f"receiver {j}: utilities in [-1, 1], payoffs of at least 0")


class Reduction(NamedTuple):
    """Tables of the reduced game: ``prior``, ``receiver``, first sender's ``payoffs``, ``opponent``'s policy.

    States: the audience's, then a decoy per receiver. Actions: each receiver's in turn, then the lure.
    ``opponent`` is ``(states, receivers)``.
    """

    prior: np.ndarray
    receiver: np.ndarray
    payoffs: np.ndarray
    opponent: np.ndarray


def reduction(
    audience: Audience, mass: Any, lure: Any, slack: Any, penalty: Any, loss: Any
) -> Reduction:
    r"""The reduced game of an audience.

    Parameters
    ----------
    mass : :math:`\lambda`, prior probability of the decoys together
    lure : :math:`N`, what the lure pays the receiver in the audience's states
    slack : :math:`N'`, what it costs in decoys, times :math:`\frac{1-\lambda}\lambda`; above ``lure``: no ties
    penalty : :math:`M`, what another receiver's part costs in a decoy
    loss : :math:`L`, what the first sender loses by the lure

    The theorem needs :math:`N>1`, :math:`N'\ge N`, :math:`M(N-1)\lambda>N'(1-\lambda)` and :math:`L\ge0`; they are
    not checked here.
    """
    states, receivers = len(audience.prior), len(audience.weights)
    zero, own = 0 * audience.weights[:, None], np.eye(receivers, dtype=int)
    cost = [zero - penalty * (1 - own[:, [j]]) for j in range(receivers)]
    parts = [np.vstack([g, np.tile(c, g.shape[1])]) for g, c in zip(audience.receivers, cost)]
    paid = [np.vstack([c, np.tile(zero, c.shape[1])]) for c in audience.payoffs]
    side = np.array([[lure]] * states + [[-slack * (1 - mass) / mass]] * receivers)
    return Reduction(
        np.concatenate([(1 - mass) * audience.prior, mass * audience.weights]),
        np.hstack([*parts, side]),
        np.hstack([*paid, 0 * side - loss]),
        np.vstack([np.tile(audience.weights, (states, 1)), own + zero]),
    )


def sender_value(audience: Audience, scheme: np.ndarray) -> Any:
    """The sender's utility under a public scheme ``(states, signals)``, exact ties in the sender's favour."""
    columns = audience.prior[:, None] * scheme
    total = 0
    for weight, g, c in zip(audience.weights, audience.receivers, audience.payoffs):
        worth, paid = g.T @ columns, c.T @ columns
        total += weight * np.where(worth == worth.max(0), paid, 0).max(0).sum()
    return total


def lift(audience: Audience, scheme: np.ndarray) -> np.ndarray:
    """The policy ``(states + receivers, signals)`` of a public scheme ``(states, signals)``.

    Each decoy sends a signal as often as the scheme does on average.
    """
    return np.vstack([scheme, np.tile(audience.prior @ scheme, (len(audience.weights), 1))])
