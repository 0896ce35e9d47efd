"""Alternating exact global best responses: where they stop under one tie rule, they found a Nash equilibrium.

Best responses end where the receiver is indifferent, so ties decide whether a stop is an equilibrium at all.
Two readings: without a margin every sender counts ties in its own favour, and at the stop one tie map is sought
that grants all of them what they counted on; with a margin every response leaves the receiver strict, so that
no rule matters, and the certificate says what senders could gain by giving up the margin.
"""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from persuasion.equilibria.play import Play
from persuasion.equilibria.record import (
    EQUILIBRIUM,
    INCONSISTENT,
    INFEASIBLE,
    MARGIN_EQUILIBRIUM,
    OTHER_TIES,
    UNPROVEN,
    Dynamics,
)
from persuasion.equilibria.tie_map import common_tie_map
from persuasion.equilibria.turns import IN_TURN, SETTLED, Limits, Turns, take_turns
from persuasion.model.game import Game
from persuasion.model.policies import one_profile
from persuasion.model.simulate import outcome_distribution, sender_utilities
from persuasion.model.standard import StandardGame
from persuasion.model.ties import TieRule
from persuasion.regret.best_response import best_response
from persuasion.regret.candidates import climb
from persuasion.regret.margin import check_margin
from persuasion.regret.problem import make_problem
from persuasion.regret.response import BestResponse


def best_response_dynamics(
    game: Game,
    start: np.ndarray,
    *,
    ties: Any = None,
    margin: float = 0.0,
    order: Any = IN_TURN,
    rounds: int = 100,
    tolerance: float | None = None,
    time_limit: float = 600.0,
    response_limit: float = 60.0,
    seed: int = 0,
) -> Dynamics:
    """Let the senders move to their exact global best responses, one at a time, until nobody gains.

    Parameters
    ----------
    start : (senders, states, signals), one profile
    margin : lead that the receiver's action keeps after every move, in the receiver's utility units
    ties : the rule of the certificate, anything ``TieRule.parse`` accepts. None: without a margin the tie map
        that serves the senders best, found at the stop; with a margin ``"lowest-index"``
    order : ``"in turn"``, ``"random"`` (a permutation per round, from ``seed``; no cycles are detected), or a list
        of the senders
    rounds : at most; in a round every sender is asked once
    time_limit, response_limit : seconds for the play, and for one best response; the certificate of a stop may
        take ``response_limit`` seconds more, and as much again per sender where ties are hard to settle
    tolerance : least gain that makes a sender move, as a share of its own stake (``game.stakes``); None: 1e-5

    Raises
    ------
    ValueError
        For an invalid profile, rule, order, margin, tolerance, or limits.
    """
    began = time.perf_counter()
    profile = one_profile(game, start, "start")
    standard, lead = game.standard, check_margin(game, margin)
    limits = Limits.of(tolerance, rounds, time_limit, response_limit)
    rule = None if ties is None else TieRule.of(game, ties)
    # without a margin every sender counts ties in its favour; with one, all count them by the rule
    senders = range(game.shape.senders)
    rules = [rule or TieRule() if lead > 0 else TieRule("sender", sender=i) for i in senders]
    play = Play(standard, rules, lead / game.receiver_unit)
    turns = take_turns(play, profile, order, seed, limits)
    status, rule, gains = _judge(standard, turns, play, rule, limits)
    return Dynamics(
        policies=turns.policies,
        status=status,
        ties=rule,
        utilities=sender_utilities(game, turns.policies, ties=rule),
        outcome=outcome_distribution(game, turns.policies, ties=rule),
        gains=None if gains is None else gains * game.stakes[:, None],
        stakes=game.stakes,
        margin=lead,
        tolerance=limits.tolerance,
        rounds=turns.rounds,
        moves=tuple(move.in_units(game) for move in turns.moves),
        cycle_length=turns.cycle_length,
        seconds=time.perf_counter() - began,
    )


def _judge(
    game: StandardGame, turns: Turns, play: Play, rule: TieRule | None, limits: Limits
) -> tuple[str, TieRule, np.ndarray | None]:
    """Status, the rule it holds under, and what the senders gain under it, in stakes."""
    if turns.stop != SETTLED:
        return turns.stop, rule or TieRule(), None
    if not play.kept:
        return INFEASIBLE, rule or TieRule(), None
    seconds = limits.response_limit
    responses = _favourable_responses(game, turns.policies, seconds)
    bounds = np.array([response.upper_bound for response in responses])
    fixed = rule or (TieRule() if play.margin else None)
    chosen, gains = TieRule(), np.zeros(0)
    for number, one in enumerate([fixed] if fixed else _rules(game, turns.policies, bounds)):
        left = seconds / game.shape.senders if number else seconds
        found = _gains(game, turns.policies, one, responses, limits.tolerance, left)
        holds = found[:, 1].max() <= limits.tolerance
        if holds or not number:
            chosen, gains = one, found
        if holds:
            break
    status = _verdict(turns, play, gains, limits.tolerance, bounds)
    return OTHER_TIES if rule and status == INCONSISTENT else status, chosen, gains


def _rules(game: StandardGame, policies: np.ndarray, bounds: np.ndarray) -> Iterator[TieRule]:
    """Rules under which nobody may gain: the map that serves all best, and those that have a name."""
    yield common_tie_map(game, policies, bounds).ties
    yield TieRule()
    yield TieRule("welfare")
    yield from (TieRule("sender", sender=i) for i in game.choosing)


def _verdict(
    turns: Turns, play: Play, gains: np.ndarray, tolerance: float, bounds: np.ndarray
) -> str:
    """What a stop has proved; ``bounds`` count ties in the senders' favour and no margin."""
    lower, upper = gains.max(0)
    if upper <= tolerance:
        return EQUILIBRIUM
    if play.margin > 0:  # the play's own bounds hold for deviations that keep it
        bounds = np.array([turns.bounds[sender] for sender in range(len(bounds))])
    worth = np.array([play.worth(turns.policies, sender) for sender in range(len(bounds))])
    if (bounds - worth > tolerance).any():
        return UNPROVEN
    if play.margin > 0:
        return MARGIN_EQUILIBRIUM
    return INCONSISTENT if lower > tolerance else UNPROVEN


def _favourable_responses(
    game: Game, policies: np.ndarray, time_limit: float
) -> list[BestResponse]:
    """Every sender's best response with ties in its favour; ``time_limit`` seconds in all."""
    deadline = time.perf_counter() + time_limit
    found = []
    for sender in range(game.shape.senders):
        left = (deadline - time.perf_counter()) / (game.shape.senders - sender)
        found.append(best_response(game, policies, sender, time_limit=max(left, 1e-3)))
    return found


def _gains(
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
