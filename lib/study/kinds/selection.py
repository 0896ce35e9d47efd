"""From where a search ended to what it found: the best accepted profile for every tolerance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from persuasion.learn.sampled_check import samples_per_sender, select_local_equilibria
from persuasion.model.game import Game
from persuasion.model.seeds import integer_seed
from persuasion.model.simulate import sender_utilities
from study.designs.config import Search
from study.kinds import Payload
from study.kinds.grid import round_to_grid


def select_all(
    game: Game,
    job: dict[str, Any],
    ends: Callable[[Search], np.ndarray],
    **extra: Callable[[np.ndarray], np.ndarray],
) -> Payload:
    """Per search of a job, what is selected among its ends, rounded to the grid, and ``extra`` arrays of these."""
    searches: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    for number, settings in enumerate(job["searches"]):
        search = Search(**settings)
        points = round_to_grid(ends(search))
        found, profiles = select(game, job, search, points)
        searches.append(found)
        profiles |= {name: function(points) for name, function in extra.items()}
        arrays |= {f"search{number}/{name}": value for name, value in profiles.items()}
    return {"searches": searches}, arrays


def select(
    game: Game, job: dict[str, Any], search: Search, ends: np.ndarray
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The paper's selection among ``ends`` (count, senders, states, signals), as metrics and arrays of a record.

    The check's deviations depend on the game and the radius alone, so all methods face the same. Tolerances are
    shares of the game's utility range, one for all senders: the rule of acceptance of the records that ship.
    """
    selection = select_local_equilibria(
        game,
        ends,
        search.radius,
        samples_per_sender(game, search.samples_factor),
        [tolerance * game.utility_range for tolerance in job["tolerances"]],
        seed=integer_seed("check", job["game"], search.radius) % 2**32,
    )
    utilities = sender_utilities(game, ends)
    chosen = [acceptance.index for acceptance in selection.accepted]
    kept = sorted({index for index in chosen if index is not None})
    metrics = {
        "radius": search.radius,
        "checked": selection.checked,
        "selected": [
            None if k is None else {"profile": kept.index(k), "utilities": utilities[k].tolist()}
            for k in chosen
        ],
        "gains": [acceptance.gain for acceptance in selection.accepted],
    }
    return metrics, {
        "policies": ends[kept],
        "utilities": utilities,
        "gains": selection.gains,
    }
