"""A relaxation with its binaries, solved by HiGHS from a good start."""

from __future__ import annotations

import time

import highspy

from persuasion.regret import highs
from persuasion.regret.nearby.box import Box
from persuasion.regret.nearby.cells import Cells
from persuasion.regret.nearby.climb import Climber
from persuasion.regret.nearby.cuts import Cuts
from persuasion.regret.nearby.hull import Hull

# from a good start, the solver's own heuristics cost more than they bring
LEAN = {
    "mip_rel_gap": 0.0,
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
}


# choices per contested joint signal up to which the program without shares branches faster
FEW = 1.5


def is_sparse(choices: int, cells: int) -> bool:
    """Whether few of the contested joint signals offer more than one choice."""
    return choices <= FEW * cells


def formulate(cells: Cells, box: Box | None = None) -> Hull | Cuts:
    """The relaxation to branch on."""
    sparse = is_sparse(len(cells.least), len(cells.signal_of_cell))
    return Cuts(cells, box) if sparse else Hull(cells, box)


def solve_binaries(
    relaxation: Hull | Cuts, climber: Climber, gap: float, deadline: float
) -> highs.Solution:
    """Branch and bound until ``gap`` or ``deadline``; the climber gives the start and learns what is found."""
    solver = highs.load(relaxation.program(integer=True), mip_abs_gap=gap / 2, **LEAN)
    if climber.point is not None:
        start = highspy.HighsSolution()
        start.col_value = relaxation.complete(climber.point, climber.made).tolist()
        solver.setSolution(start)
    solution = highs.run(solver, deadline - time.perf_counter())
    if solution.x is not None:
        y = solution.x[relaxation.points :][: relaxation.count]
        climber.ascend(y > 0.5, deadline)
        climber.ascend(climber.read(solution.x[: relaxation.points]), deadline)
    return solution
