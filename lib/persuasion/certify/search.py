"""The best deviation in a box: candidates from below, relaxations from above, until they meet or time is up."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from persuasion.best_response import highs
from persuasion.best_response.polish import CLOSED, Candidate, as_policy, evaluate
from persuasion.best_response.problem import Problem
from persuasion.certify.box import Box
from persuasion.certify.cells import make_cells
from persuasion.certify.climb import Climber
from persuasion.certify.decomposition import decompose
from persuasion.certify.elimination import eliminate, tolerant
from persuasion.certify.fold import choose_folded, spreads, statewise_bound
from persuasion.certify.hull import Hull
from persuasion.certify.mixed import solve_binaries

TARGET = CLOSED / 4
# what folding rare joint signals may cost, of the target
FOLD_SHARE = 0.2
# what is kept for turning the best choices into a policy
SETTLE_SHARE = 0.05
# share of the time left at which a search counts as ended by time
HURRIED = 0.02
# choices of the first relaxation, most and least growth to the next, and share of the time for all of them;
# a linear program that grows by a factor takes about its square in time
FIRST, FASTEST, SLOWEST, RELAX_SHARE = 400, 4.0, 1.3, 0.5
APPROACH_SHARE, FLIP_SHARE, NEAR_SHARE, SIGNALS_SHARE = 0.05, 0.1, 0.2, 0.5
# share of the time left that the relaxation may take if branching on all signals is to make sense
HOPELESS = 0.3
# choices from which on the signals are first taken one by one
LARGE = 100


@dataclass(frozen=True)
class Outcome:
    """Deviations ``found`` in the box and a ``bound`` on the utility of all; ``closed`` if they agree.

    ``infeasible``: no policy of the box keeps the margin; ``hurried``: time ended the search.
    """

    found: list[Candidate]
    bound: float
    closed: bool
    infeasible: bool
    hurried: bool = False


def search_box(problem: Problem, box: Box, deadline: float) -> Outcome:
    """The best deviation in the box, by ``deadline`` (of ``time.perf_counter``) or as far as it got."""
    own = evaluate(problem, problem.policies[problem.sender])
    relaxed = eliminate(tolerant(problem), box)
    if not relaxed.allowed.any(-1).all():
        return Outcome([own], -np.inf, False, True)
    search = Search(problem, relaxed, box, own, deadline)
    search.run()
    hurried = search.left <= HURRIED * max(deadline - search.started, 0.0)
    return Outcome(search.found, search.bound, search.closed, search.infeasible, hurried)


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
        # the same choices, with the ties themselves instead of their tolerance
        self.relaxed, self.exact = relaxed, replace(problem, allowed=relaxed.allowed)
        self.spread = spreads(relaxed, box)
        self.started, self.seconds = time.perf_counter(), 0.0
        self.root: highs.Solution | None = None
        self.build(self.folded(FIRST))

    def folded(self, most: float) -> np.ndarray:
        """The joint signals that leave at most ``most`` choices."""
        return choose_folded(self.relaxed, self.spread, FOLD_SHARE * self.target, most)

    def build(self, folded: np.ndarray) -> None:
        """Programs for all but the folded joint signals."""
        self.cells = make_cells(self.relaxed, self.box, folded)
        self.certain = make_cells(self.exact, self.box, folded, optimistic=False)
        self.hull = Hull(self.cells, self.box)
        self.climber = Climber(self.certain, self.box)

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
        """Relaxations from coarse to fine, then what branches."""
        self.climb(self.box.pack(self.problem.policies[self.problem.sender]))
        self.relax()
        while self.open and self.root is not None and (most := self.next_size()):
            self.refine(self.folded(most))
        root = self.root
        if self.open and root is not None and root.x is not None and self.hull.count:
            self.branch(root, root.x)
        self.settle()

    def relax(self) -> None:
        """The linear relaxation of all signals; kept as ``root`` if there was time for it."""
        start = time.perf_counter()
        self.root = None
        solution = self.hull.solve(self.deadline)
        self.seconds = time.perf_counter() - start
        if solution.status == "kInfeasible":
            self.infeasible = self.climber.point is None
            return
        self.learn(solution.bound + self.cells.constant)
        if solution.x is not None and self.open:
            self.climb(solution.x[: self.hull.points])
            self.approach(solution.x, APPROACH_SHARE)
        if solution.optimal:
            self.root = solution

    def next_size(self) -> float | None:
        """Choices of a finer relaxation that should end in time; None if there is none worth it."""
        everything = self.relaxed.allowed[~self.folded(np.inf)]
        if self.hull.count >= everything.sum() - len(everything):
            return None
        total = self.deadline - self.started
        spare = RELAX_SHARE * total - (time.perf_counter() - self.started)
        growth = min(FASTEST, float(np.sqrt(max(spare, 0.0) / self.seconds)))
        return growth * self.hull.count if growth >= SLOWEST else None

    def refine(self, folded: np.ndarray) -> None:
        """Relax again with fewer joint signals folded; back to what there was if that takes too long."""
        before = self.cells, self.certain, self.hull, self.climber, self.root
        self.build(folded)
        if before[3].point is not None:
            self.found.append(evaluate(self.problem, as_policy(self.box.unpack(before[3].point))))
            self.climb(before[3].point)
        self.relax()
        if self.root is None:
            self.cells, self.certain, self.hull, self.climber, self.root = before

    def branch(self, root: highs.Solution, x: np.ndarray) -> None:
        """Deviations near the relaxation's, then what a better one cannot do without, by signals and jointly."""
        if self.hull.count > LARGE:
            until = time.perf_counter() + NEAR_SHARE * self.left
            solve_binaries(self.hull.around(x), self.climber, self.target, until)
        if self.open:
            self.narrow(root)
            self.climber.flip(time.perf_counter() + FLIP_SHARE * self.left)
        if self.open and len(self.cells.least) > LARGE:
            self.search_signals(root.duals[: self.hull.states])
        if self.open and self.seconds > HOPELESS * self.left:
            self.climber.flip(self.deadline)
        if self.open:
            self.search_jointly()

    def approach(self, x: np.ndarray, share: float) -> None:
        """Deviations like the relaxation's at ``x``, for a share of the time left."""
        choices = x[self.hull.points :][: self.hull.count]
        self.climber.approach(choices, time.perf_counter() + share * self.left)

    def narrow(self, root: highs.Solution) -> None:
        """Drop the choices that no better deviation needs."""
        least = self.best - self.target / 2 - self.cells.constant
        kept = self.hull.needed(root.duals, least)
        kept |= self.climber.made
        made = self.climber.made[kept]
        self.cells, self.certain = self.cells.keep(kept), self.certain.keep(kept)
        self.hull, before = Hull(self.cells, self.box), self.climber
        self.climber = Climber(self.certain, self.box)
        self.climber.adopt(before, made)

    def search_signals(self, prices: np.ndarray) -> None:
        """Every signal by itself at the relaxation's ``prices`` ``(states,)``."""
        until = time.perf_counter() + SIGNALS_SHARE * self.left
        split = decompose(self.cells, self.box, prices, self.target, until)
        self.learn(split.bound)
        self.climb(split.point)
        for signal, result in enumerate(split.results):
            self.hull.limit_signal(signal, prices * self.box.width[signal], result.bound)

    def climb(self, point: np.ndarray) -> None:
        """Improve the point with unit coordinates ``point``."""
        self.climber.ascend(self.climber.read(point), self.deadline)

    def settle(self) -> None:
        """Turn the climber's best choices into a policy."""
        candidate = self.climber.settle(self.problem, self.box, self.end)
        if candidate is not None:
            self.found.append(candidate)

    def learn(self, bound: float) -> None:
        """No policy in the box earns more than ``bound``, or than the best found."""
        self.bound = min(self.bound, max(bound, self.best))

    def search_jointly(self) -> None:
        """One mixed-integer program of all signals."""
        solution = solve_binaries(self.hull, self.climber, self.target, self.deadline)
        if solution.status == "kInfeasible":
            self.infeasible = self.best == -np.inf
        else:
            self.learn(solution.bound + self.cells.constant)
