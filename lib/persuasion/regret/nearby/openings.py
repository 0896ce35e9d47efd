r"""Deviations that open a signal of little or no use: column generation's columns, scaled into the box.

Let the deviator send signal :math:`s` with probabilities :math:`y(\omega)`, where it earns :math:`\ell\cdot y`.
To move a small :math:`\eta x` from it to an unused signal gains :math:`\eta(f(x)-\ell\cdot x)` as long as the
receiver's actions at :math:`s` stay the same: any column worth more than the prices :math:`\ell` is a deviation in
every box. A climb from the policy itself does not see it, for at an unused signal no direction is near.
"""

import time
from collections.abc import Iterator

import numpy as np

from persuasion.regret.anywhere.column_generation import MAX_RELAXATION
from persuasion.regret.anywhere.line_search import LineSearch
from persuasion.regret.anywhere.pricing import Pricing
from persuasion.regret.nearby.box import Box
from persuasion.regret.one_signal import best_in_cone, clean, favourite, hop, profile_gain
from persuasion.regret.problem import Problem

# how many points of random lines are improved
STARTS = 8
LEAST = 1e-9


def openings(problem: Problem, box: Box, deadline: float) -> Iterator[np.ndarray]:
    """Points of the box, in its unit coordinates, that take a priced column off a signal and send it anew.

    There are none if the box leaves every signal some probability; as far as ``deadline`` allows.
    """
    own = problem.own.T
    closable = np.flatnonzero(~box.lower.any(1))
    if not len(closable):
        return
    target = int(closable[own[closable].sum(1).argmin()])
    for source in np.argsort(-own.sum(1), kind="stable"):
        if source != target and own[source].any():
            for x in _columns(problem, int(source), own[source], deadline):
                yield _moved(box, own, int(source), target, x)


def _columns(
    problem: Problem, signal: int, sent: np.ndarray, deadline: float
) -> Iterator[np.ndarray]:
    """Columns ``(states,)`` that are worth more than what their probability earns at ``signal``."""
    prices = profile_gain(problem, favourite(problem, sent, signal=signal))
    for profile in _profiles(problem, prices, deadline):
        found = best_in_cone(problem, profile, prices, deadline - time.perf_counter())
        if found.x is not None:
            yield clean(found.x)


def _profiles(problem: Problem, prices: np.ndarray, deadline: float) -> list[np.ndarray]:
    """The receiver's actions in such columns: along random lines, and by branch and bound if these find none."""
    lines = LineSearch(problem, np.random.default_rng(0))
    found: list[np.ndarray] = []
    for start in lines.starts(prices, STARTS):
        found += hop(problem, start, prices, LEAST, deadline - time.perf_counter())
    if found or problem.gains.size > MAX_RELAXATION or time.perf_counter() > deadline:
        return found
    return Pricing(problem).search(prices, LEAST, deadline)[1]


def _moved(box: Box, own: np.ndarray, source: int, target: int, x: np.ndarray) -> np.ndarray:
    """As much of the column as fits, taken off ``source``."""
    used = x > 0
    room = np.minimum(box.upper[target], own[source] + own[target] - box.lower[source])
    moved = own.copy()
    moved[target] = x * (room[used] / x[used]).min()
    moved[source] += own[target] - moved[target]
    return box.pack(moved.T)
