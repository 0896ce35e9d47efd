"""The best response within a radius, exactly where time allows and with a proven bound where not."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from persuasion.model.checks import positive_number, whole_number
from persuasion.model.game import Game
from persuasion.model.policies import one_profile
from persuasion.model.ties import TieRule
from persuasion.regret.anywhere.no_choice import no_choice
from persuasion.regret.best_response import BestResponse, best_response
from persuasion.regret.margin import check_margin
from persuasion.regret.problem import make_problem


def local_best_response(
    game: Game,
    policies: np.ndarray,
    sender: int,
    radius: float,
    *,
    ties: Any = None,
    margin: float = 0.0,
    time_limit: float = 60.0,
) -> BestResponse:
    r"""The deviation within ``radius`` that serves one sender best, the others' policies held fixed.

    The maximum of :math:`V_i(\pi_i',\pi_{-i})` over :math:`\|\pi_i'-\pi_i\|_\infty\le\varepsilon`. ``value`` is the
    simulator's at ``policy`` under the tie rule; ``upper_bound`` counts every tie that the rule may grant in the
    deviator's favour, so it is valid under the rule, and under every other rule if ``ties`` is None.

    Parameters
    ----------
    policies : (senders, states, signals), one profile; negative entries above -1e-9 count as 0
    sender : index of the deviator
    radius : largest change of an entry, positive; from 1 on all policies are in reach
    ties : anything ``TieRule.parse`` accepts; None means in favour of the deviator
    time_limit : seconds; what is known by then is returned, with a valid upper bound
    margin : as in :func:`~persuasion.regret.best_response`; the bound then covers deviations that keep it

    Raises
    ------
    ValueError
        For policies of the wrong shape or with invalid rows, or a sender, radius, time limit or margin out of
        range.
    """
    start = time.perf_counter()
    profile = one_profile(game, policies)
    reach = positive_number("radius", radius)
    sender = whole_number("sender", sender, 0, game.shape.senders - 1)
    seconds = positive_number("time_limit", time_limit, infinite=True)
    rule = TieRule.of(game, ties, deviator=sender)
    problem = make_problem(game, profile, sender, rule, check_margin(game, margin))
    if sender not in game.choosing or problem.signals == 1:
        return no_choice(problem).in_units(game, sender)
    if reach >= 1:
        try:
            return best_response(
                game,
                profile,
                sender,
                method="auto",
                time_limit=time_limit,
                ties=rule,
                margin=margin,
            )
        except ValueError:  # too large for the global methods
            pass
    # the solvers are needed only here
    from persuasion.regret.nearby.search import by_box

    left = start + seconds - time.perf_counter()
    return by_box(problem, left, reach).in_units(game, sender)
