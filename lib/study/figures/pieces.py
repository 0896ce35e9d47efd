"""Where a network errs on the didactic game, near the discontinuities or elsewhere, and how many pieces it has."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from persuasion.games.didactic import ROWS, didactic, didactic_surface
from persuasion.learn.model import UtilityModel
from persuasion.model.game import Game
from persuasion.model.policies import uniform_policies
from persuasion.model.simulate import receiver_actions, sender_utilities
from study.figures.style import NAMES
from study.records.store import Record


def near_discontinuity(game: Game, policies: np.ndarray, distance: float) -> np.ndarray:
    """Where a profile within ``distance``, in every entry, makes the receiver act otherwise at a joint signal.

    Exact, for games with two signals: the receiver's expected utilities are affine in every probability of a first
    signal, so over a box of them they are extreme at its corners.

    Parameters
    ----------
    policies : (batch, senders, states, 2)
    distance : largest difference of an entry

    Returns
    -------
    (batch,) booleans. ``ValueError`` for another number of signals.
    """
    if game.shape.signals != 2:
        raise ValueError(f"only for games with 2 signals, got {game.shape.signals}")
    first = policies[..., 0]
    actions = receiver_actions(game, policies).reshape(len(policies), -1)
    near = np.zeros(len(policies), dtype=bool)
    for signs in itertools.product((-1, 1), repeat=first[0].size):
        moved = np.clip(first + distance * np.reshape(signs, first.shape[1:]), 0, 1)
        other = receiver_actions(game, np.stack([moved, 1 - moved], -1))
        near |= (other.reshape(actions.shape) != actions).any(1)
    return near


def errors_by_region(
    records: Sequence[Record], distance: float, samples: int = 20_000
) -> pd.DataFrame:
    """Mean squared error on fresh profiles over the utility's variance, near the discontinuities and elsewhere.

    One row per network and sender of the didactic records, recomputed from their weights.
    """
    game = didactic()
    policies = uniform_policies(game, samples, np.random.default_rng(1))
    exact = sender_utilities(game, policies)
    near = near_discontinuity(game, policies, distance)
    rows = []
    for record in records:
        squared = (model_of(record).predict(policies) - exact) ** 2
        for sender, variance in enumerate(exact.var(0)):
            error = squared[:, sender] / variance
            rows.append(
                {
                    "network": NAMES[record.config["method"]],
                    "sender": sender + 1,
                    "error": error.mean(),
                    "near a discontinuity": error[near].mean(),
                    "elsewhere": error[~near].mean(),
                    "share of samples near": near.mean(),
                    "share of squared error near": error[near].sum() / error.sum(),
                }
            )
    return pd.DataFrame(rows)


def pieces_table(records: Sequence[Record], resolution: int = 401) -> pd.DataFrame:
    """How many pieces lie in the plane of each row: of the exact utility, and of every network of sender 1.

    Counted on a grid, so small pieces may be missed. A piece of the exact utility is an action of the receiver at
    every joint signal; a piece of a network is an activation pattern (the paper's Definition 4).
    """
    models = {NAMES[record.config["method"]]: model_of(record) for record in records}
    rows = []
    for row in ROWS:
        _, grid = didactic_surface(row, resolution)
        policies = grid.reshape(-1, *grid.shape[2:])
        counts = {"exact": _distinct(receiver_actions(didactic(), policies) == 1)}
        for name, model in models.items():
            counts[name] = _distinct(model.activation_pattern(policies)[:, 0])
        rows.append({"row": row} | counts)
    return pd.DataFrame(rows)


def model_of(record: Record) -> UtilityModel:
    """The networks of a didactic record. ``ValueError`` if it holds no weights."""
    arrays = record.arrays.items()
    own = {k.removeprefix("model/"): v for k, v in arrays if k.startswith("model/")}
    return UtilityModel.from_arrays(own)


def _distinct(bits: np.ndarray) -> int:
    """Number of different rows of booleans."""
    return len(np.unique(np.packbits(bits.reshape(len(bits), -1), axis=1), axis=0))
