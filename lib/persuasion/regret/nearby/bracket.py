"""What a search of the box knows: deviations from below, a bound from above, and when they have met."""

import time
from dataclasses import replace

import numpy as np

from persuasion.model.tolerances import CLOSED
from persuasion.regret.candidates import evaluate
from persuasion.regret.nearby.box import Box
from persuasion.regret.nearby.cells import make_cells
from persuasion.regret.nearby.climb import Climber
from persuasion.regret.nearby.fold import choose_folded, spreads, statewise_bound
from persuasion.regret.nearby.hull import Hull
from persuasion.regret.problem import Problem

# gap at which the search stops, in the deviator's stakes
TARGET = CLOSED / 2
# what folding rare joint signals may cost, of the target
FOLD_SHARE = 0.2
# what is kept for turning the best choices into a policy
SETTLE_SHARE = 0.05


class Bracket:
    """``found`` are policies in the box, ``bound`` is valid at any time.

    ``relaxed`` is the problem with the actions that may be taken in the box, ties granted within the tolerance.
    ``program`` and ``climber`` leave some joint signals folded, at the best and at the worst they could bring.
    """

    def __init__(self, problem: Problem, relaxed: Problem, box: Box, deadline: float) -> None:
        self.started = time.perf_counter()
        self.problem, self.box, self.end = problem, box, deadline
        self.deadline = self.started + (1 - SETTLE_SHARE) * (deadline - self.started)
        self.found = [evaluate(problem, problem.own)]
        self.infeasible, self.bound = False, statewise_bound(relaxed, box)
        # the same choices, with the ties themselves instead of their tolerance
        self.relaxed, self.exact = relaxed, replace(problem, allowed=relaxed.allowed)
        self.spread = spreads(relaxed, box)
        self.everything = relaxed.allowed[~self.folded(np.inf)].sum(-1) - 1
        self.climber: Climber = None  # type: ignore[assignment]  # until build

    def folded(self, most: float) -> np.ndarray:
        """The joint signals to fold for at most ``most`` choices to be left."""
        return choose_folded(self.relaxed, self.spread, FOLD_SHARE * TARGET, most)

    def build(self, most: float) -> None:
        """A relaxation with at most ``most`` choices, and a climber that goes on from the best point so far."""
        folded, before = self.folded(most), self.climber
        certain = make_cells(self.exact, self.box, folded, optimistic=False)
        self.program = Hull(make_cells(self.relaxed, self.box, folded), self.box)
        self.climber = Climber(certain, self.box)
        if before is not None and before.point is not None:
            self.found.append(evaluate(self.problem, self.box.policy(before.point)))
            self.climb(before.point)

    @property
    def left(self) -> float:
        """Seconds to the deadline."""
        return self.deadline - time.perf_counter()

    def share(self, share: float) -> float:
        """The moment when a share of the time left is over."""
        return time.perf_counter() + share * self.left

    @property
    def best(self) -> float:
        """The largest value found, of a region's closure where the rule denies its boundary."""
        climbed = -np.inf if self.climber is None else self.climber.value
        return max(climbed, *(candidate.value for candidate in self.found))

    @property
    def open(self) -> bool:
        """Whether bound and best deviation still differ, and there is time."""
        return not self.closed and self.left > 0

    @property
    def closed(self) -> bool:
        """Whether bound and best deviation agree."""
        return self.bound - self.best <= TARGET

    def learn(self, bound: float) -> None:
        """No policy in the box earns more than ``bound``, or than the best found."""
        self.bound = min(self.bound, max(bound, self.best))

    def climb(self, point: np.ndarray) -> None:
        """Improve the point with unit coordinates ``point``."""
        self.climber.ascend(self.climber.read(point), self.deadline)

    def approach(self, x: np.ndarray, share: float) -> None:
        """Deviations like the relaxation's at ``x``, for a share of the time left."""
        self.climb(x[: self.program.points])
        choices = x[self.program.points :][: self.program.count]
        self.climber.approach(choices, self.share(share))

    def settle(self) -> None:
        """Turn the climber's best choices into a policy."""
        candidate = self.climber.settle(self.problem, self.end)
        if candidate is not None:
            self.found.append(candidate)
