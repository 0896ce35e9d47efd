r"""Proposition 2 as it stands: a bilinear program, solved to global optimality by SCIP.

Maximise :math:`\sum_{s,t,a}y_{sta}\sum_\omega W_{\omega t}v_i(a,\omega)x_{s\omega}` over row-stochastic
:math:`x` and mixtures :math:`y_{st}` of actions that obey

.. math:: \sum_ay_{sta}\sum_\omega W_{\omega t}[u(a,\omega)-u(a',\omega)]x_{s\omega}\ge0\quad\forall s,t,a'.

An optimal mixture may be fractional, so only the policy is kept. With a margin :math:`m`, subtracted from every
difference of two distinct actions, no mixture of them is feasible: with :math:`a'` the best action
all terms but its own are negative.
"""

import time
from typing import Any, NamedTuple

import numpy as np
from pyscipopt import Model, quicksum

from persuasion.model.tolerances import GAP
from persuasion.regret.anywhere.bounds import separate_bound
from persuasion.regret.candidates import climb, conclude, ended, landmarks
from persuasion.regret.problem import Problem, compare_actions
from persuasion.regret.response import BOUND, BestResponse
from persuasion.system.interruptible import interruptible

MAX_PRODUCTS = 100_000
# SCIP's linear programs are solved a thousand times tighter; below 1e-7 its solver gives up
FEASIBILITY = 1e-7


class Variables(NamedTuple):
    """Object arrays of SCIP variables: ``x`` (signals, states) and ``y`` (signals, columns, actions)."""

    x: np.ndarray
    y: np.ndarray


def by_bilinear(problem: Problem, time_limit: float) -> BestResponse:
    """Solve the bilinear program with SCIP; the policy is polished and evaluated by the simulator.

    Raises ``ValueError`` naming the size if the model would be hopelessly large.
    """
    start = time.perf_counter()
    deadline = start + time_limit
    if (size := problem.signals * problem.gains.size) > MAX_PRODUCTS:
        raise ValueError(f"the bilinear program has {size:,} products, at most {MAX_PRODUCTS:,}")
    simple = separate_bound(problem, deadline)
    found = [climb(problem, problem.own, deadline), *landmarks(problem)]
    if problem.wide:  # SCIP would prove nothing, and may crash
        return conclude(problem, found, simple, BOUND, "bilinear (SCIP)", start)
    model, variables = build_model(problem)
    left = max(deadline - time.perf_counter(), 0.0)
    model.setParam("limits/time", min(left, model.infinity()))
    try:
        interruptible(model.optimizeNogil, model.interruptSolve)
    except Exception as error:  # PySCIPOpt has no class of its own for numerical trouble
        if "SCIP" not in str(error):
            raise
        return conclude(problem, found, simple, BOUND, "bilinear (SCIP)", start)
    if model.getNSols() > 0:
        raw = [[model.getVal(entry) for entry in row] for row in variables.x]
        found.append(climb(problem, np.array(raw).T, np.inf))
    claim = model.getStatus()
    bound = simple if claim == "infeasible" else min(model.getDualbound(), simple)
    status = ended(claim in ("optimal", "gaplimit"), deadline, claim == "infeasible")
    return conclude(problem, found, bound, status, "bilinear (SCIP)", start)


def build_model(problem: Problem) -> tuple[Model, Variables]:
    """The SCIP model, its objective in units of the deviator's stake, and its variables."""
    model = Model()
    model.hideOutput()
    model.setParams({"limits/gap": GAP, "numerics/feastol": FEASIBILITY, "misc/catchctrlc": False})
    signals = problem.signals
    columns, actions, states = problem.gains.shape
    v = Variables(_new(model, (signals, states)), _new(model, (signals, columns, actions)))
    add_probabilities(model, v, problem)
    add_obedience(model, v, problem)
    add_precedence(model, v, problem)
    add_objective(model, v, problem)
    return model, v


def _new(model: Model, shape: tuple[int, ...]) -> np.ndarray:
    table = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        table[index] = model.addVar(lb=0, ub=1)
    return table


def add_probabilities(model: Model, v: Variables, problem: Problem) -> None:
    """Rows of the policy and mixtures over actions sum to 1; interchangeable signals are sorted."""
    for column in v.x.T:
        model.addCons(quicksum(column) == 1)
    for cell in v.y.reshape(-1, v.y.shape[-1]):
        model.addCons(quicksum(cell) == 1)
    if problem.symmetric:
        for before, after in zip(v.x[:-1, 0], v.x[1:, 0]):
            model.addCons(before >= after)


def add_obedience(model: Model, v: Variables, problem: Problem) -> None:
    """The mixture at every joint signal is at least as good for the receiver as every action."""
    receiver, margin = problem.game.receiver.T, problem.margin
    distinct = ~compare_actions(problem.weights, problem.game.receiver)[1]
    for s, t, other in np.ndindex(v.y.shape):
        table = problem.relative[t] * (
            receiver - receiver[other] - margin * distinct[t, :, [other]].T
        )
        if np.abs(table).max() > 0 and (margin > 0 or problem.possible[t, other]):
            model.addCons(_product(v.y[s, t], table, v.x[s]) >= 0)


def add_precedence(model: Model, v: Variables, problem: Problem) -> None:
    """What the tie rule says about duplicated actions: excluded, or taken only where preferred."""
    for s, t, a in np.argwhere(~problem.allowed):
        model.chgVarUb(v.y[s, t, a], 0)
    for t, a, other in np.argwhere(problem.ranked):
        for s in range(len(v.x)):
            model.addCons(_product(v.y[s, t, [a]], problem.rows[t, a, [other]], v.x[s]) >= 0)


def _product(mixture: np.ndarray, table: np.ndarray, x: np.ndarray) -> Any:
    """``mixture @ table @ x`` as an expression, zero coefficients left out."""
    return quicksum(float(table[a, w]) * mixture[a] * x[w] for a, w in np.argwhere(table))


def add_objective(model: Model, v: Variables, problem: Problem) -> None:
    """A free variable below the bilinear utility: SCIP wants linear objectives."""
    level = model.addVar(lb=None, ub=problem.trivial_bound())
    cells = (_product(v.y[s, t], problem.gains[t], v.x[s]) for s, t in np.ndindex(v.y.shape[:2]))
    model.addCons(quicksum(cells) >= level)
    model.setObjective(level, "maximize")
