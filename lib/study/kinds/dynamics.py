"""Alternating exact global best responses on a two-sender game, from many starts, with and without a margin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from persuasion.games.seeded import build_game, starts_of
from study.kinds import Payload
from study.records.regrets import recorded

if TYPE_CHECKING:
    from persuasion.equilibria import Dynamics


def run(job: dict[str, Any]) -> Payload:
    """One run per margin (a share of what is at stake for the receiver) and start.

    ``runs`` of the metrics has each run's status, gains under one rule, rounds and utilities; the arrays have
    the final profiles and their outcome distributions, which tell distinct equilibria apart.
    """
    from persuasion.equilibria import best_response_dynamics

    game = build_game(job["game"])
    runs: list[dict[str, Any]] = []
    profiles, outcomes, timings = [], [], []
    for margin in job["margins"]:
        for start, policies in enumerate(starts_of(game, job["game"], job["starts"])):
            found = best_response_dynamics(
                game,
                policies,
                margin=margin * game.receiver_stake,
                rounds=job["rounds"],
                time_limit=job["seconds"],
                response_limit=job["seconds"],
                tolerance=job["tolerance"],
            )
            runs.append({"margin": margin, "start": start} | _summary(found))
            profiles.append(found.policies)
            outcomes.append(found.outcome)
            timings.append(found.seconds)
    arrays = {"policies": np.stack(profiles), "outcomes": np.stack(outcomes)}
    units = {"utility_range": game.utility_range, "stakes": game.stakes.tolist()}
    return {"runs": runs, **units, "timings": timings}, arrays


def _summary(found: Dynamics) -> dict[str, Any]:
    """What tables and the audit need; the profile itself is among the arrays."""
    whole = found.to_dict()
    kept = ("status", "ties", "utilities", "rounds", "cycle_length")
    summary = {name: whole[name] for name in kept} | {"moves": len(found.moves)}
    return summary | recorded(found.gains)
