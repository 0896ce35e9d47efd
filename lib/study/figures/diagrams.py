"""Diagrams of the theory pages: boxes and arrows."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from study.figures.style import panels

BLUE, RED, GREEN, GREY = "#dce8f3", "#fbdde2", "#dcefdc", "#eeeeee"
Point = tuple[float, float]


def public_persuasion() -> Figure:
    """One sender, one public signal, many receivers (after Figure 6 of the paper)."""
    figure, axes = _canvas(11, 3.6)
    _box(axes, (1.1, 1.8), "state $\\theta\\in\\Theta$\nprior $\\mu$", GREY)
    _box(axes, (4, 1.8), "sender\nscheme $\\phi(s\\mid\\theta)$", BLUE, 2.1)
    _arrow(axes, (2.05, 1.8), (2.85, 1.8), "$\\theta$")
    for y, label in ((3.1, "1"), (1.95, "2"), (0.5, "m")):
        _box(axes, (8, y), f"receiver ${label}$\ngains $u_{label}(\\theta)$", GREEN)
        _arrow(axes, (5.15, 1.8), (7.05, y), "$s$" if label == "1" else "")
        _arrow(axes, (8.95, y), (9.7, y))
        axes.text(9.85, y, "action 0 or 1", va="center")
    axes.text(8, 1.22, "$\\vdots$", ha="center", va="center")
    return figure


def reduced_game() -> Figure:
    """Two senders, decoy states and a lure (after Figure 7 of the paper)."""
    figure, axes = _canvas(11, 4.4)
    states = "states $\\theta\\in\\Theta$\nprior $(1-\\lambda)\\,\\mu(\\theta)$"
    decoys = "decoys $\\omega_1,\\dots,\\omega_m$\nprior $\\lambda/m$ each"
    _box(axes, (1.25, 3.1), states, GREY, 2.2)
    _box(axes, (1.25, 1.2), decoys, GREY, 2.2)
    _box(axes, (4.75, 3.1), "sender 1, to respond\n$\\pi_1(s\\mid\\cdot)$", BLUE, 2.5)
    _box(axes, (4.75, 1.2), "sender 2, fixed\n$\\theta$: any $j$,  $\\omega_j$: $j$", RED, 2.5)
    for y in (3.1, 1.2):
        for z in (3.1, 1.2):
            _arrow(axes, (2.45, y), (3.5, z))
    _box(axes, (7.6, 2.15), "receiver", GREEN, 1.4)
    _arrow(axes, (6, 3.1), (6.95, 2.35), "$s$", (0.1, 0.08))
    _arrow(axes, (6, 1.2), (6.95, 1.95), "$j$", (0.1, -0.42))
    answers = ("$a_{10}$, $a_{11}$", "$\\vdots$", "$a_{j0}$, $a_{j1}$", "$\\vdots$", "$a_-$ (lure)")
    for y, label in zip((3.6, 2.85, 2.15, 1.4, 0.65), answers):
        axes.text(9.35, y, label, va="center", weight="bold" if "j" in label else "normal")
        if "vdots" not in label:
            _arrow(axes, (8.4, 2.15), (9.2, y))
    return figure


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    figure, ((axes,),) = panels(1, 1, 8, 8 * height / width, layout=None)
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return figure, axes


def _box(axes: Axes, centre: Point, text: str, colour: str, width: float = 1.7) -> None:
    corner, height = (centre[0] - width / 2, centre[1] - 0.31), 0.62
    shape = FancyBboxPatch(
        corner, width, height, boxstyle="round,pad=0.06", fc=colour, ec="#444444", lw=0.8
    )
    axes.add_patch(shape)
    axes.text(*centre, text, ha="center", va="center", fontsize=9)


def _arrow(axes: Axes, start: Point, end: Point, text: str = "", shift: Point = (0, 0.14)) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "#444444", "lw": 1})
    x, y = ((a + b) / 2 + d for a, b, d in zip(start, end, shift))
    axes.text(x, y, text, ha="center", va="bottom")
