"""One look for all figures: colours that colour-blind readers tell apart, markers as a second cue.

Figures have no ground of their own. In the dark theme the page turns their lightness round and keeps their hues, so
that each colour stands out from white, and turned round from the dark page.
"""

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

METHODS = {
    "relu": ("ReLU", "#0072B2", "o"),
    "delu": ("DeLU", "#B58708", "s"),
    "dnl": ("DNL", "#7A2F26", "^"),
    "start": ("random starts", "#6B6B6B", "v"),
    "revelation": ("full revelation", "#3F9C6B", "D"),
    "exact-gradient": ("exact gradient", "#000000", "x"),
    "smoothed": ("smoothed receiver", "#722245", "P"),
    "random-search": ("random search", "#39809B", "*"),
}
NAMES = {method: name for method, (name, _, _) in METHODS.items()}
LOOKS: dict[str, dict[str, Any]] = {
    method: {"color": colour, "marker": marker} for method, (_, colour, marker) in METHODS.items()
}
FONTS = "DejaVu Sans, Verdana, sans-serif"
# the receiver's first, second and third action
ACTIONS = ("#4477aa", "#ee6677", "#228833")
CLEAR = "rgba(0,0,0,0)"
# Okabe and Ito's, for what has no colour of its own
CYCLE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")


def use_style() -> None:
    """Apply the house style to matplotlib."""
    mpl.rcParams.update(
        {
            "figure.dpi": 110,
            "savefig.bbox": "tight",
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": cycler(color=CYCLE),
            "grid.alpha": 0.3,
            "lines.markersize": 5,
            "legend.frameon": False,
            # text stays text, and equal figures are equal files
            "svg.fonttype": "none",
            "svg.hashsalt": "persuasion",
        }
    )


def named(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose methods go by their printed names."""
    return table.assign(method=table["method"].map(lambda name: NAMES.get(name, name)))


def panels(
    rows: int, columns: int, width: float, height: float, **shared: Any
) -> tuple[Figure, np.ndarray]:
    """A figure in the house style, its size in inches, and its axes ``(rows, columns)``; the rest is pyplot's.

    One empty panel, where a selection without rows asks for none.
    """
    use_style()
    size = (max(width, 2), max(height, 2))
    settings: dict[str, Any] = {"layout": "constrained", "figsize": size} | shared
    return plt.subplots(max(rows, 1), max(columns, 1), squeeze=False, **settings)


def legend(axes: Axes, figure: Figure | None = None, **place: Any) -> None:
    """The axes' legend, if there is anything to name; beside all panels if a figure is given."""
    (figure or axes).legend(*axes.get_legend_handles_labels(), **place)


def panel(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure in the house style with one pair of axes."""
    figure, axes = panels(1, 1, width, height)
    return figure, axes[0, 0]
