"""How senders play for equilibrium: which ties they count on, which margin they keep, how far they move."""

from typing import Any

import numpy as np

from persuasion.model.simulate import outcome_distribution, sender_utilities
from persuasion.model.standard import StandardGame
from persuasion.model.ties import TieRule
from persuasion.regret.best_response import best_response
from persuasion.regret.margin import keeps_margin
from persuasion.regret.nearby.local import local_best_response
from persuasion.regret.problem import make_problem
from persuasion.regret.response import BestResponse


class Play:
    """Utilities, in stakes, and responses with one margin and one tie rule per sender.

    Parameters
    ----------
    rules : how each sender counts ties
    radius : of a move; None: any policy is in reach
    """

    def __init__(
        self, game: StandardGame, rules: list[TieRule], margin: float, radius: float | None = None
    ) -> None:
        self.game, self.rules, self.margin, self.radius = game, rules, margin, radius
        self.kept = margin == 0
        # whether a sender that has just moved could not move on: not so in a box, which follows it
        self.settles_mover = radius is None
        # whether some rule tells a sender's signals apart
        self.labelled = any(rule.kind == "explicit" for rule in rules)

    def worth(self, policies: np.ndarray, sender: int) -> float:
        """The sender's utility as it counts ties, -inf as long as the margin is broken.

        A response keeps the margin everywhere, so once kept it stays kept.
        """
        if not self.kept:
            problem = make_problem(self.game, policies, sender, self.rules[sender], self.margin)
            self.kept = keeps_margin(problem, problem.own)
        if not self.kept:
            return -np.inf
        return float(sender_utilities(self.game, policies, ties=self.rules[sender])[sender])

    def respond(self, policies: np.ndarray, sender: int, time_limit: float) -> BestResponse:
        """The sender's best response; it is moved to if the profile breaks the margin."""
        options: dict[str, Any] = {"margin": self.margin, "time_limit": time_limit}
        options["ties"] = self.rules[sender]
        if self.radius is None:
            response = best_response(self.game, policies, sender, **options)
        else:
            response = local_best_response(self.game, policies, sender, self.radius, **options)
        self.kept |= response.value > -np.inf
        return response

    def outcome(self, policies: np.ndarray, sender: int) -> np.ndarray:
        """Joint distribution of state and action ``(states, actions)`` as the sender counts ties."""
        return outcome_distribution(self.game, policies, ties=self.rules[sender])
