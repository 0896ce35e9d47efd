r"""Exact best responses of tiny games under any tie rule, by listing everything the receiver may do.

At one signal, the rule cuts the :math:`x\in\mathbb R^\Omega_{\ge0}` into finitely many half-open cones on which
the receiver's action in every column is constant. A best response picks one cone per signal: the supremum
over a pick is a linear program, which counts if the pick contains a policy at all.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from persuasion.model.exact import extreme_rays, rationals
from persuasion.model.tolerances import CLEAR, CLOSED, DUST, EQUAL, TIE_TOLERANCE, VANISHING
from persuasion.regret.anywhere.regions import (
    Regions,
    block_rows,
    ceiling,
    interior,
    maximise,
    spread,
)
from persuasion.regret.candidates import (
    Candidate,
    climb,
    conclude,
    evaluate,
    landmarks,
    solve_regions,
)
from persuasion.regret.nearby.box import Box
from persuasion.regret.problem import Problem, compare_actions, scaled_rows
from persuasion.regret.response import INFEASIBLE, OPTIMAL, TIME_LIMIT, BestResponse, in_time

MAX_CELLS = 300
MAX_CONES = 4000
MAX_PICKS = 50_000
# in a box, where another search has done its best
MAX_BOXED = 2_000
NONEMPTY = 1e-9
MAX_SETS = 5000
# picks that are turned into policies, if the best turns out empty
ALTERNATIVES = 20


@dataclass(frozen=True, eq=False)
class Cone:
    """``weak @ x >= 0``, ``strict @ x > 0``, where the deviator earns ``gain @ x``; rows are ``(k, states)``."""

    weak: np.ndarray
    strict: np.ndarray
    gain: np.ndarray

    def meet(self, other: Cone) -> Cone:
        """The intersection, earning both gains."""
        weak = np.vstack([self.weak, other.weak])
        return Cone(weak, np.vstack([self.strict, other.strict]), self.gain + other.gain)


def by_enumeration(problem: Problem, time_limit: float) -> BestResponse:
    """Exact supremum and whether it is attained, by enumeration.

    Raises ``ValueError`` naming the size if the game is not tiny.
    """
    start = time.perf_counter()
    deadline = start + time_limit
    refuse_large(problem)
    try:
        found, bound = _search(problem, deadline)
        status = INFEASIBLE if bound == -np.inf else OPTIMAL
    except TimeoutError:
        found, bound, status = [], np.inf, TIME_LIMIT
    found += [climb(problem, problem.own, deadline), *landmarks(problem)]
    return conclude(problem, found, bound, status, "enumerate (HiGHS)", start)


def listed_within(problem: Problem, box: Box, deadline: float) -> tuple[list[Candidate], float]:
    """Policies of the box at which the rule grants the receiver's actions, and the supremum over all.

    None and infinity if the game is not tiny.
    """
    try:
        refuse_large(problem)
        found, bound = _search(problem, deadline, box)
    except (ValueError, TimeoutError):
        return [], np.inf
    inside = [box.policy(box.pack(each.policy), dust=0.0) for each in found]
    return [evaluate(problem, policy) for policy in inside], bound


def refuse_large(problem: Problem) -> None:
    """Raise ``ValueError`` if listing the receiver's behaviour would take too long."""
    shape, columns = problem.game.shape, len(problem.weights)
    if columns * shape.actions * shape.states * problem.signals > MAX_CELLS:
        raise ValueError(
            f"enumerate is for tiny games: {columns} columns x {shape.actions} actions x {shape.states} "
            f"states x {problem.signals} signals exceed {MAX_CELLS}; use milp or column-generation"
        )


def cones(problem: Problem, signal: int, deadline: float = np.inf) -> list[Cone]:
    """The non-empty cones at one signal, built column by column."""
    found: list[Cone] = []
    common = problem.weights.max(0)
    common = np.where(common > 0, common, 1.0)

    def nonempty(some: Iterable[Cone]) -> list[Cone]:
        return [cone for cone in some if _holds(cone, common, problem.wide, deadline)]

    for column in range(len(problem.weights)):
        # of the many sets of actions that might tie, few do
        pieces = nonempty(_column_cones(problem, signal, column))
        both = (cone.meet(piece) for cone in found for piece in pieces)
        found = nonempty(both) if column else pieces
        if len(found) > MAX_CONES:
            raise ValueError(f"enumerate found over {MAX_CONES} cones at one signal: too large")
    return found


def _column_cones(problem: Problem, signal: int, column: int) -> Iterator[Cone]:
    """The cones of one cell: a partition of all ``x``, or a cover if ties go to the deviator.

    A margin leaves gaps; then only duplicates tie, and the rows and ranks settle these.
    """
    preference = problem.preference if problem.margin == 0 else None
    for action in np.flatnonzero(problem.possible[column]).tolist():
        if preference is None:
            strict = problem.strict[signal, column, action]
            rows = problem.rows[column, action]
            yield Cone(rows[~strict], rows[strict], problem.gains[column, action])
        else:
            yield from _preference_cones(problem, preference, column, action)


def _preference_cones(
    problem: Problem, preference: np.ndarray, column: int, action: int
) -> Iterator[Cone]:
    """One cone for every set of actions that may tie with ``action`` and lose by preference."""
    weights = problem.weights[[column]]
    obey = compare_actions(weights, problem.game.receiver)[0][0, action]
    rank = compare_actions(weights, preference)[0][0, action]
    others = [a for a in np.flatnonzero(problem.game.possible.any(0)) if a != action]
    for size in range(len(others) + 1):
        for tied in map(list, itertools.combinations(others, size)):
            apart = [a for a in others if a not in tied]
            stronger = [a for a in tied if a < action]
            weaker = [a for a in tied if a > action]
            weak = np.vstack([obey[tied], -obey[tied], rank[weaker]])
            strict = np.vstack([obey[apart], rank[stronger]])
            yield Cone(weak, strict, problem.gains[column, action])


def _holds(cone: Cone, common: np.ndarray, wide: bool, deadline: float) -> bool:
    """Whether the cone contains more than the origin and ties, judged in units in which no state is rare.

    What solvers cannot tell of ``wide`` rows, and is too large for fractions, may.
    """
    in_time(deadline)
    if not cone.strict.any(1).all():  # an all-zero row is never positive
        return False
    # what is strict beyond the tie tolerance counts
    beyond = cone.strict - TIE_TOLERANCE * np.abs(cone.strict)
    weak, strict = scaled_rows(cone.weak / common), scaled_rows(beyond / common)
    if _opposed(weak, strict):
        return False
    rescaled = Cone(weak, strict, cone.gain)
    found = interior(_regions([rescaled], sp.csr_matrix(np.ones((1, len(cone.gain))))))
    clear = found.value > CLEAR or (found.status == "kInfeasible" and not wide)
    rows, states = len(weak) + len(strict) + len(common), len(common)
    if not clear and math.comb(rows, states - 1) <= MAX_SETS:
        return _holds_exactly(weak, strict)
    return wide or found.value > NONEMPTY


def _opposed(weak: np.ndarray, strict: np.ndarray) -> bool:
    """Whether some weak row is the negative of a strict one, which leaves nothing."""
    signs = weak[:, None] / np.abs(weak).max(1, initial=VANISHING)[:, None, None]
    others = strict / np.abs(strict).max(1, initial=VANISHING)[:, None]
    return bool((signs + others <= 0).all(-1).any())


def _holds_exactly(weak: np.ndarray, strict: np.ndarray) -> bool:
    """The same in rational arithmetic, for what the solver's tolerances leave open: a point inside the cone."""
    rows = rationals(np.vstack([np.eye(weak.shape[1]), weak, strict]))
    rays = extreme_rays(rows)
    return bool(rays) and bool((rows[len(rows) - len(strict) :] @ sum(rays) > 0).all())


def _regions(
    picked: Sequence[Cone], balance: sp.csr_matrix, limits: tuple[Any, Any] = (0.0, 1.0)
) -> Regions:
    return Regions(
        block_rows([cone.weak for cone in picked]),
        block_rows([cone.strict for cone in picked]),
        np.concatenate([cone.gain for cone in picked]),
        balance,
        limits,
    )


def _search(
    problem: Problem, deadline: float, box: Box | None = None
) -> tuple[list[Candidate], float]:
    """Policies of the best picks of cones, and a bound: -inf if no policy keeps the margin."""
    signals, states = problem.signals, problem.game.shape.states
    unused = Cone(
        np.vstack([np.eye(states), -np.eye(states)]), np.zeros((0, states)), np.zeros(states)
    )
    if problem.ties.kind == "explicit":
        lists = [[*cones(problem, s, deadline), unused] for s in range(signals)]
    else:
        shared = cones(problem, 0, deadline)
        lists = [[*shared, unused]] * signals
    if problem.ties.kind == "explicit" or box is not None:
        _refuse_many(math.prod(map(len, lists)), MAX_PICKS if box is None else MAX_BOXED)
        return _best_picks(problem, itertools.product(*lists), deadline, box)
    if problem.favourable and signals >= states:
        pool = _pool(shared, unused, signals)
        found, bound = _best_picks(problem, [pool], deadline) if pool else ([], -np.inf)
        if problem.wide and shared:  # a solver chose the pool
            bound = ceiling(_regions(shared, spread(states, len(shared))))
        return found, bound
    # cones are convex: two signals in the same one could be pooled
    sizes = range(1, min(signals, len(shared)) + 1)
    _refuse_many(sum(math.comb(len(shared), size) for size in sizes), MAX_PICKS)
    picks = (
        (*some, *[unused] * (signals - size))
        for size in sizes
        for some in itertools.combinations(shared, size)
    )
    return _best_picks(problem, picks, deadline)


def _refuse_many(picks: int, most: int) -> None:
    if picks > most:
        raise ValueError(f"enumerate would solve {picks:,} linear programs; at most {most:,}")


def _pool(shared: list[Cone], unused: Cone, signals: int) -> tuple[Cone, ...] | None:
    """The cones that an optimum over *all* of them uses: at most one per state in a basic solution.

    None if no mixture of them spreads the states' probability.
    """
    states = len(unused.gain)
    if not shared:
        return None
    # without a margin, revealing the state is always feasible
    x = maximise(_regions(shared, spread(states, len(shared)))).x
    if x is None:
        return None
    mass = x[:-1].reshape(-1, states).sum(1)
    used = [shared[k] for k in np.argsort(-mass)[:signals] if mass[k] > DUST]
    return (*used, *[unused] * (signals - len(used)))


def _best_picks(
    problem: Problem,
    picks: Iterator[tuple[Cone, ...]] | list[tuple[Cone, ...]],
    deadline: float,
    box: Box | None = None,
) -> tuple[list[Candidate], float]:
    """Policies of the picks with the largest suprema, and the largest: -inf if all picks are empty.

    A pick of wide rows that may be empty counts for the bound, and is tried.
    """
    kept: list[tuple[float, Regions]] = []
    least = -np.inf
    balance = spread(problem.game.shape.states, problem.signals)
    limits = (0.0, 1.0) if box is None else (box.lower.ravel(), box.upper.ravel())
    for picked in picks:
        in_time(deadline)
        regions = _regions(picked, balance, limits)
        value = ceiling(regions) if problem.wide else maximise(regions).value
        if value > least + EQUAL:
            slack = interior(regions).value
            if problem.wide or slack > NONEMPTY:
                kept.append((value, regions))
            if slack > (CLEAR if problem.wide else NONEMPTY):
                least = value
    kept.sort(key=lambda pick: pick[0], reverse=True)
    found: list[Candidate] = []
    for value, regions in kept[:ALTERNATIVES]:
        if any(candidate.value >= value - CLOSED for candidate in found):
            break
        candidate = solve_regions(problem, regions, np.inf)
        found += [candidate] if candidate else []
    return found, max((value for value, _ in kept), default=-np.inf)
