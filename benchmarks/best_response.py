"""Exact best responses as games grow: plain MILP (HiGHS), bilinear program (SCIP), column generation.

Two senders, as many signals, states and actions; every sender's policy uniform; one core. The medians are over a
few seeded games: orders of magnitude, not statistics.
"""

import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np

from persuasion import Game, uniform_policies
from persuasion.regret.best_response import BestResponse, best_response

METHODS = ("milp", "bilinear", "column-generation")
PAIR = ("milp", "column-generation")
PRIORS = {"logit scale 1": 1.0, "paper's prior": 10.0}
INSTANCES = 3
UTILITY_SCALE = 10.0


def instance(size: int, logit_scale: float, seed: int) -> tuple[Game, np.ndarray]:
    """A random two-sender game of equal sizes (the paper's if the scale is 10) and a uniform profile."""
    generator = np.random.default_rng([size, seed])
    logits = generator.normal(0, logit_scale, size)
    prior = np.exp(logits - logits.max())
    receiver = generator.normal(0, UTILITY_SCALE, (size, size))
    senders = generator.normal(0, UTILITY_SCALE, (2, size, size))
    game = Game(prior / prior.sum(), receiver, senders, size)
    return game, uniform_policies(game, seed=generator)


def run(
    sizes: Sequence[int] = (2, 4, 6, 8, 10),
    seconds: float = 60.0,
    methods: Sequence[str] = METHODS,
    instances: int = INSTANCES,
) -> list[dict[str, Any]]:
    """One row per size, prior and method: median and longest seconds, games closed, largest relative gap.

    Gaps are relative to the absolute value of the policy found. Raises ``AssertionError`` if one method's
    value exceeds another's bound.
    """
    rows = []
    for size in sizes:
        for prior, logit_scale in PRIORS.items():
            games = [instance(size, logit_scale, seed) for seed in range(instances)]
            found = {
                method: [
                    best_response(*game, 0, method=method, time_limit=seconds) for game in games
                ]
                for method in methods
            }
            _check_bounds(list(found.values()), size)
            rows += [_row(size, prior, method, found[method]) for method in methods]
    return rows


def compare() -> list[dict[str, Any]]:
    """Column generation against the plain MILP, per size and prior; SCIP too where it has a chance.

    A baseline that meets its limit makes the ratio a lower bound; ``baseline_closed`` says how often it
    ended with a proof.
    """
    rows = run((2, 4), 20.0) + run((6, 8), 30.0, PAIR, 2) + run((10,), 60.0, PAIR, 2)
    found = {(row["size"], row["prior"], row["name"].split()[1]): row for row in rows}
    return [_pair(found, size, prior) for size, prior, name in found if name == PAIR[1]]


def _pair(found: dict[tuple, dict[str, Any]], size: int, prior: str) -> dict[str, Any]:
    baseline, ours = (found[size, prior, method] for method in PAIR)
    scip = found.get((size, prior, "bilinear"))
    return {
        "name": f"best-response-{size}, {prior}",
        "baseline_seconds": baseline["median_seconds"],
        "seconds": ours["median_seconds"],
        "ratio": baseline["median_seconds"] / ours["median_seconds"],
        "games": ours["games"],
        "closed": ours["closed"],
        "baseline_closed": baseline["closed"],
        "largest_relative_gap": ours["largest_relative_gap"],
        "baseline_largest_relative_gap": baseline["largest_relative_gap"],
        "scip_seconds": None if scip is None else scip["median_seconds"],
    }


def _row(size: int, prior: str, method: str, responses: list[BestResponse]) -> dict[str, Any]:
    seconds = [response.seconds for response in responses]
    return {
        "name": f"best-response {method}",
        "size": size,
        "prior": prior,
        "games": len(responses),
        "closed": sum(response.status == "optimal" for response in responses),
        "median_seconds": statistics.median(seconds),
        "longest_seconds": max(seconds),
        "largest_relative_gap": max(r.gap / max(abs(r.value), 1e-9) for r in responses),
    }


def _check_bounds(found: list[list[BestResponse]], size: int) -> None:
    for same_game in zip(*found):
        value = max(response.value for response in same_game)
        bound = min(response.upper_bound for response in same_game)
        if value > bound + 1e-5 * UTILITY_SCALE:
            raise AssertionError(f"size {size}: a value of {value:g} exceeds a bound of {bound:g}")
