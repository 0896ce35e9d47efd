"""One door to HiGHS for linear and mixed-integer programs given as arrays.

The solver's own interface is used because a run that its time limit ends still yields a dual bound, with
or without an incumbent, and because the tolerances matter: policies sit exactly on the boundary of obedience.

Mixed-integer programs are solved without presolve, which can cut the optimum off and call the rest optimal (HiGHS
issues 3073, 3094, 3274; a test has a game on which it did) and saves no time on ours. They keep the solver's own
tolerance: of 32 orders of a program's rows and columns (in a test) it called a worse point optimal in 15 within
1e-9, in 4 within 1e-8, in none within 1e-6.
"""

from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
import scipy.sparse as sp

from persuasion.model.tolerances import GAP
from persuasion.system.interruptible import interruptible

OPTIONS = {
    "output_flag": False,
    "parallel": "off",
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
    "mip_rel_gap": GAP,
    "mip_abs_gap": GAP,
    "small_matrix_value": 1e-12,
}
# entries from which a linear program takes so long that waiting for it in a thread costs nothing
LARGE = 20_000
# rounding of a sum of products, as a share of their sizes
ULPS = 8 * np.finfo(float).eps
MIXED = {"presolve": "off", "mip_feasibility_tolerance": 1e-6}
OTHER_WAYS: tuple[dict[str, Any], ...] = (
    {"presolve": "off"},
    {"presolve": "off", "simplex_scale_strategy": 0},
    {"simplex_scale_strategy": 0},
    {"solver": "ipm"},
)


@dataclass(frozen=True, eq=False)
class LinearProgram:
    """Maximise ``cost @ x`` subject to ``row_lower <= matrix @ x <= row_upper`` and ``lower <= x <= upper``.

    A number limits all rows, or variables, alike.
    """

    cost: np.ndarray
    matrix: np.ndarray | sp.csc_matrix
    row_lower: Any
    row_upper: Any
    lower: Any = 0.0
    upper: Any = 1.0
    integer: np.ndarray | None = None

    def __post_init__(self) -> None:
        rows, columns = self.matrix.shape
        sizes = {"row_lower": rows, "row_upper": rows, "lower": columns, "upper": columns}
        for name, size in sizes.items():
            object.__setattr__(self, name, np.full(size, getattr(self, name), float))


@dataclass(frozen=True, eq=False)
class Solution:
    """``x`` and ``value`` of the best point found (None, -inf if none) and a bound on the maximum."""

    x: np.ndarray | None
    value: float
    bound: float
    duals: np.ndarray
    status: str

    @property
    def optimal(self) -> bool:
        """Whether the solver claims optimality, at a point that is feasible once scaling is undone."""
        return self.status == "kOptimal" and self.x is not None


def solve(program: LinearProgram, time_limit: float = np.inf) -> Solution:
    """Solve with the tolerances above; never raises for a time limit or an infeasible program.

    Badly scaled priors make the solver call a linear program infeasible that is not, end at a point that is not
    feasible, or give up: then it is asked again in other ways.
    """
    solution = run(load(program), time_limit)
    for options in OTHER_WAYS if program.integer is None else ():
        lost = solution.status in ("kUnknown", "kOptimal") and solution.x is None
        if not (lost or (solution.status == "kInfeasible" and options is OTHER_WAYS[0])):
            break
        solution = run(load(program, **options), time_limit)
    return solution


def proven(program: LinearProgram, duals: np.ndarray) -> float:
    """The bound on the optimum that weak duality makes of any row duals; variables must have finite limits.

    It holds whatever became of the rows in the solver, which drops small entries and keeps rows of very different
    ones only within tolerances: here they count as they are. The rounding of these sums is added.
    """
    fitting = len(duals) == len(program.row_lower) and np.isfinite(duals).all()
    prices = duals if fitting else np.zeros(len(program.row_lower))
    prices = np.where(np.isinf(program.row_upper), np.minimum(prices, 0.0), prices)
    prices = np.where(np.isinf(program.row_lower), np.maximum(prices, 0.0), prices)
    reduced = program.cost - program.matrix.T @ prices
    largest = np.abs(program.cost) + abs(program.matrix).T @ np.abs(prices)
    parts = np.concatenate(
        [
            _most(prices, program.row_lower, program.row_upper),
            _most(reduced, program.lower, program.upper),
        ]
    )
    doubt = largest @ np.maximum(np.abs(program.lower), np.abs(program.upper))
    return float(parts.sum() + ULPS * (doubt + np.abs(parts).sum()))


def proven_by(solver: highspy.Highs, program: LinearProgram, solution: Solution) -> float:
    """What the duals of a solved linear program prove: -inf where a dual ray shows that it is infeasible."""
    if solution.status != "kInfeasible":
        return proven(program, solution.duals)
    _, exists, ray = solver.getDualRay()  # type: ignore[attr-defined]
    free = replace(program, cost=np.zeros(len(program.cost)))
    refuted = exists and min(proven(free, sign * ray) for sign in (1, -1)) < 0
    return -np.inf if refuted else np.inf


def _most(factor: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The largest ``factor * x`` between limits; where the factor is 0, these may be infinite."""
    limit = np.where(factor > 0, upper, lower)
    return np.asarray(factor * np.where(factor == 0, 0.0, limit))


def load(program: LinearProgram | None = None, **options: Any) -> highspy.Highs:
    """A silent HiGHS instance with this package's tolerances, and the program in it."""
    solver = highspy.Highs()
    mixed = program is not None and program.integer is not None
    for name, value in {**OPTIONS, **(MIXED if mixed else {}), **options}.items():
        solver.setOptionValue(name, value)
    if program is not None:
        solver.passModel(_model(program))
    return solver


def run(solver: highspy.Highs, time_limit: float = np.inf) -> Solution:
    """Run a loaded *minimisation* solver and read it as a maximisation."""
    # HiGHS counts its time limit over the lifetime of an instance
    solver.setOptionValue("time_limit", solver.getRunTime() + max(time_limit, 0.0))
    _run(solver)
    info, solution = solver.getInfo(), solver.getSolution()
    status = solver.getModelStatus().name
    found = info.primal_solution_status == 2
    value = -info.objective_function_value if found else -np.inf
    mixed = bool(len(solver.getLp().integrality_))
    bound = -info.mip_dual_bound if mixed else (value if found and status == "kOptimal" else np.inf)
    point = np.array(solution.col_value) if found else None
    return Solution(point, value, float(bound), -np.array(solution.row_dual), status)


def _run(solver: highspy.Highs) -> None:
    """Run, in a way that Ctrl-C ends; small programs end by themselves, and soon."""
    if not len(solver.getLp().integrality_) and solver.getNumNz() < LARGE:
        solver.run()
        return
    if not solver.HandleUserInterrupt:
        solver.HandleUserInterrupt = True
    interruptible(solver.run, solver.cancelSolve)


def _model(program: LinearProgram) -> highspy.HighsLp:
    model = highspy.HighsLp()
    matrix = program.matrix
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = -program.cost
    model.col_lower_, model.col_upper_ = program.lower, program.upper
    model.row_lower_, model.row_upper_ = program.row_lower, program.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = _columns(matrix)
    if program.integer is not None:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        model.integrality_ = [kinds[flag] for flag in program.integer.astype(int)]
    return model


def _columns(matrix: np.ndarray | sp.csc_matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where columns start, the rows of their entries, the entries."""
    if not isinstance(matrix, np.ndarray):
        compressed = matrix.tocsc()
        return compressed.indptr, compressed.indices, compressed.data
    # by hand: small programs are many, and scipy takes half as long for one as its solution
    columns, rows = np.nonzero(matrix.T)
    starts = np.searchsorted(columns, np.arange(matrix.shape[1] + 1))
    return starts.astype(np.int32), rows.astype(np.int32), matrix[rows, columns]
