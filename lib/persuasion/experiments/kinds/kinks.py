"""How often the sampled check misses an improvement, as profiles are optimised step by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from persuasion.experiments.games import build_game, starts_of
from persuasion.experiments.kinds import Payload
from persuasion.experiments.seeds import integer_seed
from persuasion.game import Game
from persuasion.learn.sampled_check import sampled_gain


def run(job: dict[str, Any]) -> Payload:
    """From random starts, senders take turns at exact local best responses; both checks after some of the steps.

    ``rows`` of the metrics: start, step, exact regret (interval) and the gain that each number of samples found.
    """
    game = build_game(job["game"])
    rows = []
    for start, policies in enumerate(starts_of(game, job["game"], job["starts"])):
        step = 0
        for wanted in sorted(job["steps"]):
            while step < wanted:
                policies = _improved(game, policies, step % game.shape.senders, job)
                step += 1
            rows.append(
                {"start": start, "step": step} | _compare(game, policies, job, (start, step))
            )
    return {"rows": rows, "utility_range": game.utility_range}, {}


def _improved(game: Game, policies: np.ndarray, sender: int, job: dict[str, Any]) -> np.ndarray:
    from persuasion.certify import local_best_response

    response = local_best_response(
        game, policies, sender, job["radius"], ties="lowest-index", time_limit=job["seconds"]
    )
    moved = policies.copy()
    moved[sender] = response.policy
    return moved


def _compare(
    game: Game, policies: np.ndarray, job: dict[str, Any], place: tuple[int, int]
) -> dict[str, Any]:
    from persuasion.certify import certify

    exact = certify(game, policies, job["radius"], ties="lowest-index", time_limit=job["seconds"])
    seed = integer_seed("kinks", job["game"], *place) % 2**32
    sampled = {
        str(samples): float(sampled_gain(game, policies, job["radius"], samples, seed).gains.max())
        for samples in job["samples"]
    }
    return {"regret": list(exact.regret), "sampled": sampled}
