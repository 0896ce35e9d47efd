"""Pictures of the atlas. Each takes a tidy table of :mod:`study.figures.atlas` and returns a matplotlib figure."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures import atlas
from study.figures.certificate_figures import share_below
from study.figures.style import LOOKS, legend, panel, panels

OPEN = "found, not certified"
# marker, colour, and what the legend calls it; what is drawn last is first
POINTS = {
    OPEN: ("o", "#0072B2", OPEN),
    "equilibrium": ("o", "#0072B2", "certified equilibrium"),
    "full revelation": ("D", LOOKS["revelation"]["color"], "full revelation"),
    "no revelation": ("v", LOOKS["start"]["color"], "no revelation"),
    "sender 0 alone": (">", "#B58708", "sender 1 alone"),
    "sender 1 alone": ("^", "#B58708", "sender 2 alone"),
    "collusion": ("*", "#722245", "collusion"),
}
WORDS = {name: words for name, (_, _, words) in POINTS.items()}


def plane(part: pd.DataFrame, network: pd.DataFrame) -> Figure:
    """The plane of the two senders' utilities with all that is known of one game.

    ``part`` are the game's rows of the atlas, ``network`` those (none or one) of its network's profile. Shaded:
    what both prefer to full revelation. No profile lies beyond the line through collusion.
    """
    figure, axis = panel(7.4, 4.6)
    draw_plane(axis, part, 7)
    for first, second in network[["first", "second"]].to_numpy(float):
        axis.plot(
            first, second, linestyle="", color=LOOKS["dnl"]["color"], marker="s",
            fillstyle="none", markersize=9, label="DNL's local equilibrium",
        )  # fmt: skip
    axis.set(xlabel="sender 1, above no revelation", ylabel="sender 2, above no revelation")
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return figure


def draw_plane(axis: Axes, part: pd.DataFrame, size: float) -> None:
    """The points of one game: hollow if not certified, landmarks larger, so that none hides another."""
    names = part["profile"].replace(dict.fromkeys(atlas.FOUND[1:], OPEN))
    for name, (marker, colour, label) in reversed(POINTS.items()):
        rows, found = part[names == name], name in (OPEN, atlas.CERTIFIED)
        axis.plot(
            rows["first"], rows["second"], linestyle="", marker=marker, color=colour, label=label,
            fillstyle="full" if name == atlas.CERTIFIED else "none", markersize=size if found else 1.8 * size,
        )  # fmt: skip
    axis.margins(0.12)
    left, right = axis.get_xlim()
    bottom, top = axis.get_ylim()
    revealed = part.loc[part["profile"] == atlas.REVEALED, ["first", "second"]]
    for first, second in revealed.to_numpy(float):
        axis.fill_between(
            [first, right], second, top, color=POINTS[atlas.REVEALED][1], alpha=0.12, lw=0
        )
    for total in part.loc[part["profile"] == atlas.COLLUSION, "welfare"]:
        ends = np.array([left, right])
        axis.plot(ends, total - ends, color=POINTS[atlas.COLLUSION][1], lw=0.8, ls=":")
    axis.set(xlim=(left, right), ylim=(bottom, top))


def planes(frame: pd.DataFrame, most: int) -> Figure:
    """The same plane for many games, a row of at most ``most`` per size, the first of each size."""
    sizes = list(frame.groupby("size"))
    figure, axes = panels(len(sizes), most, 1.35 * most + 0.4, 1.45 * len(sizes) + 0.5)
    for axis in axes.flat:
        axis.set_visible(False)
    for line, (size, games) in zip(axes, sizes):
        for axis, (_, part) in zip(line, games.groupby("game", sort=False)):
            axis.set_visible(True)
            draw_plane(axis, part, 4)
            axis.set(xticks=[], yticks=[])
            one = part.iloc[0]
            axis.set_title("×".join(str(one[name]) for name in atlas.SIZES), fontsize=7, pad=2)
        line[0].set_ylabel(f"size {size}")
    legend(axes[0, 0], figure, loc="outside lower center", ncols=4, fontsize=7)
    return figure


def gains_and_cost(games: pd.DataFrame) -> Figure:
    """What the worse-off sender gains over full revelation, and what the receiver gives up; a point per game."""
    figure, axis = panel(5.4, 3.4)
    shown = games[~games["idle"]].dropna(subset=["both", "cost"])
    looks = (("o", "#0072B2"), ("s", "#B58708"))
    for (marker, colour), (scale, part) in zip(looks, shown.groupby("logit_scale")):
        label = f"logit scale {scale:g}"
        axis.plot(part["cost"], part["both"], marker, color=colour, alpha=0.7, label=label)
    axis.axhline(0, color="black", lw=0.8)
    axis.set(
        xlabel="the receiver gives up (share of what information is worth)",
        ylabel="the worse-off sender gains\n(share of its stake)",
    )
    axis.legend(fontsize=8)
    return figure


def outcome_counts(games: pd.DataFrame) -> Figure:
    """How many games have so many certified outcomes, a panel per size."""
    sizes = sorted(games["size"].unique())
    figure, axes = panels(1, len(sizes), 2.2 * len(sizes) + 0.8, 2.6, sharex=True)
    most = int(games["outcomes"].max())
    for axis, size in zip(axes[0], sizes):
        part = games[(games["size"] == size) & ~games["idle"]]
        counts = part["outcomes"].value_counts().reindex(range(most + 1), fill_value=0)
        axis.bar(counts.index, counts, color="#0072B2")
        axis.set(title=f"size {size}", xlabel="certified outcomes", xticks=range(most + 1))
        axis.yaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].set_ylabel("games")
    return figure


def welfare_below(games: pd.DataFrame) -> Figure:
    """Welfare below collusion, at landmarks and certified outcomes: a dot per game, a bar at the median."""
    rows = atlas.welfare_rows(games)
    places = list(dict.fromkeys(rows["place"]))[::-1]
    figure, axis = panel(6.4, 0.42 * len(places) + 1)
    for height, place in enumerate(places):
        welfare = -rows.loc[rows["place"] == place, "below"]
        axis.plot(welfare, np.full(len(welfare), height), "o", alpha=0.35, color="#0072B2")
        axis.plot(welfare.median(), height, "k|", markersize=16, markeredgewidth=3)
    axis.set(
        yticks=range(len(places)),
        yticklabels=places,
        xlabel="welfare below collusion (shares of stakes)",
    )
    return figure


def network_regret(networks: pd.DataFrame) -> Figure:
    """Share of the networks' profiles whose global regret is at most so much: proven (solid), found (dotted)."""
    figure, axis = panel(5.4, 3.2)
    for column, line, label in (("upper", "-", "proven"), ("lower", ":", "found")):
        values = networks.loc[~networks["idle"].astype(bool), column].clip(lower=1e-6)
        share_below(axis, values, line, "dnl", label)
    axis.axvline(atlas.NEAR, color="black", lw=0.8)
    axis.set(xscale="log", ylim=(0, 1.03), ylabel="share of profiles",
             xlabel="global regret (share of the sender's stake)")  # fmt: skip
    axis.legend(fontsize=8)
    return figure
