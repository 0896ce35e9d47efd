r"""The didactic example of Figure 1: 2 senders, 2 states, 2 actions, 2 signals.

The paper's matrices are lost; this instance [C] has the surface that its figure shows. With both
senders' policies at state 0 fixed at ½, joint signal :math:`(1,1)` flips the receiver away from its prior
action exactly where :math:`xy>c` with :math:`c=0.45`, and likewise for the other three joint signals: a
flat plateau bounded by four hyperbola arcs, a jump down at each arc, and curved sheets beyond.
"""

import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.game import Game

ROWS = {"A": (0.5, 0.5), "B": (0.6, 0.4)}


def didactic(seed: object = None) -> Game:
    """The game of Figure 1; it has no random part, ``seed`` is accepted like every generator's."""
    receiver = [[9.0, 0.0], [0.0, 5.0]]
    first = [[3.0, -0.6], [3.0, 4.1]]
    second = [[3.0, 0.6], [3.0, 3.5]]
    return Game([0.5, 0.5], receiver, [first, second], signals=2, name="didactic")


def didactic_surface(row: str, resolution: int) -> tuple[np.ndarray, np.ndarray]:
    """Grid and joint policies of one row of Figure 1.

    ``row`` "A" fixes both senders' policies at state 0 at the same value, "B" at two different ones
    [C]; at state 1 the probabilities of the first signal vary over the grid.

    Returns the grid ``(resolution,)``, and policies ``(resolution, resolution, 2, 2, 2)`` indexed by sender 0's
    then sender 1's probability at state 1. Raises ``ValueError`` for a row other than "A" and "B", and a resolution
    that is no whole number of at least 1.
    """
    if row not in ROWS:
        raise ValueError(f"row must be one of {sorted(ROWS)}, got {row!r}")
    resolution = whole_number("resolution", resolution, 1)
    grid = np.linspace(0, 1, resolution)
    first = np.zeros((resolution, resolution, 2, 2))
    first[..., 0] = ROWS[row]
    first[..., 0, 1], first[..., 1, 1] = np.meshgrid(grid, grid, indexing="ij")
    return grid, np.stack([first, 1 - first], -1)
