"""From a certificate to its proof: the multipliers whose bound is least, and branches where they do not do.

A linear program minimises what :mod:`study.audit.duality` computes from multipliers, and is asked for these only; a
node's bound is the one that the audit computes from them.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from persuasion.model.game import Game
from persuasion.model.ties import TieRule
from persuasion.regret import highs
from persuasion.regret.certificate import Certificate
from study.audit.duality import (
    Deviator,
    deviator,
    extremes,
    leaf_bound,
    leaf_prices,
    least_of_rows,
    one_signal,
    tree_bound,
    weighted,
)
from study.audit.evaluate import utility_interval
from study.audit.proof import LEAF, SHARES, Leaf, SenderProof, write

# how much more than the certificate's bound may be proved, in the sender's stakes
AIM = 1e-7
# how far beyond that a bound is still of use
NEARLY = 8e-7

MOST_LEAVES = 200
# numbers of a proof from which on it is not branched, and choices of its program
LARGE, MOST_CHOICES = 5000, 400
# the largest multiplier, in units of the largest gain: so a branch that cannot be has a bound
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
            both = [proof, grow(problem, goal, seconds, prices)]
            proof = min(both, key=lambda one: tree_bound(problem, one))
        proofs.append(proof._replace(deviation=entry.policy if entry.gain > 0 else None))
    return write(proofs, policies, radius)


def signal_prices(game: Game, policies: np.ndarray, sender: int, seconds: float) -> np.ndarray:
    """Column generation's prices of the states' probabilities ``(states,)``, in units of the audit's problem."""
    from persuasion.regret.anywhere.column_generation import Generation
    from persuasion.regret.problem import make_problem

    problem = make_problem(game, policies, sender, TieRule("sender", sender=sender))
    generation = Generation(problem, time.perf_counter() + seconds)
    generation.run()
    if generation.solution is None:
        return np.zeros(game.shape.states)
    # the solvers count from the least that can happen
    senders, possible = game.senders[sender], game.standard.possible
    least = np.where(possible, senders, np.inf).min(1)
    floor = np.where(possible.any(1), least, senders.min(1)) - senders.min(1)
    return np.asarray(generation.prices + game.prior * floor / game.stakes[sender])


@dataclass(eq=False)
class Node:
    """A part of the tree: a leaf, or a joint signal ``cell`` with a child per action."""

    problem: Deviator
    leaf: Leaf
    bound: float
    cell: int | None
    children: list[Node] = field(default_factory=list)

    def preorder(self) -> Iterator[tuple[int, Leaf | None]]:
        """Cells, or ``LEAF`` and the leaf."""
        if not self.children or self.cell is None:
            yield LEAF, self.leaf
            return
        yield self.cell, None
        for child in self.children:
            yield from child.preorder()


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
        if -bound <= most or node.cell is None:
            break
        heapq.heappop(heap)
        place = divmod(node.cell, problem.possible.shape[1])
        for action in np.flatnonzero(node.problem.possible[place]).tolist():
            child = solve(node.problem.only(place, action), deadline - time.perf_counter(), prices)
            node.children.append(child)
            heapq.heappush(heap, (-child.bound, next(count), child))
    missed = (-heap[0][0] - most) * (1 if prices is None else len(prices))
    if missed > NEARLY:  # what would not be used takes no space
        root.children, root.leaf = [], nothing(problem)
    cells, leaves = zip(*root.preorder())
    return SenderProof(None, np.array(cells), tuple(filter(None, leaves)), prices is not None)


def solve(problem: Deviator, seconds: float, prices: np.ndarray | None = None) -> Node:
    """The node of a problem: its multipliers, their bound, and the joint signal to branch on."""
    leaf, cell = Program(problem, prices).solved(max(seconds, 0.1))
    # the shortest that is nearly as good as the best
    rounded = [leaf._replace(shares=n * np.rint(leaf.shares / n).astype(int)) for n in STEPS]
    leaves = [nothing(problem), *rounded, leaf]
    if prices is None:
        bounds = [leaf_bound(problem, each) for each in leaves]
    else:
        bounds = [float((leaf_prices(problem, each) - prices).max()) for each in leaves]
    pick = next(k for k, bound in enumerate(bounds) if bound <= min(bounds) + LOSS)
    return Node(problem, leaves[pick], bounds[pick], cell)


def nothing(problem: Deviator) -> Leaf:
    """The leaf without multipliers."""
    none = np.zeros((0, problem.gains.shape[2]), int)
    return Leaf(none[:, 0], np.zeros(0), none[:, 0], none)


class Program:
    """The linear program; a cell is a joint signal where the receiver has several choices.

    Columns: multipliers, the cells' linear functions, what of the gain is left there at most, and state by state
    for every choice, the prices of the states, and what is above these.
    """

    def __init__(self, problem: Deviator, prices: np.ndarray | None) -> None:
        self.problem, self.prices = problem, prices
        largest, least = extremes(problem, np.repeat(problem.gains[None], len(problem.lower), 0))
        self.spread = ((largest - least) * problem.upper[:, None]).sum(-1)
        lowest = np.moveaxis(least_of_rows(problem), -1, 0)  # (signals, columns, actions, rivals)
        sure = np.asarray((lowest >= -1e-12).all(3) & problem.possible)
        self.cells = self._contested(sure.any(2))
        largest[self.cells] = 0
        self.linear = largest.sum(1) - (0.0 if prices is None else prices)
        self.cell, self.action = np.nonzero(problem.possible[self.cells])
        self.signal, self.column = (index[self.cell] for index in self.cells)
        # the rows of obedience that may bind
        binds = lowest[self.signal, self.column, self.action] < 0
        binds[np.arange(len(binds)), self.action] = False
        self.owner, self.rival = np.nonzero(binds)

    def _contested(self, settled: Any) -> tuple[np.ndarray, np.ndarray]:
        """Joint signals that leave a choice, as far as that matters, or were branched on."""
        count = self.problem.possible.sum(2)
        order = np.argsort(-self.spread, axis=None, kind="stable")
        choices = count.ravel()[order]
        chosen = (choices > 1) & (self.spread.ravel()[order] > MATTERS)
        kept = order[chosen][np.cumsum(choices[chosen]) <= MOST_CHOICES]
        branched = np.flatnonzero((count == 1) & ~settled)
        signal, column = np.unravel_index(np.sort(np.append(kept, branched)), count.shape)
        return signal, column

    def solved(self, seconds: float) -> tuple[Leaf, int | None]:
        """What proves the bound, and the joint signal whose choice is most open, if any is."""
        if not len(self.cell):
            return nothing(self.problem), None
        program = self._arrays()
        solution = highs.run(highs.load(program), SIMPLEX_SHARE * seconds)
        if not solution.optimal:
            solution = highs.run(highs.load(program, **INTERIOR), SIMPLEX_SHARE * seconds)
        multipliers, linear = np.split(self.unit * solution.duals, self.ends)[:2]
        made, parts = np.zeros(len(self.cell)), np.zeros(self.parts)
        if solution.x is not None:
            made, parts = np.split(solution.x, np.cumsum([len(made), len(parts)]))[:2]
        if self.prices is not None:  # the limits of the signal's numbers are not its own
            made = parts.reshape(len(self.cell), -1).sum(1)
        return self._leaf(multipliers, linear.reshape(len(self.cells[0]), -1)), self._open(made)

    def _arrays(self) -> highs.LinearProgram:
        """What is left of the gain at a cell is at least that of every choice; that of a state is its part or 0."""
        problem, (signals, states) = self.problem, self.problem.lower.shape
        cells, self.parts = len(self.cells[0]), self.action.size * states
        gains = problem.gains[self.column, self.action]
        row = problem.rows[self.column[self.owner], self.action[self.owner], self.rival]
        width = problem.upper - problem.lower
        least, wide = (_diagonals(limits[self.signal]) for limits in (problem.lower, width))
        into = (self.owner[:, None] * states + np.arange(states)).ravel()
        index = np.repeat(np.arange(len(row)), states)
        obey = sp.csr_matrix((row.ravel(), (into, index)), (self.parts, len(row)))
        own = sp.kron(_ones(self.cell, cells).T, sp.eye(states), "csr")
        signal = sp.kron(_ones(self.cells[0], signals), sp.eye(states), "csr")
        price = np.tile(np.eye(states), (signals, 1))
        missing = 1 - problem.lower.sum(0)
        if self.prices is not None:  # one signal has the whole of one state's probability
            price, missing = np.ones((states, 1)), np.ones(1)
        blocks = [
            [-least @ obey, least @ own, _ones(self.cell, cells).T, -wide, None, None],
            [-obey, own, None, sp.eye(self.parts), None, None],
            [None, -signal, None, None, price, sp.eye(signals * states)],
        ]
        cost = [
            np.zeros(len(row)), signal.T @ problem.lower.ravel(), np.ones(cells), np.zeros(self.parts),
            missing, width.ravel(),
        ]  # fmt: skip
        self.ends = np.cumsum([len(part) for part in cost])[:-1]
        self.unit = np.abs(gains).max() or 1.0
        free = np.repeat([False, True, True, False, True, False], [len(part) for part in cost])
        # in units of each row's largest coefficient within the limits
        reach = np.maximum(np.abs(row * width[self.signal[self.owner]]).max(1, initial=0), 1e-9)
        most = PENALTY * np.abs(gains * width[self.signal]).max() / reach
        # its dual, which takes fewer pivots
        beyond = -sp.eye(len(free), len(row), format="csc")
        above = np.concatenate(cost)
        matrix = sp.hstack([sp.bmat(blocks).T, beyond], format="csc")
        gained = [least @ gains.ravel(), gains.ravel(), self.linear.ravel(), -most]
        return highs.LinearProgram(
            cost=np.concatenate(gained) / self.unit,
            matrix=matrix,
            row_lower=np.where(free, above, -np.inf),
            row_upper=above,
            lower=np.zeros(matrix.shape[1]),
            upper=np.full(matrix.shape[1], np.inf),
        )

    def _leaf(self, multipliers: np.ndarray, linear: np.ndarray) -> Leaf:
        """Rounded to what is written."""
        problem, shape = self.problem, self.problem.possible.shape
        values = np.maximum(multipliers, 0).astype(np.float32)
        counts = np.flatnonzero(np.isfinite(values) & (values > SMALL * values.max(initial=0)))
        owner = self.owner[counts]
        index = (self.signal[owner], self.column[owner], self.action[owner], self.rival[counts])
        places = np.ravel_multi_index(index, (*shape, shape[2]))
        order = np.argsort(places)
        leaf = nothing(problem)._replace(places=places[order], values=values[counts][order])
        largest, least = (x[self.cells] for x in extremes(problem, weighted(problem, leaf)[0]))
        range_ = largest - least
        shares = np.divide(largest - linear, range_, out=np.zeros_like(linear), where=range_ > 0)
        shares = np.rint(SHARES * np.clip(shares, 0, 1)).astype(int)
        some = shares.any(1)
        cells = np.ravel_multi_index(self.cells, shape[:2])
        return leaf._replace(cells=cells[some], shares=shares[some])

    def _open(self, made: np.ndarray) -> int | None:
        """The joint signal whose choices, ``made`` to these shares, are most open; None if none is."""
        most = np.zeros(len(self.cells[0]))
        np.maximum.at(most, self.cell, made)
        several = self.problem.possible[self.cells].sum(1) > 1
        left = (1 - most) * self.spread[self.cells] * several
        flat = np.ravel_multi_index(self.cells, self.spread.shape)
        return int(flat[left.argmax()]) if left.max() > 0 else None


def _ones(rows: np.ndarray, height: int) -> sp.csr_matrix:
    """A matrix ``(height, len(rows))`` with a 1 per column, in these rows."""
    return sp.csr_matrix((np.ones(len(rows)), (rows, np.arange(len(rows)))), (height, len(rows)))


def _diagonals(values: np.ndarray) -> sp.csr_matrix:
    """Rows ``(count, states)``, each in columns of its own."""
    rows = np.repeat(np.arange(len(values)), values.shape[1])
    shape = (len(values), values.size)
    return sp.csr_matrix((values.ravel(), (rows, np.arange(values.size))), shape)
