r"""The policies near a given one: a box, entry by entry, within the simplex of every state.

:math:`\{x\ge0:\sum_sx_{s\omega}=1,\ |x_{s\omega}-\pi_i(s\mid\omega)|\le\varepsilon\}`. Policies are held as
``(signals, states)`` here, one row per signal, because the deviator's problem falls apart by signals.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from persuasion.model.tolerances import ROUNDING
from persuasion.regret.candidates import POLICY_DUST, as_policy


@dataclass(frozen=True, eq=False)
class Box:
    """``lower <= x <= upper``, both ``(signals, states)`` and within [0, 1]; the columns of x sum to 1."""

    lower: np.ndarray
    upper: np.ndarray

    @property
    def width(self) -> np.ndarray:
        """Length of every edge, ``(signals, states)``."""
        return self.upper - self.lower

    @property
    def missing(self) -> np.ndarray:
        """Probability that every state still has to spread above ``lower``, ``(states,)``."""
        return 1 - self.lower.sum(0)

    @property
    def coupling(self) -> sp.csr_matrix:
        """Times unit coordinates, what every state gets above ``lower``: ``missing`` in all."""
        return sp.hstack([sp.diags(width) for width in self.width], format="csr")

    def pack(self, policy: np.ndarray) -> np.ndarray:
        """Unit coordinates ``(signals * states,)`` of a policy ``(states, signals)``, clipped to the box."""
        width = np.where(self.width > 0, self.width, 1.0)
        return np.clip((policy.T - self.lower) / width, 0, 1).ravel()

    def unpack(self, unit: np.ndarray) -> np.ndarray:
        """The policy ``(states, signals)`` at unit coordinates: 0 is ``lower``, 1 is ``upper``."""
        return (self.lower + self.width * unit.reshape(self.lower.shape)).T

    def policy(self, unit: np.ndarray, dust: float = POLICY_DUST) -> np.ndarray:
        """The policy ``(states, signals)`` at a solver's unit coordinates, whose rows sum to 1 within the box.

        A solver's sums are off by its tolerance: scaled to 1, an entry could leave the box by as much.
        """
        policy = as_policy(self.unpack(unit), dust)
        inside = np.clip(policy.T, self.lower, self.upper)
        if np.abs(policy.T - inside).max() <= ROUNDING:
            return policy
        missing = 1 - inside.sum(0)
        above, below = self.upper - inside, inside - self.lower
        sent = above * (inside > 0)  # signals that are not sent stay so, if the others have room
        up = np.where(sent.sum(0) >= missing, sent, above)
        room = np.where(missing > 0, up, below)
        return (inside + missing * room / np.maximum(room.sum(0), np.finfo(float).tiny)).T


def policy_box(policy: np.ndarray, radius: float) -> Box:
    """The box around ``policy`` ``(states, signals)``, shrunk to what the sums of the rows allow."""
    centre = np.maximum(policy, 0.0).T
    centre = centre / centre.sum(0)
    lower, upper = np.maximum(centre - radius, 0.0), np.minimum(centre + radius, 1.0)
    return Box(
        # rounding must not push the centre out
        np.minimum(np.maximum(lower, 1 - (upper.sum(0) - upper)), centre),
        np.maximum(np.minimum(upper, 1 - (lower.sum(0) - lower)), centre),
    )


def linear_range(
    rows: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest value of ``rows @ x``, entry by entry, where ``lower <= x <= upper``."""
    # not around the middle, where a huge entry would cancel and take the others with it
    favour, against = np.maximum(rows, 0.0), np.minimum(rows, 0.0)
    return favour @ lower + against @ upper, favour @ upper + against @ lower
