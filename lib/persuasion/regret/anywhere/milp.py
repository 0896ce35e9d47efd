r"""The best response as a mixed-integer linear program, exact when ties go to the deviator.

Variables: the policy :math:`x_{s\omega}=\pi_i(s\mid\omega)`, the receiver's action
:math:`y_{sta}\in\{0,1\}` at every joint signal, and their product
:math:`z_{sta\omega}=y_{sta}x_{s\omega}`. Every constraint family has a
builder below; variables are matrices with one row per signal of the deviator, so that each family
is one product with a sparse matrix and the largest models compile in seconds.
"""

import time
import warnings
from typing import NamedTuple

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from persuasion.model.tolerances import SMALL_ENTRY
from persuasion.regret.anywhere.bounds import separate_bound
from persuasion.regret.candidates import climb, conclude, ended, landmarks
from persuasion.regret.highs import MIXED, OPTIONS
from persuasion.regret.problem import Problem
from persuasion.regret.response import BestResponse
from persuasion.system.interruptible import interruptible

MAX_PRODUCTS = 2_000_000


class Variables(NamedTuple):
    """``x`` (signals, states), ``y`` (signals, columns * actions), ``z`` (signals, columns * actions * states)."""

    x: cp.Variable
    y: cp.Variable
    z: cp.Variable


def by_milp(problem: Problem, time_limit: float) -> BestResponse:
    """Solve the MILP with HiGHS; the policy is polished and evaluated by the simulator.

    Raises ``ValueError`` naming the size if the model would not fit in memory.
    """
    start = time.perf_counter()
    deadline = start + time_limit
    if (size := problem.signals * problem.gains.size) > MAX_PRODUCTS:
        raise ValueError(f"the MILP has {size:,} product variables, at most {MAX_PRODUCTS:,}")
    simple = separate_bound(problem, deadline)
    found = [climb(problem, problem.own, deadline), *landmarks(problem)]
    model, variables = build_model(problem)
    bound, claim = _solve(model, deadline - time.perf_counter())
    if problem.wide:
        bound, claim = np.inf, "unproven"
    status = ended(claim == "kOptimal", deadline, claim == "kInfeasible")
    if variables.x.value is not None:
        found.append(climb(problem, variables.x.value.T, np.inf))
    return conclude(problem, found, min(bound, simple), status, "milp (HiGHS)", start)


def _solve(model: cp.Problem, time_limit: float) -> tuple[float, str]:
    """Upper bound and the solver's claim; without an incumbent the variables keep no value."""
    data, chain, inverse = model.get_problem_data(cp.HIGHS)
    limits = {"small_matrix_value": SMALL_ENTRY, "time_limit": max(time_limit, 0.0)}
    options = {**OPTIONS, **MIXED, **limits}
    del options["output_flag"]
    # a plain model.solve() raises if the time limit ends before an incumbent, and the bound is lost
    raw = interruptible(lambda: chain.solve_via_data(model, data, solver_opts=options))
    if raw["info"].primal_solution_status == 2:
        with warnings.catch_warnings():  # of a time limit; the value is recomputed anyway
            warnings.simplefilter("ignore", UserWarning)
            model.unpack_results(raw, chain, inverse)
    claim = str(raw["model_status"])
    return (np.inf if claim == "kInfeasible" else -raw["info"].mip_dual_bound), claim


def build_model(problem: Problem) -> tuple[cp.Problem, Variables]:
    """The cvxpy model, its objective in the deviator's stakes, and its variables."""
    columns, actions, states = problem.gains.shape
    signals = problem.signals
    v = Variables(
        cp.Variable((signals, states), bounds=[0, 1]),
        cp.Variable((signals, columns * actions), boolean=True),
        cp.Variable((signals, columns * actions * states), nonneg=True),
    )
    families = [
        row_stochastic(v),
        one_action(v, problem),
        splitting(v, problem),
        linking(v, problem),
        obedience(v, problem),
        admissible(v, problem),
    ]
    families += [ordered_signals(v)] if problem.symmetric and signals > 1 else []
    return cp.Problem(cp.Maximize(cp.sum(v.z @ problem.gains.ravel())), families), v


def row_stochastic(v: Variables) -> cp.Constraint:
    """Each state's probabilities sum to 1 over the signals."""
    return cp.sum(v.x, axis=0) == 1


def one_action(v: Variables, problem: Problem) -> cp.Constraint:
    """The receiver takes exactly one action at every joint signal."""
    columns, actions, _ = problem.gains.shape
    return v.y @ sp.kron(sp.eye(columns), np.ones((actions, 1))) == 1


def splitting(v: Variables, problem: Problem) -> cp.Constraint:
    """Over the actions, the products ``z`` of a joint signal and a state add up to ``x``."""
    columns, actions, states = problem.gains.shape
    total = sp.kron(sp.eye(columns), np.tile(np.eye(states), (actions, 1)))
    return v.z @ total == v.x @ np.tile(np.eye(states), columns)


def linking(v: Variables, problem: Problem) -> cp.Constraint:
    """The product is zero for actions not taken."""
    columns, actions, states = problem.gains.shape
    return v.z <= v.y @ sp.kron(sp.eye(columns * actions), np.ones((1, states)))


def obedience(v: Variables, problem: Problem) -> cp.Constraint:
    """Disaggregated: where an action is taken, it is at least as good as every other one."""
    rows = sp.block_diag(list(problem.rows.reshape(-1, *problem.rows.shape[2:])), format="csc")
    return rows @ v.z.T >= 0  # the constant on the left: cvxpy compiles it 30 times faster


def admissible(v: Variables, problem: Problem) -> cp.Constraint:
    """Actions that the tie rule never picks, because a duplicate takes precedence, are not taken."""
    return v.y <= problem.allowed.reshape(v.y.shape).astype(float)


def ordered_signals(v: Variables) -> cp.Constraint:
    """Symmetry breaking: the signals are sorted by their probability in the first state."""
    return v.x[:-1, 0] >= v.x[1:, 0]
