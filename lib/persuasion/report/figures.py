"""The paper's figures from records. Each function takes tidy tables and returns a matplotlib figure.

``label`` says which preset ran and how many games it covers; it is printed under the figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from persuasion.report.frames import SIZES, commonly_solved
from persuasion.report.statistics import mean_interval
from persuasion.report.style import LOOKS, NAMES, use_style

ROW_HEIGHT, PANEL_WIDTH = 2.2, 2.5
DODGE = {"relu": -0.2, "delu": 0.0, "dnl": 0.2, "start": -0.2, "revelation": 0.0}


def error_by_size(errors: pd.DataFrame, label: str) -> Figure:
    """Figure 4: error of the networks against the numbers of signals, states and actions.

    Top: mean squared error in utility units, the paper's Eq. 2. Bottom: relative to each utility's
    variance, degenerate games left out. Solid: training; dashed: held-out.
    """
    figure, axes = _grid(2)
    rows = (("", errors), ("_relative", errors[~errors["degenerate"]]))
    for line, (suffix, frame) in zip(axes, rows):
        for axis, size in zip(line, SIZES):
            for method, part in frame.groupby("method", sort=False):
                _curve(axis, part, size, f"training{suffix}", method, "-")
                _curve(axis, part, size, f"held_out{suffix}", method, "--", interval=False)
    axes[0, 0].set_yscale("log")
    axes[0, 0].set_ylabel("mean squared error")
    axes[1, 0].set_ylabel("error / variance")
    return _finish(figure, axes, "solid: training · dashed: held-out", _count(errors, label))


def utility_by_size(equilibria: pd.DataFrame, senders: int, label: str) -> Figure:
    """Figure 2: each sender's exact utility at the selected local equilibrium, against the sizes.

    Over the games that every network solved.
    """
    frame = commonly_solved(equilibria)
    figure, axes = _grid(senders)
    for sender, line in enumerate(axes):
        part = frame.assign(value=[u[sender] for u in frame["utilities"]])
        _panels(line, part, "value")
        line[0].set_ylabel(f"utility of sender {sender + 1}")
    return _finish(figure, axes, _coverage(equilibria), _count(frame, label))


def welfare_by_size(equilibria: pd.DataFrame, label: str) -> Figure:
    """Figure 5: the senders' welfare at the selected local equilibrium, against the sizes.

    Over the games that every network solved.
    """
    frame = commonly_solved(equilibria)
    figure, axes = _grid(1)
    _panels(axes[0], frame, "welfare")
    axes[0, 0].set_ylabel("welfare")
    return _finish(figure, axes, _coverage(equilibria), _count(frame, label))


def improvement_by_size(
    equilibria: pd.DataFrame, senders: int, label: str, method: str = "dnl"
) -> Figure:
    """Figure 3: utility at random starts, after extra-gradient with DNL, and under full revelation.

    Over the games where the method found an accepted profile and full revelation is an equilibrium.
    """
    frame = equilibria[(equilibria["method"] == method) & equilibria["solved"]]
    frame = frame[frame["revelation"].notna()]
    columns = {"start": "start", method: "utilities", "revelation": "revelation"}
    figure, axes = _grid(senders)
    for sender, line in enumerate(axes):
        for axis, size in zip(line, SIZES):
            for name, column in columns.items():
                part = frame.assign(value=[u[sender] for u in frame[column]])
                _curve(axis, part, size, "value", name, "-")
        line[0].set_ylabel(f"utility of sender {sender + 1}")
    return _finish(figure, axes, _coverage(equilibria), _count(frame, label))


def coverage_by_tolerance(equilibria: pd.DataFrame) -> Figure:
    """Share of games with an accepted profile against the tolerance of the sampled check, per radius."""
    radii = sorted(equilibria["radius"].unique())
    use_style()
    figure, axes = plt.subplots(
        1, len(radii), figsize=(3.6 * len(radii), 2.6), squeeze=False, sharey=True
    )
    for axis, radius in zip(axes[0], radii):
        part = equilibria[equilibria["radius"] == radius]
        for method, rows in part.groupby("method", sort=False):
            share = rows.groupby("tolerance")["solved"].mean()
            axis.plot(share.index, share, label=NAMES[str(method)], **LOOKS[str(method)])
        axis.set(xscale="log", title=f"radius {radius:g}", ylim=(-0.03, 1.03))
        axis.set_xlabel("tolerated gain / utility range")
    axes[0, 0].set_ylabel("games with an accepted profile")
    axes[0, 0].legend()
    figure.tight_layout()
    return figure


def _grid(rows: int) -> tuple[Figure, np.ndarray]:
    use_style()
    size = (PANEL_WIDTH * len(SIZES), ROW_HEIGHT * rows + 0.6)
    return plt.subplots(rows, len(SIZES), figsize=size, squeeze=False, sharey="row")


def _panels(line: Sequence[Axes], frame: pd.DataFrame, column: str) -> None:
    for axis, size in zip(line, SIZES):
        for method, part in frame.groupby("method", sort=False):
            _curve(axis, part, size, column, str(method), "-")


def _curve(
    axis: Axes,
    frame: pd.DataFrame,
    size: str,
    column: str,
    name: Any,
    dashes: str,
    interval: bool = True,
) -> None:
    """Mean and 95% interval of a column at each value of a size."""
    groups = [(x, mean_interval(part[column])) for x, part in frame.groupby(size)]
    x = np.array([level for level, _ in groups])
    mean = np.array([summary.mean for _, summary in groups])
    half = np.array([summary.half_width for _, summary in groups])
    label = NAMES[name] if dashes == "-" else None
    # side by side, so that methods that agree do not hide one another
    x = x + DODGE[name]
    axis.plot(x, mean, dashes, label=label, **LOOKS[name])
    if interval:
        axis.errorbar(x, mean, half, fmt="none", ecolor=LOOKS[name]["color"], alpha=0.5, capsize=2)


def _finish(figure: Figure, axes: np.ndarray, note: str, count: str) -> Figure:
    for axis, size in zip(axes[-1], SIZES):
        axis.set_xlabel(f"number of {size}")
    for axis in axes.flat:
        axis.set_xticks(sorted({round(float(t)) for line in axis.lines for t in line.get_xdata()}))
    handles, labels = axes[0, 0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="upper center", ncols=len(labels))
    text = "\n".join(filter(None, [note, f"{count} · mean and 95% interval"]))
    figure.text(0.5, 0.0, text, ha="center", va="top", fontsize=8, color="#444444")
    figure.tight_layout(rect=(0, 0.02, 1, 1 - 0.35 / figure.get_figheight()))
    return figure


def _count(frame: pd.DataFrame, label: str) -> str:
    return f"shown: {frame['game'].nunique()} games · {label}"


def _coverage(equilibria: pd.DataFrame) -> str:
    parts = [
        f"{NAMES[str(method)]} {int(rows['solved'].sum())} of {len(rows)}"
        for method, rows in equilibria.groupby("method", sort=False)
    ]
    return "games solved: " + ", ".join(parts)
