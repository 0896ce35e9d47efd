r"""The linear relaxation of the deviator's problem in a box: at every joint signal the exact concave envelope.

Variables: unit coordinates :math:`\xi\in[0,1]` of the policy, a binary :math:`y` per choice, and the choice's share
of them, :math:`\zeta=y\,\xi`. What remains, :math:`\xi-\sum\zeta`, belongs to the base. A condition
:math:`h\cdot\xi\ge l` of a choice becomes :math:`h\cdot\zeta\ge l\,y`; with :math:`0\le\zeta\le y` that is the
convex hull of a union of polytopes (Balas), so that with a single contested joint signal the relaxation is exact.
"""

from __future__ import annotations

import copy
import time
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from persuasion.regret import highs
from persuasion.regret.nearby.box import Box
from persuasion.regret.nearby.cells import Cells

WHOLE = 1e-6
# choices up to which the simplex method is tried, for a share of the time: it may stall
SMALL, SIMPLEX_SHARE = 250, 0.3
# whatever duals it ends with are turned into a valid bound
INTERIOR = {"solver": "ipm", "run_crossover": "off"}


class Hull:
    """The program of all signals, coupled by ``box``, or of one if that is None.

    Columns: ``points`` unit coordinates (signals * states), then ``count`` choices, then their shares
    (choices * states). Its optimum plus ``cells.constant`` bounds the deviator's utility.
    """

    def __init__(self, cells: Cells, box: Box | None = None) -> None:
        self.cells = cells
        self.signals, self.states = cells.linear.shape
        self.points, self.count = cells.linear.size, len(cells.least)
        self.size = self.points + self.count * (1 + self.states)
        self.offset = cells.least - np.minimum(cells.jump, 0).sum(1)
        self.cost = np.concatenate([cells.linear.ravel(), self.offset, cells.jump.ravel()])
        self.matrix, self.row_lower, self.row_upper = self._rows(box)
        self.lower, self.upper = np.zeros(self.size), np.ones(self.size)

    def _rows(self, box: Box | None) -> tuple[sp.csr_matrix, np.ndarray, np.ndarray]:
        """Equal to ``missing`` first, then at least their limit."""
        missing = np.zeros(0) if box is None else box.missing
        families = [self._shares(), self._rests(), self._choices(), self._bases()]
        blocks = [*self._couple(box), *(block for block, _ in families)]
        lower = np.concatenate([missing, *(limit for _, limit in families)])
        upper = np.append(missing, np.full(len(lower) - len(missing), np.inf))
        matrix = sp.vstack(blocks, format="csr")
        matrix.eliminate_zeros()
        return matrix, lower, upper

    def _couple(self, box: Box | None) -> list[sp.csr_matrix]:
        """What every state gets above its lower limits."""
        if box is None:
            return []
        states = np.tile(np.arange(self.states), self.signals)
        entries = (box.width.ravel(), (states, np.arange(self.points)))
        return [sp.csr_matrix(entries, (self.states, self.size))]

    def _shares(self) -> tuple[sp.csr_matrix, np.ndarray]:
        """No share exceeds its choice."""
        each = np.arange(self.count * self.states)
        matrix = self._chosen(each // self.states) - self._shared(each)
        return matrix, np.zeros(len(each))

    def _rests(self) -> tuple[sp.csr_matrix, np.ndarray]:
        """The base's share is not negative, and does not exceed what is left of 1."""
        rest, left = self._rest(), self._left()
        repeated = left[np.arange(rest.shape[0]) // self.states]
        limits = np.repeat([0.0, -1.0], rest.shape[0])
        return sp.vstack([rest, -rest - repeated]), limits

    def _choices(self) -> tuple[sp.csr_matrix, np.ndarray]:
        conditions = self.cells.choices
        limit = conditions.depth + np.minimum(conditions.normal, 0).sum(1)
        columns = self.points + self.count + conditions.owner[:, None] * self.states
        shares = self._place(columns + np.arange(self.states), conditions.normal)
        return shares - sp.diags(limit) @ self._chosen(conditions.owner), np.zeros(len(limit))

    def _bases(self) -> tuple[sp.csr_matrix, np.ndarray]:
        bases = self.cells.bases
        limit = bases.depth + np.minimum(bases.normal, 0).sum(1)
        columns = bases.owner[:, None] * self.states + np.arange(self.states)
        rest = self._rest()
        pick = sp.csr_matrix(
            (
                bases.normal.ravel(),
                (np.repeat(np.arange(len(limit)), self.states), columns.ravel()),
            ),
            (len(limit), rest.shape[0]),
        )
        return pick @ rest + sp.diags(limit) @ self._left()[bases.owner], limit

    def _rest(self) -> sp.csr_matrix:
        """Rows ``xi - sum of zeta``, one per cell and state."""
        cells, states = self.cells, self.states
        signal = np.repeat(cells.signal_of_cell, states)
        state = np.tile(np.arange(states), len(cells.signal_of_cell))
        own = self._place((signal * states + state)[:, None], np.ones((len(signal), 1)))
        row = (cells.cell[:, None] * states + np.arange(states)).ravel()
        column = self.points + self.count + np.arange(self.count * states)
        return own - sp.csr_matrix((np.ones(len(row)), (row, column)), own.shape)

    def _left(self) -> sp.csr_matrix:
        """Rows ``sum of y``, one per cell."""
        entries = (self.cells.cell, self.points + np.arange(self.count))
        shape = (len(self.cells.signal_of_cell), self.size)
        return sp.csr_matrix((np.ones(self.count), entries), shape)

    def _chosen(self, choices: np.ndarray) -> sp.csr_matrix:
        return self._place((self.points + choices)[:, None], np.ones((len(choices), 1)))

    def _shared(self, shares: np.ndarray) -> sp.csr_matrix:
        columns = self.points + self.count + shares
        return self._place(columns[:, None], np.ones((len(shares), 1)))

    def _place(self, columns: np.ndarray, values: np.ndarray) -> sp.csr_matrix:
        """One row per row of ``columns``, with the given ``values`` there."""
        rows = np.repeat(np.arange(len(columns)), columns.shape[1])
        return sp.csr_matrix((values.ravel(), (rows, columns.ravel())), (len(columns), self.size))

    def solve(self, deadline: float) -> highs.Solution:
        """The linear relaxation; its ``bound`` is valid even if ``deadline`` cut it short."""
        solution = None
        if self.count <= SMALL:
            solution = self._run(SIMPLEX_SHARE, deadline)
        if solution is None or (not solution.optimal and solution.status != "kInfeasible"):
            solution = self._run(1.0, deadline, **INTERIOR)
        bound = min(self.bound(solution.duals), self.bound(np.zeros(len(self.row_lower))))
        return replace(solution, bound=bound)

    def _run(self, share: float, deadline: float, **options: Any) -> highs.Solution:
        solver = highs.load(self.program(integer=False), **options)
        return highs.run(solver, share * (deadline - time.perf_counter()))

    def bound(self, duals: np.ndarray) -> float:
        """What weak duality makes of any ``duals``, one per row: prices that need not be optimal."""
        prices, reduced = self._price(duals)
        corners = np.maximum(reduced * self.lower, reduced * self.upper)
        return float(prices @ self.row_lower + corners.sum())

    def _price(self, duals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Duals of the right sign, and the reduced costs of all columns."""
        if len(duals) != len(self.row_lower):
            duals = np.zeros(len(self.row_lower))
        # a row that is only bounded from below has a price that is not positive
        prices = np.where(np.isinf(self.row_upper), np.minimum(duals, 0.0), duals)
        return prices, self.cost - self.matrix.T @ prices

    def needed(self, duals: np.ndarray, least: float) -> np.ndarray:
        """Choices without which values above ``least`` may be lost, ``(choices,)``; by their reduced costs."""
        spare = self.bound(duals) - least
        reduced = self._price(duals)[1][self.points : self.points + self.count]
        sure = reduced > spare
        decided = np.zeros(len(self.cells.signal_of_cell), bool)
        decided[self.cells.cell[sure]] = True
        return (-reduced <= spare) & (sure | ~decided[self.cells.cell])

    def around(self, x: np.ndarray) -> Hull:
        """The same program where the choices that are whole at ``x`` stay as they are."""
        y = x[self.points : self.points + self.count]
        whole = np.abs(y - np.round(y)) < WHOLE
        choices = slice(self.points, self.points + self.count)
        near = copy.copy(self)
        near.lower, near.upper = self.lower.copy(), self.upper.copy()
        near.lower[choices][whole] = near.upper[choices][whole] = np.round(y[whole])
        shares = np.repeat(near.upper[choices], self.states)
        near.upper[self.points + self.count :] = shares
        return near

    def limit_signal(self, signal: int, prices: np.ndarray, bound: float) -> None:
        """One signal's gain, net of ``prices`` ``(states,)`` per unit of its coordinates, is at most ``bound``."""
        row = np.zeros(self.size)
        own = slice(signal * self.states, (signal + 1) * self.states)
        row[own] = self.cells.linear[signal] - prices
        mine = np.flatnonzero(self.cells.signal == signal)
        row[self.points + mine] = self.offset[mine]
        shares = self.points + self.count + mine[:, None] * self.states + np.arange(self.states)
        row[shares] = self.cells.jump[mine]
        unit = np.abs(row).max() or 1.0
        self.matrix = sp.vstack([self.matrix, sp.csr_matrix(-row / unit)], format="csr")
        self.row_lower = np.append(self.row_lower, -bound / unit)
        self.row_upper = np.append(self.row_upper, np.inf)

    def complete(self, point: np.ndarray, made: np.ndarray) -> np.ndarray:
        """All variables at a point ``(signals * states,)`` where the choices in ``made`` are made."""
        x = point.reshape(self.signals, self.states)
        shares = np.where(made[:, None], x[self.cells.signal], 0.0)
        return np.concatenate([point, made, shares.ravel()])

    def program(self, integer: bool) -> highs.LinearProgram:
        """As it stands; with binaries it is exact."""
        kinds = np.zeros(self.size, int)
        kinds[self.points : self.points + self.count] = 1
        return highs.LinearProgram(
            cost=self.cost,
            matrix=self.matrix.tocsc(),
            row_lower=self.row_lower,
            row_upper=self.row_upper,
            lower=self.lower,
            upper=self.upper,
            integer=kinds if integer and self.count else None,
        )
