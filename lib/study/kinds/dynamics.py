"""Alternating exact global best responses on a two-sender game, from many starts, with and without a margin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from persuasion.games.seeded import build_game, starts_of
from persuasion.model.seeds import canonical
from study.records.regrets import recorded
from study.records.rows import DynamicsRow, Facts, Result

if TYPE_CHECKING:
    from persuasion.equilibria import Dynamics


def run(job: dict[str, Any]) -> Result:
    """One run per margin (a share of what is at stake for the receiver) and start.

    A row per run: status, gains under one rule, rounds and utilities. The arrays have the final profiles and their
    outcome distributions, which tell distinct equilibria apart.
    """
    from persuasion.equilibria import best_response_dynamics

    game = build_game(job["game"])
    rows: list[DynamicsRow] = []
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
            rows.append(DynamicsRow(row=len(rows), margin=margin, start=start, **_summary(found)))
            profiles.append(found.policies)
            outcomes.append(found.outcome)
            timings.append(found.seconds)
    arrays = {"policies": np.stack(profiles), "outcomes": np.stack(outcomes)}
    return Result(replace(Facts.units(game), timings=timings), rows, arrays)


def _summary(found: Dynamics) -> dict[str, Any]:
    """What tables and the audit need; the profile itself is among the arrays."""
    whole = found.to_dict()
    summary = {name: whole[name] for name in ("status", "utilities", "rounds", "cycle_length")}
    summary |= {"ties": canonical(whole["ties"]), "moves": len(found.moves)}
    return summary | recorded(found.gains)
