r"""The problem at a single signal: :math:`f(x)=\max_\sigma\sum_t g_{t\sigma(t)}\cdot x` over obedient profiles.

A best response maximises :math:`\sum_sf(x_s)` with :math:`\sum_sx_s=\mathbf 1`. This module evaluates
:math:`f`, maximises :math:`f(x)-\lambda\cdot x` within one profile's cone and hops from cone to cone.
Points ``x`` are ``(states,)``, profiles ``(columns,)`` of actions, prices ``(states,)``.
"""

from collections.abc import Iterator

import numpy as np

from persuasion.model.tolerances import READ_TOLERANCE
from persuasion.regret import highs
from persuasion.regret.problem import Problem

POINT_DUST = 1e-11
MAX_HOPS = 30


def cone_rows(problem: Problem, profile: np.ndarray) -> np.ndarray:
    """Rows ``(k, states)`` that must be non-negative for the receiver to follow ``profile``."""
    rows = problem.rows[np.arange(len(profile)), profile].reshape(-1, problem.weights.shape[1])
    return rows[rows.any(1)]


def profile_gain(problem: Problem, profile: np.ndarray) -> np.ndarray:
    """What the deviator earns per unit of ``x`` under ``profile``, ``(states,)``."""
    return problem.gains[np.arange(len(profile)), profile].sum(0)


def favourite(
    problem: Problem, x: np.ndarray, tolerance: float = READ_TOLERANCE, signal: int = 0
) -> np.ndarray:
    """The deviator's favourite profile at ``x`` among the obedient ones, ties within ``tolerance``."""
    allowed = problem.allowed[signal]
    worst = np.where(allowed, (problem.rows @ x).min(-1), -np.inf)
    possible = worst >= -tolerance * (problem.relative @ x)[:, None]
    best = np.where(possible, problem.gains @ x, -np.inf).argmax(1)
    # where rounding lets nothing pass, the least disobedient action
    return np.where(possible.any(1), best, worst.argmax(1))


def revealable(problem: Problem) -> np.ndarray:
    """States ``(states,)`` that a signal of their own may reveal; a margin can forbid it."""
    worst = problem.rows.min(2)  # (columns, actions, states)
    return np.asarray((worst >= 0).any(1).all(0)) | (problem.margin == 0)


def meets(problem: Problem, profile: np.ndarray, x: np.ndarray) -> bool:
    """Whether ``x`` lies in the profile's cone, up to the solvers' tolerance; always if there is no margin."""
    return problem.margin == 0 or bool((cone_rows(problem, profile) @ x >= -READ_TOLERANCE).all())


def best_in_cone(
    problem: Problem, profile: np.ndarray, prices: np.ndarray, time_limit: float = np.inf
) -> highs.Solution:
    """Maximise ``(gain - prices) @ x`` over the simplex within the profile's cone."""
    rows, cost = cone_rows(problem, profile), profile_gain(problem, profile) - prices
    program = highs.LinearProgram(
        cost=cost,
        matrix=np.vstack([rows, np.ones_like(cost)]),
        row_lower=np.append(np.zeros(len(rows)), 1.0),
        row_upper=np.append(np.full(len(rows), np.inf), 1.0),
    )
    return highs.solve(program, time_limit)


def hop(
    problem: Problem, x: np.ndarray, prices: np.ndarray, least: float, time_limit: float = np.inf
) -> Iterator[np.ndarray]:
    """Profiles worth more than ``least``: optimise in the cone, read the profile there, and again."""
    best = -np.inf
    for _ in range(MAX_HOPS):
        profile = favourite(problem, x)
        found = best_in_cone(problem, profile, prices, time_limit)
        if found.x is None or found.value <= best + abs(least) / 10:
            return
        best, x = found.value, clean(found.x)
        if best > least:
            yield profile


def clean(x: np.ndarray) -> np.ndarray:
    """Solver dust set to zero."""
    return np.where(x > POINT_DUST, x, 0.0)
