"""How often the sampled check misses an improvement, as profiles are optimised step by step."""

from typing import Any

import numpy as np

from persuasion.games.seeded import build_game, starts_of
from persuasion.learn.sampled_check import sampled_gain
from persuasion.model.game import Game
from persuasion.model.seeds import integer_seed
from study.records.regrets import recorded_certificate
from study.records.rows import CheckRow, Facts, Result


def run(job: dict[str, Any]) -> Result:
    """From random starts, exact local best responses; both checks of the movers after some of the steps.

    ``movers``: "one" (the first sender climbs, the others stand still) or "turns" (every sender in turn).
    A row per start and step: the movers' exact gains (intervals) and those that each number of samples found.
    """
    game = build_game(job["game"])
    movers = [0] if job["movers"] == "one" else list(range(game.shape.senders))
    rows: list[CheckRow] = []
    for start, policies in enumerate(starts_of(game, job["game"], job["starts"])):
        step = 0
        for wanted in sorted(job["steps"]):
            while step < wanted:
                policies = _improved(game, policies, movers[step % len(movers)], job)
                step += 1
            both = _compare(game, policies, movers, job, (start, step))
            rows.append(CheckRow(row=len(rows), start=start, step=step, **both))
    return Result(Facts.units(game), rows)


def _improved(game: Game, policies: np.ndarray, sender: int, job: dict[str, Any]) -> np.ndarray:
    from persuasion.regret.nearby.local import local_best_response

    response = local_best_response(
        game, policies, sender, job["radius"], ties="lowest-index", time_limit=job["seconds"]
    )
    moved = policies.copy()
    moved[sender] = response.policy
    return moved


def _compare(
    game: Game, policies: np.ndarray, movers: list[int], job: dict[str, Any], place: tuple[int, int]
) -> dict[str, Any]:
    from persuasion.regret.certify import certify

    radius, limit = job["radius"], job["seconds"]
    exact = certify(game, policies, radius, ties="lowest-index", time_limit=limit, senders=movers)
    seed = integer_seed("kinks", job["game"], *place) % 2**32
    found = {
        str(samples): sampled_gain(game, policies, radius, samples, seed=seed)
        .gains[movers]
        .tolist()
        for samples in job["samples"]
    }
    sampled = {samples: max(gains) for samples, gains in found.items()}
    return {**recorded_certificate(exact), "sampled": sampled, "sampled_gains": found}
