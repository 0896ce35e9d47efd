"""The paper's propositions and theorems on seeded instances: a universal claim is checked, not proved.

Every check counts the instances on which the statement was found true, by a method that does not assume it.
"""

import itertools
import warnings
from fractions import Fraction
from typing import Any

import nashpy
import numpy as np

from persuasion.games import synthetic
from persuasion.model.exact import (
    RationalGame,
    exact_actions,
    exact_utilities,
    price_bound,
    rationals,
)
from persuasion.model.game import Game
from persuasion.model.policies import uniform_policies
from persuasion.model.ties import TieRule
from persuasion.model.tolerances import SAME_UTILITY
from persuasion.regret.anywhere.bilinear import build_model
from persuasion.regret.best_response import best_response
from persuasion.regret.problem import make_problem
from persuasion.theorems.garbling import REVEALED, garbling
from persuasion.theorems.gray_codes import ClaimRefuted, ClaimUndecided, check_revelation
from persuasion.theorems.jumps import LineSweep, line_sweep
from persuasion.theorems.public_persuasion import (
    PublicPersuasion,
    optimal_public_scheme,
    reduced_game,
)
from persuasion.theorems.win_lose import (
    bimatrix_gains,
    persuasion_game,
    policies_from_strategies,
    sender_gains,
)
from study.ledger.effects import Count, Part
from study.ledger.table import Claim

# the sizes, and how often each, that the pages on the theorems check, too
SEGMENTS = [(2, 2), (2, 3), (3, 2)] * 15
"""Senders, and states, actions and signals."""
AGREEMENTS = 12
REDUCTIONS = [*[(m, k) for m, k in ((2, 2), (2, 3), (3, 2)) for _ in range(6)], *[(2, 2)] * 3]
"""Receivers and states of public persuasion."""
REVELATIONS = [(2, 2, 2), (3, 2, 3), (4, 2, 4), (4, 3, 2), (6, 3, 3), (4, 4, 2), (8, 4, 2)] * 4
"""States, senders, signals; as many actions as states."""
POOLED = [(6, 5, 3, 2, 3), (8, 6, 4, 3, 2), (6, 3, 2, 2, 2)] * 4
"""States, actions, actions that are optimal somewhere, senders, signals."""
WIN_LOSE = [size for size in range(2, 7) for _ in range(12)]
"""Strategies of each player."""


def _game(seed: int, senders: int = 2, size: int = 2, signals: int = 0, actions: int = 0) -> Game:
    """With so many states; as many signals and actions unless others are given."""
    sizes = {"signals": signals or size, "states": size, "actions": actions or size}
    return synthetic(senders, **sizes, logit_scale=1.0, seed=np.random.SeedSequence([7, seed]))


def discontinuity(_: Any) -> list[Part]:
    """Proposition 1, along random segments in exact arithmetic."""
    pieces, jumps, changes, constant, curved = 0, 0, 0, 0, 0
    for seed, (senders, size) in enumerate(SEGMENTS):
        game = _game(seed, senders, size)
        # multiples of 1/16 are exact fractions
        generator = np.random.default_rng(seed)
        drawn = generator.multinomial(16, uniform_policies(game, 3, generator)) / 16
        sweep = line_sweep(game, drawn[0], 0, drawn[1, 0], drawn[2, 0])
        pieces += _linear(game, drawn, sweep)
        changes += len(sweep.pieces) > 1
        jumps += bool(sweep.jumps) and all(height != 0 for _, height in sweep.jumps)
        second, beyond = _differences(game, drawn[1], drawn[2])
        constant += second is not None
        curved += second not in (None, 0) and beyond == 0
    return [
        Count(
            "segments, 2 or 3 senders, sizes 2 and 3, on which evaluations from scratch confirm the linear pieces, "
            "no more than allowed",
            pieces,
            len(SEGMENTS),
        ),
        Count("segments with several pieces whose every border is a jump", jumps, changes),
        Count(
            "segments of all senders at once, with one action map that listens to several, on which utility is a "
            "polynomial of as high a degree as there are senders, and not linear",
            curved,
            constant,
        ),
    ]


def _linear(game: Game, drawn: np.ndarray, sweep: LineSweep) -> bool:
    """Whether utility and actions inside every piece, and at both its ends, are what the sweep says they are."""
    exact, profile = RationalGame.of(game), rationals(drawn[0])
    start, end = rationals(drawn[1, 0]), rationals(drawn[2, 0])
    for piece in sweep.pieces:
        for share in (Fraction(1, 10**6), Fraction(1, 2), 1 - Fraction(1, 10**6)):
            tau = piece.start + share * (piece.end - piece.start)
            profile[0] = start * (1 - tau) + end * tau
            acted = (exact_actions(exact, profile) == piece.actions.ravel()).all()
            if not acted or exact_utilities(exact, profile)[0] != piece(tau):
                return False
    return len(sweep.pieces) <= sweep.bound


def _differences(
    game: Game, start: np.ndarray, end: np.ndarray
) -> tuple[Fraction | None, Fraction | None]:
    """Second difference of sender 1's utility along a segment, and the first that vanishes for a polynomial.

    In exact arithmetic, near a third of the way; None if the receiver's actions change there, or depend on one
    sender at most, or a row of a policy does not move.
    """
    exact, count = RationalGame.of(game), len(game.senders) + 2
    first, last = rationals(start), rationals(end)
    shares = [Fraction(1, 3) + k * Fraction(1, 10**6) for k in range(count)]
    profiles = [first * (1 - share) + last * share for share in shares]
    maps = np.unique([exact_actions(exact, profile) for profile in profiles], axis=0)
    actions = maps[0].reshape((game.signals,) * len(game.senders))
    listens = sum(bool(np.ptp(actions, axis=i).any()) for i in range(actions.ndim))
    if len(maps) > 1 or listens < 2 or (first == last).all(-1).any():
        return None, None
    values = [exact_utilities(exact, profile)[0] for profile in profiles]
    return np.diff(values, 2)[0], np.diff(values, count - 1)[0]


def bilinear(_: Any) -> list[Part]:
    """Proposition 2's program, as SCIP solves it, against enumeration of the receiver's actions."""
    same = 0
    for seed in range(AGREEMENTS):
        game = _game(seed)
        policies = uniform_policies(game, 1, np.random.default_rng(seed))[0]
        found = best_response(game, policies, 0, method="enumerate").upper_bound
        same += abs(_program_optimum(game, policies) - found) <= SAME_UTILITY * game.stakes[0]
    name = "games of size 2 in which the program's optimum is the best response"
    return [Count(name, same, AGREEMENTS)]


def _program_optimum(game: Game, policies: np.ndarray) -> float:
    """The optimum for sender 1 of the program alone, in the sender's unit; not a number if it is not solved."""
    model, _ = build_model(make_problem(game, policies, 0, TieRule("sender", sender=0)))
    model.setParam("limits/time", 20.0)
    model.optimize()
    optimum = model.getObjVal() if model.getStatus() == "optimal" else np.nan
    return float(optimum * game.stakes[0] + game.offsets[0])


def reduction(_: Any) -> list[Part]:
    """Theorem 3's reduction: the best response of the reduced game against the optimum of public persuasion."""
    same = 0
    for seed, (receivers, states) in enumerate(REDUCTIONS):
        generator = np.random.default_rng(seed)
        instance = PublicPersuasion(
            generator.dirichlet(np.ones(states)), generator.uniform(-1, 1, (receivers, states))
        )
        reduced = reduced_game(instance)
        found = best_response(reduced.game, reduced.profile(reduced.opponent), 0)
        wanted = (1 - reduced.mass) * optimal_public_scheme(instance)[0]
        same += abs(found.upper_bound - wanted) <= SAME_UTILITY
    name = "reduced games, 2 or 3 receivers and states, whose best response is the public optimum"
    return [Count(name, same, len(REDUCTIONS))]


def revelation(_: Any) -> list[Part]:
    """Theorem 4, by exact global best responses; with the fewest signals that the theorem asks for."""
    games = [
        _optimal_in_turn(_game(seed, senders, states, signals), states)
        for seed, (states, senders, signals) in enumerate(REVELATIONS)
    ]
    pooled = [
        _optimal_in_turn(_game(seed, senders, states, signals, actions), words)
        for seed, (states, actions, words, senders, signals) in enumerate(POOLED)
    ]
    name = (
        "games, 2 to 4 senders, 2 to 8 states with an optimal action each, as few signals as the theorem allows, "
        "in which nobody gains by deviating from full revelation"
    )
    shared = (
        "such games in which several states share an optimal action, and others are optimal nowhere"
    )
    other = "games with another equilibrium, better for both senders, proved in fractions"
    return [
        Count.of(name, map(_is_equilibrium, games)),
        Count.of(shared, map(_is_equilibrium, pooled)),
        Count.of(other, [_not_the_only_one()]),
    ]


def _is_equilibrium(game: Game) -> bool:
    try:
        check_revelation(game)
    except (ClaimRefuted, ClaimUndecided):
        return False
    return True


def _not_the_only_one() -> bool:
    """Whether prices prove that nobody gains, at a profile that is worth more than full revelation."""
    game, policies, prices = garbling()
    now = exact_utilities(game, policies)
    proved = all(price_bound(game, policies, i, prices[i]) == now[i] for i in range(2))
    return bool(proved and (now > REVEALED).all())


def _optimal_in_turn(game: Game, words: int) -> Game:
    """With two of the receiver's utilities swapped in each state, so that action ``w % words`` is best in ``w``."""
    receiver = game.receiver.copy()
    for state, row in enumerate(receiver):
        places = [state % words, row.argmax()]
        row[places] = row[places[::-1]]
    return Game(game.prior, receiver, game.senders, game.signals)


def win_lose(_: Any) -> list[Part]:
    """Theorem 5's construction: gains in the persuasion game against gains in the bimatrix game."""
    same = 0
    kept: list[bool] = []
    for seed, size in enumerate(WIN_LOSE):
        generator = np.random.default_rng(seed)
        first, second = generator.integers(0, 2, (2, size, size))
        game, ties = persuasion_game(first, second)
        x, y = generator.dirichlet(np.ones(size), 2)
        gains = sender_gains(game, policies_from_strategies(x, y), ties=ties)
        same += np.allclose(2 * gains, bimatrix_gains(first, second, x, y))
        for equilibrium in _equilibria(first, second):
            gains = sender_gains(game, policies_from_strategies(*equilibrium), ties=ties)
            kept.append(bool(gains.max() <= SAME_UTILITY))
    name = "profiles, 2 to 6 strategies a player, with the same gains in both games"
    return [
        Count(name, same, len(WIN_LOSE)),
        Count.of("equilibria of the games among players in which no sender gains", kept),
    ]


def _equilibria(first: np.ndarray, second: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """At most two."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nashpy warns that win-lose games are often degenerate
        return list(itertools.islice(nashpy.Game(first, second).support_enumeration(), 2))


THEORY = (
    Claim(
        "Proposition 1",
        "a sender's utility is piecewise linear in its own policy, piecewise non-linear in all policies, and jumps "
        "between pieces", "theory/discontinuity", "exact sweep along random segments", discontinuity,
    ),
    Claim(
        "Proposition 2", "the best response is the optimum of a bilinear program",
        "theory/best-response", "against enumeration", bilinear,
    ),
    Claim(
        "Theorem 3", "best response is NP-hard: public persuasion is encoded in it",
        "theory/np-hardness", "the encoding, both sides solved; hardness itself is cited", reduction,
    ),
    Claim(
        "Theorem 4", "full revelation is an equilibrium even with few signals, and need not be the only one",
        "theory/full-revelation", "exact best responses at the revealing profile; one example of another",
        revelation,
    ),
    Claim(
        "Theorem 5", "finding an equilibrium is PPAD-hard: win-lose games are encoded in it",
        "theory/ppad", "the encoding at random profiles and at equilibria; hardness itself is cited. "
        "A remark: it needs a tie rule that reads the names of signals; under plain rules every profile of "
        "this game is an equilibrium", win_lose,
    ),
)  # fmt: skip
