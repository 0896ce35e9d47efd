"""The best response within a radius, exactly where time allows and with a proven bound where not."""

import contextlib
import time
from typing import Any

import numpy as np

from persuasion.model.checks import positive_number
from persuasion.model.game import Game
from persuasion.regret.best_response import BestResponse, automatic, no_choice, read_problem


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
    reach = positive_number("radius", radius)
    seconds = positive_number("time_limit", time_limit, infinite=True)
    problem = read_problem(game, policies, sender, ties=ties, margin=margin)
    sender = problem.sender
    if sender not in game.choosing or problem.signals == 1:
        return no_choice(problem).in_units(game, sender)
    if reach >= 1:
        with contextlib.suppress(ValueError):  # too large for the global methods
            return automatic(problem, seconds).in_units(game, sender)
    # the solvers are needed only here
    from persuasion.regret.nearby.search import by_box

    left = start + seconds - time.perf_counter()
    return by_box(problem, left, reach).in_units(game, sender)
