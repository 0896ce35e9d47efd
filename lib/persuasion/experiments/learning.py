"""Training the networks of a game: a data set of random policies, one network per sender."""

from __future__ import annotations

from typing import Any

import numpy as np

from persuasion.experiments.games import dataset
from persuasion.experiments.seeds import integer_seed, seed_sequence
from persuasion.game import Game
from persuasion.learn.fit import Fit, fit
from persuasion.learn.training import Training
from persuasion.networks import build_network, member_seeds


def train(
    game: Game, identity: Any, method: str, training: Training, networks: int | None = None
) -> Fit:
    """A network per sender, or for the first ``networks`` senders only, on uniform joint policies.

    The policies and their exact utilities are drawn from seeds that only the game determines.
    """
    networks = networks or game.shape.senders
    data = [
        dataset(game, count, seed_sequence(purpose, identity))
        for purpose, count in (("training", training.samples), ("held-out", training.held_out))
    ]
    inputs = game.shape.senders * game.shape.states * game.shape.signals
    data = [(policies, utilities[:, :networks]) for policies, utilities in data]
    seeds = member_seeds(integer_seed("network", identity, method), game.shape.senders)[:networks]
    network = build_network(method, inputs, networks, seeds, **training.network_options(method))
    shuffle = integer_seed("shuffle", identity, method) % 2**62
    return fit(network, *data[0], training, data[1] if training.held_out else None, shuffle)


def errors(fitted: Fit) -> dict[str, list[float]]:
    """Mean squared errors and target variances per sender, as plain lists; -1 where there is none."""
    return {
        "training": fitted.training_error.tolist(),
        "held_out": np.nan_to_num(fitted.held_out_error, nan=-1).tolist(),
        "variance": fitted.target_variance.tolist(),
    }
