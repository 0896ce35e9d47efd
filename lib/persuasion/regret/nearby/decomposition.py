r"""The bound that splits by signals: price what couples them, then solve every signal by itself.

The signals of a policy are coupled only by :math:`\sum_sx_{s\omega}=1`. With prices :math:`\lambda` on these rows,

.. math:: \sum_\omega\lambda_\omega+\sum_s\max_{x_s}\bigl(f_s(x_s)-\lambda\cdot x_s\bigr)

bounds the utility of every policy in the box, whatever the prices (Lagrangian relaxation). Each maximum is a
mixed-integer program with the choices of one signal only, and any bound on it may take its place, so an
interrupted search still yields a bound. What several small trees gain over their roots adds up.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from persuasion.regret.nearby.box import Box
from persuasion.regret.nearby.cells import Cells
from persuasion.regret.nearby.climb import Climber
from persuasion.regret.nearby.mixed import formulate, solve_binaries

FLIP_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class SignalResult:
    """``value <= max f_s(x_s) - prices <= bound``, and point ``(states,)`` and choices of the value."""

    value: float
    bound: float
    point: np.ndarray
    made: np.ndarray


@dataclass(frozen=True)
class Decomposition:
    """``bound`` on the total gain; the signals' ``results``, whose points need not fit together.

    ``closed``: value and bound of every signal agree within the gap asked for.
    """

    bound: float
    closed: bool
    results: list[SignalResult]

    @property
    def point(self) -> np.ndarray:
        """All signals' points, ``(signals * states,)``."""
        return np.concatenate([result.point for result in self.results])

    @property
    def made(self) -> np.ndarray:
        """All signals' choices, ``(choices,)``."""
        return np.concatenate([result.made for result in self.results])


def decompose(
    cells: Cells, box: Box, prices: np.ndarray, gap: float, deadline: float
) -> Decomposition:
    """Bound all signals at ``prices`` ``(states,)`` until ``deadline``; easy ones leave time to the others."""
    signals = len(cells.linear)
    sizes = np.bincount(cells.signal, minlength=signals)
    results: dict[int, SignalResult] = {}
    left = float(sizes.sum())
    for signal in np.argsort(sizes, kind="stable"):
        now = time.perf_counter()
        share = sizes[signal] / left if left else 1.0
        part = cells.of_signal(signal)
        part = replace(part, linear=part.linear - prices * box.width[signal])
        limit = now + share * max(deadline - now, 0.0)
        results[signal] = solve_signal(part, gap / signals, limit)
        left -= sizes[signal]
    total = float(prices @ box.missing) + sum(result.bound for result in results.values())
    closed = all(result.bound - result.value <= gap for result in results.values())
    return Decomposition(total + cells.constant, closed, [results[s] for s in range(signals)])


def solve_signal(cells: Cells, gap: float, deadline: float) -> SignalResult:
    """The maximum of one signal's priced gain within ``gap``, or what is known of it by ``deadline``."""
    relaxation, climber = formulate(cells), Climber(cells)
    if not relaxation.count:
        point = (cells.linear.ravel() > 0).astype(float)
        worth = float(cells.linear.ravel() @ point)
        return SignalResult(worth, worth, point, climber.made)
    solution = relaxation.solve(deadline)
    bound = solution.bound
    starts = [np.full(relaxation.points, 0.5)]
    starts += [] if solution.x is None else [solution.x[: relaxation.points]]
    for start in starts:
        climber.ascend(climber.read(start), deadline)
    climber.flip(time.perf_counter() + FLIP_SHARE * (deadline - time.perf_counter()))
    if bound - climber.value > gap:
        found = solve_binaries(relaxation, climber, gap, deadline)
        bound = min(bound, found.bound)
    point = starts[0] if climber.point is None else climber.point
    return SignalResult(climber.value, max(bound, climber.value), point, climber.made)
