"""The paper's figures by size, from tidy tables: first as data (:class:`Grid`), then drawn, still or interactive.

``label`` says which preset ran and how many games it covers; it is printed under the figure.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from plotly.subplots import make_subplots

from study.designs.settings import SIZES
from study.figures.frames import commonly_solved
from study.figures.statistics import Mean, mean_interval
from study.figures.style import LOOKS, NAMES, legend, panels

ROW_HEIGHT, PANEL_WIDTH = 2.2, 2.5
# an interval over fewer games says little, and would flatten everything else
FEWEST = 5
DODGE = {"relu": -0.2, "delu": 0.0, "dnl": 0.2, "start": -0.2, "revelation": 0.0}
GAP = "welfare, DNL − it"
SYMBOLS = {"o": "circle", "s": "square", "^": "triangle-up", "v": "triangle-down", "D": "diamond"}


@dataclass(frozen=True)
class Curve:
    """Means of one method at the levels of a size; ``records`` are those behind each mean, one per game."""

    name: str
    levels: tuple[int, ...]
    means: tuple[Mean, ...]
    dashed: bool = False
    records: tuple[tuple[str, ...], ...] = ()

    def ends(self) -> Iterator[float]:
        """The means, and the ends of the intervals over at least ``FEWEST`` games (dashed lines show none)."""
        for summary in self.means:
            drawn = not self.dashed and summary.size >= FEWEST
            half = summary.half_width if drawn else 0.0
            yield from (summary.mean - half, summary.mean + half)


Panels = tuple[tuple[Curve, ...], ...]
"""Per size, its curves."""


@dataclass(frozen=True)
class Line:
    """A line of panels: a quantity, per size its curves, and whether its axis is logarithmic."""

    label: str
    panels: Panels
    logarithmic: bool = False

    def span(self) -> tuple[float, float] | None:
        """What a linear axis has to show: all means, and the intervals over at least ``FEWEST`` games."""
        curves = [curve for panel in self.panels for curve in panel]
        ends = [end for curve in curves for end in curve.ends() if np.isfinite(end)]
        if self.logarithmic or not ends:
            return None
        low, high = min(ends), max(ends)
        margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        return low - margin, high + margin


@dataclass(frozen=True)
class Grid:
    """A line of panels per quantity, a column per size.

    ``note`` is printed under the still figure; beside the other one it is for the caption.
    """

    lines: tuple[Line, ...]
    note: str


def figure_4(errors: pd.DataFrame, label: str) -> Grid:
    """Figure 4: error of the networks against the numbers of signals, states and actions.

    Top: mean squared error in utility units, the paper's Eq. 2. Bottom: relative to each utility's
    variance, degenerate games left out. Solid: training; dashed: held-out. Last: the paired
    difference of logarithms, which is what a comparison of networks is about.
    """
    varied = errors[~errors["degenerate"]]
    ratios = _against(varied, "training_relative", lambda dnl, other: np.log(dnl / other))
    lines = (
        Line("mean squared error", _panels(errors, "training", "held_out"), logarithmic=True),
        Line("error / variance", _panels(varied, "training_relative", "held_out_relative")),
        Line("log error, DNL − it", ratios),
    )
    return Grid(lines, _note("solid: training · dashed: held-out", errors, label))


def _against(
    frame: pd.DataFrame, column: str, gap: Callable[[pd.Series, pd.Series], Any] = operator.sub
) -> Panels:
    """DNL's column against each other network's, game by game."""
    dnl = frame[frame["method"] == "dnl"].set_index("game")[column]
    others = frame[frame["method"] != "dnl"]
    return _panels(others.assign(value=gap(others["game"].map(dnl), others[column])), "value")


def figure_2(equilibria: pd.DataFrame, senders: int, label: str) -> Grid:
    """Figure 2: each sender's exact utility at the selected local equilibrium, against the sizes.

    Over the games that every network solved. Last: the paired difference of welfare, as in Figure 5.
    """
    frame = commonly_solved(equilibria)
    gaps = Line(GAP, _against(frame, "welfare"))
    lines = (*_by_sender(frame, "utilities", senders), gaps)
    return Grid(lines, _note(_coverage(equilibria), frame, label))


def _by_sender(frame: pd.DataFrame, column: str, senders: int) -> tuple[Line, ...]:
    return tuple(
        Line(f"utility of sender {sender + 1}", _panels(own, "value"))
        for sender in range(senders)
        for own in [frame.assign(value=[values[sender] for values in frame[column]])]
    )


def figure_5(equilibria: pd.DataFrame, label: str) -> Grid:
    """Figure 5: the senders' welfare at the selected local equilibrium, against the sizes.

    Over the games that every network solved. Below: the paired difference, which is what a comparison is about.
    """
    frame = commonly_solved(equilibria)
    lines = (Line("welfare", _panels(frame, "welfare")), Line(GAP, _against(frame, "welfare")))
    return Grid(lines, _note(_coverage(equilibria), frame, label))


def figure_3(equilibria: pd.DataFrame, senders: int, label: str) -> Grid:
    """Figure 3: utility at random starts, after extra-gradient with DNL, and under full revelation.

    Over the games where DNL found an accepted profile and full revelation is an equilibrium.
    """
    frame = equilibria[equilibria["method"].eq("dnl") & equilibria["solved"]]
    frame = frame[frame["revelation"].notna()]
    columns = {"start": "start", "dnl": "utilities", "revelation": "revelation"}
    shown = pd.concat(frame.assign(method=m, shown=frame[column]) for m, column in columns.items())
    lines = _by_sender(shown, "shown", senders)
    return Grid(lines, _note(_coverage(equilibria), frame, label))


def figure_8(
    pair: pd.DataFrame, four: pd.DataFrame, labels: Mapping[int, str]
) -> tuple[Grid, Grid]:
    """Figure 8: Figures 2 and 5 of equilibria found and checked at radius 0.01.

    ``labels`` by number of senders.
    """
    return figure_2(pair, 2, labels[2]), figure_5(four, labels[4])


def still(grid: Grid) -> Figure:
    """The grid as a matplotlib figure."""
    rows = len(grid.lines)
    shape = (rows, len(SIZES), PANEL_WIDTH * len(SIZES), ROW_HEIGHT * rows + 0.6)
    figure, axes = panels(*shape, sharey="row", layout=None)
    for own, line in zip(axes, grid.lines):
        for axis, curves in zip(own, line.panels):
            for curve in curves:
                _draw(axis, curve)
            axis.set_xticks(sorted({level for curve in curves for level in curve.levels}))
        own[0].set(ylabel=line.label, yscale="log" if line.logarithmic else "linear")
        if span := line.span():
            own[0].set_ylim(span)
    for axis, size in zip(axes[-1], SIZES):
        axis.set_xlabel(f"number of {size}")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="upper center", ncols=len(labels))
    figure.text(0.5, 0.0, grid.note, ha="center", va="top", fontsize=8, color="#444444")
    figure.tight_layout(rect=(0, 0.02, 1, 1 - 0.35 / figure.get_figheight()))
    return figure


def interactive(grid: Grid) -> go.Figure:
    """The grid as a plotly figure: a point says its level, mean, interval and number of games.

    Its ``customdata`` end with the records behind it; :mod:`study.figures.points` shows them on a click.
    """
    rows = len(grid.lines)
    figure = make_subplots(
        rows, len(SIZES), shared_yaxes=True, horizontal_spacing=0.03, vertical_spacing=0.12 / rows
    )
    for row, line in enumerate(grid.lines, start=1):
        for column, (size, curves) in enumerate(zip(SIZES, line.panels), start=1):
            for curve in curves:
                figure.add_trace(_trace(curve, size, row == column == 1), row, column)
        kind = "log" if line.logarithmic else "linear"
        figure.update_yaxes(type=kind, range=line.span(), exponentformat="power", row=row)
        figure.update_yaxes(title_text=line.label, row=row, col=1)
    for column, size in enumerate(SIZES):
        below = [curve for line in grid.lines for curve in line.panels[column]]
        levels = sorted({level for curve in below for level in curve.levels})
        figure.update_xaxes(tickvals=levels, col=column + 1)
        figure.update_xaxes(title_text=f"number of {size}", row=rows, col=column + 1)
    figure.update_layout(
        template="plotly_white",
        height=80 + 230 * rows,
        margin={"l": 60, "r": 10, "t": 40, "b": 50},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.5, "xanchor": "center"},
    )
    return figure


def coverage_by_tolerance(equilibria: pd.DataFrame) -> Figure:
    """Share of games with an accepted profile against the tolerance of the sampled check, per radius."""
    groups = list(equilibria.groupby("radius"))
    figure, axes = panels(1, len(groups), 3.6 * len(groups), 2.6, sharey=True, layout=None)
    for axis, (radius, part) in zip(axes[0], groups):
        for method, rows in part.groupby("method", sort=False):
            share = rows.groupby("tolerance")["solved"].mean()
            axis.plot(share.index, share, label=NAMES[str(method)], **LOOKS[str(method)])
        axis.set(xscale="log", title=f"radius {radius:g}", ylim=(-0.03, 1.03))
        axis.set_xlabel("tolerated gain / utility range")
    axes[0, 0].set_ylabel("games with an accepted profile")
    legend(axes[0, 0])
    figure.tight_layout()
    return figure


def _panels(frame: pd.DataFrame, *columns: str) -> Panels:
    """Per size, a curve for every method of the first column, and dashed ones of the others."""
    return tuple(
        tuple(
            _curve(part, size, column, str(method), column != columns[0])
            for column in columns
            for method, part in frame.groupby("method", sort=False)
        )
        for size in SIZES
    )


def _curve(frame: pd.DataFrame, size: str, column: str, name: str, dashed: bool) -> Curve:
    """Mean and 95% interval of a column at each level of a size."""
    groups = dict(list(frame[frame[column].notna()].groupby(size)))
    levels = tuple(map(int, np.array(list(groups))))
    means = tuple(mean_interval(part[column]) for part in groups.values())
    records = tuple(tuple(part["record"]) for part in groups.values())
    return Curve(name, levels, means, dashed, records)


def _draw(axis: Axes, curve: Curve) -> None:
    # side by side, so that methods that agree do not hide one another
    x = np.array(curve.levels) + DODGE[curve.name]
    mean = np.array([summary.mean for summary in curve.means])
    half = np.array([summary.half_width for summary in curve.means])
    look = LOOKS[curve.name]
    label = None if curve.dashed else NAMES[curve.name]
    axis.plot(x, mean, "--" if curve.dashed else "-", label=label, **look)
    if not curve.dashed:
        axis.errorbar(x, mean, half, fmt="none", ecolor=look["color"], alpha=0.5, capsize=2)


def _trace(curve: Curve, size: str, legend: bool) -> go.Scatter:
    look = LOOKS[curve.name]
    half = [summary.half_width for summary in curve.means]
    name = NAMES[curve.name] + (", held-out" if curve.dashed else "")
    return go.Scatter(
        x=[level + DODGE[curve.name] for level in curve.levels],
        y=[summary.mean for summary in curve.means],
        error_y=None if curve.dashed else {"array": half, "thickness": 1, "width": 2},
        customdata=[
            [f"{name}, {level} {size}", str(summary), summary.size, records]
            for level, summary, records in zip(
                curve.levels, curve.means, curve.records, strict=True
            )
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]} games, "
        "click for their records<extra></extra>",
        name=NAMES[curve.name],
        legendgroup=curve.name,
        showlegend=legend and not curve.dashed,
        mode="lines+markers",
        line={"color": look["color"], "dash": "dash" if curve.dashed else "solid"},
        marker={"symbol": SYMBOLS[look["marker"]], "size": 7},
    )


def _note(first: str, frame: pd.DataFrame, label: str) -> str:
    return (
        f"{first}\nshown: {frame['game'].nunique()} games · {label} · mean and 95% interval\n"
        f"cut at the edge: intervals over fewer than {FEWEST} games, or reaching below 0 on a log scale"
    )


def _coverage(equilibria: pd.DataFrame) -> str:
    parts = [
        f"{NAMES[str(method)]} {int(rows['solved'].sum())} of {len(rows)}"
        for method, rows in equilibria.groupby("method", sort=False)
    ]
    return "games solved: " + ", ".join(parts)
