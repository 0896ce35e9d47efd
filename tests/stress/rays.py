"""Rays against an enumeration of half-open cones in fractions, and against every other method.

Small games, most of them of small whole numbers, which make ties, equal actions, states of probability zero and
signals that nobody sends.
"""

import itertools
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import scipy.optimize

from persuasion import Game, deviation_utilities
from persuasion.model.exact import RationalGame, extreme_rays, rationals
from persuasion.regret.anywhere.rays import exact_supremum
from persuasion.regret.best_response import METHODS, best_response
from persuasion.regret.response import OPTIMAL

OTHERS = tuple(method for method in METHODS if method != "rays")
SECONDS = 3.0
RULES = (None, "lowest-index", "welfare", "sender-1", "explicit")
AGREEMENT = 1e-6
LARGEST_DENOMINATOR = 10**5


def drawn(seed: int, states: int | None = None) -> tuple[Game, np.ndarray, object]:
    """A game of two senders, of small whole numbers three times out of four, a profile and a tie rule."""
    random = np.random.default_rng(seed)
    states = states or int(random.integers(1, 5))
    actions, used = int(random.integers(1, 4)), int(random.integers(1, 3 if states == 4 else 4))
    signals = states if seed % 7 else int(random.integers(1, states + 1))
    used = min(used, signals)
    if seed % 4:
        prior = random.multinomial(8, np.full(states, 1 / states)) / 8
        receiver = random.integers(-1, 2, (states, actions))
        senders = random.integers(-2, 3, (2, states, actions))
        policies = random.multinomial(4, np.full(used, 1 / used), (2, states)) / 4
    else:
        prior = random.dirichlet(np.ones(states))
        receiver, senders = (
            random.normal(size=(states, actions)),
            random.normal(size=(2, states, actions)),
        )
        policies = random.dirichlet(np.ones(used), (2, states))
    policies = np.pad(policies, ((0, 0), (0, 0), (0, signals - used)))
    rule = RULES[seed // 4 % len(RULES)]
    if rule == "explicit":  # names an action for every signal of the other sender
        named = np.tile(random.integers(0, actions, signals), (signals, 1))
        return Game(prior, receiver, senders, signals), policies, named
    return Game(prior, receiver, senders, signals), policies, rule


# --- an independent reference: half-open cones, column by column, in fractions


def reference(game: Game, policies: np.ndarray, ties: object) -> float:
    """The supremum for sender 0, with at least as many signals as states."""
    exact, states = RationalGame.of(game), len(game.prior)
    other, nothing = rationals(policies[1]), np.zeros((0, states), dtype=object)
    cones = [(nothing, nothing, np.array([Fraction(0)] * states))]
    for t in range(game.shape.signals):
        weights = exact.prior * other[:, t]
        if not weights.any():
            continue
        pieces = list(cell(exact, weights, ties, t))
        pairs = itertools.product(cones, pieces)
        meets = ((*map(np.concatenate, zip(c[:2], p[:2])), c[2] + p[2]) for c, p in pairs)
        cones = [both for both in meets if inhabited(*both[:2])]
    worth: dict[tuple, Fraction] = {}
    for weak, strict, gain in cones:
        for ray in closure(weak, strict):
            worth[tuple(ray)] = max(worth.get(tuple(ray), gain @ ray), gain @ ray)
    found = scipy.optimize.linprog(
        -np.array(list(worth.values()), dtype=float),
        A_eq=np.array(list(worth), dtype=float).T,
        b_eq=np.ones(states),
    )
    return -found.fun


def cell(game: RationalGame, weights: np.ndarray, ties: object, t: int):
    """Where the receiver takes which action: rows that are weakly, rows that are strictly positive, gain."""
    others = range(game.receiver.shape[1])
    for a in others:
        rest = [b for b in others if b != a]
        for size in range(len(rest) + 1):
            for tied in itertools.combinations(rest, size):
                lead = {b: weights * (game.receiver[:, a] - game.receiver[:, b]) for b in rest}
                weak = [side * lead[b] for b in tied for side in (1, -1)]
                strict = [lead[b] for b in rest if b not in tied]
                if isinstance(ties, np.ndarray) and (named := int(ties[0, t])) in (a, *tied):
                    if named != a:
                        continue
                elif isinstance(ties, np.ndarray) or ties == "lowest-index":
                    if tied and min(tied) < a:
                        continue
                else:
                    rank = (
                        game.senders.sum(0)
                        if ties == "welfare"
                        else game.senders[int(ties == "sender-1")]
                    )
                    for b in tied:
                        (strict if b < a else weak).append(weights * (rank[:, a] - rank[:, b]))
                shape = (-1, len(weights))
                yield (
                    np.array(weak, dtype=object).reshape(shape),
                    np.array(strict, dtype=object).reshape(shape),
                    weights * game.senders[0][:, a],
                )


def closure(weak: np.ndarray, strict: np.ndarray) -> list[np.ndarray]:
    unit = rationals(np.eye(weak.shape[1], dtype=int))
    rows = np.concatenate([unit, weak, strict])
    return extreme_rays(rows[rows.any(1)])


def inhabited(weak: np.ndarray, strict: np.ndarray) -> bool:
    """Whether a point in the middle of the closure is in the half-open cone itself."""
    rays = closure(weak, strict)
    return bool(rays) and bool((strict @ sum(rays) > 0).all())


# --- one game, and many


@dataclass
class Comparison:
    """What was compared in one game.

    Attributes
    ----------
    whole : whether all its numbers are fractions with small denominators
    fraction : whether the supremum is the reference's, to the fraction in a whole game; None without a reference
    differences : by method that proved its optimum, the difference of the upper bounds as a share of the payoffs
    wrong : what contradicts, in words
    """

    states: int
    whole: bool
    fraction: bool | None = None
    differences: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def compare(seed: int, methods: tuple[str, ...]) -> Comparison:
    """The game of this seed by rays, in fractions, by the reference and by other methods."""
    game, policies, ties = drawn(seed)
    result = Comparison(len(game.prior), bool(seed % 4))
    scale = max(np.abs(game.senders).max(), 1)
    found = best_response(game, policies, 0, method="rays", ties=ties)

    def expect(holds: bool, what: str) -> None:
        if not holds:
            result.wrong.append(f"seed {seed}: {what}")

    sufficient = game.shape.signals >= game.shape.states
    if sufficient or game.shape.signals == 1:
        exact = exact_supremum(RationalGame.of(game), policies, 0, ties=ties)
        expect(abs(found.upper_bound - exact) <= AGREEMENT * scale / 1000, "rays, the fraction")
        expect(found.status == OPTIMAL, "rays, no proof")
        if sufficient:
            independent = reference(game, policies, ties)
            result.fraction = abs(exact - independent) <= 1e-9
            if result.whole:  # no other fraction of this size is as near
                nearest = Fraction(independent).limit_denominator(LARGEST_DENOMINATOR)
                result.fraction &= nearest == exact and exact.denominator < LARGEST_DENOMINATOR
            expect(result.fraction, "the reference")
    rule = "sender-0" if ties is None else ties
    worth = deviation_utilities(game, policies, 0, found.policy, ties=rule)
    expect(found.value == worth, "rays, the policy's value")
    for method in methods:
        try:
            other = best_response(game, policies, 0, method=method, time_limit=SECONDS, ties=ties)
        except ValueError:
            if method != "enumerate":  # which is for tiny games
                raise
            continue
        slack = AGREEMENT * scale
        expect(other.value <= found.upper_bound + slack, f"{method}, value above the bound")
        expect(other.upper_bound >= found.value - slack, f"{method}, bound below the value")
        if found.status == other.status == OPTIMAL:
            difference = abs(other.upper_bound - found.upper_bound) / scale
            expect(difference <= AGREEMENT, f"{method}, another optimum")
            result.differences[method] = float(difference)
    return result


def measure(games: int) -> dict[str, Any]:
    """By number of states: games, how many have the reference's fraction, and what the other methods say.

    The bilinear program, which is slow, takes part in every tenth game.
    """
    found: dict[str, Any] = {}
    for seed in range(games):
        one = compare(seed, tuple(m for m in OTHERS if m != "bilinear" or seed % 10 == 0))
        entry = found.setdefault(
            str(one.states),
            {"games": 0, "reference": 0, "as fractions": 0, "proved": {}, "worst": {}, "wrong": []},
        )
        entry["games"] += 1
        entry["reference"] += one.fraction is not None
        entry["as fractions"] += one.whole and bool(one.fraction)
        entry["wrong"] += one.wrong
        for method, difference in one.differences.items():
            entry["proved"][method] = entry["proved"].get(method, 0) + 1
            entry["worst"][method] = max(entry["worst"].get(method, 0.0), difference)
    return dict(sorted(found.items()))
