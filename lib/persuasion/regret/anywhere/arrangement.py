r"""Few states: the planes on which the receiver is indifferent, their rays, and the best mixture of these.

Between the planes the receiver's actions are constant and a signal's payoff :math:`f` is linear, so a best
response needs only signals on rays, the lines in which planes meet: it is the linear program

.. math:: \max\Bigl\{\sum_r\alpha_r\hat f(r):\ \sum_r\alpha_rr=\mathbf 1,\ \alpha\ge0\Bigr\}

with one row per state, where :math:`\hat f(r)` is the best that :math:`f` is at :math:`r` or tends to next to it:
the largest value at :math:`r` of the linear payoffs of the faces around it. All in rational arithmetic. For public
persuasion the idea is Xu's (2020).
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, islice
from typing import Any, NamedTuple

import numpy as np

from persuasion.model.exact import rationals
from persuasion.regret.anywhere.columns import Columns, Flag
from persuasion.regret.problem import Problem
from persuasion.regret.response import in_time

MAX_SETS = 600_000
# sets of planes up to which rays were measured to be as fast as column generation, and done in seconds: with
# three states, and with more; and these times the minors of each, which decide from six states on
THREE_STATES, MORE_STATES, MINORS = 100_000, 5_000, 2**18
CHUNK = 1_000


class Mixture(NamedTuple):
    """The ``value`` of a mixture of rays, their ``shares``, and the ``flags`` in which they are approached."""

    value: Fraction
    shares: list[Fraction]
    flags: list[Flag]


class TooManySets(ValueError):
    """The planes would meet in more sets than can be visited."""


def is_fastest(problem: Problem) -> bool:
    """Whether rays are what to try first: an exact method then, and measured to be the fastest one."""
    columns, actions, states = problem.gains.shape
    signals = problem.signals
    if problem.margin > 0 or not problem.interchangeable or 1 < signals < states:
        return False
    sets = math.comb(columns * math.comb(actions, 2) + states, states - 1)
    most = THREE_STATES if states == 3 else min(MORE_STATES, MINORS / 2**states)
    return signals == 1 or states == 2 or sets <= most


def planes(columns: Columns) -> np.ndarray:
    """Normals ``(planes, states)`` of all indifferences, and of the edges of the orthant first; whole numbers.

    Raises ``TooManySets`` if they meet in too many sets.
    """
    states, actions = columns.receiver.shape
    found = {tuple(row): None for row in np.eye(states, dtype=int).astype(object)}
    tables = [columns.receiver]
    if columns.rank is not None and not columns.favourable:
        tables.append(columns.rank)
    for utility in tables:
        for a, b in combinations(range(actions), 2):
            for row in columns.weights * (utility[:, a] - utility[:, b]):
                if row.any():
                    found[_primitive(row)] = None
    sets = math.comb(len(found), states - 1)
    if sets > MAX_SETS:
        raise TooManySets(
            f"rays would intersect {sets:,} sets of {states - 1} planes; at most {MAX_SETS:,}"
        )
    return np.array(list(found), dtype=object)


def _primitive(row: np.ndarray) -> tuple[int, ...]:
    """The row in whole numbers without a common divisor, its first one that is not 0 positive."""
    scale = math.lcm(*(entry.denominator for entry in row))
    whole = [int(entry * scale) for entry in row]
    divisor = math.gcd(*whole) * (1 if next(filter(None, whole)) > 0 else -1)
    return tuple(entry // divisor for entry in whole)


def rays(normals: np.ndarray, deadline: float = math.inf) -> np.ndarray:
    """Rays ``(rays, states)`` of the planes within the orthant, those of the single states among them.

    Raises ``TimeoutError`` once ``time.perf_counter()`` has passed the deadline.
    """
    states = normals.shape[1]
    sets = combinations(range(len(normals)), states - 1)
    found: dict[tuple[int, ...], None] = {}
    while chosen := list(islice(sets, CHUNK)):
        in_time(deadline)
        systems = normals[np.array(chosen, int).reshape(len(chosen), states - 1)]
        found |= dict.fromkeys(map(tuple, _within_the_orthant(_kernels(systems))))
    return np.array(list(found), dtype=object)


def _within_the_orthant(lines: np.ndarray) -> np.ndarray:
    """Of the lines ``(lines, states)`` those with a side in the orthant, as that side in whole numbers."""
    turned = lines * np.where((lines < 0).any(1), -1, 1)[:, None]
    kept = turned[(turned >= 0).all(1) & turned.any(1)]
    return kept // np.gcd.reduce(kept, axis=1, keepdims=True)


def _kernels(systems: np.ndarray) -> np.ndarray:
    """What solves ``(d - 1, d)`` systems, ``(..., d)``: signed minors, all 0 where the rank is less.

    A minor of the first rows and some columns is made of those of one row less, each computed once: in all
    ``d * 2**d / 2`` products where expanding every determinant takes ``d!``.
    """
    rows, count = systems.shape[-2:]
    minors: dict[tuple[int, ...], Any] = {(): np.full(systems.shape[:-2], 1, dtype=object)}
    for row in range(rows):
        minors = {
            chosen: sum(
                (-1) ** (row + k) * systems[..., row, column] * minors[chosen[:k] + chosen[k + 1 :]]
                for k, column in enumerate(chosen)
            )
            for chosen in combinations(range(count), row + 1)
        }
    every = tuple(range(count))
    # of a single system minors are plain numbers, which numpy would otherwise put into 64 bits
    entries = [(-1) ** k * minors[every[:k] + every[k + 1 :]] for k in every]
    return np.stack([np.asarray(entry, dtype=object) for entry in entries], -1)


def supremum(columns: Columns, deadline: float = math.inf) -> Mixture:
    """What the best response comes arbitrarily close to, with at least as many signals as states.

    Raises ``TimeoutError`` once ``time.perf_counter()`` has passed the deadline.
    """
    normals = planes(columns)
    points, tops = rays(normals, deadline), []
    for point in points:
        tops.append(_top(columns, normals, point, deadline))
    worth = np.array([value for value, _ in tops], dtype=object)
    value, shares = _best_mixture(worth, points, deadline)
    return Mixture(value, list(shares.values()), [tops[k][1] for k in shares])


def _top(
    columns: Columns, normals: np.ndarray, point: np.ndarray, deadline: float
) -> tuple[Fraction, Flag]:
    """The largest payoff at or next to a ray, and where."""
    in_time(deadline)
    settled = columns.favourable or columns.untied(point)
    flags = [[point]] if settled else faces(columns, normals, point, deadline)
    best = ((columns.gain(columns.actions(flag)) @ point, flag) for flag in flags)
    return max(best, key=lambda pair: pair[0])


def faces(
    columns: Columns, normals: np.ndarray, point: np.ndarray, deadline: float = math.inf
) -> Iterator[Flag]:
    """One flag in every face of the arrangement around a ray, the ray itself first.

    Raises ``TimeoutError`` once ``time.perf_counter()`` has passed the deadline.
    """
    through = abs(normals @ point) <= columns.tolerance * (abs(normals) @ point)
    local = normals[through]
    edges = [(edge, np.sign((local @ edge).astype(float))) for edge in _edges(local, point)]
    flags: list[Flag] = [[point]]
    signs = [np.zeros(len(local))]
    seen = {signs[0].tobytes()}
    for flag, sign in zip(flags, signs):  # both grow
        yield flag
        in_time(deadline)
        for edge, side in edges:
            beyond = np.where(sign != 0, sign, side)
            if beyond.tobytes() not in seen:
                seen.add(beyond.tobytes())
                flags.append([*flag, edge])
                signs.append(beyond)


def _edges(local: np.ndarray, point: np.ndarray) -> Iterator[np.ndarray]:
    """Directions from a ray along the lines next to it, within the orthant."""
    states = len(point)
    if states < 2:
        return
    gauge = np.eye(states, dtype=int).astype(object)[[int(point.argmax())]]
    for chosen in combinations(range(len(local)), states - 2):
        edge = _kernels(np.vstack([local[list(chosen)], gauge]))
        for side in (edge, -edge):
            if edge.any() and (side[point == 0] >= 0).all():
                yield side


def _best_mixture(
    worth: np.ndarray, points: np.ndarray, deadline: float
) -> tuple[Fraction, dict[int, Fraction]]:
    """The linear program by the simplex method, from the mixture of revealed states; value, and share by ray.

    The steepest price enters, or the first (Bland's rule) where the last step brought nothing.
    """
    states = points.shape[1]
    basis = [int(np.flatnonzero((points == unit).all(1))[0]) for unit in np.eye(states, dtype=int)]
    inverse = rationals(np.eye(states, dtype=int))
    value = None
    while True:
        in_time(deadline)
        shares, prices = inverse.sum(1), worth[basis] @ inverse
        stuck, value = value == prices.sum(), prices.sum()
        surplus = worth - points @ prices
        if not (surplus > 0).any():
            return value, dict(zip(basis, shares))
        entering = int((surplus > 0).argmax() if stuck else surplus.argmax())
        column = inverse @ points[entering]
        limits = [(shares[k] / column[k], basis[k], k) for k in range(states) if column[k] > 0]
        leaving = min(limits)[2]
        inverse[leaving] = inverse[leaving] / column[leaving]
        for k in range(states):
            if k != leaving:
                inverse[k] = inverse[k] - column[k] * inverse[leaving]
        basis[leaving] = entering
