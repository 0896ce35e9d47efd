r"""Exact best responses where the states are few: polynomial in everything else (the book's page *When it is easy*).

A signal's payoff :math:`f(x)` is linear between the planes on which the receiver is indifferent, so the best mixture of
signals is one of rays in which these planes meet. Two states: ``two_states``, under any tie rule. Three or more: one
linear program over all rays of the arrangement, in floating point if ties go to the deviator; else ``arrangement``,
in rational arithmetic, looks next to every ray what the rule grants there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import scipy.sparse as sp

from persuasion.model.exact import RationalGame, checked_rationals, exact_utilities, rationals
from persuasion.model.ties import TieRule
from persuasion.regret import highs
from persuasion.regret.anywhere.arrangement import planes, rays, supremum
from persuasion.regret.anywhere.columns import Columns
from persuasion.regret.anywhere.two_states import breakpoints, hull_above_half, policies
from persuasion.regret.candidates import (
    Candidate,
    climb,
    conclude,
    ended,
    landmarks,
    solve_profile,
)
from persuasion.regret.one_signal import favourite
from persuasion.regret.problem import Problem
from persuasion.regret.response import BestResponse

READ_TOLERANCE = 1e-8
USED = 1e-11
CHUNK = 2**22


def by_rays(problem: Problem, time_limit: float) -> BestResponse:
    """The best response from the rays of the arrangement.

    Raises ``ValueError`` for an obedience margin, for an explicit tie rule that tells the deviator's signals apart, and
    if the planes meet in too many sets.
    """
    if problem.margin > 0:
        raise ValueError("rays knows no obedience margin; use column-generation or milp")
    start = time.perf_counter()
    deadline = start + time_limit
    columns = Columns.of_problem(problem)
    signals, states = problem.game.shape.signals, problem.game.shape.states
    found, solver = landmarks(problem), "rays (rational)"
    if signals == 1:
        return conclude(problem, found, found[0].value, ended(True, deadline), solver, start)
    bound, closed = problem.trivial_bound(), False
    try:
        if states == 2:
            bound, candidates = _two_states(problem, columns, deadline)
        elif problem.favourable:
            solver = "rays (HiGHS)"
            bound, candidates = _favourable(problem, columns)
        else:
            bound, candidates = _granted(problem, columns, deadline)
        found += candidates
        closed = signals >= states
    except TimeoutError:
        pass
    if not closed:
        found += [climb(problem, candidate.policy, deadline) for candidate in found]
    return conclude(problem, found, bound, ended(closed, deadline), solver, start)


def exact_supremum(game: RationalGame, policies: Any, sender: int, ties: Any = None) -> Fraction:
    """The supremum of a sender's utility over its policies as a fraction, ties being exact equalities.

    Parameters
    ----------
    policies : (senders, states, signals), one profile; anything :func:`persuasion.model.exact.rationals` reads
    ties : as for :func:`persuasion.regret.best_response.best_response`

    Raises
    ------
    ValueError
        With fewer signals than states (but more than one), for a tie map that tells the deviator's signals apart, and
        for an arrangement with too many rays.

    >>> game = RationalGame(["7/10", "3/10"], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    >>> exact_supremum(game, [[[1, 0], [1, 0]]], 0, ties="lowest-index")
    Fraction(3, 5)
    """
    rule = TieRule("sender", sender=sender) if ties is None else TieRule.parse(ties)
    profile, states = checked_rationals(game, policies), len(game.prior)
    if game.signals == 1:
        return exact_utilities(game, profile, rule)[sender]
    if game.signals < states:
        raise ValueError(f"{game.signals} signals for {states} states: rays need as many")
    columns = Columns.of_game(game, profile, sender, rule)
    if states == 2:
        return hull_above_half(breakpoints(columns)).supremum
    return Fraction(supremum(columns).value)


def _two_states(
    problem: Problem, columns: Columns, deadline: float
) -> tuple[float, list[Candidate]]:
    points = breakpoints(columns, deadline)
    hull = hull_above_half(points)
    value, attained = float(hull.supremum), hull.exact is not None
    unused = ((0, 0), (0, problem.game.shape.signals - 2))
    tried = np.stack([np.pad(p.astype(float), unused) for p in policies(points, hull)])
    worth = problem.utilities(tried)
    best = int(worth.argmax())
    return value, [Candidate(tried[best], float(worth[best]), value, attained)]


def _favourable(problem: Problem, columns: Columns) -> tuple[float, list[Candidate]]:
    """The linear program over all rays; the receiver's ties are judged as the simulator does."""
    exact = rationals(rays(planes(columns)))
    points = (exact / exact.sum(1, keepdims=True)).astype(float)
    solution = highs.solve(
        highs.LinearProgram(
            cost=np.concatenate(list(_payoffs(problem, points))),
            matrix=sp.csc_matrix(points.T),
            row_lower=np.ones(points.shape[1]),
            row_upper=np.ones(points.shape[1]),
            lower=np.zeros(len(points)),
            upper=np.full(len(points), np.inf),
        )
    )
    assert solution.x is not None
    used = np.argsort(-solution.x)[: problem.game.shape.signals]
    profile = [favourite(problem, points[k]) for k in used if solution.x[k] > USED]
    return solution.bound, _realised(problem, profile)


def _payoffs(problem: Problem, points: np.ndarray) -> Iterator[np.ndarray]:
    """The payoff ``f`` at many points ``(points, states)``, some at a time."""
    at_once = max(1, CHUNK // problem.rows[..., 0].size)
    mass = problem.weights / problem.weights.max(1, keepdims=True)
    for first in range(0, len(points), at_once):
        x = points[first : first + at_once].T
        worst = (problem.rows @ x).min(2)  # (columns, actions, points)
        possible = worst >= -READ_TOLERANCE * (mass @ x)[:, None]
        possible &= problem.possible[..., None]
        yield np.where(possible, problem.gains @ x, -np.inf).max(1).sum(0)


def _granted(problem: Problem, columns: Columns, deadline: float) -> tuple[float, list[Candidate]]:
    """The supremum under the rule, and the policies of the faces in which it is approached."""
    best = supremum(columns, deadline)
    used = [flag for share, flag in zip(best.shares, best.flags) if share > 0]
    profile = [columns.actions(flag) for flag in used[: problem.game.shape.signals]]
    return float(best.value), _realised(problem, profile)


def _realised(problem: Problem, profile: list[np.ndarray]) -> list[Candidate]:
    """The best policy of one action profile per signal; signals not needed do as the first."""
    spare = problem.game.shape.signals - len(profile)
    found = solve_profile(problem, np.stack([*profile, *profile[:1] * spare]), np.inf)
    return [] if found is None else [found]
