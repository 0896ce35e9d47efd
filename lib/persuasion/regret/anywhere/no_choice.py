"""The response of a sender that does not choose: its given policy, whatever it is worth."""

from __future__ import annotations

import numpy as np

from persuasion.regret.margin import keeps_margin
from persuasion.regret.problem import Problem
from persuasion.regret.response import INFEASIBLE, OPTIMAL, BestResponse


def no_choice(problem: Problem) -> BestResponse:
    """The policy that the sender has, worth -inf if the profile breaks the margin; in stakes."""
    kept = keeps_margin(problem, problem.own)
    value = float(problem.utilities(problem.own[None])[0]) if kept else -np.inf
    status = OPTIMAL if kept else INFEASIBLE
    return BestResponse(problem.own, value, value, 0.0, kept, status, "no choice", 0.0)
