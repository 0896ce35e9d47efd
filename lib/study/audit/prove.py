"""From a certificate to its proof: a linear program's multipliers, and branches where one does not do.

The relaxation is the one that :mod:`study.audit.duality` bounds: at every joint signal that leaves a choice
the policy's numbers are split among the possible actions, each part within the limits and obedient. What the solver
says is used for its multipliers only; a node's bound is the one that the audit computes from them.
"""

from __future__ import annotations

import heapq
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from persuasion.model.game import Game
from persuasion.model.ties import TieRule
from persuasion.regret import highs
from persuasion.regret.certificate import Certificate
from study.audit.deviator import Deviator, deviator
from study.audit.duality import (
    extremes,
    leaf_bound,
    leaf_prices,
    one_signal,
    tree_bound,
    weighted,
)
from study.audit.interval import utility_interval
from study.audit.proof import SHARES, Leaf, SenderProof, write

# how much more than the certificate's bound may be proved, in the sender's stakes
AIM = 1e-7
# how far beyond that a bound is still of use
NEARLY = 8e-7

MOST_LEAVES = 200
# numbers of a proof from which on it is not branched, and choices of its relaxation
LARGE, MOST_CHOICES = 5000, 400
# price of disobedience, in units of the largest gain: so a branch that cannot be has a solution
PENALTY = 100.0
# share of the time for the simplex method, which may stall
SIMPLEX_SHARE = 0.5
INTERIOR = {"solver": "ipm", "run_crossover": "off"}
# multipliers that are a smaller share of the largest are left out
SMALL = 1e-7
# what writing less may cost at a node, in units of the problem
STEPS, LOSS = (2**24, 2**16), 1e-8
# what a joint signal's choice must matter to be split, in units of the problem
MATTERS = 1e-12


@dataclass(eq=False)
class Node:
    """A part of the tree; without children it is a leaf."""

    problem: Deviator
    leaf: Leaf
    bound: float
    branch: tuple[int, int]
    children: list[Node] = field(default_factory=list)

    def preorder(self) -> tuple[list[int], list[Leaf]]:
        """Cells, -1 for leaves, and the leaves."""
        if not self.children:
            return [-1], [self.leaf]
        cells, leaves = [self.branch[0] * self.problem.possible.shape[1] + self.branch[1]], []
        for child in self.children:
            below, more = child.preorder()
            cells += below
            leaves += more
        return cells, leaves


def prove(
    game: Game, policies: np.ndarray, radius: float, ties: Any, found: Certificate, seconds: float
) -> str:
    """The proof of a certificate, as far as one is found in ``seconds`` per sender, as text."""
    proofs = []
    for sender, entry in enumerate(found.senders):
        unit = float(game.stakes[sender])
        goal = utility_interval(game, policies, sender, ties)[0] + entry.bound + AIM * unit
        problem = deviator(game, policies, sender, radius, ties)
        proof = grow(problem, goal, seconds)
        if radius >= 1 and tree_bound(problem, proof) > goal:
            prices = signal_prices(game, policies, sender, seconds)
            proofs_ = [proof, grow(problem, goal, seconds, prices)]
            proof = min(proofs_, key=lambda one: tree_bound(problem, one))
        proofs.append(proof._replace(deviation=entry.policy if entry.gain > 0 else None))
    return write(proofs, policies, radius)


def signal_prices(game: Game, policies: np.ndarray, sender: int, seconds: float) -> np.ndarray:
    """Column generation's prices of the states' probabilities ``(states,)``, in units of the audit's problem."""
    from persuasion.regret.anywhere.column_generation import Generation
    from persuasion.regret.problem import make_problem

    rule = TieRule("sender", sender=sender)
    problem = make_problem(game, policies, sender, rule)
    generation = Generation(problem, time.perf_counter() + seconds)
    generation.run()
    if generation.solution is None:
        return np.zeros(game.shape.states)
    # the solvers count from the least that can happen
    senders, possible = game.senders[sender], game.standard.possible
    occurs = possible.any(1)
    least = np.where(possible, senders, np.inf).min(1, where=possible, initial=np.inf)
    floor = np.where(occurs, least, senders.min(1)) - senders.min(1)
    return np.asarray(generation.prices + game.prior * floor / game.stakes[sender])


def grow(
    problem: Deviator, goal: float, seconds: float, prices: np.ndarray | None = None
) -> SenderProof:
    """A proof that no deviation earns more than ``goal``, in utility units; without a deviation.

    With ``prices`` ``(states,)`` it is about one of several signals that are alike. Less is proved if it takes more
    than ``seconds``, or too much paper.
    """
    deadline = time.perf_counter() + seconds
    most = goal / problem.unit
    if prices is not None:
        problem, most = one_signal(problem), (most - prices.sum()) / len(prices)
    root = solve(problem, seconds, prices)
    count = itertools.count(1)
    heap = [(-root.bound, 0, root)]
    size = root.leaf.shares.size + 2 * len(root.leaf.values)
    while len(heap) < MOST_LEAVES and size * len(heap) <= LARGE and time.perf_counter() < deadline:
        bound, _, node = heap[0]
        if -bound <= most or node.branch == NOWHERE:
            break
        heapq.heappop(heap)
        for action in np.flatnonzero(node.problem.possible[node.branch]).tolist():
            below = node.problem.only(node.branch, action)
            child = solve(below, deadline - time.perf_counter(), prices)
            node.children.append(child)
            heapq.heappush(heap, (-child.bound, next(count), child))
    missed = (-heap[0][0] - most) * (1 if prices is None else len(prices))
    if missed > NEARLY:  # what would not be used takes no space
        root.children, root.leaf = [], nothing(problem)
    cells, leaves = root.preorder()
    return SenderProof(None, np.array(cells), tuple(leaves), prices is not None)


NOWHERE = (-1, -1)


def solve(problem: Deviator, seconds: float, prices: np.ndarray | None = None) -> Node:
    """The node of a problem: its multipliers, their bound, and the joint signal to branch on."""
    program = Relaxation(problem, prices)
    leaf, made = program.multipliers(max(seconds, 0.1))
    # the shortest that is nearly as good as the best
    leaves = [nothing(problem), *(coarse(leaf, step) for step in STEPS), leaf]
    if prices is None:
        bounds = [leaf_bound(problem, each) for each in leaves]
    else:
        bounds = [float((leaf_prices(problem, each) - prices).max()) for each in leaves]
    pick = next(k for k, bound in enumerate(bounds) if bound <= min(bounds) + LOSS)
    return Node(problem, leaves[pick], bounds[pick], program.undecided(made))


def nothing(problem: Deviator) -> Leaf:
    """The leaf without multipliers."""
    none = np.zeros((0, problem.gains.shape[2]), int)
    return Leaf(none[:, 0], np.zeros(0), none[:, 0], none)


def coarse(leaf: Leaf, step: int) -> Leaf:
    """The leaf with its shares rounded to multiples of ``step``."""
    return leaf._replace(shares=step * np.rint(leaf.shares / step).astype(int))


class Relaxation:
    """The linear program. Columns: unit coordinates of the policy, choices, their parts, then disobedience."""

    def __init__(self, problem: Deviator, prices: np.ndarray | None = None) -> None:
        self.problem, self.prices = problem, prices
        self.width = problem.upper - problem.lower
        self.signals, self.states = problem.lower.shape
        largest, least = extremes(problem, np.repeat(problem.gains[None], self.signals, 0))
        self.spread = ((largest - least) * problem.upper[:, None]).sum(-1)
        self.cells = self._contested()
        s, t = self.cells
        self.cell, self.action = np.nonzero(problem.possible[s, t])
        self.signal, self.column = s[self.cell], t[self.cell]
        self.count, self.points = len(self.cell), self.width.size
        self._obedience()
        self.shares = self.points + self.count + np.arange(self.count * self.states)
        self.size = self.points + self.count * (1 + self.states) + len(self.owner)
        largest[s, t] = 0
        self.linear = largest.sum(1) - (0.0 if prices is None else prices)

    def _contested(self) -> tuple[np.ndarray, np.ndarray]:
        """Joint signals that leave a choice, or were branched on, as far as that matters."""
        count = self.problem.possible.sum(2)
        order = np.argsort(-self.spread, axis=None, kind="stable")
        choices = count.ravel()[order]
        chosen = (choices > 1) & (self.spread.ravel()[order] > MATTERS)
        kept = order[chosen][np.cumsum(choices[chosen]) <= MOST_CHOICES]
        branched = np.flatnonzero(self.branched().ravel())
        kept = np.sort(np.concatenate([kept, branched]))
        signal, column = np.unravel_index(kept, count.shape)
        return signal, column

    def branched(self) -> np.ndarray:
        """Joint signals (signals, columns) where a single possible action is not a matter of course."""
        problem = self.problem
        least = (
            np.maximum(problem.rows, 0) @ problem.lower.T
            + np.minimum(problem.rows, 0) @ problem.upper.T
        )
        sure = np.moveaxis((least >= -1e-12).all(2), -1, 0)
        return (problem.possible.sum(2) == 1) & ~(sure & problem.possible).any(2)

    def _obedience(self) -> None:
        """The rows that may bind, each in units of its largest coefficient."""
        problem = self.problem
        rivals = np.arange(problem.possible.shape[2]) != self.action[:, None]
        self.owner, self.rival = np.nonzero(rivals)
        rows = problem.rows[self.column[self.owner], self.action[self.owner], self.rival]
        signal = self.signal[self.owner]
        fixed, slope = (rows * problem.lower[signal]).sum(1), rows * self.width[signal]
        binds = fixed + np.minimum(slope, 0).sum(1) < 0
        self.owner, self.rival = self.owner[binds], self.rival[binds]
        fixed, slope = fixed[binds], slope[binds]
        self.scale = np.maximum(np.abs(fixed), np.abs(slope).max(1, initial=0.0))
        self.fixed, self.slope = fixed / self.scale, slope / self.scale[:, None]

    def _program(self) -> highs.LinearProgram:
        problem, lower, states = self.problem, self.problem.lower, self.states
        gains = problem.gains[self.column, self.action]
        # every state's probability, or that of one signal
        into_sum, missing = np.tile(np.arange(states), self.signals), 1 - lower.sum(0)
        if self.prices is not None:
            into_sum, missing = np.zeros(states, int), np.ones(1)
        parts, cells = self.count * states, len(self.cells[0]) * states
        own = (self.cells[0][:, None] * states + np.arange(states)).ravel()
        into = (self.cell[:, None] * states + np.arange(states)).ravel()
        choice = self.points + np.arange(self.count)
        each, rows = np.arange(parts), np.arange(len(self.owner))
        shared = self.shares.reshape(self.count, states)[self.owner]
        blocks = [
            # probabilities add up
            self._rows(len(missing), into_sum, np.arange(self.points), self.width.ravel()),
            # the parts of a joint signal are its signal's numbers
            self._rows(cells, into, self.shares, 1.0) - self._rows(cells, np.arange(cells), own, 1.0),
            self._rows(len(self.cells[0]), self.cell, choice, 1.0),
            # a part is within its choice
            self._rows(parts, each, choice[each // states], 1.0) - self._rows(parts, each, self.shares, 1.0),
            # and obeys
            self._rows(len(rows), rows, choice[self.owner], self.fixed)
            + self._rows(len(rows), np.repeat(rows, states), shared.ravel(), self.slope.ravel())
            + self._rows(len(rows), rows, self.size - len(rows) + rows, 1.0),
        ]  # fmt: skip
        heights = [len(missing), cells, len(self.cells[0]), parts, len(rows)]
        equal = np.concatenate([missing, np.zeros(cells), np.ones(heights[2])])
        cost = [
            (self.linear * self.width).ravel(),
            (gains * lower[self.signal]).sum(1),
            (gains * self.width[self.signal]).ravel(),
        ]
        self.unit = np.abs(np.concatenate(cost)).max() or 1.0
        cost.append(np.full(len(rows), -PENALTY * self.unit))
        upper = np.ones(self.size)
        upper[self.size - len(rows) :] = np.inf
        return highs.LinearProgram(
            cost=np.concatenate(cost) / self.unit,
            matrix=sp.vstack(blocks, format="csc"),
            row_lower=np.concatenate([equal, np.zeros(parts + len(rows))]),
            row_upper=np.concatenate([equal, np.full(parts + len(rows), np.inf)]),
            lower=np.zeros(self.size),
            upper=upper,
        )

    def _rows(
        self, height: int, row: np.ndarray, column: np.ndarray, value: object
    ) -> sp.csr_matrix:
        values = np.broadcast_to(np.asarray(value, float), row.shape)
        return sp.csr_matrix((values, (row, column)), (height, self.size))

    def multipliers(self, seconds: float) -> tuple[Leaf, np.ndarray]:
        """What proves the bound, and the choices' shares ``(choices,)`` at the solver's point."""
        program = self._program()
        solution = highs.run(highs.load(program), SIMPLEX_SHARE * seconds)
        if not solution.optimal:
            solution = highs.run(highs.load(program, **INTERIOR), SIMPLEX_SHARE * seconds)
        duals = self.unit * solution.duals
        first = self.states if self.prices is None else 1
        width = self.width[self.cells[0]]
        price = duals[first : first + width.size].reshape(width.shape)
        price = np.divide(price, width, out=np.zeros_like(price), where=width > 0)
        rows = np.maximum(-duals[len(duals) - len(self.owner) :], 0) / self.scale
        return self._leaf(price, rows), self._shares(solution.x)

    def _shares(self, x: np.ndarray | None) -> np.ndarray:
        """How much of every choice is made."""
        if x is None:
            return np.zeros(self.count)
        if self.prices is None:
            return x[self.points :][: self.count]
        # nothing else ties a choice to its parts
        return x[self.shares].reshape(self.count, self.states).sum(1)

    def _leaf(self, price: np.ndarray, multipliers: np.ndarray) -> Leaf:
        """Rounded to what is written."""
        problem, shape = self.problem, self.problem.possible.shape
        values = multipliers.astype(np.float32)
        counts = np.flatnonzero(np.isfinite(values) & (values > SMALL * values.max(initial=0)))
        owner = self.owner[counts]
        index = (self.signal[owner], self.column[owner], self.action[owner], self.rival[counts])
        places = np.ravel_multi_index(index, (*shape, shape[2]))
        order = np.argsort(places)
        none = np.zeros((0, self.states), int)
        leaf = Leaf(places[order], values[counts][order], none[:, 0], none)
        largest, least = (x[self.cells] for x in extremes(problem, weighted(problem, leaf)[0]))
        range_ = largest - least
        shares = np.divide(largest - price, range_, out=np.zeros_like(price), where=range_ > 0)
        shares = np.rint(SHARES * np.clip(shares, 0, 1)).astype(int)
        some = shares.any(1)
        return leaf._replace(
            cells=np.ravel_multi_index(self.cells, shape[:2])[some], shares=shares[some]
        )

    def undecided(self, shares: np.ndarray) -> tuple[int, int]:
        """The joint signal whose choice the relaxation leaves most open; ``NOWHERE`` if none is."""
        most = np.zeros(len(self.cells[0]))
        np.maximum.at(most, self.cell, shares)
        open_ = (
            (1 - most) * self.spread[self.cells] * (self.problem.possible[self.cells].sum(1) > 1)
        )
        if not len(open_) or open_.max() <= 0:
            return NOWHERE
        return int(self.cells[0][open_.argmax()]), int(self.cells[1][open_.argmax()])
