"""Figures on training recipes; see :mod:`study.figures.recipes` for the frames."""

import numpy as np
import pandas as pd
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from study.figures.style import LOOKS, NAMES, legend, panels


def candidates(frame: pd.DataFrame) -> Figure:
    """Every candidate of the search: held-out against training error, a panel per learning rate.

    ``frame`` as returned by :func:`study.figures.recipes.scores`.
    """
    groups = list(frame.groupby("learning_rate"))[::-1]
    figure, axes = panels(1, len(groups), 4 * len(groups), 3.6, sharex=True, sharey=True)
    errors = frame[["training", "held_out"]]
    ends = [errors.min(axis=None), errors.max(axis=None)]
    for axis, (rate, part) in zip(axes[0], groups):
        for method, rows in part.groupby("method", sort=False):
            look = LOOKS[str(method)]
            axis.plot(rows["training"], rows["held_out"], ls="", label=NAMES[str(method)], **look)
        axis.plot(ends, ends, color="black", lw=0.7, zorder=0)
        axis.set(
            xscale="log", yscale="log", title=f"learning rate {rate:g}", xlabel="training error"
        )
        for side in (axis.xaxis, axis.yaxis):
            _few_ticks(side)
    axes[0, 0].set_ylabel("held-out error")
    legend(axes[0, 0])
    return figure


def learning_curves(frame: pd.DataFrame) -> Figure:
    """Held-out (solid) and training (dotted) error against sample visits, a panel per game."""
    groups = list(frame.groupby("game", sort=False))
    figure, axes = panels(1, len(groups), 4 * len(groups), 3.6)
    for axis, (_, game) in zip(axes[0], groups):
        for method, rows in game.groupby("method", sort=False):
            ordered = rows.assign(visits=rows["samples"] * rows["epochs"]).sort_values("visits")
            look = LOOKS[str(method)]
            axis.plot(
                ordered["visits"], np.exp(ordered["log_held_out"]), label=NAMES[str(method)], **look
            )
            axis.plot(ordered["visits"], np.exp(ordered["log_training"]), ls=":", **look)
        size = game.iloc[0]
        axis.set(
            xscale="log", yscale="log", xlabel="samples × epochs",
            title=f"{size['senders']} senders, size {size['signals']}",
        )  # fmt: skip
        _few_ticks(axis.yaxis)
    axes[0, 0].set_ylabel("relative error")
    legend(axes[0, 0])
    return figure


def _few_ticks(side: Axis) -> None:
    """Plain numbers at 1, 2 and 5 times powers of ten, on a logarithmic axis of a few decades."""
    side.set_major_locator(LogLocator(subs=(1, 2, 5)))
    side.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    side.set_minor_locator(NullLocator())
