"""Upper bounds that need no search: each of the others' joint signals taken by itself."""

import time

import numpy as np
import scipy.sparse as sp

from persuasion.regret import highs
from persuasion.regret.problem import Problem


def separate_bound(problem: Problem, deadline: float) -> float:
    r"""What the deviator could earn if it could see, and answer, the others' joint signal.

    Given column :math:`t` alone, :math:`z_a=\sum_{s:\sigma(s,t)=a}x_s` is a split of the states among the actions,
    each part in its action's cone: a linear program per column (the obedience program of a single
    sender), whose values add up to a bound valid for any number of signals. Columns not reached by the
    deadline count with what the deviator would get by choosing the action itself.
    """
    total = 0.0
    for column, allowed in enumerate(problem.possible):
        gains, rows = problem.gains[column, allowed], problem.rows[column, allowed]
        best = float(gains.max(0).sum())
        if time.perf_counter() < deadline:
            program = column_program(gains, rows)
            solution = highs.solve(program, deadline - time.perf_counter())
            best = min(best, highs.proven(program, solution.duals))
        total += best
    return total


def column_program(gains: np.ndarray, rows: np.ndarray) -> highs.LinearProgram:
    """Variables ``z`` (actions, states)."""
    actions, states = gains.shape
    obey = sp.block_diag([sp.csr_matrix(block) for block in rows])
    split = sp.csr_matrix(np.tile(np.eye(states), actions))
    heights = [obey.shape[0], states]
    return highs.LinearProgram(
        cost=gains.ravel(),
        matrix=sp.vstack([obey, split], format="csc"),
        row_lower=np.repeat([0.0, 1.0], heights),
        row_upper=np.repeat([np.inf, 1.0], heights),
    )
