"""Gray codes as paths on the grid of two senders' digits."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures.style import panels

CHOSEN, CLASH = "#4477aa", "#cc3311"


def paths(codes: Mapping[str, np.ndarray]) -> Figure:
    """A grid for each code ``(words, 2)`` of three digits: its path, every third word, and words in one column."""
    figure, axes = panels(1, len(codes), 7.5, 3.8)
    for axis, (title, code) in zip(axes[0], codes.items()):
        _path(axis, code)
        axis.set(title=title, xlabel="sender 2's digit", ylabel="sender 1's digit", aspect="equal")
        axis.set(xlim=(-0.5, 2.5), ylim=(2.5, -0.5), xticks=range(3), yticks=range(3))
        axis.grid(visible=False)
        axis.spines[:].set_visible(False)
    return figure


def _path(axes: Axes, code: np.ndarray) -> None:
    words = code[::3]
    style = {"arrowstyle": "-|>", "color": "#999999", "shrinkA": 17, "shrinkB": 17, "lw": 1.2}
    for (a, b), (c, d) in pairwise(code):
        bend = 0.35 * (abs(a - c) + abs(b - d) > 1)  # the modular code wraps around
        axes.annotate(
            "", (d, c), (b, a), arrowprops=style | {"connectionstyle": f"arc3,rad={bend}"}
        )
    for a, b in code:
        chosen = [a, b] in words.tolist()
        axes.plot(b, a, "o", ms=30, mfc=CHOSEN if chosen else "white", mec=CHOSEN)
        axes.text(b, a, f"{a}{b}", ha="center", va="center", color="white" if chosen else "black")
    for i, first in enumerate(words):
        for second in words[i + 1 :]:
            if (first != second).sum() == 1:
                x = first[1] - 0.33
                axes.plot([x, x], [first[0], second[0]], color=CLASH, lw=3)
