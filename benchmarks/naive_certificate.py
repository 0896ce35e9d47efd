"""The obvious certificate: one MILP over all joint signals in the box. Never imported by the library.

The best response within a radius as a mixed-integer program with ``lower * y <= z <= upper * y``, no action
eliminated, no start.
"""

import time

import numpy as np
import scipy.sparse as sp

from persuasion import Game
from persuasion.model.ties import TieRule
from persuasion.regret import highs
from persuasion.regret.problem import Problem, make_problem


def plain_regret(
    game: Game, policies: np.ndarray, radius: float, seconds: float
) -> tuple[float, float, float]:
    """Largest gain found by any sender, the largest that is possible, and the seconds spent in HiGHS.

    ``seconds`` are split evenly over the senders; building the programs is not counted.
    """
    senders = range(game.shape.senders)
    problems = [make_problem(game, policies, i, TieRule("sender", sender=i)) for i in senders]
    found = [plain_gain(one, policies, radius, seconds / len(senders)) for one in problems]
    gains, bounds, spent = zip(*found)
    return max(0.0, *gains), max(bounds), sum(spent)


def plain_gain(
    problem: Problem, policies: np.ndarray, radius: float, seconds: float
) -> tuple[float, float, float]:
    """The same for the problem's sender."""
    policy = policies[problem.sender]
    own = float(problem.utilities(policy[None])[0])
    program = box_program(problem, policy, radius)
    start = time.perf_counter()
    solution = highs.run(highs.load(program, mip_abs_gap=1e-6), seconds)
    spent = time.perf_counter() - start
    return solution.value - own, min(solution.bound, problem.trivial_bound()) - own, spent


def box_program(problem: Problem, policy: np.ndarray, radius: float) -> highs.LinearProgram:
    """Variables: the policy (signals, states), a binary per joint signal and action, and their products."""
    columns, actions, states = problem.gains.shape
    signals = problem.game.shape.signals
    lower, upper = (np.clip(policy.T + step, 0, 1) for step in (-radius, radius))
    x, y = signals * states, signals * columns * actions
    eye, ones = sp.identity, np.ones
    cells = sp.kron(eye(signals * columns), ones((1, actions)))  # sums over actions
    spread = sp.kron(eye(y), ones((states, 1)))  # one row per product
    per_product = [np.repeat(side, columns * actions, axis=0).ravel() for side in (lower, upper)]
    copies = sp.kron(eye(signals), sp.kron(ones((columns, 1)), eye(states)))
    obey = sp.kron(eye(signals), sp.block_diag(problem.rows.reshape(-1, actions, states)))
    matrix = sp.bmat(
        [
            [sp.kron(ones((1, signals)), eye(states)), None, None],
            [None, cells, None],
            [-copies, None, sp.kron(cells, eye(states))],
            [None, -sp.diags(per_product[0]) @ spread, eye(y * states)],
            [None, sp.diags(per_product[1]) @ spread, -eye(y * states)],
            [None, None, obey],
        ],
        format="csc",
    )
    equal = np.concatenate([ones(states), ones(signals * columns), np.zeros(copies.shape[0])])
    least = np.zeros(matrix.shape[0] - len(equal))
    return highs.LinearProgram(
        cost=np.concatenate([np.zeros(x + y), np.tile(problem.gains.ravel(), signals)]),
        matrix=matrix,
        row_lower=np.concatenate([equal, least]),
        row_upper=np.concatenate([equal, least + np.inf]),
        lower=np.concatenate([lower.ravel(), np.zeros(y + y * states)]),
        upper=np.concatenate([upper.ravel(), ones(y + y * states)]),
        integer=np.repeat([0, 1, 0], [x, y, y * states]),
    )
