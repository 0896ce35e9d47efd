r"""The linear relaxation of the deviator's problem in a box: at every joint signal the exact concave envelope.

Variables: unit coordinates :math:`\xi\in[0,1]` of the policy, a binary :math:`y` per choice, and the choice's share
of them, :math:`\zeta=y\,\xi`. What remains, :math:`\xi-\sum\zeta`, belongs to the base. A condition
:math:`h\cdot\xi\ge l` of a choice becomes :math:`h\cdot\zeta\ge l\,y`; with :math:`0\le\zeta\le y` that is the
convex hull of a union of polytopes (Balas), so that with a single contested joint signal the relaxation is exact.
"""

import time
from dataclasses import replace
from typing import Any

import highspy
import numpy as np
import scipy.sparse as sp

from persuasion.regret import highs
from persuasion.regret.nearby.box import Box
from persuasion.regret.nearby.cells import Cells, in_blocks
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
        self.points, self.count = cells.linear.size, len(cells.offset)
        matrix, limits = self._rows(box)
        matrix.eliminate_zeros()
        self.relaxation = highs.LinearProgram(
            cost=np.concatenate([cells.linear.ravel(), cells.offset, cells.jump.ravel()]),
            matrix=matrix,
            row_lower=np.append(box.missing, limits),
            row_upper=np.append(box.missing, np.full(len(limits), np.inf)),
        )

    def _rows(self, box: Box) -> tuple[sp.csc_matrix, np.ndarray]:
        """First those that couple the signals, then those with lower limits, and these."""
        cells, states = self.cells, box.lower.shape[1]
        choices, bases = cells.choices, cells.bases
        state, all_states = sp.identity(states), np.ones((states, 1))
        # what the base of every cell is left with of its signal, as points less shares, and the choices of the cell
        point = sp.kron(_pick(cells.signal_of_cell, len(box.lower)), state).tocsr()
        member = _pick(cells.cell, len(cells.signal_of_cell)).T.tocsr()
        share = sp.kron(member, state).tocsr()
        chosen = in_blocks(choices.normal, choices.owner, self.count)
        base = in_blocks(bases.normal, bases.owner, len(cells.signal_of_cell))
        families = [
            [box.coupling, None, None],
            # no share exceeds its choice
            [None, sp.kron(sp.identity(self.count), all_states), -sp.identity(self.count * states)],
            # the base's is not negative, and does not exceed what is left of 1
            [point, None, -share],
            [-point, -sp.kron(member, all_states), share],
            [None, -sp.diags(choices.limit) @ _pick(choices.owner, self.count), chosen],
            [base @ point, sp.diags(bases.limit) @ member[bases.owner], -base @ share],
        ]
        sizes = [self.count * states, point.shape[0], point.shape[0], len(choices.limit)]
        limits = np.append(np.repeat([0.0, 0.0, -1.0, 0.0], sizes), bases.limit)
        return sp.bmat(families, format="csc"), limits

    def solve(self, deadline: float) -> highs.Solution:
        """The linear relaxation; its ``bound`` is valid even if ``deadline`` cut it short."""
        solution = None
        if self.count <= SMALL:
            solution = self._run(SIMPLEX_SHARE, deadline)
        if solution is None or (not solution.optimal and solution.status != "kInfeasible"):
            solution = self._run(1.0, deadline, **INTERIOR)
        # prices need not be optimal, not even the solver's
        prices = solution.duals, np.zeros(0)
        return replace(solution, bound=min(highs.proven(self.relaxation, p) for p in prices))

    def _run(self, share: float, deadline: float, **options: Any) -> highs.Solution:
        solver = highs.load(self.relaxation, **options)
        return highs.run(solver, share * (deadline - time.perf_counter()))

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
        x = point.reshape(self.cells.linear.shape)
        shares = np.where(made[:, None], x[self.cells.signal], 0.0)
        return np.concatenate([point, made, shares.ravel()])

    @property
    def exact(self) -> highs.LinearProgram:
        """The program with binaries for the choices."""
        kinds = np.zeros(len(self.relaxation.cost), bool)
        kinds[self.points : self.points + self.count] = True
        return replace(self.relaxation, integer=kinds if self.count else None)


def _pick(owner: np.ndarray, count: int) -> sp.csr_matrix:
    """Rows that pick one of so many variables each."""
    return in_blocks(np.ones((len(owner), 1)), owner, count)
