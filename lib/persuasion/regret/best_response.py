"""Exact best responses of one sender: the same answer from five methods.

>>> from persuasion import Game, no_revelation
>>> game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
>>> response = best_response(game, no_revelation(game), sender=0)
>>> round(response.value, 9), response.status, response.attained
(0.6, 'optimal', True)
"""

import contextlib
import importlib
import time
from typing import Any

import numpy as np

from persuasion.model.checks import positive_number, whole_number
from persuasion.model.game import Game
from persuasion.model.policies import one_profile
from persuasion.model.ties import TieRule
from persuasion.regret.anywhere.arrangement import TooManySets, is_fastest
from persuasion.regret.margin import check_margin, keeps_margin
from persuasion.regret.problem import Problem, make_problem
from persuasion.regret.response import (
    BOUND,
    INFEASIBLE,
    OPTIMAL,
    TIES,
    TIME_LIMIT,
    BestResponse,
    InconsistentCertificate,
    better,
    unsettled,
)

__all__ = ["METHODS", "BestResponse", "best_response"]

# imported on first use: each needs its own optional solver
METHODS = {
    "enumerate": ("anywhere.enumerate", "by_enumeration"),
    "milp": ("anywhere.milp", "by_milp"),
    "bilinear": ("anywhere.bilinear", "by_bilinear"),
    "column-generation": ("anywhere.column_generation", "by_column_generation"),
    "rays": ("anywhere.rays", "by_rays"),
}
# what "auto" may use besides: its bounds hold however different a row's entries are
BOX = {"box": ("nearby.search", "by_box")}


def best_response(
    game: Game,
    policies: np.ndarray,
    sender: int,
    *,
    ties: Any = None,
    margin: float = 0.0,
    method: str = "auto",
    time_limit: float = 60.0,
) -> BestResponse:
    """The deviation that serves one sender best, the other senders' policies held fixed.

    Parameters
    ----------
    policies : (senders, states, signals), one profile; the deviator's own policy is the first incumbent
    sender : index of the deviator
    method : ``"enumerate"`` (tiny games), ``"milp"``, ``"bilinear"``, ``"column-generation"``, ``"rays"`` (few
        states), or ``"auto"``: rays where these are fastest (two or three states, or few joint signals of the
        others); else column generation if there are at least as many signals as states, or the MILP (the search of
        :func:`~persuasion.regret.nearby.local.local_best_response` where the receiver's payoffs are of very
        different sizes); and enumeration afterwards where these leave ties unresolved and the game is tiny
    time_limit : seconds; what is known by then is returned, with a valid upper bound
    ties : anything ``TieRule.parse`` accepts; None means in favour of the deviator, where the supremum is
        attained
    margin : in the receiver's utility units, 0 or at least 1e-7 of ``game.receiver_stake``. If
        positive, only deviations count after which the receiver's action leads by the margin in posterior
        expected utility at every joint signal that occurs, whatever the tie rule. Actions that are equal in
        every state that the others' signals leave possible cannot lead one another: among these the
        rule still decides. There may be no such deviation: status ``"infeasible"``

    Raises
    ------
    ValueError
        For policies of the wrong shape, a sender out of range, an unknown method, a time limit that is
        not positive, a margin out of range, a game too large for the method, or payoffs that double precision
        cannot tell apart.
    InconsistentCertificate
        If a policy is found to earn more than the method's bound: numerical trouble.
    """
    if method not in (*METHODS, "auto"):
        raise ValueError(f"unknown method {method!r}: use one of {', '.join([*METHODS, 'auto'])}")
    seconds = positive_number("time_limit", time_limit, infinite=True)
    problem = read_problem(game, policies, sender, ties=ties, margin=margin)
    if problem.sender not in game.choosing:
        response = no_choice(problem)
    elif method == "auto":
        response = automatic(problem, seconds)
    else:
        response = _run(problem, method, seconds)
    return response.in_units(game, problem.sender)


def read_problem(
    game: Game, policies: np.ndarray, sender: int, *, ties: Any, margin: float
) -> Problem:
    """A sender's problem as callers put it; ``ValueError`` names what is wrong. No ``ties`` are in its favour."""
    profile = one_profile(game, policies)
    sender = whole_number("sender", sender, 0, game.shape.senders - 1)
    rule = TieRule.of(game, ties, deviator=sender)
    return make_problem(game, profile, sender, rule, check_margin(game, margin))


def no_choice(problem: Problem) -> BestResponse:
    """The policy that the sender has, worth -inf if the profile breaks the margin; in stakes."""
    kept = keeps_margin(problem, problem.own)
    value = float(problem.utilities(problem.own[None])[0]) if kept else -np.inf
    status = OPTIMAL if kept else INFEASIBLE
    return BestResponse(problem.own, value, value, 0.0, kept, status, "no choice", 0.0)


def automatic(problem: Problem, time_limit: float) -> BestResponse:
    """The best response by the method that suits, in stakes."""
    start = time.perf_counter()
    if is_fastest(problem):
        # others may be spared the trouble
        with contextlib.suppress(InconsistentCertificate, TooManySets):
            response = _run(problem, "rays", time_limit / 2)
            if response.status not in (TIES, TIME_LIMIT):
                return response
        time_limit = max(time_limit - (time.perf_counter() - start), 0.0)
    shape = problem.game.shape
    pooled = problem.signals >= shape.states and problem.symmetric
    # on wide rows SCIP may even crash
    binary, other = ("box", "milp") if problem.wide else ("milp", "bilinear")
    try:
        response = _run(problem, "column-generation" if pooled else binary, time_limit)
    except InconsistentCertificate:  # numerical trouble that the other program may be spared
        response = _run(problem, binary if pooled else other, time_limit)
    left = time_limit - response.seconds
    if pooled and problem.margin > 0 and response.status == BOUND and left > 0:
        response = _run(problem, binary, left)
        left -= response.seconds
    if left > 0 and unsettled(problem.wide, response):
        # where the game is not tiny, or numbers do not agree, the interval stands
        with contextlib.suppress(ValueError, InconsistentCertificate):
            response = better(response, _run(problem, "enumerate", left))
    return response


def _run(problem: Problem, method: str, time_limit: float) -> BestResponse:
    module, name = {**METHODS, **BOX}[method]
    solver = getattr(importlib.import_module(f"persuasion.regret.{module}"), name)
    return solver(problem, time_limit)
