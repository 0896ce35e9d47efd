"""One look for all figures: colours that colour-blind readers tell apart, markers as a second cue.

Figures have no ground of their own. In the dark theme the page turns their lightness round and keeps their hues, so
that each colour stands out from white, and turned round from the dark page.
"""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
from cycler import cycler

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
FONTS = "DejaVu Sans, Verdana, sans-serif"
# the receiver's first, second and third action
ACTIONS = ("#4477aa", "#ee6677", "#228833")
CLEAR = "rgba(0,0,0,0)"
# Okabe and Ito's, for what has no colour of its own
CYCLE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
LOOKS: dict[str, dict[str, Any]] = {
    "relu": {"color": "#0072B2", "marker": "o"},
    "delu": {"color": "#B58708", "marker": "s"},
    "dnl": {"color": "#7A2F26", "marker": "^"},
    "start": {"color": "#6B6B6B", "marker": "v"},
    "revelation": {"color": "#3F9C6B", "marker": "D"},
    "exact-gradient": {"color": "#000000", "marker": "x"},
    "smoothed": {"color": "#722245", "marker": "P"},
    "random-search": {"color": "#39809B", "marker": "*"},
}


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
