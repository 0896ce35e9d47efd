"""Figure 1: a sender's exact utility on the didactic game and the networks' approximations, from records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import plotly.graph_objects as go
from matplotlib.figure import Figure
from plotly.subplots import make_subplots

from study.figures.style import NAMES, panels, use_style
from study.records.store import Record

COLUMNS = 2
HOVER = (
    "sender 1 sends its first signal in state 2: %{x:.2f}<br>sender 2: %{y:.2f}<br>"
    "utility of sender 1: %{z:.3f}<extra></extra>"
)
SAME_VIEW = """
const plot = document.getElementById("{plot_id}");
let turning = false;
plot.on("plotly_relayout", (change) => {
  const moved = Object.keys(change).find((key) => key.endsWith(".camera"));
  if (turning || !moved) return;
  turning = true;
  const scenes = Object.keys(plot.layout).filter((key) => key.startsWith("scene"));
  const views = Object.fromEntries(scenes.map((key) => [key + ".camera", change[moved]]));
  Plotly.relayout(plot, views).then(() => { turning = false; });
});
"""
"""Script for the figure's page: whoever turns one surface turns them all."""


def figure_1(records: Sequence[Record], sender: int = 0) -> Figure:
    """Figure 1 as the paper has it: a line of surfaces per row, the exact one first."""
    use_style()
    rows = _rows(records)
    columns = 1 + len(records)
    grid = records[0].arrays[f"{rows[0]}/grid"]
    figure = plt.figure(figsize=(3.1 * columns, 3.0 * len(rows)))
    for line, row in enumerate(rows):
        limits = _limits(_exact(records, row, sender))
        for place, (name, heights) in enumerate(_panels(records, row, sender)):
            number = line * columns + place + 1
            axis: Any = figure.add_subplot(len(rows), columns, number, projection="3d")
            _surface(axis, grid, heights, limits)
            axis.set_title(f"{NAMES.get(name, name)}, row {row}", fontsize=10, pad=0)
    figure.subplots_adjust(left=0.01, right=0.97, wspace=0.08, hspace=0.12)
    return figure


def interactive(records: Sequence[Record], sender: int = 0) -> go.Figure:
    """Figure 1 to turn and to hover over: four surfaces, and buttons that choose the row."""
    rows = _rows(records)
    shown = list(_panels(records, rows[0], sender))
    places = [divmod(k, COLUMNS) for k in range(len(shown))]
    height = 1 + max(line for line, _ in places)
    figure = make_subplots(
        height, COLUMNS, specs=[[{"type": "scene"}] * COLUMNS] * height,
        subplot_titles=[NAMES.get(name, name) for name, _ in shown],
        horizontal_spacing=0.02, vertical_spacing=0.05,
    )  # fmt: skip
    grid = records[0].arrays[f"{rows[0]}/grid"]
    for row in rows:
        limits = _limits(_exact(records, row, sender))
        for (line, column), (_, heights) in zip(places, _panels(records, row, sender)):
            surface = go.Surface(
                x=grid, y=grid, z=np.round(np.clip(heights, *limits).T, 4), colorscale="Viridis",
                cmin=limits[0], cmax=limits[1], showscale=False, hovertemplate=HOVER,
                visible=row == rows[0],
            )  # fmt: skip
            figure.add_trace(surface, line + 1, column + 1)
    spans = np.array([_limits(_exact(records, row, sender)) for row in rows])
    figure.update_scenes(
        zaxis_range=[float(spans.min()), float(spans.max())],
        xaxis_title="sender 1", yaxis_title="sender 2", zaxis_title="utility", aspectmode="cube",
        # far enough for the axes' titles, which lie outside the cube
        camera={"eye": {"x": -1.75, "y": -1.75, "z": 1.3}, "center": {"z": -0.15}},
    )  # fmt: skip
    figure.update_layout(
        margin={"l": 0, "r": 0, "t": 70, "b": 0},
        height=290 * height,
        updatemenus=[_row_buttons(rows, len(shown))],
    )
    return figure


def error_maps(records: Sequence[Record], sender: int = 0) -> Figure:
    """Where the networks err: absolute error over the plane of each row; one scale of colours for all."""
    rows = _rows(records)
    errors = {
        (row, name): np.abs(heights - _exact(records, row, sender))
        for row in rows
        for name, heights in list(_panels(records, row, sender))[1:]
    }
    methods = list(dict.fromkeys(name for _, name in errors))
    shape = (len(rows), len(methods), 2.9 * len(methods) + 0.6, 2.6 * len(rows))
    figure, axes = panels(*shape, sharex=True, sharey=True)
    top = max(error.max() for error in errors.values())
    for line, row in zip(axes, rows):
        for axis, name in zip(line, methods):
            place = {"origin": "lower", "extent": (0, 1, 0, 1), "vmin": 0, "vmax": top}
            picture = axis.imshow(errors[row, name].T, **place)
            axis.set_title(f"{NAMES[name]}, row {row}", fontsize=10)
            axis.grid(visible=False)
        line[0].set_ylabel("sender 2")
    for axis in axes[-1]:
        axis.set_xlabel("sender 1")
    figure.colorbar(picture, ax=axes, label="absolute error, utility units", shrink=0.8)
    return figure


def message(records: Sequence[Record], sender: int = 0) -> str:
    """What the surfaces cannot be read for: every network's error, in a sentence."""
    parts = []
    for record in records:
        errors = record.metrics["errors"]
        share = errors["held_out"][sender] / errors["variance"][sender]
        parts.append(f"{NAMES[record.config['method']]} {share:.2%}")
    return (
        f"On fresh profiles the networks' squared error is, as a share of the variance of sender {sender + 1}'s "
        f"utility: {', '.join(parts)}."
    )


def error_message(records: Sequence[Record], sender: int = 0) -> str:
    """The message of :func:`error_maps`: the mean and the largest error of every network over the rows."""
    exact = [_exact(records, row, sender) for row in _rows(records)]
    parts = []
    for name in (record.config["method"] for record in records):
        own = [dict(_panels(records, row, sender))[name] for row in _rows(records)]
        gap = np.abs(np.array(own) - np.array(exact))
        parts.append(f"{NAMES[name]} by {gap.mean():.3f} (at most {gap.max():.2f})")
    return f"In the planes of both rows the networks err by, on average: {', '.join(parts)}."


def _rows(records: Sequence[Record]) -> list[str]:
    return sorted(name.split("/")[0] for name in records[0].arrays if name.endswith("/grid"))


def _exact(records: Sequence[Record], row: str, sender: int) -> np.ndarray:
    return records[0].arrays[f"{row}/exact"][..., sender]


def _panels(records: Sequence[Record], row: str, sender: int) -> Iterator[tuple[str, np.ndarray]]:
    """The exact surface, then every network's."""
    yield "exact", _exact(records, row, sender)
    for record in records:
        yield record.config["method"], record.arrays[f"{row}/network"][..., sender]


def _row_buttons(rows: Sequence[str], panels: int) -> dict[str, Any]:
    buttons = [
        {
            "label": f"row {row}",
            "method": "restyle",
            "args": ["visible", [other == row for other in rows for _ in range(panels)]],
        }
        for row in rows
    ]
    place = {"x": 0.5, "xanchor": "center", "y": 1.02, "yanchor": "bottom"}
    return {"type": "buttons", "direction": "right", "buttons": buttons, **place}


def _limits(heights: np.ndarray) -> tuple[float, float]:
    margin = 0.1 * (heights.max() - heights.min())
    return heights.min() - margin, heights.max() + margin


def _surface(axis: Any, grid: np.ndarray, heights: np.ndarray, limits: tuple[float, float]) -> None:
    x, y = np.meshgrid(grid, grid, indexing="ij")
    low, high = limits
    axis.plot_surface(
        x, y, np.clip(heights, low, high), cmap="viridis", vmin=low, vmax=high, rcount=60, ccount=60,
        linewidth=0,
    )  # fmt: skip
    axis.set(zlim=limits, xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axis.tick_params(labelsize=7, pad=-2)
    axis.set_xlabel("sender 1", fontsize=8, labelpad=-6)
    axis.set_ylabel("sender 2", fontsize=8, labelpad=-6)
