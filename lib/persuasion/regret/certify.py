"""Certificates of whole profiles, one sender after the other."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from persuasion.model.checks import positive_number, several, whole_number
from persuasion.model.game import Game
from persuasion.model.policies import one_profile
from persuasion.model.simulate import deviation_utilities
from persuasion.model.ties import LOWEST_INDEX, TieRule
from persuasion.model.tolerances import CLOSED
from persuasion.regret.best_response import BestResponse
from persuasion.regret.certificate import Certificate, InconsistentCertificate, SenderCertificate
from persuasion.regret.nearby.local import local_best_response


def certify(
    game: Game,
    policies: np.ndarray,
    radius: float,
    *,
    ties: Any = LOWEST_INDEX,
    senders: Sequence[int] | None = None,
    time_limit: float = 60.0,
) -> Certificate:
    r"""How much any sender could gain by deviating within ``radius``: the regret, exactly or as an interval.

    :math:`r_i=\max_{\|\pi_i'-\pi_i\|_\infty\le\varepsilon}V_i(\pi_i',\pi_{-i})-V_i(\pi)`.
    The lower bound is the simulator's value of a concrete deviation under ``ties``. The upper bound holds
    for every deviation under ``ties``: where the rule may grant a tie, it counts it in the
    deviator's favour. A radius of 1 or more makes it a certificate of a (global) Nash equilibrium.

    Parameters
    ----------
    policies : (senders, states, signals), one profile; solver dust (negative entries above -1e-9) is clipped
    radius : largest change of an entry, positive
    ties : tie rule of the whole certificate, anything ``TieRule.parse`` accepts
    time_limit : wall seconds for the whole profile, split evenly over the senders still to come (what one leaves
        over goes to the rest); what is proven by then is returned, in at most a second or so more
    senders : indices of the senders to examine, default all

    Raises
    ------
    ValueError
        For bad policies, radius, time limit, tie rule or senders.
    InconsistentCertificate
        If a bound falls below a value that was reached: a bug or numerical trouble.

    >>> from persuasion import Game, full_revelation
    >>> game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]] * 2, signals=2)
    >>> certify(game, full_revelation(game), radius=1).holds(1e-6)
    True
    """
    start = time.perf_counter()
    profile, rule = one_profile(game, policies), TieRule.of(game, ties)
    reach = positive_number("radius", radius)
    seconds = positive_number("time_limit", time_limit, infinite=True)
    chosen = _chosen(game, senders)
    entries, standard = [], game.standard
    for done, sender in enumerate(chosen):
        left = start + seconds - time.perf_counter()
        limit = max(left / (len(chosen) - done), 1e-3)
        response = local_best_response(
            standard, profile, sender, reach, ties=rule, time_limit=limit
        )
        entries.append(_entry(standard, profile, sender, rule, response).in_units(game))
    sizes = {"name": game.name, **game.shape._asdict()}
    return Certificate(sizes, reach, str(rule), tuple(entries), time.perf_counter() - start)


def _chosen(game: Game, senders: Sequence[int] | None) -> list[int]:
    everyone = range(game.shape.senders)
    chosen = several("senders", everyone if senders is None else senders)
    if not chosen:
        raise ValueError(f"senders must be some of 0..{game.shape.senders - 1}, got none")
    return [whole_number("senders", sender, 0, game.shape.senders - 1) for sender in chosen]


def _entry(
    game: Game, profile: np.ndarray, sender: int, rule: TieRule, response: BestResponse
) -> SenderCertificate:
    """In the units of the standard game, which ``game`` is."""
    utility = float(deviation_utilities(game, profile, sender, profile[sender], ties=rule))
    gain, bound = float(response.value - utility), float(response.upper_bound - utility)
    if gain < -CLOSED or bound < -CLOSED:
        raise InconsistentCertificate(
            f"sender {sender}: the best deviation, staying included, gains {gain:g}, at most {bound:g}"
        )
    # in this order, -0.0 becomes 0.0
    gain = max(0.0, gain)
    bound = max(gain, bound)
    return SenderCertificate(
        sender=sender,
        utility=utility,
        policy=response.policy,
        deviation_utility=float(response.value),
        gain=gain,
        bound=bound,
        stake=1.0,
        exact=bound - gain <= CLOSED,
        status=response.status,
        solver=response.solver,
        seconds=response.seconds,
    )
