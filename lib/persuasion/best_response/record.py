"""What a best-response computation hands back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

OPTIMAL = "optimal"
TIME_LIMIT = "time limit"
BOUND = "bound only"
TIES = "ties unresolved"


@dataclass(frozen=True)
class BestResponse:
    """A deviation, its exact utility, and a bound on what any deviation can reach.

    Attributes
    ----------
    policy : (states, signals) array, rows sum to 1
    value : the deviator's utility at ``policy`` under the tie rule, from the exact simulator
    upper_bound : no policy does better, up to solver tolerances (about 1e-7 of the utilities' scale).
        With status ``"optimal"`` it is the supremum
    gap : ``upper_bound - value``, in utility units, never negative
    attained : whether ``policy`` itself reaches the supremum; if not, it comes close to it
    status : ``"optimal"``; ``"time limit"``; ``"bound only"``: the solver could not close the gap although it
        had time (column generation with fewer signals than states, numerical trouble); or ``"ties
        unresolved"``: it closed the gap, but counted on ties that the rule may not grant
    solver : the method and the program that did the work
    seconds : wall time
    """

    policy: np.ndarray
    value: float
    upper_bound: float
    gap: float
    attained: bool
    status: str
    solver: str
    seconds: float
