"""The best deviation in a box: candidates from below, relaxations from above, until they meet or time is up."""

import time

import numpy as np

from persuasion.model.tolerances import CLOSED
from persuasion.regret import highs
from persuasion.regret.anywhere.enumerate import listed_within
from persuasion.regret.candidates import conclude, ended
from persuasion.regret.nearby.box import policy_box
from persuasion.regret.nearby.bracket import TARGET, Bracket
from persuasion.regret.nearby.branching import Branching
from persuasion.regret.nearby.elimination import eliminate, tolerant
from persuasion.regret.nearby.openings import openings
from persuasion.regret.problem import Problem
from persuasion.regret.response import BestResponse, unsettled

SOLVER = "box search (HiGHS)"
# share of the time at whose end a search counts as ended by time
HURRIED = 0.02
# choices of the first relaxation, most and least growth to the next; all of them together should end by the first
# share of the time, and the last is given up at the second. A program that grows by a factor takes about its square
FIRST, FASTEST, SLOWEST, RELAX_SHARE, LONGEST_SHARE = 400, 4.0, 1.3, 0.5, 0.75
OPEN_SHARE = 0.1
# least radius at which a list of what the rule grants bounds all: in smaller boxes ties reach as far
LISTED = 1e-4
APPROACH_SHARE = 0.05


def by_box(problem: Problem, time_limit: float, radius: float = 1.0) -> BestResponse:
    """The best response within a radius, from 1 on among all policies, with the search's bound.

    Raises :class:`InconsistentCertificate` if a policy is found to earn more than the bound.
    """
    start = time.perf_counter()
    deadline = start + time_limit
    box = policy_box(problem.own, radius)
    search = Search(problem, eliminate(tolerant(problem), box), box, deadline)
    search.run()
    status = ended(search.closed, -np.inf if search.hurried else deadline, search.infeasible)
    response = conclude(problem, search.found, search.bound, status, SOLVER, start)
    if radius < 1 and unsettled(problem.wide, response):
        found, bound = listed_within(problem, box, deadline)
        reached = max([response.value, *(candidate.value for candidate in found)])
        if problem.wide or radius < LISTED or bound < reached - CLOSED:
            bound = np.inf
        found, bound = [*search.found, *found], min(search.bound, bound)
        response = conclude(problem, found, bound, status, SOLVER, start)
    return response


class Search(Bracket):
    """Relaxations from coarse to fine, then branching; ``root`` is the finest that was solved."""

    root: highs.Solution | None = None
    seconds = 0.0

    def run(self) -> None:
        """Everything, cheapest first."""
        if not self.relaxed.allowed.any(-1).all():  # nothing in the box keeps the margin
            self.infeasible, self.bound = True, -np.inf
            return
        self.start()
        if self.open:
            self.open_signals()
        while self.open and self.root is not None and (most := self.next_size()):
            self.refine(most)
        self.branch()
        if self.open and self.worth_unfolding:
            self.build(np.inf)
            self.relax(self.deadline)
            self.branch()
        self.settle()

    def start(self) -> None:
        """A coarse relaxation, and deviations near the policy and near the relaxation's."""
        self.build(FIRST)
        self.climb(self.box.pack(self.problem.own))
        self.relax(self.deadline)

    def open_signals(self) -> None:
        """Climb from columns that column generation would add: nothing else opens an unused signal."""
        until = self.share(OPEN_SHARE)
        for point in openings(self.problem, self.box, until):
            self.climber.ascend(self.climber.read(point), until)

    def relax(self, until: float) -> None:
        """The linear relaxation of all signals; kept as ``root`` if there was time for it."""
        start = time.perf_counter()
        self.root = None
        solution = self.program.solve(until)
        self.seconds = time.perf_counter() - start
        if solution.status == "kInfeasible":
            self.infeasible = self.climber.point is None and not self.relaxed.wide
            return
        self.learn(solution.bound + self.program.cells.constant)
        if solution.x is not None and self.open:
            self.approach(solution.x, APPROACH_SHARE)
        if solution.optimal:
            self.root = solution

    def next_size(self) -> float | None:
        """Choices of a finer relaxation that should end in time; None if there is none worth it."""
        if self.program.count >= self.everything.sum():
            return None
        spare = RELAX_SHARE * (self.deadline - self.started) - (time.perf_counter() - self.started)
        growth = min(FASTEST, float(np.sqrt(max(spare, 0.0) / self.seconds)))
        return growth * self.program.count if growth >= SLOWEST else None

    def refine(self, most: float) -> None:
        """Relax again with fewer joint signals folded; back to what there was if that takes too long."""
        before = self.program, self.climber, self.root, self.seconds
        self.build(most)
        self.relax(self.started + LONGEST_SHARE * (self.deadline - self.started))
        if self.root is None:
            self.program, self.climber, self.root, self.seconds = before

    @property
    def hurried(self) -> bool:
        """Whether time ended the search, or nearly."""
        return self.left < HURRIED * (self.end - self.started)

    @property
    def worth_unfolding(self) -> bool:
        """Whether a relaxation of everything is another one, and likely to end in time."""
        growth = self.everything.sum() / max(self.program.count, 1)
        return bool(growth > 1 and growth * self.seconds < self.left)

    def branch(self) -> None:
        """One mixed-integer program of all signals, started at the best deviation, if its relaxation was solved."""
        if not self.open or self.root is None or not self.program.count:
            return
        if self.relaxed.wide:
            Branching(self).run()
            return
        solution = self.program.branch(self.climber, TARGET, self.deadline)
        if solution.status == "kInfeasible":
            self.infeasible = self.best == -np.inf
        else:
            self.learn(solution.bound + self.program.cells.constant)
