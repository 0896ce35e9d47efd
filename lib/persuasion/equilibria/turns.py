"""The senders take turns: each moves to its best response if that gains more than the tolerance.

Simultaneous moves would answer a profile that is no longer there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, repeat
from typing import Any

import numpy as np

from persuasion.equilibria.cycles import Cycles
from persuasion.equilibria.play import Play
from persuasion.equilibria.record import BUDGET, CYCLE, Move
from persuasion.model.checks import positive_number, whole_number
from persuasion.model.tolerances import REGRET_TOLERANCE, ROW_ROUNDING

SETTLED = "settled"
IN_TURN = "in turn"
RANDOM = "random"


@dataclass(eq=False)
class Turns:
    """The state of play.

    ``bounds`` holds what each sender asked since the last move can reach at most; ``cycles`` is None if none count.
    """

    policies: np.ndarray
    start: float
    cycles: Cycles | None
    stop: str = BUDGET
    rounds: int = 0
    moves: list[Move] = field(default_factory=list)
    bounds: dict[int, float] = field(default_factory=dict)
    cycle_length: int | None = None


@dataclass(frozen=True)
class Limits:
    """Least gain that makes a sender move, in its stakes, and when to give up, in rounds and seconds."""

    tolerance: float
    rounds: int
    time_limit: float
    response_limit: float

    @classmethod
    def of(cls, tolerance: Any, rounds: Any, time_limit: Any, response_limit: Any) -> Limits:
        """What somebody asks for; ``ValueError`` names what makes no sense. A tolerance of None means 1e-5."""
        return cls(
            REGRET_TOLERANCE if tolerance is None else positive_number("tolerance", tolerance),
            whole_number("rounds", rounds, 1),
            positive_number("time_limit", time_limit),
            positive_number("response_limit", response_limit),
        )


def take_turns(play: Play, policies: np.ndarray, order: Any, seed: Any, limits: Limits) -> Turns:
    """Play from a checked profile until all senders in a row stay, a cycle is met, or a limit is reached.

    ``ValueError`` for an order or a seed that is none.
    """
    senders = len(policies)
    rounds = rounds_of(order, senders, whole_number("seed", seed))
    cycles = None if isinstance(order, str) and order == RANDOM else Cycles(play.labelled)
    turns = Turns(policies, time.perf_counter(), cycles)
    for turns.rounds, round_order in zip(range(1, limits.rounds + 1), rounds):
        for sender in round_order:
            left = limits.time_limit - (time.perf_counter() - turns.start)
            if left <= 0:
                return turns
            if sender not in turns.bounds:
                _ask(play, turns, sender, limits, min(left, limits.response_limit))
            if turns.cycle_length is not None:
                turns.stop = CYCLE
                return turns
            if len(turns.bounds) == senders:
                # a response cut off by the end of play proves nothing
                in_time = time.perf_counter() - turns.start < limits.time_limit
                turns.stop = SETTLED if in_time else BUDGET
                return turns
    return turns


def _ask(play: Play, turns: Turns, sender: int, limits: Limits, left: float) -> None:
    """Let one sender move if it gains by it."""
    before = play.worth(turns.policies, sender)
    response = play.respond(turns.policies, sender, left)
    policies = moved(turns.policies, sender, response.policy)
    # the response's value may hang on a tie at the edge of the tolerance, so it is taken again here
    if not min(response.value, play.worth(policies, sender)) > before + limits.tolerance:
        turns.bounds[sender] = response.upper_bound
        return
    turns.policies = policies
    turns.bounds = {sender: response.upper_bound} if play.settles_mover else {}
    utilities = tuple(play.worth(policies, i) for i in range(len(policies)))
    now = time.perf_counter() - turns.start
    turns.moves.append(Move(turns.rounds, sender, before, utilities[sender], utilities, now))
    if turns.cycles is not None:
        turns.cycles.add(sender, policies, play.outcome(policies, sender))
        turns.cycle_length = turns.cycles.length()


def moved(policies: np.ndarray, sender: int, policy: np.ndarray) -> np.ndarray:
    """The profile after a move, the policy ``(states, signals)`` clipped and normalised.

    One that needs neither is kept bit for bit: the last bit may decide a tie.
    """
    result = policies.copy()
    result[sender] = policy
    if (policy < 0).any() or np.abs(policy.sum(1) - 1).max() > ROW_ROUNDING:
        clipped = np.maximum(policy, 0.0)
        result[sender] = clipped / clipped.sum(1, keepdims=True)
    return result


def rounds_of(order: Any, senders: int, seed: int) -> Iterator[Sequence[int]]:
    """Who is asked in every round: ``"in turn"``, ``"random"`` (a new permutation), or a list of each sender once.

    ``ValueError`` for another order.
    """
    if isinstance(order, str) and order == IN_TURN:
        return repeat(range(senders))
    if isinstance(order, str) and order == RANDOM:
        generator = np.random.default_rng(seed)
        return (generator.permutation(senders).tolist() for _ in count())
    if isinstance(order, (list, tuple, np.ndarray)):
        named = [whole_number("order", sender, 0, senders - 1) for sender in order]
        if sorted(named) == list(range(senders)):
            return repeat(named)
    raise ValueError(
        f"order must be 'in turn', 'random' or a list of the senders 0..{senders - 1}, got {order!r}"
    )
