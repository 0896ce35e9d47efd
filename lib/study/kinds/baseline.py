"""One game, one search without networks, from the same starts and with the same budget and selection as theirs."""

from typing import Any

import numpy as np

from persuasion.games.seeded import build_game, starts_of
from persuasion.learn.baselines import exact_gradient_search, random_search, smoothed_search
from persuasion.model.seeds import integer_seed
from study.designs.settings import Search
from study.kinds.selection import select_all
from study.records.rows import Result

ALONG_GRADIENTS = {"exact-gradient": exact_gradient_search, "smoothed": smoothed_search}


def run(job: dict[str, Any]) -> Result:
    """Per search, the selected profiles; laid out like a solve job's."""
    game, method = build_game(job["game"]), job["method"]

    def ends(search: Search) -> np.ndarray:
        how = game, starts_of(game, job["game"], search.starts), search.iterations, search.step_size
        if method == "random-search":
            return random_search(*how, integer_seed(method, job["game"], search.radius))
        return ALONG_GRADIENTS[method](*how, search.projection)

    return select_all(game, job, ends)
