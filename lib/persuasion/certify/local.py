"""The best response within a radius, exactly where time allows and with a proven bound where not."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from persuasion.best_response import BestResponse, best_response
from persuasion.best_response.margin import check_margin
from persuasion.best_response.problem import Problem, make_problem
from persuasion.certify.record import EXACT, InconsistentCertificate
from persuasion.game import Game
from persuasion.policies import check_policies
from persuasion.ties import TieRule

SOLVER = "box search (HiGHS)"
DUST = 1e-9
# rows this close to 1 stay as they are, so that cleaning twice changes nothing
ROUNDING = 1e-14


def local_best_response(
    game: Game,
    policies: np.ndarray,
    sender: int,
    radius: float,
    ties: Any = None,
    time_limit: float = 60.0,
    margin: float = 0.0,
) -> BestResponse:
    r"""The deviation within ``radius`` that serves one sender best, the others' policies held fixed.

    The maximum of :math:`V_i(\pi_i',\pi_{-i})` over :math:`\|\pi_i'-\pi_i\|_\infty\le\varepsilon` (specification,
    Section 5). ``value`` is the simulator's at ``policy`` under the tie rule; ``upper_bound`` counts every tie
    that the rule may grant in the deviator's favour, so it is valid under the rule, and under every other rule
    if ``ties`` is None.

    Parameters
    ----------
    policies : (senders, states, signals), one profile; negative entries above -1e-9 count as 0
    sender : index of the deviator
    radius : largest change of an entry, positive; from 1 on all policies are in reach
    ties : anything ``TieRule.parse`` accepts; None means in favour of the deviator
    time_limit : seconds; what is known by then is returned, with a valid upper bound
    margin : as in :func:`persuasion.best_response.best_response`; the bound then covers deviations that keep it

    Raises
    ------
    ValueError
        For policies of the wrong shape or with invalid rows, or a sender, radius, time limit or margin out of
        range.
    """
    start = time.perf_counter()
    profile = clean_profile(game, policies)
    reach = check_radius(radius)
    check_sender(game, sender)
    check_time_limit(time_limit)
    rule = TieRule("sender", sender=int(sender)) if ties is None else TieRule.parse(ties)
    problem = make_problem(game, profile, int(sender), rule, check_margin(game, margin))
    if reach >= 1:
        try:
            return best_response(game, profile, sender, "auto", time_limit, rule, margin)
        except ValueError:  # too large for the global methods
            pass
    return _search(problem, reach, start, start + float(time_limit))


def _search(problem: Problem, radius: float, start: float, deadline: float) -> BestResponse:
    # the solvers are needed only here
    from persuasion.best_response.polish import conclude, ended
    from persuasion.certify.box import policy_box
    from persuasion.certify.search import search_box

    box = policy_box(problem.policies[problem.sender], radius)
    outcome = search_box(problem, box, deadline)
    value = max(candidate.value for candidate in outcome.found)
    if not outcome.infeasible and outcome.bound < value - EXACT * problem.scale:
        raise InconsistentCertificate(
            f"sender {problem.sender}: a deviation is worth {value!r}, its bound is {outcome.bound!r}"
        )
    until = -math.inf if outcome.hurried else deadline
    status = ended(outcome.closed, until, outcome.infeasible)
    return conclude(problem, outcome.found, outcome.bound, status, SOLVER, start)


def check_sender(game: Game, sender: Any) -> None:
    """``ValueError`` unless ``sender`` is the index of a sender."""
    whole = isinstance(sender, (int, np.integer)) and not isinstance(sender, bool)
    if not whole or not 0 <= sender < game.shape.senders:
        raise ValueError(f"sender must be in 0..{game.shape.senders - 1}, got {sender!r}")


def check_time_limit(time_limit: Any) -> None:
    """``ValueError`` unless ``time_limit`` is a positive number of seconds."""
    if isinstance(time_limit, bool) or not isinstance(time_limit, (int, float, np.number)):
        raise ValueError(f"time_limit must be a number of seconds, got {time_limit!r}")
    if not time_limit > 0:
        raise ValueError(f"time_limit must be positive, got {time_limit!r}")


def check_radius(radius: Any) -> float:
    """The radius as a float; ``ValueError`` unless it is a positive number."""
    if isinstance(radius, bool) or not isinstance(radius, (int, float, np.number)):
        raise ValueError(f"radius must be a number, got {radius!r}")
    if not (radius > 0 and math.isfinite(radius)):
        raise ValueError(f"radius must be positive and finite, got {radius!r}")
    return float(radius)


def clean_profile(game: Game, policies: Any) -> np.ndarray:
    """One profile in double precision, checked; solver dust below 0 clipped, rows off by over 1e-14 rescaled."""
    given = np.asarray(policies)
    if given.ndim != 3:
        raise ValueError(f"policies must be one profile with 3 axes, got shape {given.shape}")
    if given.dtype.kind == "f":
        given = np.where((given < 0) & (given > -DUST), 0, given).astype(given.dtype)
    check_policies(game, given)
    profile = given.astype(np.float64)
    total = profile.sum(-1, keepdims=True)
    return np.where(np.abs(total - 1) > ROUNDING, profile / total, profile)
