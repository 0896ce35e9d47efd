"""Posteriors on the simplex of beliefs over three states."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from persuasion import Game
from study.figures.style import ACTIONS, panel

CORNERS = np.array([[0, 0], [1, 0], [0.5, np.sqrt(3) / 2]])
FINE = 300


def simplex(game: Game, posterior: np.ndarray, mass: np.ndarray, action: np.ndarray) -> Figure:
    """Discs at the posteriors ``(states, ...)``, as large as their probabilities; where each action is best."""
    figure, axes = panel(4.4, 3.9)
    steps = [(i, j, FINE - i - j) for i in range(FINE + 1) for j in range(FINE + 1 - i)]
    grid = np.array(steps) / FINE
    best = (grid @ game.receiver).argmax(1)
    colours = ListedColormap(list(ACTIONS))
    x, y = (grid @ CORNERS).T
    axes.scatter(x, y, c=best, cmap=colours, s=1.2, alpha=0.25, linewidths=0, rasterized=True)
    x, y = (posterior.reshape(3, -1).T @ CORNERS).T
    fills = [ACTIONS[a] for a in action.ravel()]
    axes.scatter(x, y, s=1800 * mass.ravel(), c=fills, edgecolors="black")
    axes.plot(*(game.prior @ CORNERS), "x", color="black", markersize=9, markeredgewidth=2)
    for state, shift in enumerate([(-0.05, -0.05), (0.05, -0.05), (0, 0.04)]):
        x, y = CORNERS[state] + shift
        axes.text(x, y, f"state {state + 1}", ha="center")
    for state, (x, y) in enumerate(0.62 * CORNERS + 0.38 * CORNERS.mean(0)):
        axes.text(x, y, f"action {state + 1}", ha="center", weight="bold")
    axes.set(aspect="equal")
    axes.axis("off")
    return figure
