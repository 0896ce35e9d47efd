"""A sender's utility along a segment of its policies, with the receiver's actions: to slide over, and on paper."""

import itertools
from fractions import Fraction

import plotly.graph_objects as go
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from plotly.subplots import make_subplots

from persuasion.theorems.jumps import LineSweep, Piece
from study.figures.style import ACTIONS, panels

STOPS = 80
INSTANT = {
    "mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0},
}  # fmt: skip


def interactive(sweep: LineSweep) -> go.Figure:
    """The curve above the actions, with a slider for the place on the segment."""
    figure = make_subplots(
        rows=2, cols=1, row_heights=[0.62, 0.38], vertical_spacing=0.16,
        subplot_titles=["sender 1's utility along the segment", "the receiver's action"],
    )  # fmt: skip
    x: list[float | None] = []
    y: list[float | None] = []
    for piece in sweep.pieces:
        x += [float(piece.start), float(piece.end), None]
        y += [float(piece(piece.start)), float(piece(piece.end)), None]
    curve = go.Scatter(x=x, y=y, mode="lines", line={"color": ACTIONS[0]}, showlegend=False)
    figure.add_trace(curve, 1, 1)
    figure.add_trace(_marker(sweep, Fraction(0)), 1, 1)
    figure.add_trace(_bars(sweep, Fraction(0)), 2, 1)
    figure.frames = [
        go.Frame(
            name=f"{float(tau):.4f}", data=[_marker(sweep, tau), _bars(sweep, tau)], traces=[1, 2]
        )
        for tau in (Fraction(k, STOPS) for k in range(STOPS + 1))
    ]
    steps = [
        {"label": frame.name[:5], "method": "animate", "args": [[frame.name], INSTANT]}
        for frame in figure.frames
    ]
    slider = {
        "currentvalue": {"prefix": "tau = "},
        "pad": {"t": 50},
        "steps": steps,
        "bordercolor": "#777777",
    }
    figure.update_layout(
        template="simple_white", margin={"t": 40, "l": 50, "r": 20, "b": 20}, height=560,
        sliders=[slider],
    )  # fmt: skip
    figure.update_xaxes(title_text="tau", title_standoff=0, row=1, col=1)
    figure.update_xaxes(title_text="joint signal", title_standoff=0, row=2, col=1)
    figure.update_yaxes(tickvals=[1, 2, 3], range=[0, 3.3], row=2, col=1)
    return figure


def still(sweep: LineSweep) -> Figure:
    """The curve with the limits at its jumps, above a row of actions for each joint signal."""
    figure, ((top,), (bottom,)) = panels(2, 1, 8, 5, sharex=True)
    for piece in sweep.pieces:
        ends = [float(piece.start), float(piece.end)]
        heights = [float(piece(piece.start)), float(piece(piece.end))]
        top.plot(ends, heights, "o-", color=ACTIONS[0], markerfacecolor="white", markersize=4)
        for row, action in enumerate(piece.actions.ravel()):
            bottom.barh(row, ends[1] - ends[0], left=ends[0], color=ACTIONS[action], height=0.8)
    for tau in sweep.breakpoints:
        top.axvline(float(tau), color="#bbbbbb", lw=0.6, zorder=0)
        bottom.axvline(float(tau), color="white", lw=0.6)
    top.set(ylabel="$V_1$")
    names = _names(sweep)
    bottom.set(xlabel="$\\tau$", ylabel="joint signal", xlim=(0, 1))
    bottom.set_yticks(range(len(names)), names)
    bottom.invert_yaxis()
    bottom.grid(visible=False)
    handles = [Patch(color=colour, label=f"action {a + 1}") for a, colour in enumerate(ACTIONS)]
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    return figure


def _names(sweep: LineSweep) -> list[str]:
    digits = itertools.product(*(range(size) for size in sweep.pieces[0].actions.shape))
    return ["".join(str(d + 1) for d in joint) for joint in digits]


def _marker(sweep: LineSweep, tau: Fraction) -> go.Scatter:
    height = float(_piece(sweep, tau)(tau))
    return go.Scatter(
        x=[float(tau)],
        y=[height],
        mode="markers",
        marker={"size": 12, "color": "#222222"},
        showlegend=False,
    )


def _bars(sweep: LineSweep, tau: Fraction) -> go.Bar:
    actions = _piece(sweep, tau).actions.ravel()
    return go.Bar(
        x=_names(sweep), y=actions + 1, marker_color=[ACTIONS[a] for a in actions], showlegend=False,
        hovertemplate="joint signal %{x}: action %{y}<extra></extra>",
    )  # fmt: skip


def _piece(sweep: LineSweep, tau: Fraction) -> Piece:
    return next(piece for piece in sweep.pieces if piece.start <= tau <= piece.end)
