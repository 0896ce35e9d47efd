"""A sender's utility over a square of its policies, with the lines where the receiver is indifferent."""

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from persuasion import Game, sender_utilities
from study.figures.style import ACTIONS, panels

FINE = 400
Profile = Callable[[np.ndarray, np.ndarray], np.ndarray]


def square_and_diagonal(
    game: Game, profile: Profile, ties: Sequence[tuple[float, float, float]]
) -> Figure:
    """Sender 1's utility over ``profile(p, q)``, with lines ``a p + b q = c``; and along the falling diagonal."""
    figure, ((left, right),) = panels(1, 2, 8, 3.6)
    axis = (np.arange(FINE) + 0.5) / FINE
    surface = sender_utilities(game, profile(*np.meshgrid(axis, axis)), ties="sender-0")[..., 0]
    image = left.imshow(surface, origin="lower", extent=(0, 1, 0, 1), cmap="viridis")
    figure.colorbar(image, ax=left, shrink=0.9)
    _square(left, ties)
    _diagonal(right, game, profile)
    return figure


def _square(axes: Axes, ties: Sequence[tuple[float, float, float]]) -> None:
    axes.set_title("$V_1$, ties to action 1", fontsize=9)
    for a, b, c in ties:
        start = c / (a + b) if c else 0
        axes.axline((start, start), slope=-a / b, color="white", lw=0.8)
    axes.add_patch(plt.Rectangle((0.25, 0.25), 0.5, 0.5, fill=False, color="white", ls="--"))
    axes.plot(0.5, 0.5, "o", color="white")
    axes.plot([0.75, 0.25], [0.25, 0.75], "*", color=ACTIONS[1], markersize=12, clip_on=False)
    axes.set(xlabel="$p=\\pi_1(1\\mid\\omega_1)$", ylabel="$q=\\pi_1(1\\mid\\omega_2)$")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.grid(visible=False)


def _diagonal(axes: Axes, game: Game, profile: Profile) -> None:
    step = np.linspace(0, 0.5, 201)
    along = sender_utilities(game, profile(0.5 + step, 0.5 - step))[:, 0]
    axes.plot(step, np.where(step == 0.25, np.nan, along), color=ACTIONS[0])
    at_tie = profile(np.array([0.75]), np.array([0.25]))
    rules = (("sender-0", "tie to action 1", "*"), (np.ones((2, 2), int), "tie to action 2", "v"))
    for rule, label, marker in rules:
        spike = sender_utilities(game, at_tie, ties=rule)[0, 0]
        axes.plot(0.25, spike, marker, color=ACTIONS[1], markersize=10)
        axes.annotate(label, (0.25, spike), (8, 0), textcoords="offset points", va="center")
    axes.set(xlabel="$\\tau$, with $p=1/2+\\tau$, $q=1/2-\\tau$", ylabel="$V_1$", ylim=(0.25, 0.75))
