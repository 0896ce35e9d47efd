r"""Exact pricing: :math:`\max f(x)-\lambda\cdot x` over the simplex, by branch and bound.

The relaxation is the tight mixed-integer model with its binaries relaxed: :math:`x=\sum_az_{ta}` in
every column :math:`t`, with :math:`z_{ta}` in the cone of action :math:`a`, so that each column's gain is
replaced by its concave envelope. A node says which actions are still possible in each column. Branching
fixes the action of the column whose envelope is most above its true gain. HiGHS alone solves the same
mixed-integer model several times slower.
"""

import heapq
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from persuasion.model.tolerances import SMALL_ENTRY
from persuasion.regret import highs
from persuasion.regret.one_signal import clean, favourite, meets, profile_gain
from persuasion.regret.problem import Problem

# a relaxation gets a second, then a fresh start: warm-started ones, if badly scaled, may cycle
PATIENCE = (1.0, 10.0)
ENOUGH = 2.0


class Pricing:
    """The relaxation, loaded once; prices and possible actions change between solves."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.program = relaxation(problem)
        self.solver = highs.load(self.program, presolve="off", small_matrix_value=SMALL_ENTRY)
        self.states = problem.weights.shape[1]
        self.products = np.arange(problem.gains.size, dtype=np.int32) + self.states

    def search(
        self, prices: np.ndarray, least: float, deadline: float
    ) -> tuple[float, list[np.ndarray]]:
        """A bound on the maximum, and the improving profiles met on the way.

        Stops when nothing exceeds ``least``, or the best find is half the bound, or time is up.
        """
        states = np.arange(self.states, dtype=np.int32)
        self.solver.changeColsCost(self.states, states, prices)
        self.program.cost[: self.states] = -prices
        tree = _Tree(self, prices, least, deadline)
        tree.grow(self.problem.allowed[0], np.inf)
        while tree.heap and not tree.settled() and time.perf_counter() < deadline:
            negative_bound, _, possible, branch = heapq.heappop(tree.heap)
            for child in _children(possible, branch):
                tree.grow(child, -negative_bound)
        return tree.bound(), list(tree.found.values())

    def relax(
        self, possible: np.ndarray, deadline: float
    ) -> tuple[highs.Solution, float, np.ndarray | None]:
        """The relaxation at a node, its bound, and its point ``x``."""
        upper = np.repeat(possible.ravel().astype(float), self.states)
        count = len(self.products)
        self.solver.changeColsBounds(count, self.products, np.zeros(count), upper)
        for patience in PATIENCE:
            solution = highs.run(self.solver, min(patience, deadline - time.perf_counter()))
            if solution.optimal or solution.status == "kInfeasible":
                break
            self.solver.clearSolver()
        bound = self._bound(solution, upper)
        if solution.x is None or not solution.optimal:
            return solution, bound, None
        return solution, bound, clean(solution.x[: self.states])

    def _bound(self, solution: highs.Solution, upper: np.ndarray) -> float:
        """What the relaxation bounds; if rows are wide, what its duals prove."""
        if not self.problem.wide:
            return -np.inf if solution.status == "kInfeasible" else solution.bound
        limits = np.append(np.ones(self.states), upper)
        return highs.proven_by(self.solver, replace(self.program, upper=limits), solution)


def _children(possible: np.ndarray, branch: int) -> Iterator[np.ndarray]:
    """One per possible action of the branching column."""
    for action in np.flatnonzero(possible[branch]):
        child = possible.copy()
        child[branch] = False
        child[branch, action] = True
        yield child


class _Tree:
    """One search: open nodes, finds, and the bound that was lost at leaves the solver gave up on.

    A node is its negative bound, so that the best comes first, a serial number, the possible actions
    ``(columns, actions)``, and the column to branch on.
    """

    def __init__(self, pricing: Pricing, prices: np.ndarray, least: float, deadline: float) -> None:
        self.pricing, self.prices = pricing, prices
        self.least, self.deadline = least, deadline
        self.heap: list[tuple[float, int, np.ndarray, int]] = []
        self.found: dict[bytes, np.ndarray] = {}
        self.best, self.lost, self.serial = 0.0, -np.inf, itertools.count()

    def bound(self) -> float:
        """No point of the simplex is worth more."""
        opened = -self.heap[0][0] if self.heap else -np.inf
        return max(opened, self.lost, self.best)

    def settled(self) -> bool:
        """Whether the bound is as low as asked for, or a find good enough to be priced in first."""
        return self.bound() <= max(self.least, ENOUGH * self.best)

    def grow(self, possible: np.ndarray, above: float) -> None:
        """Relax a node below one with bound ``above``; keep what it finds, and itself if promising."""
        solution, bound, x = self.pricing.relax(possible, self.deadline)
        bound = min(bound, above)
        if bound <= max(self.least, self.best):
            return
        free = possible.sum(1) > 1
        gaps = np.zeros(len(free)) if x is None else self._look(possible, solution, x)
        if free.any():
            branch = int(np.where(free, gaps, -np.inf).argmax())
            heapq.heappush(self.heap, (-bound, next(self.serial), possible, branch))
        elif x is None:
            self.lost = max(self.lost, bound)
        else:
            self._keep(possible.argmax(1), bound)

    def _look(self, possible: np.ndarray, solution: highs.Solution, x: np.ndarray) -> np.ndarray:
        """Record the true worth of ``x``; how far each column's envelope lies above its gain."""
        problem = self.pricing.problem
        assert solution.x is not None
        envelope = (problem.gains.ravel() * solution.x[len(x) :]).reshape(len(possible), -1).sum(1)
        profile = favourite(problem, x)
        if not meets(problem, profile, x):  # a margin leaves gaps: branch there first
            rows = problem.rows[np.arange(len(profile)), profile]
            return -(rows @ x).min(1)
        self._keep(profile, float((profile_gain(problem, profile) - self.prices) @ x))
        return envelope - (problem.gains @ x)[np.arange(len(profile)), profile]

    def _keep(self, profile: np.ndarray, worth: float) -> None:
        if worth > self.least:
            self.found[profile.tobytes()] = profile
            self.best = max(self.best, worth)


def relaxation(problem: Problem) -> highs.LinearProgram:
    """Variables ``x`` (states), then ``z`` (columns, actions, states)."""
    columns, actions, states = problem.gains.shape
    split = sp.hstack(
        [
            -sp.csr_matrix(np.tile(np.eye(states), (columns, 1))),
            sp.kron(sp.eye(columns), np.tile(np.eye(states), actions)),
        ]
    )
    obey = sp.block_diag(list(problem.rows.reshape(-1, actions, states)), format="csr")
    obey = sp.hstack([sp.csr_matrix((obey.shape[0], states)), obey])
    simplex = np.append(np.ones(states), np.zeros(problem.gains.size))[None]
    heights = [columns * states, obey.shape[0], 1]
    return highs.LinearProgram(
        cost=np.append(np.zeros(states), problem.gains.ravel()),
        matrix=sp.vstack([split, obey, simplex], format="csc"),
        row_lower=np.repeat([0.0, 0.0, 1.0], heights),
        row_upper=np.repeat([0.0, np.inf, 1.0], heights),
    )
