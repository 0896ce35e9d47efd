"""How senders play for equilibrium: which ties they count on, which margin they keep."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from persuasion.model.simulate import outcome_distribution, sender_utilities
from persuasion.model.standard import StandardGame
from persuasion.model.ties import TieRule
from persuasion.regret.margin import keeps_margin
from persuasion.regret.problem import make_problem
from persuasion.regret.response import BestResponse

Responder = Callable[[np.ndarray, int, TieRule, float], BestResponse]


class MarginPlay:
    """Utilities, in stakes, and responses with one margin and one tie rule per sender.

    Parameters
    ----------
    rules : how each sender counts ties
    responder : ``(policies, sender, rule, time_limit)`` to the sender's best response
    settles_mover : whether a sender that has just moved could not move on
    """

    def __init__(
        self,
        game: StandardGame,
        rules: list[TieRule],
        margin: float,
        responder: Responder,
        settles_mover: bool,
    ) -> None:
        self.game, self.rules, self.margin = game, rules, margin
        self.responder, self.settles_mover = responder, settles_mover
        self.kept = margin == 0
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
        response = self.responder(policies, sender, self.rules[sender], time_limit)
        self.kept |= response.value > -np.inf
        return response

    def outcome(self, policies: np.ndarray, sender: int) -> np.ndarray:
        """Joint distribution of state and action as the sender counts ties."""
        return outcome_distribution(self.game, policies, ties=self.rules[sender])
