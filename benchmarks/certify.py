"""Certificates at radius 0.005, one core: ours against the plain MILP over all joint signals.

As many signals, states and actions; prior logits of scale 1 (with the paper's 10 most games are easy). Three
profiles per game: uniform; after 20 steps of extra-gradient on the exact utilities (the paper's search, without its
networks); and after 300, where the receiver is nearly indifferent at many joint signals: the hard case. Times are
of a whole profile, all senders. Medians are over a few seeded games: orders of magnitude, not statistics.

``python benchmarks/certify.py --fast`` takes fewer and smaller games (about a minute), ``--all`` more of them.
"""

import json
import statistics
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from naive_certificate import plain_regret
from persuasion import Game, certify, uniform_policies
from persuasion.games import synthetic
from persuasion.learn.baselines import exact_gradient_search

RADIUS = 0.005
STEPS = {"uniform": 0, "20 steps": 20, "300 steps": 300}


class Case(NamedTuple):
    """Senders and size of the games, seconds per profile for either method, and number of games."""

    senders: int
    size: int
    seconds: float
    games: int


CASES = (
    *(Case(2, size, 10.0, 3) for size in (2, 4, 6, 8, 10)),
    Case(4, 6, 20.0, 2),
    Case(4, 8, 20.0, 1),
    Case(4, 10, 20.0, 1),
)
FAST = (*(Case(2, size, 2.0, 1) for size in (2, 4, 6, 8, 10)), Case(4, 6, 4.0, 1))


def profile(case: Case, steps: int, seed: int) -> tuple[Game, np.ndarray]:
    """A seeded game, and a uniform profile improved by ``steps`` of extra-gradient."""
    sizes = (case.size,) * 3
    game = synthetic(case.senders, *sizes, logit_scale=1.0, seed=[case.senders, case.size, seed])
    start = uniform_policies(game, seed=seed)
    ends = exact_gradient_search(game, start[None], steps)[0]
    return game, ends / ends.sum(-1, keepdims=True)


def run(cases: Sequence[Case] = CASES, kinds: Sequence[str] = tuple(STEPS)) -> list[dict[str, Any]]:
    """One row per case and kind of profile.

    ``ratio`` compares median seconds; where either meets its limit, ``width_ratio`` says more: how many times wider
    the plain MILP's interval is on the median. Raises ``AssertionError`` if one method's gain exceeds the other's
    bound.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    certify(*profile(Case(2, 2, 1.0, 1), 0, 0), RADIUS)  # loads the solvers
    rows = [_row(case, kind) for case in cases for kind in kinds]
    torch.set_num_threads(threads)
    return rows


def _row(case: Case, kind: str) -> dict[str, Any]:
    profiles = [profile(case, STEPS[kind], seed) for seed in range(case.games)]
    ours = [certify(*pair, RADIUS, time_limit=case.seconds) for pair in profiles]
    plain = [plain_regret(*pair, RADIUS, case.seconds) for pair in profiles]
    for certificate, (gain, bound, _) in zip(ours, plain):
        least, most = certificate.regret
        if gain > most + 1e-4 or least > bound + 1e-4:
            raise AssertionError(f"{case}, {kind}: {least, most} and {gain, bound} do not overlap")
    median = statistics.median
    seconds, baseline = (median(c.seconds for c in ours), median(entry[2] for entry in plain))
    width = median(c.regret[1] - c.regret[0] for c in ours)
    plain_width = median(bound - gain for gain, bound, _ in plain)
    return {
        "name": f"certify-{case.senders}x{case.size}, {kind}",
        "baseline_seconds": baseline,
        "seconds": seconds,
        "ratio": baseline / seconds,
        "longest_seconds": max(c.seconds for c in ours),
        "limit_seconds": case.seconds,
        "games": case.games,
        "exact": sum(c.exact for c in ours),
        "baseline_exact": sum(bound - gain < 1e-4 for gain, bound, _ in plain),
        "width": width,
        "baseline_width": plain_width,
        "width_ratio": max(plain_width, 1e-6) / max(width, 1e-6),
        "bound": median(c.regret[1] for c in ours),
        "baseline_bound": median(bound for _, bound, _ in plain),
    }


if __name__ == "__main__":
    cases = FAST if "--fast" in sys.argv else CASES
    if "--all" in sys.argv:
        cases = tuple(case._replace(games=5 * case.games) for case in CASES)
    for case in cases:
        for row in run([case]):
            print(json.dumps(row), flush=True)
