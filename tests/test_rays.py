"""Rays: against an enumeration of half-open cones in fractions, and against every other method."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import Game, TieRule, deviation_utilities, no_revelation, uniform_policies
from persuasion.model.exact import RationalGame, exact_utilities, extreme_rays, rationals
from persuasion.regret.anywhere import arrangement
from persuasion.regret.anywhere.arrangement import is_fastest, supremum
from persuasion.regret.anywhere.columns import Columns
from persuasion.regret.anywhere.rays import exact_supremum
from persuasion.regret.best_response import METHODS, best_response
from persuasion.regret.problem import make_problem
from persuasion.regret.response import OPTIMAL
from problems import prosecutor

RULES = (None, "lowest-index", "welfare", "sender-1", "explicit")
AGREEMENT = 1e-6
LARGEST_DENOMINATOR = 10**5


def drawn(seed: int, states: int | None = None) -> tuple[Game, np.ndarray, object]:
    """A game of two senders, of small whole numbers three times out of four, a profile and a tie rule.

    Whole numbers make ties, equal actions, states of probability zero and signals that nobody sends.
    """
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


def check(seed: int, methods: tuple[str, ...]) -> None:
    game, policies, ties = drawn(seed)
    sufficient, slack = (
        game.shape.signals >= game.shape.states,
        AGREEMENT * max(np.abs(game.senders).max(), 1),
    )
    found = best_response(game, policies, 0, "rays", ties=ties)
    if sufficient or game.shape.signals == 1:
        exact = exact_supremum(RationalGame.of(game), policies, 0, ties)
        assert found.upper_bound == pytest.approx(float(exact), abs=slack / 1000), seed
        assert found.status == OPTIMAL, seed
        if sufficient:
            independent = reference(game, policies, ties)
            assert float(exact) == pytest.approx(independent, abs=1e-9), seed
            if seed % 4:  # whole numbers: no other fraction of this size is as near
                assert exact.denominator < LARGEST_DENOMINATOR
                assert Fraction(independent).limit_denominator(LARGEST_DENOMINATOR) == exact, seed
    rule = f"sender-{0}" if ties is None else ties
    assert found.value == deviation_utilities(game, policies, 0, found.policy, rule)
    for method in methods:
        try:
            other = best_response(game, policies, 0, method, 3.0, ties)
        except ValueError:
            if method != "enumerate":  # which is for tiny games
                raise
            continue
        assert other.value <= found.upper_bound + slack, (seed, method)
        assert other.upper_bound >= found.value - slack, (seed, method)
        if found.status == other.status == OPTIMAL:
            assert other.upper_bound == pytest.approx(found.upper_bound, abs=slack), (seed, method)


@pytest.mark.parametrize("seed", range(0, 500, 19))
def test_rays_agree_with_fractions_and_with_the_other_methods(seed):
    check(seed, ("column-generation", "milp") if seed % 3 else ("enumerate",))


@pytest.mark.stress
@pytest.mark.parametrize("first", range(0, 500, 50))
def test_rays_agree_on_500_games(first):
    for seed in range(first, first + 50):
        check(seed, tuple(method for method in METHODS if method not in ("rays", "bilinear")))
        if seed % 10 == 0:
            check(seed, ("bilinear",))


# --- two engines for two states, and answers known in closed form


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_the_sort_and_the_arrangement_agree_on_two_states(seed):
    game, policies, ties = drawn(seed, states=2)
    if game.shape.signals == 1:
        return
    rule = TieRule("sender", sender=0) if ties is None else TieRule.parse(ties)
    columns = Columns.of_game(RationalGame.of(game), policies, 0, rule)
    assert supremum(columns).value == exact_supremum(RationalGame.of(game), policies, 0, ties)


@pytest.mark.parametrize("ties", [None, "lowest-index", "welfare"])
def test_the_prosecutors_supremum_is_three_fifths(ties):
    game = RationalGame(["7/10", "3/10"], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    silent = [[[1, 0], [1, 0]]]
    assert exact_supremum(game, silent, 0, ties) == Fraction(3, 5)
    found = best_response(prosecutor(), no_revelation(prosecutor()), 0, "rays", ties=ties)
    assert found.attained == (ties != "lowest-index")
    assert found.upper_bound == pytest.approx(0.6, abs=1e-15)


def test_a_compromise_counts_only_where_the_rule_grants_it():
    """Action 2 is optimal at one belief only, and there it ties with both others."""
    tables = [[1, 0, "1/2"], [0, 1, "1/2"]], [[[0, 0, 1], [0, 0, 1]]]
    game = RationalGame(["1/2", "1/2"], *tables, signals=2)
    assert exact_supremum(game, [[[1, 0], [1, 0]]], 0) == 1
    assert exact_supremum(game, [[[1, 0], [1, 0]]], 0, "lowest-index") == 0
    assert exact_supremum(game, [[[1, 0], [1, 0]]], 0, np.array([2, 2])) == 1


def test_a_single_signal_says_nothing():
    game, policies = prosecutor(), np.ones((1, 2, 1))
    single = Game(game.prior, game.receiver, game.senders, signals=1)
    found = best_response(single, policies, 0, "rays")
    assert (found.value, found.status) == (0, OPTIMAL)
    assert exact_supremum(RationalGame.of(single), policies, 0) == 0


# --- what must not change an answer


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(-3, 3))
def test_units_zero_points_order_and_names_change_no_fraction(seed, shift):
    seed += seed % 4 == 0  # whole numbers, whose probabilities sum to 1
    game, policies, ties = drawn(seed, states=2 + seed % 2)
    if (
        game.shape.signals < game.shape.states
        or not isinstance(ties, str | None)
        or ties == "welfare"
    ):
        return
    exact, profile = RationalGame.of(game), rationals(policies)
    value = exact_supremum(exact, profile, 0, ties)
    offset = rationals([[shift], [2], [-1]][: game.shape.states])
    moved = RationalGame(
        exact.prior,
        exact.receiver * 7 + offset,
        exact.senders * Fraction(2, 3) + offset,
        exact.signals,
    )
    gained = (exact.prior * offset[:, 0]).sum()
    assert exact_supremum(moved, profile, 0, ties) == value * Fraction(2, 3) + gained
    random = np.random.default_rng(seed)
    order, names = random.permutation(game.shape.states), random.permutation(game.shape.signals)
    again = RationalGame(
        exact.prior[order], exact.receiver[order], exact.senders[:, order], exact.signals
    )
    assert exact_supremum(again, profile[:, order][:, :, names], 0, ties) == value
    if ties is None:
        actions = random.permutation(game.shape.actions)
        again = RationalGame(
            exact.prior, exact.receiver[:, actions], exact.senders[:, :, actions], exact.signals
        )
        assert exact_supremum(again, profile, 0, ties) == value


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_no_scale_is_too_small_for_fractions(scale):
    """A prior, and a policy of the other sender, of very different orders of magnitude."""
    game = Game([scale, 1.0] / np.float64(1 + scale), [[1, 0], [0, 1]], [[[0, 1], [0, 1]]] * 2, 2)
    policies = np.array([[[1, 0], [1, 0]], [[1 - 1e-6, 1e-6], [1e-6, 1 - 1e-6]]])
    found = best_response(game, policies, 0, "rays")
    assert found.status == OPTIMAL
    assert found.value == pytest.approx(found.upper_bound, abs=1e-9)


# --- what is refused, and when it comes first


def test_what_rays_cannot_do_is_refused():
    game = prosecutor()
    with pytest.raises(ValueError, match=r"^rays knows no obedience margin; use column-generation"):
        best_response(game, no_revelation(game), 0, "rays", margin=0.1)
    with pytest.raises(ValueError, match=r"^rays needs interchangeable signals; this tie map"):
        best_response(game, no_revelation(game), 0, "rays", ties=np.array([0, 1]))
    with pytest.raises(ValueError, match=r"^rays needs interchangeable signals; this tie map"):
        exact_supremum(RationalGame.of(game), no_revelation(game), 0, np.array([0, 1]))
    short = Game(np.full(3, 1 / 3), np.eye(3), np.zeros((1, 3, 3)), signals=2)
    with pytest.raises(ValueError, match=r"^2 signals for 3 states: rays need as many$"):
        exact_supremum(RationalGame.of(short), no_revelation(short), 0)


def test_an_arrangement_that_is_too_large_is_refused(monkeypatch):
    game = Game(np.full(3, 1 / 3), np.eye(3), np.zeros((1, 3, 3)), signals=3)
    monkeypatch.setattr(arrangement, "MAX_SETS", 14)  # six planes meet in 15 pairs
    with pytest.raises(ValueError, match=r"would intersect 15 sets of 2 planes; at most 14$"):
        best_response(game, no_revelation(game), 0, "rays")
    monkeypatch.setattr(arrangement, "MAX_SETS", 15)
    assert best_response(game, no_revelation(game), 0, "rays").status == OPTIMAL


@pytest.mark.parametrize(
    ("shape", "margin", "expected"),
    [
        ((2, 3, 2), 0.0, True),
        ((2, 3, 1), 0.0, True),
        ((2, 3, 2), 0.5, False),
        ((3, 3, 3), 0.0, True),
        ((3, 3, 2), 0.0, False),
        ((6, 4, 6), 0.0, False),
        ((6, 4, 1), 0.0, True),
    ],
)
def test_when_rays_come_first(shape, margin, expected):
    states, actions, signals = shape
    random = np.random.default_rng(0)
    game = Game(
        np.full(states, 1 / states),
        random.normal(size=(states, actions)),
        random.normal(size=(2, states, actions)),
        signals,
    )
    problem = make_problem(game, uniform_policies(game, seed=0), 0, TieRule(), margin)
    assert is_fastest(problem) == expected
    found = best_response(game, uniform_policies(game, seed=0), 0, time_limit=5, margin=margin)
    assert found.solver.startswith("rays") == expected


def test_after_the_deadline_a_valid_bound_is_left():
    game, policies, _ = drawn(8, states=3)
    for rule in (None, "lowest-index"):
        hurried = best_response(game, policies, 0, "rays", time_limit=1e-9, ties=rule)
        assert (
            hurried.upper_bound
            >= float(exact_supremum(RationalGame.of(game), policies, 0, rule)) - 1e-9
        )


def test_one_policy_is_priced_exactly():
    game = RationalGame(["1/3", "2/3"], [[2, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    best = exact_supremum(game, [[[1, 0], [1, 0]]], 0)
    pooled = exact_utilities(game, [[[1, 0], [1, 0]]], "sender-0")[0]
    assert pooled == best == 1
