"""One game, one search without networks, from the same starts and with the same budget and selection as theirs."""

from collections.abc import Callable
from typing import Any

import numpy as np

from persuasion.games.seeded import build_game, starts_of
from persuasion.learn.baselines import exact_gradient_search, random_search, smoothed_search
from persuasion.model.game import Game
from persuasion.model.seeds import integer_seed
from study.designs.settings import Search
from study.kinds.selection import select_all
from study.records.rows import Result

Method = Callable[[Game, np.ndarray, Search, int], np.ndarray]


def run(job: dict[str, Any]) -> Result:
    """Per search, the selected profiles; laid out like a solve job's."""
    game = build_game(job["game"])

    def ends(search: Search) -> np.ndarray:
        starts = starts_of(game, job["game"], search.starts)
        seed = integer_seed("random-search", job["game"], search.radius)
        return METHODS[job["method"]](game, starts, search, seed)

    return select_all(game, job, ends)


METHODS: dict[str, Method] = {
    "exact-gradient": lambda game, starts, search, _: exact_gradient_search(
        game, starts, search.iterations, search.step_size, search.projection
    ),
    "smoothed": lambda game, starts, search, _: smoothed_search(
        game, starts, search.iterations, search.step_size, search.projection
    ),
    "random-search": lambda game, starts, search, seed: random_search(
        game, starts, search.iterations, search.step_size, seed
    ),
}
