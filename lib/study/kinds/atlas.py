"""The equilibria that are found in a two-sender game, certified, and the landmarks to compare them with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from persuasion.games.seeded import build_game
from study.kinds import Payload
from study.records.regrets import recorded_certificate

if TYPE_CHECKING:
    from persuasion.equilibria.nash import Equilibrium, Landmark


def run(job: dict[str, Any]) -> Payload:
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
    marks = [_row(mark.name, mark) for mark in landmarks(game)]
    arrays = {f"{number}/policies": entry.policies for number, entry in enumerate(found)}
    units = {"utility_range": game.utility_range, "stakes": game.stakes.tolist()}
    return {"rows": [*map(_found, found), *marks], **units}, arrays


def _found(entry: Equilibrium) -> dict[str, Any]:
    return {
        **_row(entry.status, entry),
        **recorded_certificate(entry.certificate),
        "support": list(entry.support),
        "start": entry.start,
        "times": entry.times,
    }


def _row(name: str, entry: Equilibrium | Landmark) -> dict[str, Any]:
    told = {"profile": name, "utilities": entry.utilities.tolist()}
    return told | {"receiver_utility": entry.receiver_utility}
