"""Training the networks of a game: a data set of random policies, one network per sender."""

from typing import Any

import numpy as np

from persuasion.learn.batch import Task, fit_games
from persuasion.learn.fit import Fit
from persuasion.learn.training import Training
from persuasion.model.checks import whole_number
from persuasion.model.game import Game
from persuasion.model.seeds import integer_seed, seed_sequence
from persuasion.networks import member_seeds


def train(
    game: Game, identity: Any, method: str, training: Training, networks: int | None = None
) -> Fit:
    """A network per sender, or for the first ``networks`` senders only, on uniform joint policies.

    The policies and their exact utilities are drawn from seeds that only the game determines.
    """
    own = task(game, identity, method, networks)
    return fit_games([own], method, training, on_divergence="raise")[0]


def task(game: Game, identity: Any, method: str, networks: int | None = None) -> Task:
    """The seeds of a game's training, for its networks or the first ``networks`` of them."""
    senders = game.shape.senders
    count = senders if networks is None else whole_number("networks", networks, 1, senders)
    seeds = member_seeds(integer_seed("network", identity, method), senders)[:count]
    training, held_out = (seed_sequence(purpose, identity) for purpose in ("training", "held-out"))
    shuffle = integer_seed("shuffle", identity, method) % 2**62
    return Task(game, training, held_out, seeds, shuffle)


def errors(fitted: Fit) -> dict[str, list[float]]:
    """Mean squared errors and target variances per sender, as plain lists; -1 where there is none."""
    return {
        "training": fitted.training_error.tolist(),
        "held_out": np.nan_to_num(fitted.held_out_error, nan=-1).tolist(),
        "variance": fitted.target_variance.tolist(),
    }
