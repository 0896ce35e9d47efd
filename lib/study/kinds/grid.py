"""Policies on a grid: every probability a multiple of 1/32768, every row exactly 1.

Sums of such numbers carry no rounding error, and a policy takes two bytes per entry where a double takes eight.
"""

import numpy as np
from numpy.typing import ArrayLike

STEPS = 2**15


def round_to_grid(policies: ArrayLike) -> np.ndarray:
    """Policies ``(..., states, signals)`` with every entry a multiple of ``1 / STEPS``, rows summing to 1.

    Largest remainders: every entry is rounded down, and the steps that a row then lacks go to the entries
    that lost most (lower index first), so that no entry moves by a whole step.

    >>> round_to_grid([[0.5, 0.25, 0.25], [1 / 3, 1 / 3, 1 / 3]]).sum(1).tolist()
    [1.0, 1.0]
    """
    rows = np.asarray(policies, dtype=np.float64)
    scaled = rows / rows.sum(-1, keepdims=True) * STEPS
    whole = np.floor(scaled)
    lacking = STEPS - whole.sum(-1, keepdims=True)
    order = np.argsort(whole - scaled, axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1, kind="stable")
    return (whole + (rank < lacking)) / STEPS
