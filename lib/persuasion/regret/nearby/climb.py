"""Deviations inside the box: fix the receiver's behaviour, solve the linear program, read it off again.

One program holds the conditions of all choices; those not made are switched off, so that every step is a warm
start. It works on closed regions, as if every tie were granted; ``settle`` turns the result into a policy,
moved off the boundary where the rule denies it, whose value the simulator vouches for.
"""

import itertools
import time
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from persuasion.model.tolerances import EQUAL
from persuasion.regret import highs
from persuasion.regret.candidates import Candidate, evaluate
from persuasion.regret.nearby.box import Box
from persuasion.regret.nearby.cells import Cells, in_blocks
from persuasion.regret.problem import Problem

MAX_STEPS = 50
READ = 1e-7
# least difference from the relaxation that is worth a try
NOTICEABLE = 0.01
# share of the utilities' scale that counts as reaching a region's supremum
REACHED = 1e-7
# regions that are turned into policies, if the rule denies the first
ALTERNATIVES = 20
# distances from the boundary, in unit coordinates: just beyond the tie tolerance, up to a safe one
PUSHES = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
# and in units of the tie tolerance, which fills the box if that is small
BEYOND = (1.05, 2.0, 10.0)


class Climber:
    """The problem of all signals, coupled by ``box``, with the choices fixed.

    ``value``, ``made`` and ``point`` are the best found so far, ``found`` lists all of them.

    Points are unit coordinates ``(signals * states,)``, choices a mask ``(choices,)``.
    """

    def __init__(self, cells: Cells, box: Box) -> None:
        self.cells, self.box, self.count = cells, box, len(cells.offset)
        self.value, self.made = -np.inf, np.zeros(self.count, bool)
        self.point: np.ndarray | None = None
        self.tried: set[bytes] = set()
        self.found: list[tuple[float, np.ndarray, np.ndarray]] = []
        both = (cells.choices, cells.bases)
        self.limits = np.concatenate([conditions.limit for conditions in both])
        self.strict = np.concatenate([conditions.strict for conditions in both])
        self.window = np.concatenate([conditions.window for conditions in both])
        signals = cells.signal[cells.choices.owner], cells.signal_of_cell[cells.bases.owner]
        normals = np.concatenate([conditions.normal for conditions in both])
        self.conditions = in_blocks(normals, np.concatenate(signals), len(box.lower))
        none = np.full(len(self.limits), np.inf)
        program = highs.LinearProgram(
            cost=cells.linear.ravel(),
            matrix=sp.vstack([box.coupling, self.conditions], format="csc"),
            row_lower=np.append(box.missing, -none),
            row_upper=np.append(box.missing, none),
        )
        self.solver = highs.load(program)

    def read(self, point: np.ndarray) -> np.ndarray:
        """The choices that serve the deviator best among those the receiver may make at ``point``."""
        cells, x = self.cells, point.reshape(self.cells.linear.shape)
        broken = self.conditions @ point < self.limits - READ
        broken, fallen = np.split(broken, [len(cells.choices.owner)])
        worth = cells.offset + (cells.jump * x[cells.signal]).sum(1)
        worth[cells.choices.owner[broken]] = -np.inf
        best = np.full(len(cells.signal_of_cell), -np.inf)
        np.maximum.at(best, cells.cell, worth)
        obeyed = np.zeros(len(best), bool)
        obeyed[cells.bases.owner] = True
        obeyed[cells.bases.owner[fallen]] = False
        made = (worth == best[cells.cell]) & (worth > -np.inf)
        made &= ~(obeyed[cells.cell] & (best[cells.cell] < 0))
        return self._first(made)

    def _first(self, made: np.ndarray) -> np.ndarray:
        """At most one choice per cell."""
        index = np.flatnonzero(made)
        _, first = np.unique(self.cells.cell[index], return_index=True)
        result = np.zeros(self.count, bool)
        result[index[first]] = True
        return result

    def solve(
        self, made: np.ndarray, deadline: float, push: float | np.ndarray = 0.0
    ) -> highs.Solution:
        """The best point at which the receiver may make just these choices, ``push`` off their limits."""
        cells = self.cells
        cost = cells.linear.copy()
        np.add.at(cost, cells.signal[made], cells.jump[made])
        kept = np.ones(len(cells.signal_of_cell), bool)
        kept[cells.cell[made]] = False
        active = np.concatenate([made[cells.choices.owner], kept[cells.bases.owner]])
        lower = np.where(active, self.limits + push, -np.inf)
        self.solver.changeColsCost(cost.size, np.arange(cost.size, dtype=np.int32), -cost.ravel())
        if count := len(lower):
            rows = (cost.shape[1] + np.arange(count)).astype(np.int32)
            unlimited = np.full(count, np.inf)
            self.solver.changeRowsBounds(count, rows, lower, unlimited)  # type: ignore[attr-defined]
        return highs.run(self.solver, deadline - time.perf_counter())

    def ascend(self, made: np.ndarray, deadline: float) -> None:
        """Solve and read again until no choices are new."""
        for _ in range(MAX_STEPS):
            key = np.packbits(made).tobytes()
            if key in self.tried or time.perf_counter() > deadline:
                break
            self.tried.add(key)
            solution = self.solve(made, deadline)
            if solution.x is None:
                break
            value = solution.value + self.cells.constant + self.cells.offset[made].sum()
            self.found.append((value, made, solution.x))
            if value > self.value:
                self.value, self.made, self.point = value, made, solution.x
            made = self.read(solution.x)

    def rounded(self, shares: np.ndarray) -> np.ndarray:
        """In every cell the choice, or the base, with the largest of the fractional ``shares`` ``(choices,)``."""
        rest = np.ones(len(self.cells.signal_of_cell))
        np.subtract.at(rest, self.cells.cell, shares)
        top = np.zeros(len(rest))
        np.maximum.at(top, self.cells.cell, shares)
        return self._first((shares == top[self.cells.cell]) & (shares > rest[self.cells.cell]))

    def approach(self, shares: np.ndarray, deadline: float) -> None:
        """Round fractional choices ``shares`` ``(choices,)``, then flip those that differ."""
        self.ascend(self.rounded(shares), deadline)
        differ = np.abs(shares - self.made)
        self.flip(deadline, np.argsort(-differ)[: int((differ > NOTICEABLE).sum())])

    def flip(self, deadline: float, choices: np.ndarray) -> None:
        """From the best choices, make, replace or drop one of ``choices``, as long as that helps."""
        before = -np.inf
        while self.value > before:
            before = self.value
            for choice in choices:
                made = self.made.copy()
                made[self.cells.cell == self.cells.cell[choice]] = False
                made[choice] = not self.made[choice]
                if time.perf_counter() > deadline:
                    return
                self.ascend(made, deadline)

    def settle(self, problem: Problem, deadline: float) -> Candidate | None:
        """The best choices as a policy of the box, at or next to their supremum; None if none were found.

        Where the rule denies all of a region the next best one is tried. At least one evaluation is made.
        """
        best = None
        by_value = sorted(self.found, key=lambda entry: entry[0], reverse=True)
        for value, made, point in by_value[:ALTERNATIVES]:
            if best is not None and best.value >= value - REACHED:
                break
            candidate = self._realise(problem, value, made, point, deadline)
            best = candidate if best is None else max(best, candidate, key=lambda c: c.value)
            if time.perf_counter() > deadline:
                break
        return best

    def _realise(
        self, problem: Problem, value: float, made: np.ndarray, point: np.ndarray, deadline: float
    ) -> Candidate:
        """One region's optimum as a policy, pushed inside as little as the rule wants."""
        best = _candidate(problem, self.box, point, value)
        everything = np.ones(len(self.limits), bool)
        pushes: tuple[list, list] = list(PUSHES), [k * self.window for k in BEYOND]
        for sizes, where in itertools.product(pushes, (self.strict, everything)):
            for push in sizes if where.any() else ():
                if best.value >= value - REACHED or time.perf_counter() > deadline:
                    return best
                solution = self.solve(made, deadline, push * where)
                if solution.x is None:  # larger ones will not fit either
                    break
                pushed = _candidate(problem, self.box, solution.x, value)
                best = max(best, pushed, key=lambda candidate: candidate.value)
        return best


def _candidate(problem: Problem, box: Box, point: np.ndarray, supremum: float) -> Candidate:
    found = evaluate(problem, box.policy(point))
    if found.value < supremum - EQUAL:  # dust may be what a row with a huge entry asks for
        dusty = evaluate(problem, box.policy(point, dust=0.0))
        found = max(found, dusty, key=lambda candidate: candidate.value)
    return replace(found, supremum=supremum, attained=found.value >= supremum - EQUAL)
