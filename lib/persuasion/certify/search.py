"""The best deviation in a box: candidates from below, relaxations from above, until they meet or time is up."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from persuasion.best_response.polish import CLOSED, Candidate, evaluate
from persuasion.best_response.problem import Problem
from persuasion.certify.box import Box
from persuasion.certify.cells import make_cells
from persuasion.certify.climb import Climber
from persuasion.certify.decomposition import decompose
from persuasion.certify.elimination import eliminate, statewise_bound, tolerant
from persuasion.certify.mixed import solve_binaries
from persuasion.certify.hull import Hull

TARGET = CLOSED / 4
FLIP_SHARE = 0.1
# what is kept for turning the best choices into a policy
SETTLE_SHARE = 0.05
# choices from which on the signals are first taken one by one
LARGE = 150
RELAX_SHARE = 0.5
DECOMPOSITION_SHARE = 0.6


@dataclass(frozen=True)
class Outcome:
    """Deviations ``found`` in the box and a ``bound`` on the utility of all; ``closed`` if they agree.

    ``infeasible``: no policy of the box keeps the margin.
    """

    found: list[Candidate]
    bound: float
    closed: bool
    infeasible: bool


def search_box(problem: Problem, box: Box, deadline: float) -> Outcome:
    """The best deviation in the box, by ``deadline`` (of ``time.perf_counter``) or as far as it got."""
    own = evaluate(problem, problem.policies[problem.sender])
    relaxed = eliminate(tolerant(problem), box)
    if not relaxed.allowed.any(-1).all():
        return Outcome([own], -np.inf, False, True)
    search = Search(problem, relaxed, box, own, deadline)
    search.run()
    return Outcome(search.found, search.bound, search.closed, search.infeasible)


class Search:
    """The state of one search; ``found`` are policies in the box, ``bound`` is valid at any time.

    ``relaxed`` is the problem with the actions that may be taken in the box, ties granted within the tolerance.
    """

    def __init__(
        self, problem: Problem, relaxed: Problem, box: Box, own: Candidate, deadline: float
    ) -> None:
        self.problem, self.box, self.end = problem, box, deadline
        self.deadline = deadline - SETTLE_SHARE * max(deadline - time.perf_counter(), 0.0)
        self.infeasible, self.bound, self.found = False, statewise_bound(relaxed, box), [own]
        self.cells = make_cells(relaxed, box)
        # the same choices, with the ties themselves instead of their tolerance
        exact = replace(problem, allowed=relaxed.allowed)
        self.climber = Climber(make_cells(exact, box), box)
        self.root = Hull(self.cells, box)

    @property
    def left(self) -> float:
        """Seconds to the deadline."""
        return self.deadline - time.perf_counter()

    @property
    def best(self) -> float:
        """The largest value found, of a region's closure where the rule denies its boundary."""
        return max(self.climber.value, *(candidate.value for candidate in self.found))

    @property
    def target(self) -> float:
        """Gap at which the search stops, in utility units."""
        return TARGET * self.problem.scale

    @property
    def open(self) -> bool:
        """Whether bound and best deviation still differ, and there is time."""
        return not self.closed and self.left > 0

    @property
    def closed(self) -> bool:
        """Whether bound and best deviation agree."""
        return self.bound - self.best <= self.target

    def run(self) -> None:
        """Everything, cheapest first."""
        self.climb(self.box.pack(self.problem.policies[self.problem.sender]))
        prices = self.relax() if self.open else None
        if self.open and len(self.cells.least):
            self.climber.flip(time.perf_counter() + FLIP_SHARE * self.left)
        if self.open and prices is not None and len(self.cells.least) > LARGE:
            self.search_signals(prices)
        if self.open and len(self.cells.least):
            self.search_jointly()
        self.settle()

    def relax(self) -> np.ndarray | None:
        """The linear relaxation of all signals; the prices of the states' probability if it was solved."""
        share = RELAX_SHARE if len(self.cells.least) > LARGE else 1.0
        solution = self.root.solve(time.perf_counter() + share * self.left)
        self.infeasible = solution.status == "kInfeasible"
        if self.infeasible:
            return None
        self.learn(solution.bound + self.cells.constant)
        if solution.x is not None:
            self.climb(solution.x[: self.root.points])
        return solution.duals[: self.root.states] if solution.optimal else None

    def search_signals(self, prices: np.ndarray) -> None:
        """Every signal by itself at the relaxation's ``prices`` ``(states,)``."""
        until = time.perf_counter() + DECOMPOSITION_SHARE * self.left
        split = decompose(self.cells, self.box, prices, self.target, until)
        self.learn(split.bound)
        self.climb(split.point)
        for signal, result in enumerate(split.results):
            self.root.limit_signal(signal, prices * self.box.width[signal], result.bound)

    def climb(self, point: np.ndarray) -> None:
        """Improve the point with unit coordinates ``point``."""
        self.climber.ascend(self.climber.read(point), self.deadline)

    def settle(self) -> None:
        """Turn the climber's best choices into a policy."""
        candidate = self.climber.settle(self.problem, self.box, self.end)
        if candidate is not None:
            self.found.append(candidate)

    def learn(self, bound: float) -> None:
        """No policy in the box earns more than ``bound``."""
        self.bound = min(self.bound, bound)

    def search_jointly(self) -> None:
        """One mixed-integer program of all signals."""
        solution = solve_binaries(self.root, self.climber, self.target, self.deadline)
        if solution.status == "kInfeasible":
            self.infeasible = self.climber.point is None
        else:
            self.learn(solution.bound + self.cells.constant)
