"""Branch and bound with proofs by weak duality alone: for rows that mixed-integer solvers do not bear.

A node has decided what the receiver does at some of the contested joint signals; its relaxation bounds what the
others can bring, whatever tolerances its solver keeps (:func:`~persuasion.regret.highs.proven`).
"""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from persuasion.regret import highs
from persuasion.regret.nearby.bracket import TARGET, Bracket

UNDECIDED = -1
# nodes whose bound is not further above the best found are settled
PRUNED = TARGET / 2


class Branching:
    """The search of one bracket's program; ``lost`` is the largest bound of what is not looked at any more.

    An open node is its negative bound, so that the best comes first, a serial number, the choice made in each cell
    ``(cells,)``, ``count`` for the base, and the cell to branch on.
    """

    def __init__(self, bracket: Bracket) -> None:
        self.bracket, self.program = bracket, bracket.program
        self.solver = highs.load(self.program.relaxation, presolve="off")
        self.heap: list[tuple[float, int, np.ndarray, int]] = []
        self.lost, self.serial = -np.inf, itertools.count()

    def run(self) -> None:
        """Until the bracket is closed or all is decided; what is proven on the way, the bracket learns."""
        cells = self.program.cells
        self.grow(np.full(len(cells.signal_of_cell), UNDECIDED), np.inf)
        while self.heap and self.bracket.open:
            negative_bound, _, decided, branch = heapq.heappop(self.heap)
            self.bracket.learn(max(-negative_bound, self.lost))
            for child in self.children(decided, branch):
                self.grow(child, -negative_bound)
        if not self.heap and self.lost > -np.inf:
            self.bracket.learn(self.lost)
        elif not self.heap:  # a margin that nothing keeps
            self.bracket.infeasible = self.bracket.best == -np.inf

    def children(self, decided: np.ndarray, branch: int) -> Iterator[np.ndarray]:
        """One per action in the cell that is branched on."""
        for choice in [*np.flatnonzero(self.program.cells.cell == branch), self.program.count]:
            child = decided.copy()
            child[branch] = choice
            yield child

    def grow(self, decided: np.ndarray, above: float) -> None:
        """Relax a node below one with bound ``above``; try what it suggests, keep it if it may be better."""
        program, bracket = self.program, self.bracket
        solution, bound = self.relax(decided)
        bound = min(bound + program.cells.constant, above)
        apart = np.zeros(len(decided))
        if solution.x is not None:
            shares = solution.x[program.points :][: program.count]
            made = bracket.climber.rounded(shares)
            np.add.at(apart, program.cells.cell, np.abs(shares - made))
            bracket.climber.ascend(made, bracket.deadline)
            bracket.climb(solution.x[: program.points])
        undecided = decided == UNDECIDED
        if bound <= bracket.best + PRUNED or not undecided.any():
            self.lost = max(self.lost, bound)
            return
        branch = int(np.where(undecided, apart, -1.0).argmax())
        heapq.heappush(self.heap, (-bound, next(self.serial), decided, branch))

    def relax(self, decided: np.ndarray) -> tuple[highs.Solution, float]:
        """The relaxation with some cells decided, and what its duals prove."""
        program, index = self.program, np.arange(self.program.count)
        cell = program.cells.cell
        lower = (decided[cell] == index).astype(float)
        upper = np.maximum(lower, decided[cell] == UNDECIDED)
        columns = (program.points + index).astype(np.int32)
        self.solver.changeColsBounds(len(index), columns, lower, upper)
        solution = highs.run(self.solver, self.bracket.left)
        limits = program.relaxation.lower.copy(), program.relaxation.upper.copy()
        limits[0][columns], limits[1][columns] = lower, upper
        limited = replace(program.relaxation, lower=limits[0], upper=limits[1])
        return solution, highs.proven_by(self.solver, limited, solution)
