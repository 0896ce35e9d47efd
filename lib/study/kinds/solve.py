"""One game, one architecture: train a network per sender, search, select and check."""

from dataclasses import replace
from typing import Any

import numpy as np

from persuasion.games.seeded import build_game, starts_of
from persuasion.learn.extragradient import extragradient
from persuasion.learn.model import UtilityModel
from persuasion.learn.of_game import errors, train
from persuasion.learn.training import Training
from study.designs.settings import Search
from study.kinds.selection import select_all
from study.records.rows import Facts, Result


def run(job: dict[str, Any]) -> Result:
    """Errors of the networks and, per search, the selected profiles."""
    game = build_game(job["game"])
    fitted = train(game, job["game"], job["method"], Training(**job["training"]))
    return finish(job, fitted.model, errors(fitted))


def finish(job: dict[str, Any], model: UtilityModel, found_errors: dict[str, Any]) -> Result:
    """All that comes after the training, which may have happened elsewhere: extra-gradient, and the selection."""
    game = build_game(job["game"])

    def ends(search: Search) -> np.ndarray:
        starts = starts_of(game, job["game"], search.starts)
        how = (search.iterations, search.step_size, search.projection)
        return extragradient(model.own_gradients, starts, *how)

    found = select_all(game, job, ends, predicted=model.predict)
    return replace(found, facts=Facts.of_errors(found_errors))
