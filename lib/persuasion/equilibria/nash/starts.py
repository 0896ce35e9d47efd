"""Where searches for equilibria begin."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from persuasion.equilibria.nash.alone import persuade
from persuasion.equilibria.nash.columns import Columns, columns_of, silence, widened
from persuasion.model.game import Game
from persuasion.model.policies import one_profile
from persuasion.theorems.full_revelation import full_revelation

REVELATION, ALONE, SILENCE, RANDOM = "full revelation", "alone", "silence", "random"
STARTS = (REVELATION, ALONE, SILENCE, RANDOM, RANDOM, RANDOM)
# lead of the receiver's action in a sender's own optimum, share of the receiver's stake
STRICT = 1e-3
# signals of random policies, and how unequal their entries are
FEW, SPREAD = 2, 0.5


def start_columns(game: Game, starts: Sequence[Any], seed: int) -> Iterator[tuple[str, Columns]]:
    """The starts' names and columns; a name that stands for several yields each, one without a profile none.

    Raises ``ValueError`` for an unknown name or an invalid profile.
    """
    for index, start in enumerate(starts):
        if not isinstance(start, str):
            signals = np.shape(start)[-1] if np.ndim(start) else 1
            yield "given", columns_of(one_profile(widened(game, signals), start, "start"))
        elif start == REVELATION:
            yield from _revelation(game)
        elif start == ALONE:
            yield from ((f"{game.names.sender(i)} alone", _alone(game, i)) for i in game.choosing)
        elif start == SILENCE:
            yield SILENCE, silence(game)
        elif start == RANDOM:
            generator = np.random.default_rng([seed, index])
            weights = np.full(FEW, SPREAD)
            shape = game.shape
            yield RANDOM, [generator.dirichlet(weights, shape.states).T for _ in game.senders]
        else:
            known = ", ".join(dict.fromkeys(STARTS))
            raise ValueError(f"unknown start {start!r}: use a profile or one of {known}")


def _revelation(game: Game) -> Iterator[tuple[str, Columns]]:
    try:
        yield REVELATION, columns_of(full_revelation(game))
    except ValueError:  # ties, a lone sender, or too few signals
        if len(game.senders) == 2:
            yield REVELATION, [np.eye(game.shape.states)] * 2


def _alone(game: Game, sender: int) -> Columns:
    columns = silence(game)
    margin = STRICT * game.receiver_stake / game.receiver_unit
    columns[sender] = persuade(game.standard, game.standard.senders[sender], margin)
    return columns
