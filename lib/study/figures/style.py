"""One look for all figures: colours that colour-blind readers tell apart, markers as a second cue."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl

NAMES = {
    "relu": "ReLU",
    "delu": "DeLU",
    "dnl": "DNL",
    "start": "random starts",
    "revelation": "full revelation",
    "exact-gradient": "exact gradient",
    "smoothed": "smoothed receiver",
    "random-search": "random search",
}
LOOKS: dict[str, dict[str, Any]] = {
    "relu": {"color": "#0072B2", "marker": "o"},
    "delu": {"color": "#E69F00", "marker": "s"},
    "dnl": {"color": "#D55E00", "marker": "^"},
    "start": {"color": "#666666", "marker": "v"},
    "revelation": {"color": "#009E73", "marker": "D"},
    "exact-gradient": {"color": "#000000", "marker": "x"},
    "smoothed": {"color": "#CC79A7", "marker": "P"},
    "random-search": {"color": "#56B4E9", "marker": "*"},
}


def use_style() -> None:
    """Apply the house style to matplotlib."""
    mpl.rcParams.update(
        {
            "figure.dpi": 110,
            "savefig.bbox": "tight",
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "lines.markersize": 5,
            "legend.frameon": False,
            # text stays text, and equal figures are equal files
            "svg.fonttype": "none",
            "svg.hashsalt": "persuasion",
        }
    )
