r"""Column generation: the best response as a mixture of signals, for at least as many signals as states.

By Carathéodory's theorem :math:`|\Omega|` signals suffice to reach :math:`\max\sum_sf(x_s)` subject to
:math:`\sum_sx_s=\mathbf 1`. The master program holds a block :math:`x_\sigma` in the cone of every profile
generated so far, with no upper bound of 1 (which would spoil the prices); pricing looks for a signal worth
more than its prices :math:`\lambda`, first along random lines, then exactly. Whatever the prices,

.. math:: \sum_\omega\lambda_\omega+|\Omega|\max\bigl(0,\max_{x\in\Delta}f(x)-\lambda\cdot x\bigr)

bounds the utility of every policy with any number of signals. With fewer signals than states it is a bound only.

A margin may forbid revealing a state; then probability of that state may be left over at a price, which rises
until nothing is. If something always is, the method gives up with its bound.
"""

import time

import numpy as np
import scipy.sparse as sp

from persuasion.regret import highs
from persuasion.regret.anywhere.bounds import separate_bound
from persuasion.regret.anywhere.line_search import LineSearch
from persuasion.regret.anywhere.pricing import Pricing
from persuasion.regret.candidates import (
    Candidate,
    climb,
    conclude,
    ended,
    landmarks,
    solve_profile,
)
from persuasion.regret.one_signal import cone_rows, favourite, hop, profile_gain, revealable
from persuasion.regret.problem import Problem
from persuasion.regret.response import BestResponse

TARGET = 1e-7
STARTS = 24
FAILURES = 2
# price of a leftover unit of probability, in the deviator's stakes
PENALTIES = (1e2, 1e4, 1e6)
SHORTFALL = 1e-10
MAX_RELAXATION = 30_000


class Master:
    """The linear program over the generated profiles' cones, warm-started as they arrive."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.states = problem.weights.shape[1]
        self.profiles: list[np.ndarray] = []
        self._known: set[bytes] = set()
        self.solver = highs.load()
        ones, none = np.ones(self.states), np.array([], np.int32)
        self.solver.addRows(
            self.states, ones, ones, 0, np.zeros(self.states, np.int32), none, np.array([])
        )
        revealed = revealable(problem)
        self.leftover = np.flatnonzero(~revealed).astype(np.int32)
        if count := len(self.leftover):
            limits = np.zeros(count), np.full(count, np.inf)
            starts, cost = np.arange(count, dtype=np.int32), np.full(count, PENALTIES[0])
            self.solver.addCols(count, cost, *limits, count, starts, self.leftover, np.ones(count))
        for state in np.eye(self.states)[revealed]:
            self.add(favourite(problem, state))

    def charge(self, penalty: float) -> None:
        """Set the price of probability left over, in the deviator's stakes."""
        count = len(self.leftover)
        cost = np.full(count, penalty)
        self.solver.changeColsCost(count, np.arange(count, dtype=np.int32), cost)

    def add(self, profile: np.ndarray) -> bool:
        """Add a block of variables and its cone; False if it is there already."""
        if profile.tobytes() in self._known:
            return False
        self._known.add(profile.tobytes())
        size = self.states
        first = len(self.leftover) + size * len(self.profiles)
        self.profiles.append(profile)
        index = np.arange(size, dtype=np.int32)
        gain = profile_gain(self.problem, profile)
        # each x appears once in its state's balance; HiGHS minimises
        self.solver.addCols(
            size, -gain, np.zeros(size), np.full(size, np.inf), size, index, index, np.ones(size)
        )
        rows = sp.csr_matrix(cone_rows(self.problem, profile))
        count, entries = rows.shape[0], (rows.indices + first).astype(np.int32)
        starts = rows.indptr[:-1].astype(np.int32)
        limits = np.zeros(count), np.full(count, np.inf)
        self.solver.addRows(count, *limits, rows.nnz, starts, entries, rows.data)
        return True

    def solve(self, time_limit: float) -> highs.Solution:
        """Optimum over the blocks; its first ``states`` duals are the prices."""
        solution = highs.run(self.solver, time_limit)
        if not solution.optimal:  # a fresh start where warm-starting failed
            self.solver.clearSolver()
            solution = highs.run(self.solver, time_limit)
        return solution

    def blocks(self, solution: highs.Solution) -> np.ndarray | None:
        """Every profile's block ``(profiles, states)``; None if probability is left over."""
        left = len(self.leftover)
        if solution.x is None or solution.x[:left].sum() > SHORTFALL:
            return None
        return np.asarray(solution.x[left:].reshape(-1, self.states))


class Generation:
    """The loop between master and pricing, and the best bound and mixture so far."""

    def __init__(self, problem: Problem, deadline: float) -> None:
        self.problem, self.deadline = problem, deadline
        self.master = Master(problem)
        self.lines = LineSearch(problem, np.random.default_rng(0))
        self.bound = separate_bound(problem, deadline)
        self.solution: highs.Solution | None = None
        self.least = TARGET / self.master.states
        self.penalties = list(PENALTIES[1:])

    @property
    def left(self) -> float:
        """Seconds to the deadline."""
        return self.deadline - time.perf_counter()

    @property
    def prices(self) -> np.ndarray:
        """Value of one unit of every state's probability."""
        assert self.solution is not None
        return self.solution.duals[: self.master.states]

    def run(self) -> bool:
        """Until the gap closes (True), time is up, or pricing brings nothing new."""
        pricing = None
        while self.improve() and self.problem.gains.size <= MAX_RELAXATION:
            pricing = pricing or Pricing(self.problem)
            most, profiles = pricing.search(self.prices, self.least, self.deadline)
            level = self.prices.sum() + self.master.states * max(0.0, most)
            self.bound = min(self.bound, float(level))
            assert self.solution is not None
            complete = self.master.blocks(self.solution) is not None
            if complete and self.bound - self.solution.value <= 2 * TARGET:
                return True
            added = list(map(self.master.add, profiles))
            if not any(added) and (complete or not self.raise_penalty()):
                break
        return False

    def raise_penalty(self) -> bool:
        """Charge more for leftover probability; False if the highest price is reached."""
        if self.penalties:
            self.master.charge(self.penalties.pop(0))
            return True
        return False

    def improve(self) -> bool:
        """Heuristic rounds until some bring nothing; False if the deadline came before new prices."""
        failures = 0
        while self.solve_master():
            if failures == FAILURES or self.left <= 0:
                return self.left > 0
            failures = 0 if self.search_lines() else failures + 1
        return False

    def solve_master(self) -> bool:
        """New prices and mixture; the old ones stay if there is no time."""
        solution = self.master.solve(self.left)
        if solution.optimal:
            self.solution = solution
        return solution.optimal

    def search_lines(self) -> bool:
        """Add the profiles that random lines and hops from their kinks find; whether any is new."""
        new = False
        for start in self.lines.starts(self.prices, STARTS):
            for profile in hop(self.problem, start, self.prices, self.least, self.left):
                new |= self.master.add(profile)
            if self.left <= 0:
                break
        return new

    def policy(self) -> Candidate | None:
        """The mixture's largest blocks as signals; whole if there are as many signals as states."""
        blocks = None if self.solution is None else self.master.blocks(self.solution)
        if blocks is None:
            return None
        signals = self.problem.signals
        used = np.argsort(-blocks.sum(1), kind="stable")[:signals]
        profile = np.stack([self.master.profiles[k] for k in used])
        if len(used) < signals:  # unused signals may as well do the same
            profile = np.vstack([profile, np.repeat(profile[:1], signals - len(used), 0)])
        if signals >= self.master.states:
            return solve_profile(self.problem, profile, np.inf)
        raw = blocks[used]
        raw[0] += np.maximum(1 - raw.sum(0), 0)
        return climb(self.problem, np.pad(raw, ((0, signals - len(used)), (0, 0))).T, np.inf)


def by_column_generation(problem: Problem, time_limit: float) -> BestResponse:
    """Generate columns until the gap closes or time is up.

    Raises ``ValueError`` if an explicit tie rule tells the deviator's signals apart.
    """
    if not problem.symmetric:
        raise ValueError(
            "column-generation needs interchangeable signals; this tie map tells them apart"
        )
    start = time.perf_counter()
    deadline = start + time_limit
    found = [climb(problem, problem.own, deadline), *landmarks(problem)]
    generation = Generation(problem, deadline)
    closed = generation.run()
    if (mixture := generation.policy()) is not None:
        found.append(mixture)
        found.append(climb(problem, mixture.policy, deadline))
    short = problem.signals < problem.game.shape.states
    status = ended(closed and not short, deadline)
    return conclude(problem, found, generation.bound, status, "column-generation (HiGHS)", start)
