"""Pictures of a solution: SVG that follows the page's colours, each with the same in words."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
from markupsafe import Markup

from persuasion.model.game import Game
from persuasion.model.policies import no_revelation
from persuasion.model.posteriors import JointSignals
from persuasion.model.simulate import sender_utilities
from persuasion.model.tolerances import TIE_TOLERANCE
from persuasion.own_game.numbers import amount
from persuasion.own_game.profile import own_signals
from persuasion.own_game.solution import (
    AWAY,
    EXTENDED,
    LOCAL,
    NEAR,
    PROVEN,
    SEARCHED,
    Solution,
)

COLOURS = 8
SIDE = 320
MARGIN = 48
LONG = 7  # characters that the margin holds
CORNER = 18  # and a lower corner of the triangle
# colour and size by what was found, in front last
FOUND = {
    SEARCHED: ("open", 7.0),
    LOCAL: ("c6", 7.0),
    AWAY: ("open", 5.0),
    NEAR: ("open", 5.0),
    EXTENDED: ("c7", 5.0),
    PROVEN: ("c0", 5.0),
}
Point = tuple[float, float]
Ticks = dict[float, str]
_short = partial(amount, digits=3)


class Picture(NamedTuple):
    """An SVG, what it shows in words, and its colours: pairs of a class and its meaning."""

    svg: Markup
    title: str
    text: str
    legend: list[tuple[str, str]]


class _Drawing:
    """SVG elements with their text escaped."""

    def __init__(self, width: float, height: float, label: str) -> None:
        box = f"0 0 {width:g} {height:g}"
        self.root = ElementTree.Element("svg", {"viewBox": box, "role": "img", "aria-label": label})

    def add(self, kind: str, text: str = "", **attributes: Any) -> None:
        values = {
            key.rstrip("_").replace("_", "-"): f"{value:.2f}"
            if isinstance(value, float)
            else str(value)
            for key, value in attributes.items()
        }
        ElementTree.SubElement(self.root, kind, values).text = text

    def write(self, text: str, x: float, y: float, anchor: str = "middle", **more: Any) -> None:
        self.add("text", text, x=float(x), y=float(y), text_anchor=anchor, **more)

    def join(self, kind: str, points: Iterable[Point], class_: str) -> None:
        """A ``polygon`` or a ``polyline``."""
        self.add(kind, points=" ".join(f"{x:.2f},{y:.2f}" for x, y in points), class_=class_)

    def cross(self, x: float, y: float) -> None:
        self.add("path", d=f"M{x - 5:.2f} {y:.2f}h10M{x:.2f} {y - 5:.2f}v10", class_="prior")

    def done(self) -> Markup:
        return Markup(ElementTree.tostring(self.root, encoding="unicode"))


def belief_picture(game: Game, signals: JointSignals, title: str) -> Picture | None:
    """Where joint signals put the receiver's belief among the regions of its actions; for two and three states."""
    if game.shape.states not in (2, 3):
        return None
    draw, height = (_line, 130) if game.shape.states == 2 else (_triangle, 300)
    names = game.names
    heard = [
        f"{number}: {names.joint(signal)} ({percent(probability)}), {names.action(action)}"
        for number, (signal, probability, _, action) in enumerate(zip(*signals), 1)
    ]
    text = "Joint signals by probability, and what the receiver does: " + "; ".join(heard) + "."
    drawing = _Drawing(SIDE, height, f"{title}. {text}")
    shown = draw(drawing, game, signals)
    legend = [(f"c{a % COLOURS}", names.action(a)) for a in shown]
    return Picture(drawing.done(), title, f"{text} The cross is the prior.", legend)


def intervals(game: Game, favour: np.ndarray | None = None) -> list[tuple[float, float, int]]:
    """For two states: ``(from, to, action)`` of beliefs in the second state; the receiver's regions in order.

    Of actions that are as good in both states the first, or the one that ``favour`` ``(states, actions)`` likes.
    """
    u = _losses(game)
    slope = u[1] - u[0]
    pairs = itertools.combinations(range(len(slope)), 2)
    cuts = [(u[0, b] - u[0, a]) / (slope[a] - slope[b]) for a, b in pairs if slope[a] != slope[b]]
    ends = [0.0, *sorted({float(cut) for cut in cuts if 0 < cut < 1}), 1.0]
    found: list[tuple[float, float, int]] = []
    for low, high in itertools.pairwise(ends):
        belief = np.array([1 - (low + high) / 2, (low + high) / 2])
        lead = u[:, [(belief @ u).argmax()]] - u
        best = np.flatnonzero(belief @ lead <= TIE_TOLERANCE * (belief @ np.abs(lead)))
        action = int(best[0] if favour is None else best[favour[:, best].sum(0).argmax()])
        if found and found[-1][2] == action:
            found[-1] = (found[-1][0], high, action)
        else:
            found.append((low, high, action))
    return found


def _losses(game: Game) -> np.ndarray:
    """What the receiver loses by an action, ``(states, actions)``, in states that cannot occur, too."""
    occurs, unit = game.prior[:, None] > 0, game.receiver_unit
    given = game.receiver / unit
    return np.where(occurs, game.standard.receiver, given - given.max(1, keepdims=True))


def _line(drawing: _Drawing, game: Game, signals: JointSignals) -> list[int]:
    parts = intervals(game)
    for low, high, action in parts:
        corners = [(_x(low), 20.0), (_x(high), 20.0), (_x(high), 90.0), (_x(low), 90.0)]
        drawing.join("polygon", corners, f"region c{action % COLOURS}")
    for tick in (0, 0.5, 1):
        drawing.write(f"{tick:g}", _x(tick), 106)
    drawing.write(f"belief in {game.names.state(1)}", _x(0.5), 122)
    drawing.cross(_x(game.prior[1]), 20.0)
    for k, belief in enumerate(signals.posteriors[:, 1]):
        _signal(drawing, (_x(belief), 40.0 + 12 * (k % 4)), signals.probabilities[k], k)
    return [action for *_, action in parts]


def _x(share: float, low: float = 0.0, high: float = 1.0) -> float:
    return MARGIN + (SIDE - 2 * MARGIN) * float(share - low) / (high - low)


def _triangle(drawing: _Drawing, game: Game, signals: JointSignals) -> list[int]:
    corners = np.array([[SIDE / 2, 24], [20, 264], [SIDE - 20, 264]])
    shown = []
    for action in range(game.shape.actions):
        region = region_of(_losses(game), action)
        if len(region) > 2:
            drawing.join("polygon", region @ corners, f"region c{action % COLOURS}")
            shown.append(action)
    places = [(SIDE / 2, 16, "middle"), (2, 282, "start"), (SIDE - 2, 282, "end")]
    for state, (x, y, anchor) in enumerate(places):
        drawing.write(short(game.names.state(state), CORNER), x, y, anchor)
    drawing.cross(*(game.prior @ corners))
    for k, belief in enumerate(signals.posteriors):
        _signal(drawing, tuple(belief @ corners), signals.probabilities[k], k)
    return shown


def region_of(receiver: np.ndarray, action: int) -> np.ndarray:
    """Corners ``(k, 3)`` of the beliefs at which the action is optimal, for three states.

    There are none for an action that is optimal nowhere in the interior, or as good as an earlier one everywhere.
    """
    corners = np.eye(3)
    for rival in range(receiver.shape[1]):
        lead = receiver[:, action] - receiver[:, rival]
        corners = _clipped(corners, lead)
        if len(corners) < 3 or (rival < action and not lead.any()):
            return np.zeros((0, 3))
    fan = np.stack([[corners[0], b, c] for b, c in itertools.pairwise(corners[1:])])
    # the determinant is a triangle's share of all beliefs
    return corners if np.abs(np.linalg.det(fan)).sum() > 1e-9 else np.zeros((0, 3))


def _clipped(corners: np.ndarray, lead: np.ndarray) -> np.ndarray:
    """The polygon's part where ``lead @ belief >= 0`` (Sutherland and Hodgman 1974)."""
    kept = []
    for k, here in enumerate(corners):
        before = corners[k - 1]
        now, then = here @ lead, before @ lead
        if now * then < 0:
            kept.append(before + (here - before) * then / (then - now))
        if now >= 0:
            kept.append(here)
    return np.array(kept)


def _signal(drawing: _Drawing, at: Point, probability: float, number: int) -> None:
    x, y = at
    radius = float(3 + 10 * np.sqrt(probability))
    drawing.add("circle", cx=float(x), cy=float(y), r=radius, class_="dot")
    drawing.write(str(number + 1), x + radius + 2, y + 4, "start")


def utility_picture(solution: Solution) -> Picture | None:
    """The plane of two senders' utilities: landmarks, equilibria and local equilibria, by their numbers."""
    game = solution.game
    if game.shape.senders != 2:
        return None
    points = list(_outcomes(solution))
    names = [game.names.sender(i) for i in range(2)]
    listed = "; ".join(
        f"{point.mark} {point.what} ({', '.join(map(_short, point.utilities, game.stakes))})".strip()
        for point in points
    )
    title = f"Utilities of {names[0]} (across) and {names[1]} (up)"
    drawing = _Drawing(SIDE, 300, f"{title}. {listed}.")
    values = np.array([point.utilities for point in points])
    x, y = map(_scale, values.T)
    _frame(drawing, x, y, *map(_ticks, values.T, game.stakes))
    marks: dict[Point, list[str]] = {}
    for point in points:
        at = _x(point.utilities[0], *x), _y(point.utilities[1], *y)
        drawing.add("circle", cx=at[0], cy=at[1], r=point.size, class_=f"point {point.kind}")
        if point.mark:
            near = next((place for place in marks if math.dist(place, at) < MARGIN / 2), at)
            marks.setdefault(near, []).append(point.mark)
    for (left, top), texts in marks.items():
        drawing.write(", ".join(texts), left, top - 15)
    drawing.write(names[0], SIDE / 2, 294)
    drawing.write(names[1], 4, 12, "start")
    legend = list(dict.fromkeys((point.kind, point.what) for point in points))
    return Picture(drawing.done(), title, f"{listed}.", legend)


class _Outcome(NamedTuple):
    """A point of the plane; ``mark`` is its number in the report."""

    utilities: np.ndarray
    what: str
    kind: str
    size: float = 5.0
    mark: str = ""


def _outcomes(solution: Solution) -> Iterator[_Outcome]:
    """Those in front last, and the larger first where they lie on each other."""
    known = [(mark.name, mark.utilities) for mark in solution.landmarks]
    if not known:
        game, ties = solution.game, solution.request.ties
        known.append(("no revelation", sender_utilities(game, no_revelation(game), ties=ties)))
        if revealed := solution.revelation.examined:
            known.append(("full revelation", revealed.utilities))
    for number, (name, utilities) in enumerate(known, 1):
        yield _Outcome(utilities, name, f"c{number}", 14 - 1.2 * number)
    for kind, (look, size) in FOUND.items():
        for found in solution.listed:
            if found.kind == kind:
                yield _Outcome(found.entry.utilities, kind, look, size, found.mark)


def _scale(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = 0.08 * (high - low) or 0.1 * abs(low) or 1.0
    return low - room, high + room


def _y(value: float, low: float, high: float) -> float:
    return 256 - 236 * float(value - low) / (high - low)


def _frame(
    drawing: _Drawing, x: tuple[float, float], y: tuple[float, float], across: Ticks, up: Ticks
) -> None:
    """Axes over these ranges with these labels; long ones stand inside."""
    drawing.join("polyline", [(_x(0), 20.0), (_x(0), 256.0), (_x(1), 256.0)], "axis")
    for value, label in across.items():
        drawing.write(label, _x(value, *x), 272)
    inside = max(map(len, up.values())) > LONG
    for value, label in up.items():
        place = (MARGIN + 4, "start") if inside else (MARGIN - 4, "end")
        drawing.write(label, place[0], _y(value, *y) + 4, place[1])


def _ticks(values: Any, unit: float = 0.0) -> Ticks:
    """The least, the middle and the largest of the values, as they are labelled."""
    places = np.unique(np.linspace(np.min(values), np.max(values), 3))
    return {float(place): _short(place, unit) for place in places}


def value_picture(solution: Solution) -> Picture | None:
    """For one sender and two states: its utility by the receiver's belief, and the concave closure."""
    game = solution.game
    if game.shape.senders != 1 or game.shape.states != 2:
        return None
    v, prior = game.senders[0], float(game.prior[1])
    parts = intervals(game, v)
    pieces = [
        [(b, float((1 - b) * v[0, action] + b * v[1, action])) for b in (low, high)]
        for low, high, action in parts
    ]
    hull = upper_hull([point for piece in pieces for point in piece])
    best, stake = float(np.interp(prior, *np.transpose(hull))), game.stakes[0]
    title = f"Utility of {game.names.sender(0)} by the receiver's belief"
    text = (
        "Solid: what the sender gets at a belief, equal actions in its favour. Dashed: the concave closure, "
        "the most that any policy earns that has as many signals as it likes and ties in its favour; "
        f"at the prior {_short(prior)} it is {_short(best, stake)}."
    )
    drawing = _Drawing(SIDE, 300, f"{title}. {text}")
    heights = np.array([value for piece in pieces for _, value in piece])
    y = _scale(heights)
    _frame(drawing, (0.0, 1.0), y, _ticks((0, 1)), _ticks(heights, stake))
    for piece, (_, _, action) in zip(pieces, parts):
        places = [(_x(b), _y(value, *y)) for b, value in piece]
        drawing.join("polyline", places, f"value c{action % COLOURS}")
    drawing.join("polyline", [(_x(b), _y(value, *y)) for b, value in hull], "closure")
    drawing.cross(_x(prior), _y(best, *y))
    drawing.write(f"belief in {game.names.state(1)}", SIDE / 2, 292)
    legend = [(f"c{a % COLOURS}", game.names.action(a)) for *_, a in parts]
    return Picture(drawing.done(), title, text, list(dict.fromkeys(legend)))


def upper_hull(points: Sequence[Point]) -> list[Point]:
    """The concave closure's corners, from left to right (Andrew's chain)."""
    hull: list[Point] = []
    for point in sorted(set(points)):
        if hull and hull[-1][0] == point[0]:
            hull.pop()
        while len(hull) > 1 and _turns_left(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return hull


def _turns_left(a: Point, b: Point, c: Point) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) >= (b[1] - a[1]) * (c[0] - a[0])


def policy_picture(game: Game, policies: np.ndarray, sender: int, title: str) -> Picture:
    """A heat map: the darker, the more probable the signal (across) in the state (down)."""
    policy = own_signals(game, sender, policies[sender])
    states, count = policy.shape
    side = min(40.0, (SIDE - 110) / count, 240 / states)
    likely = [
        f"{game.names.state(w)}: {game.names.signal(sender, int(row.argmax()))} ({percent(row.max())})"
        for w, row in enumerate(policy)
    ]
    text = "Most probable signals: " + "; ".join(likely[:12]) + ("; …" if states > 12 else ".")
    drawing = _Drawing(SIDE, 30 + side * states, f"{title}. {text}")
    for s in range(count if side > 12 else 0):
        label = game.names.signal(sender, s)
        drawing.write(label if len(label) * 6 < side else str(s), 104 + side * (s + 0.5), 16)
    for w in range(states):
        if side > 12:
            drawing.write(short(game.names.state(w), 14), 98, 28 + side * (w + 0.5), "end")
        for s in range(count):
            share = float(policy[w, s])
            drawing.add("rect", x=104 + side * s, y=24 + side * w, width=side, height=side,
                class_="cell", fill_opacity=share)  # fmt: skip
    return Picture(drawing.done(), title, text, [])


def short(text: str, most: int) -> str:
    """The text, or its beginning."""
    return text if len(text) <= most else text[: most - 1] + "…"


def percent(share: float) -> str:
    """A share in percent with three digits."""
    return f"{100 * share:.3g}%"
