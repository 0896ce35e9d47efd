"""From a job's configuration to its game and to random policies of it.

All draws are seeded by what they are for (game, purpose), so methods share training policies and
starts on the same game, and the order of the jobs does not matter.
"""

import functools
import json
from typing import Any

import numpy as np

from persuasion.games import GENERATORS
from persuasion.model.game import Game
from persuasion.model.policies import uniform_policies
from persuasion.model.seeds import canonical, seed_sequence
from persuasion.model.simulate import sender_utilities


def build_game(game: dict[str, Any]) -> Game:
    """The game of a configuration ``{"family", "parameters", "index", "seed"}``."""
    if game["family"] not in GENERATORS:
        raise ValueError(f"unknown family {game['family']!r}; known: {', '.join(GENERATORS)}")
    return _built(canonical(game))


@functools.lru_cache(maxsize=512)
def _built(text: str) -> Game:
    """Built once, with its standard form: pages, figures and the audit ask for the same games again and again."""
    game = json.loads(text)
    return GENERATORS[game["family"]](**game["parameters"], seed=seed_sequence("game", game))


def starts_of(game: Game, identity: Any, count: int) -> np.ndarray:
    """The random starting profiles of a game, the same for all methods and searches."""
    return uniform_policies(game, count, np.random.default_rng(seed_sequence("starts", identity)))


def dataset(game: Game, count: int, seed: Any) -> tuple[np.ndarray, np.ndarray]:
    """Uniform joint policies ``(count, inputs)`` and their exact utilities ``(count, senders)``."""
    policies = uniform_policies(game, count, np.random.default_rng(seed))
    utilities = sender_utilities(game, policies, validate=False)
    return policies.reshape(count, -1), utilities
