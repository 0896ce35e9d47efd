r"""A smaller relaxation, for where few joint signals offer more than one choice: no shares, closed-form cuts.

Variables: unit coordinates :math:`\xi\in[0,1]`, a binary :math:`y` per choice, and what the choice adds,
:math:`\theta`. A condition :math:`\sum_\omega|h_\omega|\eta_\omega\ge d` that holds where :math:`y=1` has, together
with the box, exactly the convex hull

.. math:: \sum_\omega|h_\omega|\min(y,\eta_\omega)\ge d\,y,

and the jump :math:`\theta=y\,(e_0+\sum_\omega|e_\omega|\eta_\omega)` is at most
:math:`e_0y+\sum_\omega|e_\omega|\min(y,\eta_\omega)`. Both are concave, so the tangent at a violating point, which
picks the smaller term in every state, is a cut. Weaker than :class:`~persuasion.regret.nearby.hull.Hull`, which
takes all conditions of a joint signal together, but with far fewer variables branching is faster.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from persuasion.regret import highs
from persuasion.regret.nearby.box import Box
from persuasion.regret.nearby.cells import Cells

VIOLATION = 1e-6
STALL = 1e-3
MAX_ROUNDS = 40


class Cuts:
    """A linear program that grows by cuts; of all signals, coupled by ``box``, or of one if that is None.

    The bound is ``value + cells.constant``; ``prices`` are those of a state's missing probability.
    """

    def __init__(self, cells: Cells, box: Box | None = None) -> None:
        self.cells = cells
        self.signals, self.states = cells.linear.shape
        self.points = cells.linear.size
        self.count = len(cells.least)
        reach = cells.least + np.abs(cells.jump).sum(1)
        self.unit = np.maximum(np.maximum(np.abs(cells.least), np.abs(reach)), 1e-300)
        self.size = self.points + 2 * self.count
        self.lower = np.zeros(self.size)
        self.lower[self.points + self.count :] = np.minimum(cells.least / self.unit, 0)
        self.upper = np.ones(self.size)
        self.cost = np.concatenate([cells.linear.ravel(), np.zeros(self.count), self.unit])
        self.blocks: list[tuple[sp.csr_matrix, np.ndarray, np.ndarray]] = []
        self.solver = highs.load(self._empty())
        if box is not None:
            self._couple(box)
        self._one_action()
        self._base_conditions()
        everything, nothing = np.arange(self.count), np.zeros(cells.jump.shape, bool)
        self._cut_conditions(
            np.arange(len(cells.choices.depth)), np.ones(cells.choices.normal.shape, bool)
        )
        self._cut_jumps(everything, ~nothing)
        self._cut_jumps(everything, nothing)

    # --- rows

    def _empty(self) -> highs.LinearProgram:
        none = np.zeros(0)
        matrix = sp.csc_matrix((0, self.size))
        return highs.LinearProgram(self.cost, matrix, none, none, self.lower, self.upper)

    def _add(self, matrix: sp.csr_matrix, lower: np.ndarray, upper: np.ndarray) -> None:
        if matrix.shape[0] == 0:
            return
        matrix = sp.csr_matrix(matrix)
        matrix.eliminate_zeros()
        self.blocks.append((matrix, lower, upper))
        starts, entries = matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32)
        self.solver.addRows(matrix.shape[0], lower, upper, matrix.nnz, starts, entries, matrix.data)

    def _couple(self, box: Box) -> None:
        """What every state gets above its lower limits."""
        columns = np.arange(self.points).reshape(self.signals, self.states).T
        rows = np.repeat(np.arange(self.states), self.signals)
        shape = (self.states, self.size)
        matrix = sp.csr_matrix((box.width.T.ravel(), (rows, columns.ravel())), shape)
        self._add(matrix, box.missing, box.missing)

    def _one_action(self) -> None:
        """At most one choice per cell; the base is what remains."""
        matrix = sp.csr_matrix(
            (np.ones(self.count), (self.cells.cell, self.points + np.arange(self.count))),
            (len(self.cells.signal_of_cell), self.size),
        )
        matrix = matrix[np.diff(matrix.indptr) > 1]
        self._add(matrix, np.full(matrix.shape[0], -np.inf), np.ones(matrix.shape[0]))

    def _base_conditions(self) -> None:
        """A base that nothing replaces has to obey: ``|h| eta + depth * (sum of y) >= depth``."""
        base = self.cells.bases
        normal = self._at(self.cells.signal_of_cell[base.owner], base.normal)
        replaced = sp.csr_matrix(
            (np.ones(self.count), (self.cells.cell, self.points + np.arange(self.count))),
            (len(self.cells.signal_of_cell), self.size),
        )
        matrix = normal + sp.diags(base.depth) @ replaced[base.owner]
        offset = np.minimum(base.normal, 0).sum(1)
        self._add(matrix, base.depth + offset, np.full(len(offset), np.inf))

    def _at(self, signals: np.ndarray, values: np.ndarray) -> sp.csr_matrix:
        """Rows with ``values`` ``(k, states)`` on the coordinates of the given signals."""
        columns = signals[:, None] * self.states + np.arange(self.states)
        rows = np.repeat(np.arange(len(values)), self.states)
        return sp.csr_matrix((values.ravel(), (rows, columns.ravel())), (len(values), self.size))

    def _cut_conditions(self, which: np.ndarray, smaller: np.ndarray) -> None:
        """Tangents of the hull of conditions; ``smaller`` ``(k, states)``: where eta is below y."""
        conditions = self.cells.choices
        normal, owner = conditions.normal[which], conditions.owner[which]
        taken = np.where(smaller, normal, 0.0)
        slope = np.abs(normal - taken).sum(1) - conditions.depth[which]
        matrix = self._at(self.cells.signal[owner], taken) + self._on(self.points + owner, slope)
        self._add(matrix, np.minimum(taken, 0).sum(1), np.full(len(which), np.inf))

    def _cut_jumps(self, which: np.ndarray, smaller: np.ndarray) -> None:
        """Tangents of the limits of jumps, in units of ``unit``."""
        jump = self.cells.jump[which] / self.unit[which, None]
        taken = np.where(smaller, jump, 0.0)
        slope = self.cells.least[which] / self.unit[which] + np.abs(jump - taken).sum(1)
        matrix = self._at(self.cells.signal[which], taken) + self._on(self.points + which, slope)
        matrix = matrix - self._on(self.points + self.count + which, np.ones(len(which)))
        self._add(matrix, np.minimum(taken, 0).sum(1), np.full(len(which), np.inf))

    def _on(self, columns: np.ndarray, values: np.ndarray) -> sp.csr_matrix:
        rows = np.arange(len(columns))
        return sp.csr_matrix((values, (rows, columns)), (len(columns), self.size))

    def limit_signal(self, signal: int, prices: np.ndarray, bound: float) -> None:
        """One signal's gain, net of ``prices`` ``(states,)`` per unit of its coordinates, is at most ``bound``."""
        net = self.cells.linear[signal] - prices
        row = self._at(np.array([signal]), net[None])
        mine = np.flatnonzero(self.cells.signal == signal)
        theta = sp.csr_matrix(
            (self.unit[mine], (np.zeros(len(mine), int), self.points + self.count + mine)),
            (1, self.size),
        )
        unit = max(np.abs(net).max(), self.unit[mine].max(initial=0.0)) or 1.0
        self._add((row + theta) / unit, np.array([-np.inf]), np.array([bound / unit]))

    # --- solving

    def solve(self, deadline: float) -> highs.Solution:
        """Solve, cut, and solve again until no cut is violated or the bound stalls; ``bound`` is always valid."""
        solution = self._tighten(deadline)
        if solution.optimal:
            return solution
        most = float(np.maximum(self.cost * self.lower, self.cost * self.upper).sum())
        return replace(solution, bound=most)

    def _tighten(self, deadline: float) -> highs.Solution:
        solution = self._solve(deadline)
        for _ in range(MAX_ROUNDS):
            before = solution.value
            if solution.x is None or time.perf_counter() > deadline:
                break
            if not self._separate(solution.x):
                break
            again = self._solve(deadline)
            if again.x is None or not again.optimal:
                break
            solution = again
            if before - again.value < STALL * (before - self._settled(again.x)):
                break
        return solution

    def _settled(self, x: np.ndarray) -> float:
        """The gain at ``x`` without its fractional choices."""
        return float(self.cost[: self.points] @ x[: self.points])

    def _solve(self, deadline: float) -> highs.Solution:
        return highs.run(self.solver, deadline - time.perf_counter())

    def _separate(self, x: np.ndarray) -> int:
        """Add all violated cuts; how many."""
        point = x[: self.points].reshape(self.signals, self.states)
        y, theta = x[self.points : self.points + self.count], x[self.points + self.count :]
        conditions = self.cells.choices
        eta = point[self.cells.signal[conditions.owner]]
        smaller, amount = _tangent(conditions.normal, eta, y[conditions.owner])
        which = np.flatnonzero(amount - conditions.depth * y[conditions.owner] < -VIOLATION)
        self._cut_conditions(which, smaller[which])
        found = len(which)
        smaller, amount = _tangent(self.cells.jump, point[self.cells.signal], y)
        which = np.flatnonzero((self.cells.least * y + amount) / self.unit - theta < -VIOLATION)
        self._cut_jumps(which, smaller[which])
        return found + len(which)

    def complete(self, point: np.ndarray, made: np.ndarray) -> np.ndarray:
        """All variables at a point ``(signals * states,)`` where the choices in ``made`` are made."""
        cells, x = self.cells, point.reshape(self.signals, self.states)
        worth = cells.least - np.minimum(cells.jump, 0).sum(1)
        worth = worth + (cells.jump * x[cells.signal]).sum(1)
        return np.concatenate([point, made, np.where(made, worth / self.unit, 0.0)])

    def program(self, integer: bool) -> highs.LinearProgram:
        """The program with all its cuts; with binaries it is exact."""
        lower = np.concatenate([block[1] for block in self.blocks] or [np.zeros(0)])
        upper = np.concatenate([block[2] for block in self.blocks] or [np.zeros(0)])
        empty = sp.csr_matrix((0, self.size))
        kinds = np.zeros(self.size, int)
        kinds[self.points : self.points + self.count] = 1
        return highs.LinearProgram(
            cost=self.cost,
            matrix=sp.vstack([empty, *(block[0] for block in self.blocks)], format="csc"),
            row_lower=lower,
            row_upper=upper,
            lower=self.lower,
            upper=self.upper,
            integer=kinds if integer and self.count else None,
        )


def _tangent(normal: np.ndarray, point: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where eta is below y, and the sum of ``|normal| * min(y, eta)``."""
    eta = np.where(normal > 0, point, 1 - point)
    smaller = eta < y[:, None]
    return smaller, (np.abs(normal) * np.where(smaller, eta, y[:, None])).sum(1)
