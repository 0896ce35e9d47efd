"""The paper's propositions and theorems on seeded instances: a universal claim is checked, not proved.

Every check counts the instances on which the statement was found true, by a method that does not assume it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from persuasion.best_response import best_response
from persuasion.constructions.gray_code import ClaimRefuted, check_revelation
from persuasion.constructions.public_persuasion import (
    PublicPersuasion,
    optimal_public_scheme,
    reduced_game,
)
from persuasion.constructions.win_lose import (
    bimatrix_gains,
    persuasion_game,
    policies_from_strategies,
    sender_gains,
)
from persuasion.game import Game
from persuasion.games import synthetic
from persuasion.line_sweep import line_sweep
from persuasion.policies import uniform_policies
from persuasion.report.ledger.effects import Count, Part
from persuasion.report.ledger.table import Claim

INSTANCES = 10
TOLERANCE = 1e-6


def _game(seed: int, senders: int = 2, size: int = 2, signals: int | None = None) -> Game:
    signals = size if signals is None else signals
    return synthetic(
        senders, signals, size, size, logit_scale=1.0, seed=np.random.SeedSequence([7, seed])
    )


def discontinuity(_: Any) -> list[Part]:
    """Proposition 1, along random segments in exact arithmetic."""
    pieces, jumps, changes = 0, 0, 0
    for seed in range(INSTANCES):
        game = _game(seed, size=3)
        # multiples of 1/16 are exact fractions
        generator = np.random.default_rng(seed)
        drawn = generator.multinomial(16, uniform_policies(game, 3, generator)) / 16
        sweep = line_sweep(game, drawn[0], 0, drawn[1, 0], drawn[2, 0])
        pieces += len(sweep.pieces) <= sweep.bound
        changes += len(sweep.pieces) > 1
        jumps += bool(sweep.jumps) and all(height != 0 for _, height in sweep.jumps)
    return [
        Count("segments with as many linear pieces as allowed", pieces, INSTANCES),
        Count("segments with several pieces whose every border is a jump", jumps, changes),
    ]


def bilinear(_: Any) -> list[Part]:
    """Proposition 2's program against enumeration of the receiver's actions."""
    same = 0
    for seed in range(INSTANCES):
        game = _game(seed)
        policies = uniform_policies(game, 1, np.random.default_rng(seed))[0]
        values = [
            best_response(game, policies, 0, method=method).upper_bound
            for method in ("bilinear", "enumerate")
        ]
        same += abs(values[0] - values[1]) <= TOLERANCE * game.stakes[0]
    return [Count("games in which the program's optimum is the best response", same, INSTANCES)]


def reduction(_: Any) -> list[Part]:
    """Theorem 3's reduction: the best response of the reduced game against the optimum of public persuasion."""
    same = 0
    for seed in range(INSTANCES):
        generator = np.random.default_rng(seed)
        instance = PublicPersuasion(
            generator.dirichlet(np.ones(2)), generator.uniform(-1, 1, (2, 2))
        )
        reduced = reduced_game(instance)
        found = best_response(reduced.game, reduced.profile(reduced.opponent), 0)
        wanted = (1 - reduced.mass) * optimal_public_scheme(instance)[0]
        same += abs(found.upper_bound - wanted) <= TOLERANCE
    return [Count("reduced games whose best response is the public optimum", same, INSTANCES)]


def revelation(_: Any) -> list[Part]:
    """Theorem 4, by exact global best responses; with the fewest signals that the theorem asks for."""
    true = 0
    for seed in range(INSTANCES):
        senders, states, signals = ((2, 3, 3), (3, 4, 2))[seed % 2]
        try:
            check_revelation(_game(seed, senders, states, signals))
        except ClaimRefuted:
            continue
        true += 1
    return [Count("games in which nobody gains by deviating from full revelation", true, INSTANCES)]


def win_lose(_: Any) -> list[Part]:
    """Theorem 5's construction: gains in the persuasion game against gains in the bimatrix game."""
    same = 0
    for seed in range(INSTANCES):
        generator = np.random.default_rng(seed)
        first, second = generator.integers(0, 2, (2, 3, 3))
        game, ties = persuasion_game(first, second)
        x, y = generator.dirichlet(np.ones(3), 2)
        gains = sender_gains(game, policies_from_strategies(x, y), ties)
        same += np.allclose(2 * gains, bimatrix_gains(first, second, x, y))
    return [Count("profiles with the same gains in both games", same, INSTANCES)]


THEORY = (
    Claim(
        "Proposition 1", "a sender's utility is piecewise linear in its own policy, and jumps between pieces",
        "theory/discontinuity", "exact sweep along random segments", discontinuity,
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
        "Theorem 4", "full revelation is an equilibrium even with few signals",
        "theory/full-revelation", "exact best responses at the revealing profile", revelation,
    ),
    Claim(
        "Theorem 5", "finding an equilibrium is PPAD-hard: win-lose games are encoded in it",
        "theory/ppad", "the encoding at random profiles; hardness itself is cited. "
        "A remark: it needs a tie rule that reads the names of signals; under plain rules every profile of "
        "this game is an equilibrium", win_lose,
    ),
)  # fmt: skip
