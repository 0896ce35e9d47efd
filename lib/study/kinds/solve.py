"""One game, one architecture: train a network per sender, search, select and check."""

from __future__ import annotations

from typing import Any

import numpy as np

from persuasion.games.seeded import build_game, starts_of
from persuasion.learn.extragradient import extragradient
from persuasion.learn.model import UtilityModel
from persuasion.learn.of_game import errors, train
from persuasion.learn.training import Training
from persuasion.model.game import Game
from study.designs.config import Search
from study.kinds import Payload
from study.kinds.grid import round_to_grid
from study.kinds.selection import select


def run(job: dict[str, Any]) -> Payload:
    """Errors of the networks and, per search, the selected profiles."""
    game = build_game(job["game"])
    fitted = train(game, job["game"], job["method"], Training(**job["training"]))
    return finish(job, fitted.model, errors(fitted))


def finish(job: dict[str, Any], model: UtilityModel, found_errors: dict[str, Any]) -> Payload:
    """All that comes after the training, which may have happened elsewhere."""
    game = build_game(job["game"])
    metrics: dict[str, Any] = {"errors": found_errors, "searches": []}
    arrays: dict[str, np.ndarray] = {}
    for number, settings in enumerate(job["searches"]):
        search = Search(**settings)
        found, profiles = _search(game, job, model, search)
        metrics["searches"].append(found)
        arrays |= {f"search{number}/{name}": value for name, value in profiles.items()}
    return metrics, arrays


def _search(
    game: Game, job: dict[str, Any], model: UtilityModel, search: Search
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Extra-gradient from the game's starts, then the best accepted profile for every tolerance."""
    ends = extragradient(
        model.own_gradients,
        starts_of(game, job["game"], search.starts),
        search.iterations,
        search.step_size,
        search.projection,
    )
    ends = round_to_grid(ends)
    metrics, arrays = select(game, job, search, ends)
    return metrics, arrays | {"predicted": model.predict(ends)}
