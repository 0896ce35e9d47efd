"""Best responses where the states are few: rays against column generation, in processor time, one core.

Two or three states, three actions; up to 1,000 joint signals of the others (two actions at three states and 1,000).
Both methods get the same seeded games and the same limit; where column generation closed fewer gaps, some of its
times are those of searches that ended without a proof.
"""

import statistics
import time
from typing import Any, NamedTuple

import numpy as np

from persuasion import Game, uniform_policies
from persuasion.regret.best_response import BestResponse, best_response

METHODS = ("column-generation", "rays")
INSTANCES = 3
SECONDS = 30.0
AGREEMENT = 1e-6


class Case(NamedTuple):
    """Sizes of the games; the others have ``signals ** (senders - 1)`` joint signals."""

    states: int
    actions: int
    senders: int
    signals: int


CASES = (
    *(Case(2, 3, senders, 10) for senders in (2, 3, 4)),
    *(Case(3, 3, senders, 10) for senders in (2, 3)),
    Case(3, 2, 4, 10),
)


def run() -> list[dict[str, Any]]:
    """One row per case: median processor seconds, and in how many games either method closed its gap.

    Raises ``AssertionError`` if a value of one method exceeds the other's bound.
    """
    for method in METHODS:  # loads the solvers
        _solve(CASES[0], 0, method)
    return [_row(case) for case in CASES]


def _row(case: Case) -> dict[str, Any]:
    found = [[_solve(case, seed, method) for method in METHODS] for seed in range(INSTANCES)]
    for pair in found:
        values, bounds = zip(*((response.value, response.upper_bound) for _, response in pair))
        if max(values) > min(bounds) + AGREEMENT:
            raise AssertionError(
                f"{case}: a value of {max(values)} exceeds a bound of {min(bounds)}"
            )
    theirs, ours = zip(*found)
    baseline, seconds = (statistics.median(spent for spent, _ in part) for part in (theirs, ours))
    joint = case.signals ** (case.senders - 1)
    return {
        "name": f"rays-{case.states}, {joint} joint signals, {case.actions} actions",
        "baseline_seconds": baseline,
        "seconds": seconds,
        "ratio": baseline / seconds,
        "games": INSTANCES,
        "closed": sum(response.status == "optimal" for _, response in ours),
        "baseline_closed": sum(response.status == "optimal" for _, response in theirs),
        "limit_seconds": SECONDS,
    }


def _solve(case: Case, seed: int, method: str) -> tuple[float, BestResponse]:
    random = np.random.default_rng([*case, seed])
    game = Game(
        random.dirichlet(np.ones(case.states)),
        random.normal(size=(case.states, case.actions)),
        random.normal(size=(case.senders, case.states, case.actions)),
        case.signals,
    )
    policies = uniform_policies(game, seed=random)
    start = time.process_time()
    response = best_response(game, policies, 0, method=method, time_limit=SECONDS)
    return time.process_time() - start, response
