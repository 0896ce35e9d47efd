"""From a profile that was found somehow to a certified local equilibrium: exact local best responses in turn."""

import time
from typing import Any

import numpy as np

from persuasion.equilibria.play import Play
from persuasion.equilibria.record import (
    CERTIFIED,
    INFEASIBLE,
    MARGIN,
    NOT_REACHED,
    UNPROVEN,
    Polished,
)
from persuasion.equilibria.turns import IN_TURN, SETTLED, Limits, Turns, take_turns
from persuasion.model.checks import positive_number
from persuasion.model.game import Game
from persuasion.model.policies import one_profile
from persuasion.model.simulate import sender_utilities
from persuasion.model.ties import LOWEST_INDEX, TieRule
from persuasion.regret.certify import certify
from persuasion.regret.margin import check_margin


def polish(
    game: Game,
    policies: np.ndarray,
    radius: float,
    *,
    ties: Any = LOWEST_INDEX,
    margin: float = 0.0,
    order: Any = IN_TURN,
    rounds: int = 50,
    tolerance: float | None = None,
    time_limit: float = 300.0,
    response_limit: float = 60.0,
    seed: int = 0,
) -> Polished:
    """Let the senders move to exact local best responses, one at a time, until nobody gains; then certify.

    Every move ends in the box of ``radius`` around the mover's policy at that time, so many moves may lead far
    from the start; the certificate's box is around the final profile. The certificate decides: it bounds
    what every sender could gain by any policy in its box, under one rule, margin or not.

    Parameters
    ----------
    policies : (senders, states, signals), one profile
    radius : largest change of an entry in one move; from 1 on all policies are in reach. A profile certified
        at one radius is an equilibrium at every smaller one, and larger boxes need fewer moves
    tolerance : least gain that makes a sender move, and largest regret of a local equilibrium, as a share of
        every sender's own stake (``game.stakes``); None: 1e-5
    margin : lead that the receiver's action keeps after every move, in the receiver's utility units. With one,
        the result's utilities are the same under every tie rule, up to duplicated actions
    ties : the rule that counts, anything ``TieRule.parse`` accepts
    rounds, order, seed : as in :func:`persuasion.equilibria.best_response_dynamics`
    time_limit, response_limit : seconds for the moves, and for one of them; the certificate may take
        ``response_limit`` seconds more

    Raises
    ------
    ValueError
        For an invalid profile, radius, rule, order, margin, tolerance, or limits.
    """
    began = time.perf_counter()
    profile = one_profile(game, policies)
    reach = positive_number("radius", radius)
    lead, rule = check_margin(game, margin), TieRule.of(game, ties)
    limits = Limits.of(tolerance, rounds, time_limit, response_limit)
    play = Play(game.standard, [rule] * game.shape.senders, lead / game.receiver_unit, reach)
    turns = take_turns(play, profile, order, seed, limits)
    moves = tuple(move.in_units(game) for move in turns.moves)
    path = [sender_utilities(game, profile, ties=rule), *(move.utilities for move in moves)]
    certificate = certify(game, turns.policies, reach, ties=rule, time_limit=limits.response_limit)
    return Polished(
        policies=turns.policies,
        status=_status(turns, play, certificate.holds(limits.tolerance)),
        certificate=certificate,
        path=np.array(path),
        rounds=turns.rounds,
        moves=moves,
        cycle_length=turns.cycle_length,
        radius=reach,
        margin=lead,
        tolerance=limits.tolerance,
        seconds=time.perf_counter() - began,
    )


def _status(turns: Turns, play: Play, holds: bool | None) -> str:
    """The certificate's word, or why there is none."""
    if holds:
        return CERTIFIED
    if turns.stop != SETTLED:
        return f"{NOT_REACHED}: {turns.stop}"
    if not play.kept:
        return f"{NOT_REACHED}: {INFEASIBLE}"
    return f"{NOT_REACHED}: {MARGIN if play.margin > 0 and holds is False else UNPROVEN}"
