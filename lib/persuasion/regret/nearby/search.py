"""The best deviation in a box: candidates from below, relaxations from above, until they meet or time is up."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from persuasion.regret import highs
from persuasion.regret.candidates import Candidate, evaluate
from persuasion.regret.nearby.box import Box
from persuasion.regret.nearby.bracket import TARGET, Bracket
from persuasion.regret.nearby.climb import Climber
from persuasion.regret.nearby.cuts import Cuts
from persuasion.regret.nearby.decomposition import Decomposition, decompose
from persuasion.regret.nearby.elimination import eliminate, tolerant
from persuasion.regret.nearby.hull import Hull
from persuasion.regret.nearby.mixed import formulate, is_sparse, solve_binaries
from persuasion.regret.nearby.openings import openings
from persuasion.regret.problem import Problem

# share of the time at whose end a search counts as ended by time
HURRIED = 0.02
# choices of the first relaxation, most and least growth to the next; all of them together should end by the first
# share of the time, and the last is given up at the second. A program that grows by a factor takes about its square
FIRST, FASTEST, SLOWEST, RELAX_SHARE, LONGEST_SHARE = 400, 4.0, 1.3, 0.5, 0.75
OPEN_SHARE = 0.1
APPROACH_SHARE, FLIP_SHARE, NEAR_SHARE, SIGNALS_SHARE = 0.05, 0.1, 0.2, 0.5
# share of the time left that the relaxation may take if branching on all signals is to make sense
HOPELESS = 0.3
# open choices from which on the signals are first taken one by one
LARGE = 150


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
    relaxed = eliminate(tolerant(problem), box)
    if not relaxed.allowed.any(-1).all():
        own = evaluate(problem, problem.own)
        return Outcome([own], -np.inf, False, True)
    search = Search(problem, relaxed, box, deadline)
    search.run()
    hurried = search.left <= HURRIED * (deadline - search.started)
    return Outcome(search.found, search.bound, search.closed, search.infeasible, hurried)


class Search(Bracket):
    """Relaxations from coarse to fine, then what branches; ``root`` is the finest that was solved."""

    root: highs.Solution | None = None
    seconds = 0.0

    def run(self) -> None:
        """Everything, cheapest first."""
        self.start()
        if self.open:
            self.open_signals()
        while self.open and self.root is not None and (most := self.next_size()):
            self.refine(most)
        if self.open and self.root is not None and self.program.count:
            self.branch(self.root)
        self.settle()

    def start(self) -> None:
        """Cuts over everything where they are few, else, or where they take too long, a coarse hull."""
        own = self.box.pack(self.problem.own)
        if is_sparse(self.everything.sum(), len(self.everything)):
            self.build(np.inf, Cuts)
            self.climb(own)
            self.relax(self.share(RELAX_SHARE))
            if self.root is not None or self.infeasible or not self.open:
                return
        self.build(FIRST, Hull)
        self.climb(own)
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
            self.infeasible = self.climber.point is None
            return
        self.learn(solution.bound + self.cells.constant)
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
        before = self.cells, self.certain, self.program, self.climber, self.root, self.seconds
        self.build(most, Hull)
        self.relax(self.started + LONGEST_SHARE * (self.deadline - self.started))
        if self.root is None:
            self.cells, self.certain, self.program, self.climber, self.root, self.seconds = before

    def branch(self, root: highs.Solution) -> None:
        """Deviations near the relaxation's, then what a better one cannot do without, by signals and jointly."""
        if isinstance(self.program, Hull):
            self.branch_near(self.program, root)
        self.climber.flip(self.share(FLIP_SHARE))
        prices, split = root.duals[: self.program.states], None
        if self.open and len(self.cells.least) > LARGE:
            split = self.search_signals(prices)
        if self.open and self.seconds > HOPELESS * self.left:
            self.climber.flip(self.deadline)
        if self.open:
            self.search_jointly(prices, split)

    def branch_near(self, hull: Hull, root: highs.Solution) -> None:
        """Branch on the choices that the relaxation leaves open, then drop those no better deviation needs."""
        if hull.count > LARGE and root.x is not None:
            near = hull.around(root.x)
            solve_binaries(near, self.climber, TARGET, self.share(NEAR_SHARE))
        kept = hull.needed(root.duals, self.best - TARGET / 2 - self.cells.constant)
        kept |= self.climber.made
        before, made = self.climber, self.climber.made[kept]
        self.cells, self.certain = self.cells.keep(kept), self.certain.keep(kept)
        self.climber = Climber(self.certain, self.box)
        self.climber.adopt(before, made)

    def search_signals(self, prices: np.ndarray) -> Decomposition:
        """Every signal by itself at the relaxation's ``prices`` ``(states,)``."""
        until = self.share(SIGNALS_SHARE)
        split = decompose(self.cells, self.box, prices, TARGET, until)
        self.learn(split.bound)
        self.climb(split.point)
        return split

    def search_jointly(self, prices: np.ndarray, split: Decomposition | None) -> None:
        """One mixed-integer program of all signals, with what is known of each."""
        program: Hull | Cuts = self.program
        if isinstance(program, Hull):  # some choices may have been dropped since
            program = formulate(self.cells, self.box)
            if isinstance(program, Cuts):
                program.solve(self.deadline)
        for signal, result in enumerate(split.results if split else []):
            program.limit_signal(signal, prices * self.box.width[signal], result.bound)
        solution = solve_binaries(program, self.climber, TARGET, self.deadline)
        if solution.status == "kInfeasible":
            self.infeasible = self.best == -np.inf
        else:
            self.learn(solution.bound + self.cells.constant)
