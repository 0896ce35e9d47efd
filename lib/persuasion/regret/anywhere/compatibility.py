"""Which pairs of actions the receiver can take in two columns at the same signal.

Two cones that meet in the origin only cannot both be in force; knowing these pairs beforehand prunes the
branch and bound by geometry instead of by integrality.
"""

from __future__ import annotations

import itertools
import time

import numpy as np

from persuasion.regret import highs
from persuasion.regret.one_signal import cone_program
from persuasion.regret.problem import Problem

MAX_PAIRS = 400
WITNESSES = 4000
MARGIN = 1e-9


def compatible_actions(problem: Problem, deadline: float) -> np.ndarray:
    """Table ``(columns, actions, columns, actions)``; True also where nothing is known by the deadline."""
    columns, actions, _ = problem.gains.shape
    if columns * actions > MAX_PAIRS:
        return np.ones((columns, actions, columns, actions), bool)
    known = _witnessed(problem)
    table = known.copy()
    cells = list(itertools.product(range(columns), range(actions)))
    for (t, a), (u, b) in itertools.combinations_with_replacement(cells, 2):
        if not known[t, a, u, b] and (t != u or a == b):
            table[t, a, u, b] = time.perf_counter() > deadline or _meet(problem, t, a, u, b)
            table[u, b, t, a] = table[t, a, u, b]
    return table


def _witnessed(problem: Problem) -> np.ndarray:
    """Pairs that occur at random points of the simplex."""
    columns, actions, states = problem.gains.shape
    generator = np.random.default_rng(0)
    points = np.vstack([generator.dirichlet(np.full(states, c), WITNESSES) for c in (0.1, 0.3, 1)])
    utilities = np.einsum("tw,wa->wta", problem.weights, problem.game.receiver)
    taken = np.einsum("nw,wta->nta", points, utilities).argmax(-1)
    table = np.zeros((columns, actions, columns, actions), bool)
    for t, u in itertools.product(range(columns), repeat=2):
        table[t, taken[:, t], u, taken[:, u]] = True
    return table


def _meet(problem: Problem, t: int, a: int, u: int, b: int) -> bool:
    """Whether some point of the simplex obeys both, with a margin in favour of yes."""
    rows = np.vstack([problem.rows[t, a], problem.rows[u, b]])
    program = cone_program(rows, np.zeros(rows.shape[1]), -MARGIN)
    # what presolve calls infeasible would be solved again
    solver = highs.load(program, presolve="off")
    solution = highs.run(solver)
    if solution.status == "kInfeasible" and problem.wide:
        return highs.proven_by(solver, program, solution) > -np.inf
    return solution.status != "kInfeasible"
