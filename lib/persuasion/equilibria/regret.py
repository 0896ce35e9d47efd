"""How much the senders could still gain, by any policy, under one tie rule."""

from __future__ import annotations

import time

import numpy as np

from persuasion.model.game import Game
from persuasion.model.simulate import sender_utilities
from persuasion.model.standard import StandardGame
from persuasion.model.ties import TieRule
from persuasion.regret.best_response import best_response
from persuasion.regret.candidates import climb
from persuasion.regret.problem import make_problem
from persuasion.regret.response import BestResponse


def favourable_responses(game: Game, policies: np.ndarray, time_limit: float) -> list[BestResponse]:
    """Every sender's best response with ties in its favour; ``time_limit`` seconds in all."""
    deadline = time.perf_counter() + time_limit
    found = []
    for sender in range(game.shape.senders):
        left = (deadline - time.perf_counter()) / (game.shape.senders - sender)
        found.append(best_response(game, policies, sender, time_limit=max(left, 1e-3)))
    return found


def global_gains(
    game: StandardGame,
    policies: np.ndarray,
    ties: TieRule,
    responses: list[BestResponse],
    tolerance: float,
    time_limit: float,
) -> np.ndarray:
    """Least and most that each sender could gain under ``ties``, ``(senders, 2)``, in stakes.

    One that does not choose gains 0. Above: ties in the deviator's favour bound every rule. Below: the response is
    climbed from, and moved off the ties that the rule does not grant; its exact utility counts. Where the two
    differ by more than ``tolerance`` a sender cannot break some tie, and its best response under the rule is
    computed, in up to ``time_limit`` seconds.
    """
    now = sender_utilities(game, policies, ties=ties)
    gains = np.zeros((len(responses), 2))
    for sender in game.choosing:
        response = responses[sender]
        problem = make_problem(game, policies, sender, ties)
        reached = climb(problem, response.policy, np.inf).value
        bound = response.upper_bound
        if bound - max(reached, now[sender]) > tolerance:
            ruled = best_response(game, policies, sender, time_limit=time_limit, ties=ties)
            reached, bound = max(reached, ruled.value), min(bound, ruled.upper_bound)
        gain = max(reached - now[sender], 0.0)
        gains[sender] = gain, max(bound - now[sender], gain)
    return gains
