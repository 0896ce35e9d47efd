"""Proposition 1's line sweep and the rational reference, against pointwise evaluation and hand results."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.linalg import null_space

from persuasion import Game, sender_utilities
from persuasion.model.exact import (
    RationalGame,
    exact_actions,
    exact_utilities,
    extreme_rays,
    price_bound,
    rationals,
)
from persuasion.theorems.jumps import line_sweep
from problems import brute_force_utilities, games_with_policies, non_unique

RULES = ["lowest-index", "welfare", "sender-0"]


def spec_example():
    game = Game([0.5, 0.5], np.eye(2), [[[1, 0], [1, 0]], [[0, 1], [0, 1]]], signals=2)
    other = np.array([[0.75, 0.25], [0.25, 0.75]])
    return game, np.stack([other, other])


def test_hand_example_of_proposition_1():
    game, policies = spec_example()
    sweep = line_sweep(game, policies, 0, np.eye(2), [[1, 0], [1, 0]])
    first, second = sweep.pieces
    assert (first(Fraction(0)), first(Fraction(1, 3))) == (Fraction(1, 2), Fraction(2, 3))
    assert (second(Fraction(1, 3)), second(Fraction(1))) == (Fraction(5, 12), Fraction(1, 2))
    assert sweep.jumps == ((Fraction(1, 3), Fraction(-1, 4)),)
    assert sweep.bound == 5


@settings(max_examples=60)
@given(games_with_policies(max_senders=3, max_size=3), st.data())
def test_sweep_agrees_with_pointwise_evaluation(case, data):
    game, policies = case
    rule = data.draw(st.sampled_from(RULES))
    sender = data.draw(st.integers(0, game.shape.senders - 1))
    generator = np.random.default_rng(data.draw(st.integers(0, 1000)))
    ends = generator.multinomial(4, np.full(game.signals, 1 / game.signals), (2, game.shape.states))
    start, end = rationals(ends) / 4
    sweep = line_sweep(game, policies, sender, start, end, ties=rule)
    assert len(sweep.pieces) <= sweep.bound
    points = [Fraction(k, 7) for k in range(8)] + list(sweep.breakpoints)
    exact, profile = RationalGame.of(game), rationals(policies)
    for tau in points:
        profile[sender] = start * (1 - tau) + end * tau
        assert sweep(tau) == exact_utilities(exact, profile, ties=rule)[sender]


@settings(max_examples=40)
@given(games_with_policies(max_senders=2, max_size=3), st.data())
def test_sweep_pieces_agree_with_the_simulator(case, data):
    game, policies = case
    rule = data.draw(st.sampled_from(RULES))
    sweep = line_sweep(game, policies, 0, policies[0], policies[0][::-1], ties=rule)
    assert sweep.pieces[0].start == 0
    assert sweep.pieces[-1].end == 1
    for piece in sweep.pieces:
        if piece.end - piece.start < Fraction(1, 1000):
            continue  # near a breakpoint the simulator's tolerance may see a tie
        profile = policies.copy()
        middle = (piece.start + piece.end) / 2
        profile[0] += float(middle) * (policies[0][::-1] - policies[0])
        value = sender_utilities(game, profile, ties=rule)[0]
        assert float(piece(middle)) == pytest.approx(value, abs=1e-9)


@settings(max_examples=60)
@given(games_with_policies(max_senders=3, max_size=3, integer=True), st.sampled_from(RULES))
def test_exact_utilities_agree_with_loops(case, rule):
    game, policies = case
    utilities, actions = brute_force_utilities(game, policies, rule)
    exact = RationalGame.of(game, 1000)
    profile = rationals(policies)
    assert exact_utilities(exact, profile, ties=rule).astype(float) == pytest.approx(
        utilities, abs=1e-12
    )
    if (policies * 4 == (policies * 4).round()).all():  # dyadic: the float ties are exact ties
        assert exact_actions(exact, profile, ties=rule).tolist() == actions.ravel().tolist()


def test_explicit_tie_map_along_a_segment():
    game = Game([0.5, 0.5], np.zeros((2, 2)), [[[0, 1], [0, 1]]] * 2, signals=2)
    chosen = np.array([[0, 1], [1, 1]])
    half = np.full((2, 2), 0.5)
    sweep = line_sweep(game, [half, half], 0, [[1, 0], [1, 0]], [[0, 1], [0, 1]], ties=chosen)
    assert [(piece.intercept, piece.slope) for piece in sweep.pieces] == [
        (Fraction(1, 2), Fraction(1, 2))
    ]
    assert (sweep.pieces[0].actions == chosen).all()


def test_joint_segments_have_vanishing_higher_differences():
    """Along a joint segment with a constant action map the utility is a polynomial of degree n."""
    game = Game([0.5, 0.5], np.zeros((2, 2)), [[[1, 0], [0, 0]]] * 2, signals=2)
    exact, chosen = RationalGame.of(game), np.array([[0, 1], [1, 1]])
    start, end = rationals([[["1", "0"]] * 2] * 2), rationals([[["0", "1"]] * 2] * 2)
    taus = [Fraction(k, 10) for k in range(4)]
    values = [exact_utilities(exact, start * (1 - t) + end * t, ties=chosen)[0] for t in taus]
    assert np.diff(values, 2)[0] != 0
    assert np.diff(values, 3)[0] == 0


def test_non_unique_equilibrium_is_exact():
    game, policies = non_unique()
    exact = RationalGame.of(game, 1000)
    profile = rationals(policies.astype(object), 1000)
    assert exact_utilities(exact, profile).tolist() == [Fraction(3, 10)] * 2
    prices = np.zeros((2, 3, 4), dtype=object)
    prices[0, 0, 0] = prices[1, 1, 2] = Fraction(3, 10)
    for sender in range(2):
        assert price_bound(exact, profile, sender, prices[sender]) == Fraction(3, 10)
    with pytest.raises(ValueError, match="column 0, action 0: the price is too low"):
        price_bound(exact, profile, 0, prices[0] * Fraction(99, 100))


def test_price_bound_holds_against_random_deviations():
    game, policies = non_unique()
    prices = np.zeros((3, 4), dtype=object)
    prices[0, 0] = Fraction(3, 10)
    bound = price_bound(RationalGame.of(game, 1000), rationals(policies, 1000), 0, prices)
    profiles = np.repeat(policies[None], 2000, 0)
    profiles[:, 0] = np.random.default_rng(0).dirichlet(np.full(3, 0.3), (2000, 4))
    assert sender_utilities(game, profiles, ties="sender-0")[:, 0].max() <= float(bound) + 1e-9


def test_a_sweep_reads_numbers_of_any_type():
    game, policies = spec_example()
    sweep = line_sweep(game, policies, 0, np.eye(2), [[1, 0], [1, 0]])
    exact = sweep(Fraction(1, 4))
    assert [sweep(tau) for tau in (0.25, np.float32(0.25), "1/4", np.array(0.25))] == [exact] * 4


def test_extreme_rays_of_a_known_cone():
    rays = extreme_rays(rationals([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, -3, 0]]))
    assert {tuple(map(str, ray)) for ray in rays} == {
        ("1", "0", "0"),
        ("3/4", "1/4", "0"),
        ("0", "0", "1"),
    }


@settings(max_examples=60)
@given(st.integers(2, 5), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_extreme_rays_are_extreme_and_span_the_cone(dimension, cuts, seed):
    """A ray is extreme if the rows that are tight there have one dimension less; all sets of rows find no other."""
    generator = np.random.default_rng(seed)
    rows = np.vstack([np.eye(dimension), generator.integers(-2, 3, (cuts, dimension))])
    rays = [ray.astype(float) for ray in extreme_rays(rationals(rows))]
    for ray in rays:
        tight = rows[np.abs(rows @ ray) < 1e-12]
        assert (rows @ ray > -1e-12).all()
        assert np.linalg.matrix_rank(tight) == dimension - 1
    assert len({tuple(ray.round(12)) for ray in rays}) == len(rays)
    sets = itertools.combinations(range(len(rows)), dimension - 1)
    kernels = [null_space(rows[list(chosen)]) for chosen in sets]
    lines = [kernel[:, 0] * np.sign(kernel.sum()) for kernel in kernels if kernel.shape[1] == 1]
    inside = {
        tuple((x / x.sum()).round(9) + 0.0)
        for x in lines
        if x.sum() > 1e-9 and (rows @ x > -1e-9).all()
    }
    assert inside == {tuple(ray.round(9) + 0.0) for ray in rays}


NUMBERS = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.fractions(),
    st.integers(-(2**63), 2**63 - 1).map(np.int64),
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(np.float32),
)


@given(st.lists(NUMBERS, min_size=1, max_size=5))
@example([2**63 + 1, -1])  # numpy would make floats of these
@example([2**60 + 1, 0.5])
@example([np.int64(2**62), 0.5])
def test_numbers_of_any_kind_side_by_side_become_the_same_fractions(numbers):
    expected = [Fraction(n.item() if isinstance(n, np.generic) else n) for n in numbers]
    read = rationals([numbers, numbers])
    assert read.tolist() == [expected, expected]
    assert all(type(x.numerator) is type(x.denominator) is int for x in read.flat)


def test_fractions_of_numpys_whole_numbers_do_not_overflow():
    large = Fraction(np.int64(2**62), np.int64(3))
    read = rationals(np.array([large, np.int64(2**62)], dtype=object))
    assert (read * 4).tolist() == [Fraction(2**64, 3), Fraction(2**64)]


def test_bad_input():
    game, policies = spec_example()
    with pytest.raises(ValueError, match="sender must be a whole number from 0 to 1, got 2"):
        line_sweep(game, policies, 2, np.eye(2), np.eye(2))
    with pytest.raises(ValueError, match="end of the segment has shape"):
        line_sweep(game, policies, 0, np.eye(3), np.eye(2))
    with pytest.raises(ValueError, match="sums to 2"):
        line_sweep(game, policies, 0, np.ones((2, 2)), np.eye(2))
    with pytest.raises(ValueError, match=r"entry \[1\] is no rational number"):
        rationals([1, "one"])
    with pytest.raises(ValueError, match="tau must lie"):
        line_sweep(game, policies, 0, np.eye(2), np.eye(2))(2)
    with pytest.raises(ValueError, match="tau must be a rational number, got inf"):
        line_sweep(game, policies, 0, np.eye(2), np.eye(2))(math.inf)
    for sender in (2, -1, 0.5):
        with pytest.raises(ValueError, match="sender must be a whole number from 0 to 1"):
            price_bound(RationalGame.of(game), policies, sender, np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"prices must have shape \(2, 2\)"):
        price_bound(RationalGame.of(game), policies, 0, [[1, 1]])
    with pytest.raises(ValueError, match="one profile"):
        exact_utilities(RationalGame.of(game), policies[0])
