r"""Two states: the best response by sorting breakpoints and a concave hull, in rational arithmetic.

A signal is a direction :math:`(1-p,p)`, and what it pays is a piecewise linear function :math:`F(p)` with jumps.
The receiver's action depends on its posterior only, so its breakpoints are the same for all of the others' joint
signals: these merely shift them. The best response is twice the concave hull of :math:`F` at :math:`p=\tfrac12`,
where :math:`F` counts at a jump with the largest of its value and its two limits, which are approached under any
tie rule. Time :math:`O(T|A|\log(T|A|))` for :math:`T` joint signals of the others, once it is known at which
beliefs the action changes; for that all actions are compared wherever two cross that are best there,
:math:`O(|A|^3)` in all.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, combinations, pairwise
from typing import NamedTuple

import numpy as np

from persuasion.model.tolerances import TIE_TOLERANCE
from persuasion.regret.anywhere.columns import Columns
from persuasion.regret.response import in_time

# a tie is closer than that by far, and rounding less
NEAR, ULPS = 1e3 * TIE_TOLERANCE, 1e3 * np.finfo(float).eps
ZERO, HALF, ONE = Fraction(0), Fraction(1, 2), Fraction(1)
# shares of an interval by which a direction is moved off an end that the rule denies
STEPS = tuple(Fraction(1, 10**k) for k in range(1, 10))


class Point(NamedTuple):
    """``F`` at ``p`` itself, and its limits from the left and from the right."""

    p: Fraction
    at: Fraction
    left: Fraction
    right: Fraction

    @property
    def top(self) -> Fraction:
        """The most that signals at or near ``p`` earn."""
        return max(self.at, self.left, self.right)


@dataclass(frozen=True)
class Hull:
    """The concave hull above one half: ``points`` of the edge there, or the one of a vertex.

    ``supremum`` of the best response; ``exact`` are two directions, one at or below one half and one at or above, a
    mixture of which attains it, or None if nothing does.
    """

    points: list[Point]
    supremum: Fraction
    exact: tuple[Fraction, Fraction] | None


class Steps(NamedTuple):
    """Beliefs in state 1 where the receiver's action changes; its actions there, before and after."""

    beliefs: list[Fraction]
    at: list[int]
    before: list[int]
    after: list[int]


def breakpoints(columns: Columns, deadline: float = math.inf) -> list[Point]:
    """``F`` at all its breakpoints in increasing order, from ``p = 0`` to ``p = 1``.

    Raises ``TimeoutError`` once ``time.perf_counter()`` has passed the deadline.
    """
    nothing = np.array([ZERO, ZERO])
    events, gain = [(ZERO, -1, nothing, nothing), (ONE, -1, nothing, nothing)], nothing
    tables: dict[int | None, Steps] = {}
    for t, (first, second) in enumerate(columns.weights):
        in_time(deadline)
        wanted = None if columns.wanted is None else int(columns.wanted[t])
        if wanted not in tables:
            tables[wanted] = _steps(columns, t, deadline)
        steps, payoffs = tables[wanted], columns.worth.T * columns.weights[t]
        if not (first and second):  # the others reveal the state
            gain = gain + payoffs[steps.at[0 if first else -1]]
            continue
        gain = gain + payoffs[steps.before[0]]
        for belief, at, before, after in zip(*steps):
            away = belief * first
            p = away / (away + (1 - belief) * second)
            events.append((p, t, payoffs[at] - payoffs[before], payoffs[after] - payoffs[before]))
    return list(_sweep(sorted(events, key=lambda event: event[:2]), gain, columns.tolerance))


def _steps(columns: Columns, column: int, deadline: float) -> Steps:
    """By posterior: as at a signal of the others that says nothing."""
    wanted = None if columns.wanted is None else columns.wanted[[column]]
    alone = replace(columns, weights=np.array([[ONE, ONE]]), wanted=wanted)
    tables = [table for table in (columns.receiver, columns.rank) if table is not None]
    crossings = (_crossings(table, columns.receiver, deadline) for table in tables)
    beliefs = sorted({ZERO, ONE, *chain.from_iterable(crossings)})

    def taken(q: Fraction) -> int:
        in_time(deadline)
        return alone.action(0, [_point(q)])

    at = [taken(q) for q in beliefs]
    between = [taken((q + r) / 2) for q, r in pairwise(beliefs)]
    rows = zip(beliefs, at, [between[0], *between], [*between, between[-1]])
    kept = [row for row in rows if row[0] in (0, 1) or len(set(row[1:])) > 1]
    return Steps(*map(list, zip(*kept)))


def _crossings(utility: np.ndarray, receiver: np.ndarray, deadline: float) -> Iterator[Fraction]:
    """Beliefs strictly inside at which two actions are worth the same that the receiver might both take there."""
    rounded = receiver.astype(float)
    for a, b in combinations(range(utility.shape[1]), 2):
        in_time(deadline)
        low, high = utility[:, a] - utility[:, b]
        if low * high < 0:
            q = low / (low - high)
            if _nearly_optimal(rounded, float(q))[[a, b]].all():
                yield q


def _nearly_optimal(receiver: np.ndarray, q: float) -> np.ndarray:
    """Actions that may tie with the best at a belief; rather too many, for these are floats."""
    belief = np.array([1 - q, q])
    lead = receiver[:, [(belief @ receiver).argmax()]] - receiver
    doubt = NEAR * (belief @ np.abs(lead)) + ULPS * np.abs(receiver).max()
    return np.asarray(belief @ lead <= doubt)


def _point(p: Fraction) -> np.ndarray:
    return np.array([1 - p, p])


def _sweep(events: list[tuple], gain: np.ndarray, tolerance: Fraction) -> Iterator[Point]:
    """Add up the jumps; events whose ties reach one another are one breakpoint, in their middle.

    A tie reaches as far as ``2 * tolerance * p * (1 - p)`` to either side.
    """
    start = 0
    while start < len(events):
        first = last = events[start][0]
        end, at, after, seen = start, gain, gain, set()
        while end < len(events) and events[end][0] - last <= 4 * tolerance * last * (1 - last):
            last, column, here, step = events[end]
            if column not in seen:  # its first action here is chosen among all that tie
                at = at + here
                seen.add(column)
            after = after + step
            end += 1
        p = (first + last) / 2
        yield Point(p, *(side @ _point(p) for side in (at, gain, after)))
        gain, start = after, end


def hull_above_half(points: list[Point]) -> Hull:
    """What the best mixture earns, and whether some policy does."""
    chain: list[Point] = []
    for point in points:
        while len(chain) > 1 and _under(chain[-2], chain[-1], point):
            chain.pop()
        chain.append(point)
    first, last = next((a, b) for a, b in pairwise(chain) if b.p >= HALF)
    first = last if last.p == HALF else first
    slope = (last.top - first.top) / (last.p - first.p) if first is not last else ZERO

    def line(p: Fraction) -> Fraction:
        return first.top + slope * (p - first.p)

    edge = [point for point in points if first.p <= point.p <= last.p]
    return Hull(edge, 2 * line(HALF), _exact(edge, line))


def _under(a: Point, b: Point, c: Point) -> bool:
    """Whether ``b`` is not above the line from ``a`` to ``c``."""
    return (b.top - a.top) * (c.p - a.p) <= (c.top - a.top) * (b.p - a.p)


def _exact(
    edge: list[Point], line: Callable[[Fraction], Fraction]
) -> tuple[Fraction, Fraction] | None:
    """Directions on either side of one half where ``F`` itself reaches the line."""
    reached = [point.p for point in edge if point.at == line(point.p)]
    for a, b in pairwise(edge):
        if a.right == line(a.p) and b.left == line(b.p):
            reached.append(HALF if a.p < HALF < b.p else (a.p + b.p) / 2)
    below, above = ([p for p in reached if (p - HALF) * side >= 0] for side in (-1, 1))
    return (max(below), min(above)) if below and above else None


def mixture(p: Fraction, q: Fraction) -> np.ndarray:
    """The policy ``(2 states, 2 signals)`` of two directions ``p <= 1/2 <= q``, as fractions."""
    if p == q:
        return np.array([[ONE, ZERO], [ONE, ZERO]])
    first, second = (2 * q - 1) / (q - p), (1 - 2 * p) / (q - p)
    return np.stack([first * _point(p), second * _point(q)], axis=1)


def policies(points: list[Point], hull: Hull) -> Iterator[np.ndarray]:
    """The policy that attains the supremum, or ones that approach it, as fractions."""
    if hull.exact is not None:
        yield mixture(*hull.exact)
        return
    for share in STEPS:
        near = [_beside(points, point, share) for point in (hull.points[0], hull.points[-1])]
        if len(hull.points) == 1:  # a vertex: the rest of the probability goes to a revealed state
            near = [near[0], ONE] if near[0] < HALF else [ZERO, near[0]]
        if near[0] <= HALF <= near[1]:
            yield mixture(*near)


def _beside(points: list[Point], point: Point, share: Fraction) -> Fraction:
    """The breakpoint itself where the rule grants it, else a share of the way to a neighbour."""
    if point.at == point.top:
        return point.p
    index = points.index(point)
    forward = point.right == point.top and point.p < 1
    neighbour = points[index + 1 if forward else index - 1]
    return point.p + share * (neighbour.p - point.p)
