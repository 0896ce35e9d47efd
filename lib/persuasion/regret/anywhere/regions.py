"""Convex sets of policies on which the receiver's behaviour is fixed, and linear programs over them.

A tie rule makes them half-open: ``weak @ x >= 0`` and ``strict @ x > 0``. The supremum over such a set is
the maximum over its closure, provided the set is not empty, and it is attained if the optimal face
meets the set.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from persuasion.regret import highs
from persuasion.regret.problem import Problem


@dataclass(frozen=True, eq=False)
class Regions:
    """One set per signal, stacked: variables are ``x`` of signal 0, then of signal 1, and so on.

    ``gain @ x`` is the deviator's utility, ``balance @ x = 1`` says which mass is to be spread, and ``limits`` are
    the least and largest value of every variable.
    """

    weak: sp.csr_matrix
    strict: sp.csr_matrix
    gain: np.ndarray
    balance: sp.csr_matrix
    limits: tuple[Any, Any] = (0.0, 1.0)


def spread(states: int, blocks: int) -> sp.csr_matrix:
    """Every state's probability is spread over the blocks: ``sum_s x_s = 1``."""
    return sp.csr_matrix(np.tile(np.eye(states), blocks))


def profile_regions(problem: Problem, profile: np.ndarray) -> Regions:
    """Where the rule lets the receiver follow ``profile`` ``(signals, columns)`` of actions."""
    columns, states = np.arange(profile.shape[1]), problem.weights.shape[1]
    rows = [problem.rows[columns, actions].reshape(-1, states) for actions in profile]
    strict = [problem.strict[s, columns, actions].ravel() for s, actions in enumerate(profile)]
    return Regions(
        block_rows([block[~mask] for block, mask in zip(rows, strict)]),
        block_rows([block[mask] for block, mask in zip(rows, strict)]),
        np.concatenate([problem.gains[columns, actions].sum(0) for actions in profile]),
        spread(states, len(profile)),
    )


def block_rows(blocks: list[np.ndarray]) -> sp.csr_matrix:
    """Block-diagonal stack, all-zero rows left out (they are duplicates, settled beforehand)."""
    return sp.block_diag([sp.csr_matrix(rows[rows.any(1)]) for rows in blocks], format="csr")


def maximise(regions: Regions, time_limit: float = np.inf) -> highs.Solution:
    """The best point of the closure."""
    return highs.solve(_program(regions, regions.gain), time_limit)


def ceiling(regions: Regions) -> float:
    """A bound on the gain in the closure that weak duality proves."""
    program = _program(regions, regions.gain)
    return highs.proven(program, highs.solve(program).duals)


def interior(
    regions: Regions, floor: float = -np.inf, time_limit: float = np.inf
) -> highs.Solution:
    """The point with the largest least slack of the strict rows (at most 1), and gain ``floor`` or more.

    The solution's ``value`` is the slack: positive iff the half-open set has such a point.
    """
    none = np.zeros_like(regions.gain)
    return highs.solve(_program(regions, none, 1.0, floor), time_limit)


def _program(
    regions: Regions, cost: np.ndarray, slack: float = 0.0, floor: float = -np.inf
) -> highs.LinearProgram:
    """All four row families; the last variable is the strict rows' slack, worth and limited to ``slack``."""
    weak, strict, balance = regions.weak, regions.strict, regions.balance
    left = sp.vstack([weak, strict, balance, regions.gain[None]])
    heights = [weak.shape[0], strict.shape[0], balance.shape[0], 1]
    right = np.repeat([0.0, -1.0, 0.0, 0.0], heights)
    return highs.LinearProgram(
        cost=np.append(cost, slack),
        matrix=sp.hstack([left, right[:, None]], format="csc"),
        row_lower=np.repeat([0.0, 0.0, 1.0, floor], heights),
        row_upper=np.repeat([np.inf, np.inf, 1.0, np.inf], heights),
        lower=np.append(np.broadcast_to(regions.limits[0], len(cost)), 0.0),
        upper=np.append(np.broadcast_to(regions.limits[1], len(cost)), slack),
    )
