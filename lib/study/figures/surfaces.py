"""Figure 1: a sender's exact utility on the didactic game and the networks' approximations, from records."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from matplotlib.figure import Figure
from plotly.subplots import make_subplots

from persuasion.games.didactic import ROWS
from study.figures.style import NAMES, panels
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


def figure_1(records: Sequence[Record]) -> Figure:
    """Figure 1 as the paper has it: a line of surfaces per row, the exact one first."""
    surfaces, columns = _surfaces(records), 1 + len(records)
    shape = (len(ROWS), columns, 3.1 * columns, 3.0 * len(ROWS))
    figure, axes = panels(*shape, layout=None, subplot_kw={"projection": "3d"})
    for place, (name, heights) in enumerate(surfaces.items()):
        for axis, row, own, exact in zip(axes[:, place], ROWS, heights, surfaces["exact"]):
            _draw(axis, _grid(records), own, _limits(exact))
            axis.set_title(f"{NAMES.get(name, name)}, row {row}", fontsize=10, pad=0)
    figure.subplots_adjust(left=0.01, right=0.97, wspace=0.08, hspace=0.12)
    return figure


def interactive(records: Sequence[Record]) -> go.Figure:
    """Figure 1 to turn and to hover over: four surfaces, and buttons that choose the row."""
    surfaces, grid = _surfaces(records), _grid(records)
    height = -(-len(surfaces) // COLUMNS)
    figure = make_subplots(
        height, COLUMNS, specs=[[{"type": "scene"}] * COLUMNS] * height,
        subplot_titles=[NAMES.get(name, name) for name in surfaces],
        horizontal_spacing=0.02, vertical_spacing=0.05,
    )  # fmt: skip
    spans = np.array([_limits(exact) for exact in surfaces["exact"]])
    for number, (low, high) in enumerate(spans.tolist()):
        for place, heights in enumerate(surfaces.values()):
            line, column = divmod(place, COLUMNS)
            surface = go.Surface(
                x=grid, y=grid, z=np.round(np.clip(heights[number], low, high).T, 4), colorscale="Viridis",
                cmin=low, cmax=high, showscale=False, hovertemplate=HOVER, visible=number == 0,
            )  # fmt: skip
            figure.add_trace(surface, line + 1, column + 1)
    figure.update_scenes(
        zaxis_range=[float(spans.min()), float(spans.max())],
        xaxis_title="sender 1", yaxis_title="sender 2", zaxis_title="utility", aspectmode="cube",
        # far enough for the axes' titles, which lie outside the cube
        camera={"eye": {"x": -1.75, "y": -1.75, "z": 1.3}, "center": {"z": -0.15}},
    )  # fmt: skip
    figure.update_layout(
        margin={"l": 0, "r": 0, "t": 70, "b": 0},
        height=290 * height,
        updatemenus=[_row_buttons(len(surfaces))],
    )
    return figure


def error_maps(records: Sequence[Record]) -> Figure:
    """Where the networks err: absolute error over the plane of each row; one scale of colours for all."""
    errors = _errors(records)
    shape = (len(ROWS), len(errors), 2.9 * len(errors) + 0.6, 2.6 * len(ROWS))
    figure, axes = panels(*shape, sharex=True, sharey=True)
    top = max(error.max() for error in errors.values())
    for column, (name, error) in zip(axes.T, errors.items()):
        for axis, row, plane in zip(column, ROWS, error):
            place = {"origin": "lower", "extent": (0, 1, 0, 1), "vmin": 0, "vmax": top}
            picture = axis.imshow(plane.T, **place)
            axis.set_title(f"{NAMES[name]}, row {row}", fontsize=10)
            axis.grid(visible=False)
    for axis in axes[:, 0]:
        axis.set_ylabel("sender 2")
    for axis in axes[-1]:
        axis.set_xlabel("sender 1")
    figure.colorbar(picture, ax=axes, label="absolute error, utility units", shrink=0.8)
    return figure


def message(records: Sequence[Record]) -> str:
    """What the surfaces cannot be read for: every network's error, in a sentence."""
    parts = []
    for record in records:
        errors = record.facts.errors
        share = errors["held_out"][0] / errors["variance"][0]
        parts.append(f"{NAMES[record.config['method']]} {share:.2%}")
    return (
        "The networks' squared error on fresh profiles is, as a share of the variance of sender 1's utility: "
        f"{', '.join(parts)}."
    )


def error_message(records: Sequence[Record]) -> str:
    """The message of :func:`error_maps`: the mean and the largest error of every network over the rows."""
    errors = _errors(records)
    parts = [
        f"{NAMES[name]} by {error.mean():.3f} (at most {error.max():.2f})"
        for name, error in errors.items()
    ]
    least = NAMES[min(errors, key=lambda name: errors[name].mean())]
    return f"Averaged over the planes of both rows {least} errs least: {', '.join(parts)}."


def _grid(records: Sequence[Record]) -> np.ndarray:
    """Of the policies along either axis, the same in all planes."""
    return records[0].arrays[f"{next(iter(ROWS))}/grid"]


def _surfaces(records: Sequence[Record]) -> dict[str, np.ndarray]:
    """Utility of sender 1 over the planes, ``(rows, grid, grid)``: exact, then as every network has it."""
    sources = [("exact", records[0], "exact")]
    sources += [(record.config["method"], record, "network") for record in records]
    return {
        name: np.array([record.arrays[f"{row}/{which}"][..., 0] for row in ROWS])
        for name, record, which in sources
    }


def _errors(records: Sequence[Record]) -> dict[str, np.ndarray]:
    """Absolute errors of the networks, likewise."""
    surfaces = _surfaces(records)
    exact = surfaces.pop("exact")
    return {name: np.abs(heights - exact) for name, heights in surfaces.items()}


def _row_buttons(surfaces: int) -> dict[str, Any]:
    buttons = [
        {
            "label": f"row {row}",
            "method": "restyle",
            "args": ["visible", [other == row for other in ROWS for _ in range(surfaces)]],
        }
        for row in ROWS
    ]
    place = {"x": 0.5, "xanchor": "center", "y": 1.02, "yanchor": "bottom"}
    return {"type": "buttons", "direction": "right", "buttons": buttons, **place}


def _limits(heights: np.ndarray) -> tuple[float, float]:
    margin = 0.1 * (heights.max() - heights.min())
    return heights.min() - margin, heights.max() + margin


def _draw(axis: Any, grid: np.ndarray, heights: np.ndarray, limits: tuple[float, float]) -> None:
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
