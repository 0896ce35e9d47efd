r"""Exact best responses where the states are few: polynomial in everything else (*When it is easy* in the book).

A signal's payoff :math:`f(x)` is linear between the planes on which the receiver is indifferent, so the best
mixture of signals is one of rays in which these planes meet. Two states: ``two_states``. Three or more: a linear
program over all rays, as if every tie were granted that the rule may grant; and where the rule does not,
``arrangement`` looks next to every ray. The rays themselves are found in rational arithmetic.
"""

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from persuasion.model.exact import RationalGame, checked_rationals, exact_utilities, rationals
from persuasion.model.ties import TieRule
from persuasion.model.tolerances import READ_TOLERANCE
from persuasion.regret import highs
from persuasion.regret.anywhere.arrangement import planes, rays, supremum
from persuasion.regret.anywhere.columns import Columns, Flag
from persuasion.regret.anywhere.two_states import breakpoints, hull_above_half, policies
from persuasion.regret.candidates import (
    CLOSED,
    Candidate,
    climb,
    conclude,
    ended,
    landmarks,
    solve_profile,
)
from persuasion.regret.one_signal import favourite
from persuasion.regret.problem import Problem
from persuasion.regret.response import BestResponse, in_time

USED = 1e-11
CHUNK = 2**22
# rays that enter the linear program at a time, and the surplus over their price that makes them
ENTERING, PRICED = 50, 1e-13
# how far signals keep off the rays that the rule denies
STEPS = 10.0 ** -np.arange(2, 8)


def by_rays(problem: Problem, time_limit: float) -> BestResponse:
    """The best response from the rays of the arrangement.

    Raises ``ValueError`` for an obedience margin, for an explicit tie rule that tells the deviator's signals apart,
    and if the planes meet in too many sets.
    """
    if problem.margin > 0:
        raise ValueError("rays knows no obedience margin; use column-generation or milp")
    start = time.perf_counter()
    deadline = start + time_limit
    columns = Columns.of_problem(problem)
    signals, states = problem.signals, problem.game.shape.states
    found, closed = landmarks(problem), False
    bound = found[0].value if signals == 1 else problem.trivial_bound()
    try:
        for solve in _ways(problem):
            bound, candidates = solve(problem, columns, deadline)
            found += candidates
            if bound - max(candidate.value for candidate in found) <= CLOSED:
                break
        closed = (signals == 1 or signals >= states) and time.perf_counter() <= deadline
    except TimeoutError:
        pass
    if not closed:
        found += [climb(problem, candidate.policy, deadline) for candidate in found]
    return conclude(problem, found, bound, ended(closed, deadline), "rays (rational)", start)


def _ways(problem: Problem) -> list[Callable[..., tuple[float, list[Candidate]]]]:
    """What gives bound and candidates, in this order until they meet; a single signal says nothing."""
    if problem.signals == 1:
        return []
    if problem.game.shape.states == 2:
        return [_two_states]
    return [_closed_regions] if problem.favourable else [_closed_regions, _granted]


def exact_supremum(game: RationalGame, policies: Any, sender: int, *, ties: Any = None) -> Fraction:
    """The supremum of a sender's utility over its policies as a fraction, ties being exact equalities.

    Parameters
    ----------
    policies : (senders, states, signals), one profile; anything :func:`persuasion.model.exact.rationals` reads
    ties : as for :func:`persuasion.regret.best_response.best_response`

    Raises
    ------
    ValueError
        With fewer signals than states (but more than one), for a tie map that tells the deviator's signals apart,
        and for an arrangement with too many rays.

    >>> game = RationalGame(["7/10", "3/10"], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    >>> exact_supremum(game, [[[1, 0], [1, 0]]], 0, ties="lowest-index")
    Fraction(3, 5)
    """
    rule = TieRule.of(game.floats(), ties, deviator=sender)
    profile, states = checked_rationals(game, policies), len(game.prior)
    if game.signals == 1:
        return exact_utilities(game, profile, ties=rule)[sender]
    if game.signals < states:
        raise ValueError(f"{game.signals} signals for {states} states: rays need as many")
    columns = Columns.of_game(game, profile, sender, rule)
    if states == 2:
        return hull_above_half(breakpoints(columns)).supremum
    return supremum(columns).value


def _two_states(
    problem: Problem, columns: Columns, deadline: float
) -> tuple[float, list[Candidate]]:
    points = breakpoints(columns, deadline)
    hull = hull_above_half(points)
    value, attained = float(hull.supremum), hull.exact is not None
    unused = ((0, 0), (0, problem.signals - 2))
    tried = np.stack([np.pad(p.astype(float), unused) for p in policies(points, hull)])
    worth = problem.utilities(tried)
    best = int(worth.argmax())
    return value, [Candidate(tried[best], float(worth[best]), value, attained)]


def _closed_regions(
    problem: Problem, columns: Columns, deadline: float
) -> tuple[float, list[Candidate]]:
    """The linear program over all rays, with every tie that the rule may grant."""
    found = rays(planes(columns), deadline)
    points = (found / found.sum(1, keepdims=True)).astype(float)
    payoffs = np.concatenate(list(_payoffs(problem, points, deadline)))
    shares, bound = mixture(payoffs, points, deadline)
    used = np.argsort(-shares)[: problem.signals]
    profile = [favourite(problem, points[k]) for k in used if shares[k] > USED]
    spare = problem.signals - len(profile)  # signals not needed do as the first
    realised = solve_profile(problem, np.stack([*profile, *profile[:1] * spare]), np.inf)
    return bound, [] if realised is None else [realised]


def mixture(
    payoffs: np.ndarray, points: np.ndarray, deadline: float = np.inf
) -> tuple[np.ndarray, float]:
    r"""Shares of the best mixture of points in the simplex, and a bound on every mixture's payoff.

    The program has few rows and very many columns, of which those enter that its prices do not cover. By the
    prices :math:`\lambda` no mixture earns more than their sum and, for every state, the largest surplus: a bound
    that holds too where ``deadline`` or the solver ends it early. The first mixture reveals the state.
    """
    count, states = points.shape
    chosen, bound = np.flatnonzero(points.max(1) == 1), np.inf
    shares, prices = np.bincount(chosen, minlength=count), points[chosen].T @ payoffs[chosen]
    while True:
        surplus = payoffs - points @ prices
        bound = min(bound, float(prices.sum() + states * max(surplus.max(), 0.0)))
        best = np.argsort(-surplus)[:ENTERING]
        entering = np.setdiff1d(best[surplus[best] > PRICED], chosen)
        left = deadline - time.perf_counter()
        if not len(entering) or left <= 0:
            return shares, bound
        chosen = np.concatenate([chosen, entering])
        program = highs.LinearProgram(payoffs[chosen], points[chosen].T, 1.0, 1.0, upper=np.inf)
        solution = highs.solve(program, left)
        if solution.x is None or not solution.optimal:
            return shares, bound
        shares, prices = np.bincount(chosen, solution.x, count), solution.duals


def _payoffs(problem: Problem, points: np.ndarray, deadline: float) -> Iterator[np.ndarray]:
    """The payoff ``f`` at many points ``(points, states)``, some at a time."""
    at_once = max(1, CHUNK // problem.rows[..., 0].size)
    for first in range(0, len(points), at_once):
        in_time(deadline)
        x = points[first : first + at_once].T
        worst = (problem.rows @ x).min(2)  # (columns, actions, points)
        possible = worst >= -READ_TOLERANCE * (problem.relative @ x)[:, None]
        possible &= problem.possible[..., None]
        yield np.where(possible, problem.gains @ x, -np.inf).max(1).sum(0)


def _granted(problem: Problem, columns: Columns, deadline: float) -> tuple[float, list[Candidate]]:
    """The supremum under the rule, and policies that approach it in the faces around its rays."""
    best = supremum(columns, deadline)
    value = float(best.value)
    used = [(float(share), flag) for share, flag in zip(best.shares, best.flags) if share > 0]
    exact = all(len(flag) == 1 for _, flag in used)
    tried = np.stack(
        [_near(used, step, problem.signals) for step in (STEPS[:1] if exact else STEPS)]
    )
    worth = problem.utilities(tried)
    return value, [Candidate(p, float(w), value, exact) for p, w in zip(tried, worth)]


def _near(used: list[tuple[float, Flag]], step: float, signals: int) -> np.ndarray:
    """A policy ``(states, signals)`` whose signals are a step off the rays, in their flags' faces.

    With a ray per state the shares adapt; else a spare signal takes what is missing.
    """
    points = np.stack([_off(flag, step) for _, flag in used], axis=1)
    states, count = points.shape
    if count == states and np.linalg.matrix_rank(points) == states:
        shares = np.linalg.solve(points, np.ones(states))
        if (shares >= 0).all():
            return np.pad(points * shares, ((0, 0), (0, signals - count)))
    scaled = points * np.array([share * float(flag[0].sum()) for share, flag in used])
    policy = np.zeros((states, signals))
    policy[:, :count] = scaled / max(1.0, scaled.sum(1).max())
    policy[:, count % signals] += np.maximum(1 - policy.sum(1), 0)
    return policy


def _off(flag: Flag, step: float) -> np.ndarray:
    """The flag's ray in the simplex, moved along its directions by falling powers of the step."""
    sizes = [sum(abs(part)) for part in flag]
    return sum(
        step**k * (rationals(part) / size).astype(float)
        for k, (part, size) in enumerate(zip(flag, sizes))
    )
