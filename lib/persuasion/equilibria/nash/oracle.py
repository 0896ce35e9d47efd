"""The oracle of the loop: a good response to the other sender's columns, fast.

Column generation as for exact best responses, but profiles are priced along random lines only. What a certificate
says is computed apart, exactly.
"""

import time
from typing import NamedTuple

import numpy as np

from persuasion.equilibria.nash.columns import Columns, policies_of, widened
from persuasion.model.game import Game
from persuasion.model.ties import TieRule
from persuasion.model.tolerances import DUST
from persuasion.regret.anywhere.column_generation import FAILURES, STARTS, Master
from persuasion.regret.anywhere.line_search import LineSearch
from persuasion.regret.one_signal import favourite, hop, profile_gain
from persuasion.regret.problem import Problem, make_problem

PROFILES, HOPS = 8, 4
LEAST_SURPLUS = 1e-6


class Response(NamedTuple):
    """Columns ``(k, states)`` of a policy, and its value in stakes, ties in the deviator's favour."""

    columns: np.ndarray
    value: float


def respond(
    game: Game,
    columns: Columns,
    sender: int,
    margin: float,
    deadline: float,
    generator: np.random.Generator,
) -> Response | None:
    """A best response with a margin, in the standard game's unit; None if none was found that keeps it."""
    signals = max(game.shape.states, *map(len, columns))
    wide = widened(game, max(signals, game.shape.signals)).standard
    rule = TieRule("sender", sender=sender)
    problem = make_problem(wide, policies_of(wide, columns), sender, rule, margin)
    master = Master(problem)
    for column in columns[sender]:
        master.add(favourite(problem, column))
    return _generate(problem, master, deadline, generator)


def _generate(
    problem: Problem, master: Master, deadline: float, generator: np.random.Generator
) -> Response | None:
    lines = LineSearch(problem, generator)
    failures = 0
    solution = master.solve(np.inf)
    while solution.optimal and failures < FAILURES and time.perf_counter() < deadline:
        prices = solution.duals[: master.states]
        starts = lines.starts(prices, STARTS)
        added = _add_kinks(problem, master, prices, starts)
        if added < 2 and master.states > 2:  # with two states no kink was left out
            for start in starts[:HOPS]:
                added += sum(map(master.add, hop(problem, start, prices, LEAST_SURPLUS)))
        failures = 0 if added else failures + 1
        latest = master.solve(np.inf) if added else solution
        solution = latest if latest.optimal else solution
    blocks = master.blocks(solution)
    return None if blocks is None else Response(blocks[blocks.sum(1) > DUST], solution.value)


def _add_kinks(problem: Problem, master: Master, prices: np.ndarray, starts: np.ndarray) -> int:
    """Add the profiles at the best kinks of random lines, without a linear program each; how many are new."""
    added = 0
    for start in starts:
        profile = favourite(problem, start)
        if (profile_gain(problem, profile) - prices) @ start > LEAST_SURPLUS:
            added += master.add(profile)
        if added == PROFILES:
            break
    return added
