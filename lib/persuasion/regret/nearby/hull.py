r"""The linear relaxation of the deviator's problem in a box: at every joint signal the exact concave envelope.

Variables: unit coordinates :math:`\xi\in[0,1]` of the policy, a binary :math:`y` per choice, and the choice's share
of them, :math:`\zeta=y\,\xi`. What remains, :math:`\xi-\sum\zeta`, belongs to the base. A condition
:math:`h\cdot\xi\ge l` of a choice becomes :math:`h\cdot\zeta\ge l\,y`; with :math:`0\le\zeta\le y` that is the
convex hull of a union of polytopes (Balas), so that with a single contested joint signal the relaxation is exact.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import highspy
import numpy as np
import scipy.sparse as sp

from persuasion.regret import highs
from persuasion.regret.nearby.box import Box
from persuasion.regret.nearby.cells import Cells
from persuasion.regret.nearby.climb import Climber

# choices up to which the simplex method is tried, for a share of the time: it may stall
SMALL, SIMPLEX_SHARE = 250, 0.3
# whatever duals it ends with are turned into a valid bound
INTERIOR = {"solver": "ipm", "run_crossover": "off"}
# from a good start, programs within the program cost more than they bring
LEAN = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
}


class Hull:
    """The program of all signals, coupled by ``box``.

    Columns: ``points`` unit coordinates (signals * states), then ``count`` choices, then their shares
    (choices * states). Its optimum plus ``cells.constant`` bounds the deviator's utility.
    """

    def __init__(self, cells: Cells, box: Box) -> None:
        self.cells = cells
        self.signals, self.states = cells.linear.shape
        self.points, self.count = cells.linear.size, len(cells.least)
        self.size = self.points + self.count * (1 + self.states)
        self.offset = cells.least - np.minimum(cells.jump, 0).sum(1)
        self.cost = np.concatenate([cells.linear.ravel(), self.offset, cells.jump.ravel()])
        self.matrix, self.row_lower, self.row_upper = self._rows(box)
        self.relaxation = highs.LinearProgram(
            cost=self.cost,
            matrix=self.matrix.tocsc(),
            row_lower=self.row_lower,
            row_upper=self.row_upper,
            lower=np.zeros(self.size),
            upper=np.ones(self.size),
        )

    def _rows(self, box: Box) -> tuple[sp.csr_matrix, np.ndarray, np.ndarray]:
        """Equal to ``missing`` first, then at least their limit."""
        families = [self._shares(), self._rests(), self._choices(), self._bases()]
        matrix = sp.vstack([self._couple(box), *(block for block, _ in families)], format="csr")
        matrix.eliminate_zeros()
        lower = np.concatenate([box.missing, *(limit for _, limit in families)])
        upper = np.append(box.missing, np.full(len(lower) - self.states, np.inf))
        return matrix, lower, upper

    def _couple(self, box: Box) -> sp.csr_matrix:
        """What every state gets above its lower limits."""
        states = np.tile(np.arange(self.states), self.signals)
        entries = (box.width.ravel(), (states, np.arange(self.points)))
        return sp.csr_matrix(entries, (self.states, self.size))

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
        return replace(solution, bound=min(self.bound(solution.duals), self.bound(np.zeros(0))))

    def _run(self, share: float, deadline: float, **options: Any) -> highs.Solution:
        solver = highs.load(self.relaxation, **options)
        return highs.run(solver, share * (deadline - time.perf_counter()))

    def bound(self, duals: np.ndarray) -> float:
        """What weak duality makes of any ``duals``, one per row: prices that need not be optimal."""
        return highs.proven(self.relaxation, duals)

    def branch(self, climber: Climber, gap: float, deadline: float) -> highs.Solution:
        """Branch and bound until ``gap`` or ``deadline``; the climber gives the start and learns what is found."""
        solver = highs.load(self.exact, mip_abs_gap=gap / 2, **LEAN)
        if climber.point is not None:
            start = highspy.HighsSolution()
            start.col_value = self.complete(climber.point, climber.made).tolist()
            solver.setSolution(start)
        solution = highs.run(solver, deadline - time.perf_counter())
        if solution.x is not None:
            climber.ascend(solution.x[self.points :][: self.count] > 0.5, deadline)
            climber.ascend(climber.read(solution.x[: self.points]), deadline)
        return solution

    def complete(self, point: np.ndarray, made: np.ndarray) -> np.ndarray:
        """All variables at a point ``(signals * states,)`` where the choices in ``made`` are made."""
        x = point.reshape(self.signals, self.states)
        shares = np.where(made[:, None], x[self.cells.signal], 0.0)
        return np.concatenate([point, made, shares.ravel()])

    @property
    def exact(self) -> highs.LinearProgram:
        """The program with binaries for the choices."""
        kinds = np.zeros(self.size, int)
        kinds[self.points : self.points + self.count] = 1
        return replace(self.relaxation, integer=kinds if self.count else None)
