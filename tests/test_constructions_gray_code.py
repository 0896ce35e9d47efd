"""Theorem 4: the codes, the equilibrium, and what the reflected Gray code does to it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import (
    Game,
    deviation_utilities,
    full_revelation,
    receiver_actions,
    sender_utilities,
)
from persuasion.theorems.full_revelation import parity_code
from persuasion.theorems.gray_codes import (
    ClaimRefuted,
    best_gains,
    check_revelation,
    minimum_distance,
    modular_code,
    modular_gray_code,
    reflected_code,
    reflected_gray_code,
    revelation_by_code,
)
from problems import non_unique

SIZES = [(k, n) for k in range(2, 6) for n in range(2, 5)]


def random_game(seed, states=3, senders=2, signals=3):
    """A game in which every action is the only optimal one in some state."""
    generator = np.random.default_rng(seed)
    receiver = np.eye(states) + generator.uniform(0, 0.5, (states, states)) * (1 - np.eye(states))
    values = generator.normal(size=(senders, states, states))
    return Game(generator.dirichlet(np.ones(states)), receiver, values, signals)


@pytest.mark.parametrize("make", [reflected_gray_code, modular_gray_code])
@pytest.mark.parametrize(("signals", "length"), SIZES)
def test_gray_codes(make, signals, length):
    code = make(signals, length)
    assert sorted(map(tuple, code)) == list(itertools.product(range(signals), repeat=length))
    steps = code[1:] - code[:-1]
    assert ((steps != 0).sum(1) == 1).all()
    changes = steps.sum(1)
    allowed = {1, -1} if make is reflected_gray_code else {1, 1 - signals}
    assert set(changes) <= allowed


@pytest.mark.parametrize(("signals", "senders"), SIZES)
def test_minimum_distances(signals, senders):
    count = signals ** (senders - 1)
    parity, modular = (code(count, senders, signals) for code in (parity_code, modular_code))
    assert sorted(map(tuple, parity)) == sorted(map(tuple, modular))
    assert minimum_distance(modular) == 2
    expected = 2 if signals == 2 else 1
    assert minimum_distance(reflected_code(count, senders, signals)) == expected


def test_the_counterexample():
    words = reflected_code(3, senders=2, signals=3)
    assert ["".join(map(str, word)) for word in words] == ["00", "12", "20"]


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([(2, 2, 2), (3, 2, 3), (4, 3, 2), (5, 3, 3)]))
def test_no_deviation_moves_the_receiver(seed, sizes):
    """The mechanism of the proof: whatever one sender does, the optimal action is taken."""
    states, senders, signals = sizes
    game = random_game(seed, states, senders, signals)
    policies = full_revelation(game)
    assert np.array_equal(revelation_by_code(game), policies)
    generator = np.random.default_rng(seed)
    sender = int(generator.integers(senders))
    deviated = policies.copy()
    deviated[sender] = generator.dirichlet(np.ones(signals), states)
    actions = receiver_actions(game, deviated)
    for state in range(states):
        for joint in itertools.product(range(signals), repeat=senders):
            if np.prod([deviated[i, state, joint[i]] for i in range(senders)]) > 0:
                assert actions[joint] == state


@pytest.mark.parametrize("sizes", [(2, 2, 2), (3, 2, 3), (4, 3, 2), (5, 3, 3), (4, 4, 2)])
@pytest.mark.parametrize("code", [parity_code, modular_code])
def test_equilibrium_by_exact_best_response(sizes, code):
    states, senders, signals = sizes
    assert check_revelation(random_game(1, states, senders, signals), code) <= 1e-7


def test_the_reflected_gray_code_is_refuted():
    """Substituting the broken code makes the page's own check raise, on most games."""
    refuted = [seed for seed in range(10) if best_gain(random_game(seed), reflected_code) > 1e-7]
    assert len(refuted) >= 5
    for seed in refuted[:3]:
        with pytest.raises(ClaimRefuted, match="of its stake by deviating"):
            check_revelation(random_game(seed), reflected_code)


def best_gain(game, code):
    return best_gains(game, revelation_by_code(game, code)).max()


def test_a_code_that_does_not_reveal_is_refuted():
    with pytest.raises(ClaimRefuted, match="does not reveal"):
        check_revelation(random_game(0), lambda words, senders, _: np.zeros((words, senders), int))


def test_gains_agree_with_all_deterministic_deviations():
    """Signals that name the state leave nothing to a mixed deviation against a deterministic opponent."""
    for seed in range(5):
        game = random_game(seed)
        policies = revelation_by_code(game, reflected_code)
        gains = best_gains(game, policies)
        for sender in range(2):
            choices = itertools.product(range(3), repeat=3)
            pure = np.array([np.eye(3)[list(choice)] for choice in choices])
            values = deviation_utilities(game, policies, sender, pure, ties=f"sender-{sender}")
            now = deviation_utilities(game, policies, sender, policies[sender])
            assert gains[sender] >= values.max() - now - 1e-7


def test_non_uniqueness():
    game, policies = non_unique()
    assert best_gains(game, policies) == pytest.approx([0, 0], abs=1e-7)
    revealing = Game(game.prior, game.receiver, game.senders, signals=4)
    assert check_revelation(revealing) <= 1e-7
    assert sender_utilities(revealing, full_revelation(revealing)) == pytest.approx([0.2, 0.2])


def test_bad_input():
    with pytest.raises(ValueError, match="at least two words"):
        minimum_distance(np.zeros((1, 2)))
    with pytest.raises(ValueError, match="one string in 3 gives 3 words, 4 are needed"):
        reflected_code(4, 2, 3)
    tied = Game([0.5, 0.5], [[1, 1], [0, 1]], np.zeros((2, 2, 2)), signals=2)
    with pytest.raises(ValueError, match="state 0 has several optimal actions"):
        check_revelation(tied)
    with pytest.raises(ValueError, match="need 4 signals"):
        check_revelation(random_game(0, states=4, signals=3))
