"""The equilibria that are found in a two-sender game, certified, and the landmarks to compare them with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from persuasion.games.seeded import build_game
from study.records.regrets import recorded_certificate
from study.records.rows import AtlasRow, Facts, Result

if TYPE_CHECKING:
    from persuasion.equilibria.nash import Equilibrium, Landmark


def run(job: dict[str, Any]) -> Result:
    """A row per outcome of :func:`persuasion.nash`, the least regret first, then one per landmark.

    Signals are free: a profile may use more than the game has. The profiles that were found are among the arrays,
    under the numbers of their rows.
    """
    from persuasion.equilibria.nash import landmarks, nash

    game = build_game(job["game"])
    found = nash(
        game,
        starts=job["starts"],
        target=job["target"],
        time_limit=job["seconds"],
        seed=job["seed"],
    )
    rows = [
        _row(number, entry.status, entry, **_about(entry)) for number, entry in enumerate(found)
    ]
    rows += [_row(number, m.name, m) for number, m in enumerate(landmarks(game), len(rows))]
    arrays = {f"{number}/policies": entry.policies for number, entry in enumerate(found)}
    return Result(Facts.units(game), rows, arrays)


def _row(number: int, name: str, entry: Equilibrium | Landmark, **about: Any) -> AtlasRow:
    return AtlasRow(
        row=number,
        profile=name,
        utilities=entry.utilities.tolist(),
        receiver_utility=entry.receiver_utility,
        **about,
    )


def _about(entry: Equilibrium) -> dict[str, Any]:
    own = {"support": list(entry.support), "start": entry.start, "times": entry.times}
    return recorded_certificate(entry.certificate) | own
