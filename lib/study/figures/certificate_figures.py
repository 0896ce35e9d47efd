"""Figures of the chapter on certificates. Each takes a tidy table and returns a matplotlib figure."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.designs.settings import SIZES
from study.figures.style import LOOKS, NAMES, legend, panel, panels

_MOVERS = {"one": "one moves", "turns": "in turns"}


def misses_by_step(misses: pd.DataFrame) -> Figure:
    """Share of refuted profiles that the sampled check accepts, against the number of exact steps.

    A row per way to move, a panel per size; colours: tolerance; solid and dashed: fewest and most samples.
    """
    movers = list(misses["movers"].unique())
    sizes = sorted({tuple(row) for row in misses[["senders", "signals"]].to_numpy()})
    shape = (len(movers), len(sizes), 3 * len(sizes) + 1, 2.4 * len(movers) + 0.6)
    figure, axes = panels(*shape, sharex=True, sharey=True)
    colours = dict(zip(sorted(misses["tolerance"].unique()), ("#0072B2", "#D55E00", "#009E73")))
    places = [(who, *size) for who in movers for size in sizes]
    for axis, (who, senders, signals) in zip(axes.flat, places):
        part = misses.query("movers == @who and senders == @senders and signals == @signals")
        for (tolerance, samples), line in part.groupby(["tolerance", "samples"]):
            seen = line[line["refuted"] > 0]
            dashed = samples == misses["samples"].max() and misses["samples"].nunique() > 1
            axis.plot(
                seen["step"],
                seen["missed"] / seen["refuted"],
                marker="o",
                color=colours[tolerance],
                linestyle="--" if dashed else "-",
                label=f"tolerance {tolerance:g}, {samples:,} samples",
            )
        axis.set(title=f"{_MOVERS[who]}: {senders} senders, size {signals}", ylim=(-0.05, 1.05))
    for axis in axes[:, 0]:
        axis.set_ylabel("missed / refuted")
    for axis in axes[-1]:
        axis.set_xlabel("exact steps")
    legend(axes[0, 0], figure, loc="outside lower center", ncols=2)
    return figure


def regret_distribution(frame: pd.DataFrame, tolerance: float) -> Figure:
    """Distribution of the local regret of the headline selections: share of profiles at or below a regret.

    Relative to the senders' own stakes. Solid: the proven upper end; dotted: the deviation found. The vertical line
    is the tolerance at which the sampled check accepted them, then a share of the game's utility range.
    """
    shown = frame[frame["headline"]]
    senders = sorted(shown["senders"].unique())
    figure, axes = panels(1, len(senders), 4 * len(senders), 3.2, sharey=True)
    radius = shown["radius"].min()
    for axis, number in zip(axes[0], senders):
        part = shown[(shown["senders"] == number) & (shown["radius"] == radius)]
        for method, one in part.groupby("method", sort=False):
            for column, line in (("local_upper", "-"), ("local_lower", ":")):
                label = NAMES[method] if line == "-" else None
                share_below(axis, one[column].clip(lower=1e-9), line, method, label)
        axis.axvline(tolerance, color="black", lw=0.8)
        title = f"{number} senders, radius {radius:g}"
        axis.set(xscale="log", xlabel="regret / stake", title=title)
    axes[0, 0].set_ylabel("share of profiles")
    legend(axes[0, 0], loc="upper left")
    return figure


def share_below(axis: Axes, values: pd.Series, line: str, method: str, label: str | None) -> None:
    """Share of the values that are at most so much, as steps in the look of a method."""
    heights = np.arange(1, len(values) + 1) / max(len(values), 1)
    color = LOOKS[method]["color"]
    axis.step(np.sort(values), heights, line, where="post", color=color, label=label)


def overlooked_by_size(frame: pd.DataFrame) -> Figure:
    """Exact regret over sampled gain against the entries of a policy, a point per profile, and their square root.

    ``frame`` from :func:`study.figures.checks.overlooked`.
    """
    figure, axis = panel(6, 3.4)
    marks = dict(zip(frame["family"].unique(), "osD^"))
    for number, (family, part) in enumerate(frame.groupby("family", sort=False)):
        axis.plot(
            part["entries"], part["ratio"], marks[family], ms=4, alpha=0.5, color=f"C{number}",
            label=f"{family} ({len(part)})",
        )  # fmt: skip
    ends = frame["entries"].agg(["min", "max"]).fillna(1.0)
    axis.plot(ends, np.sqrt(ends), "k--", lw=0.8, label="square root of the entries")
    axis.axhline(1, color="black", lw=0.8)
    axis.set(
        xscale="log", yscale="log", xlabel="entries of a sender's policy",
        ylabel="exact regret / sampled gain",
    )  # fmt: skip
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def endings(frame: pd.DataFrame) -> Figure:
    """How best-response dynamics ended, by size of the game, a panel per margin; shares of the runs."""
    groups = list(frame.groupby("margin"))
    figure, axes = panels(1, len(groups), 3 * len(groups) + 1, 3.2, sharey=True)
    largest = frame[list(SIZES)].max(axis=1)
    statuses = list(frame["status"].value_counts().index)
    for axis, (margin, part) in zip(axes[0], groups):
        shares = pd.crosstab(largest[part.index], part["status"], normalize="index")
        shares = shares.reindex(columns=statuses, fill_value=0.0)
        shares.plot.bar(ax=axis, stacked=True, width=0.8, rot=0, legend=False)
        axis.set(title=f"margin {margin:g}", xlabel="largest size")
    axes[0, 0].set_ylabel("share of runs")
    legend(axes[0, 0], figure, loc="outside lower center", ncols=3)
    return figure
