"""What a best-response computation hands back."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from persuasion.model.game import Game
from persuasion.model.tolerances import CLOSED

OPTIMAL = "optimal"
TIME_LIMIT = "time limit"
BOUND = "bound only"
TIES = "ties unresolved"
INFEASIBLE = "infeasible"


class InconsistentCertificate(ArithmeticError):
    """A gain below zero, or a bound below a gain: a bug or numerical trouble, never a property of the game."""


@dataclass(frozen=True, eq=False)
class BestResponse:
    """A deviation, its exact utility, and a bound on what any deviation can reach.

    Attributes
    ----------
    policy : (states, signals) array, rows sum to 1
    value : the deviator's utility at ``policy`` under the tie rule, from the exact simulator; -inf if no
        policy that keeps the obedience margin was found, and ``policy`` is then the given one
    upper_bound : no policy does better, up to solver tolerances (about 1e-6 of the deviator's stake).
        With status ``"optimal"`` it is the supremum, with status ``"infeasible"`` -inf
    gap : ``upper_bound - value``, in utility units, never negative; 0 if infeasible
    attained : whether ``policy`` itself reaches the supremum; if not, it comes close to it
    status : ``"optimal"``; ``"time limit"``; ``"bound only"``: the solver could not close the gap although it
        had time (column generation with fewer signals than states, numerical trouble); ``"ties
        unresolved"``: it closed the gap, but counted on ties that the rule may not grant; or
        ``"infeasible"``: no policy keeps the margin
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

    def in_units(self, game: Game, sender: int) -> BestResponse:
        """The same in the utility units of ``game``, if this is in those of its standard form."""
        unit, offset = float(game.stakes[sender]), float(game.offsets[sender])
        return replace(
            self,
            policy=np.pad(self.policy, ((0, 0), (0, game.signals - self.policy.shape[1]))),
            value=self.value * unit + offset,
            upper_bound=self.upper_bound * unit + offset,
            gap=self.gap * unit,
        )


def in_time(deadline: float) -> None:
    """Raise ``TimeoutError`` once ``time.perf_counter()`` has passed the deadline."""
    if time.perf_counter() > deadline:
        raise TimeoutError


def unsettled(wide: bool, response: BestResponse) -> bool:
    """Whether enumeration may know more: of ties, or of the ``wide`` rows of a problem."""
    return response.status == TIES or (wide and response.status == BOUND)


def better(response: BestResponse, other: BestResponse) -> BestResponse:
    """The other one if it leaves no larger gap, and its policy is no worse; else the first."""
    improves = other.value >= response.value - CLOSED and other.gap <= response.gap
    return other if improves else response
