"""From where a search ended to what it found: the best accepted profile for every tolerance."""

from collections.abc import Callable
from typing import Any

import numpy as np

from persuasion.learn.sampled_check import samples_per_sender, select_local_equilibria
from persuasion.model.game import Game
from persuasion.model.seeds import integer_seed
from persuasion.model.simulate import sender_utilities
from study.designs.settings import Search
from study.kinds.grid import round_to_grid
from study.records.rows import ProfileRow, Result


def select_all(
    game: Game,
    job: dict[str, Any],
    ends: Callable[[Search], np.ndarray],
    **extra: Callable[[np.ndarray], np.ndarray],
) -> Result:
    """Per search of a job, what is selected among its ends, rounded to the grid, and ``extra`` arrays of these."""
    rows: list[ProfileRow] = []
    arrays: dict[str, np.ndarray] = {}
    for number, settings in enumerate(job["searches"]):
        search = Search(**settings)
        points = round_to_grid(ends(search))
        found, about = select(game, job, number, points)
        rows += found
        about |= {name: function(points) for name, function in extra.items()}
        arrays |= {f"search{number}/{name}": value for name, value in about.items()}
    return Result(rows=rows, arrays=arrays)


def select(
    game: Game, job: dict[str, Any], number: int, ends: np.ndarray
) -> tuple[list[ProfileRow], dict[str, np.ndarray]]:
    """The paper's selection among the ``ends`` (count, senders, states, signals) of a search, and their arrays.

    The check's deviations depend on the game and the radius alone, so all methods face the same. Tolerances are
    shares of the game's utility range, one for all senders: the rule of acceptance of the records that ship.
    """
    search = Search(**job["searches"][number])
    selection = select_local_equilibria(
        game,
        ends,
        search.radius,
        samples_per_sender(game, search.samples_factor),
        [tolerance * game.utility_range for tolerance in job["tolerances"]],
        seed=integer_seed("check", job["game"], search.radius) % 2**32,
    )
    utilities = sender_utilities(game, ends)
    kept = sorted({found.index for found in selection.accepted if found.index is not None})

    def about(start: int | None) -> dict[str, Any]:
        if start is None:
            return {}
        policies, own = ends[start].ravel(), utilities[start].tolist()
        profile = kept.index(start)
        return {"profile": profile, "start": start, "utilities": own, "policies": policies}

    rows = [
        ProfileRow(
            search=number,
            radius=search.radius,
            tolerance=tolerance,
            checked=selection.checked,
            shape=list(ends.shape[1:]),
            gain=found.gain,
            **about(found.index),
        )
        for tolerance, found in zip(job["tolerances"], selection.accepted, strict=True)
    ]
    return rows, {"utilities": utilities, "gains": selection.gains}
