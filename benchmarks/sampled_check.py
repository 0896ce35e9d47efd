"""The sampled check: only the joint signals at which the receiver may act otherwise, against all of them.

Random games with four senders, and profiles where a search along the exact gradient ends; both ways see the same
deviations. Games, starts and seeds are drawn for this comparison alone.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from persuasion import Game, deviation_utilities, uniform_policies
from persuasion.games import synthetic
from persuasion.learn import sampled_check
from persuasion.learn.baselines import exact_gradient_search

SIZES = (4, 6, 8, 10)
INSTANCES = 3
SAMPLES = 2048
RADIUS = 0.005
STEPS = 20
SEED = 7919
AGREEMENT = 1e-12


class Everything:
    """:class:`persuasion.model.nearby.Nearby` as it was: every joint signal of every deviation."""

    def __init__(
        self, game: Game, policies: np.ndarray, sender: int, radius: float, ties: Any
    ) -> None:
        self.known = game, policies, sender
        self.ties = ties

    def utilities(self, deviations: np.ndarray) -> np.ndarray:
        """The sender's utility ``(count,)`` after each deviation."""
        return deviation_utilities(*self.known, deviations, ties=self.ties)


def run() -> list[dict[str, Any]]:
    """One row per size: median processor seconds of a check of one profile, four senders, 2,048 deviations each.

    Raises ``AssertionError`` if the gains differ.
    """
    return [_row(size) for size in SIZES]


def _row(size: int) -> dict[str, Any]:
    found = [_compare(size, SEED + instance) for instance in range(INSTANCES)]
    naive, ours, differences = zip(*found)
    baseline, seconds = statistics.median(naive), statistics.median(ours)
    return {
        "name": f"sampled-check-{size}",
        "baseline_seconds": baseline,
        "seconds": seconds,
        "ratio": baseline / seconds,
        "joint_signals": size**4,
        "profiles": INSTANCES,
        "deviations": 4 * SAMPLES,
        "largest_difference": max(differences),
    }


def _compare(size: int, seed: int) -> tuple[float, float, float]:
    game = synthetic(4, size, size, size, logit_scale=10.0, seed=seed)
    profile = exact_gradient_search(game, uniform_policies(game, 1, seed=seed), STEPS)[0]

    def check() -> np.ndarray:
        return sampled_check.sampled_gain(game, profile, RADIUS, SAMPLES, seed=seed).gains

    seconds, gains = _timed(check)
    with mock.patch.object(sampled_check, "Nearby", Everything):
        naive, all_gains = _timed(check)
    difference = float(np.abs(gains - all_gains).max())
    if difference > AGREEMENT:
        raise AssertionError(f"size {size}, seed {seed}: the gains differ by {difference:g}")
    return naive, seconds, difference


def _timed(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result
