"""The game of a graph as a picture: which state switches which cell on, which off, and who pays for it."""

from collections.abc import Iterator
from html import escape

from persuasion.theorems.verification import VerificationGame

PITCH, TOP, MIDDLE, BOTTOM, HEIGHT = 170, 40, 140, 240, 290
ARROWS = {"on": "switches on", "off": "switches off", "fined": "is fined", "freed": "buys off"}
STYLE = """
.gg text { font: 15px sans-serif; fill: currentColor; text-anchor: middle; dominant-baseline: central; }
.gg text.side { font-size: 12px; text-anchor: start; }
.gg :is(circle, rect) { fill: none; stroke: currentColor; stroke-width: 1.3; }
.gg line { stroke-width: 2; }
.gg .on { stroke: #2e8b57; } .gg .off { stroke: #d33a2c; stroke-dasharray: 6 4; }
.gg .fined { stroke: #d08a00; } .gg .freed { stroke: #3b7dd8; stroke-dasharray: 2 4; }
"""


def game_svg(instance: VerificationGame) -> str:
    """An SVG that follows the page's colours, with a line for every signal of sender 2 in a vertex state."""
    vertices = [str(vertex) for vertex in instance.graph]
    width = PITCH * len(vertices) + 130
    parts = [
        f'<svg class="gg" role="img" viewBox="0 0 {width} {HEIGHT}" width="{width}" style="max-width: 100%">',
        f"<title>States and cells of the game of a graph with vertices {escape(', '.join(vertices))}</title>",
        f"<style>{STYLE}</style>",
        *_arrows(instance),
        *_nodes(vertices),
        *_legend(width),
        "</svg>",
    ]
    return "\n".join(parts)


def _x(vertex: int, side: int = 0) -> int:
    return PITCH * vertex + 85 + 36 * side


def _arrows(instance: VerificationGame) -> Iterator[str]:
    size = len(instance.graph)
    plus, minus = instance.policies[1, 2 : size + 2], instance.policies[1, size + 2 :]
    for v in range(size):
        for u in range(size):
            if plus[v, 1 + u]:
                yield _arrow("on", _x(v, -1), MIDDLE, _x(u), TOP)
            if minus[v, 1 + u]:
                yield _arrow("off", _x(v, 1), MIDDLE, _x(u), TOP)
        if plus[v, size + 1 + v]:
            yield _arrow("fined", _x(v, -1), MIDDLE, _x(v), BOTTOM)
        if minus[v, size + 1 + v]:
            yield _arrow("freed", _x(v, 1), MIDDLE, _x(v), BOTTOM)


def _arrow(kind: str, x: int, y: int, to_x: int, to_y: int) -> str:
    """From the border of one node, of radius 19, to that of another."""
    length = ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5
    dx, dy = 20 * (to_x - x) / length, 20 * (to_y - y) / length
    ends = f'x1="{x + dx:.1f}" y1="{y + dy:.1f}" x2="{to_x - dx:.1f}" y2="{to_y - dy:.1f}"'
    return f'<line class="{kind}" {ends}/>'


def _nodes(vertices: list[str]) -> Iterator[str]:
    for place, vertex in enumerate(vertices):
        name = escape(vertex)
        x = _x(place)
        for y, letter in ((TOP, "t"), (BOTTOM, "s")):
            label = f"{letter}<tspan font-size='11' dy='4'>{name}</tspan>"
            yield f'<rect x="{x - 19}" y="{y - 19}" width="38" height="38" rx="5"/>'
            yield f'<text x="{x}" y="{y}">{label}</text>'
        for side, sign in ((-1, "+"), (1, "−")):
            x = _x(place, side)
            yield f'<circle cx="{x}" cy="{MIDDLE}" r="19"/>'
            yield f'<text x="{x}" y="{MIDDLE}">{name}<tspan font-size="11" dy="-5">{sign}</tspan></text>'


def _legend(width: int) -> Iterator[str]:
    for place, (kind, text) in enumerate(ARROWS.items()):
        y = 80 + 32 * place
        yield f'<line class="{kind}" x1="{width - 122}" y1="{y}" x2="{width - 92}" y2="{y}"/>'
        yield f'<text class="side" x="{width - 86}" y="{y}">{text}</text>'
