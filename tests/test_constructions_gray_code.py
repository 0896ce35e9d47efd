"""Theorem 4: the codes, the equilibrium, and what the reflected Gray code does to it."""

import dataclasses
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
    receiver_utility,
    sender_utilities,
)
from persuasion.regret.best_response import best_response
from persuasion.theorems import gray_codes
from persuasion.theorems.full_revelation import parity_code, revelation_by_code
from persuasion.theorems.gray_codes import (
    ClaimRefuted,
    ClaimUndecided,
    best_gains,
    check_revelation,
    minimum_distance,
    modular_code,
    modular_gray_code,
    reflected_code,
    reflected_gray_code,
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
    assert np.array_equal(revelation_by_code(game, parity_code), policies)
    generator = np.random.default_rng(seed)
    sender = int(generator.integers(senders))
    deviated = policies.copy()
    deviated[sender] = generator.dirichlet(np.ones(signals), states)
    actions = receiver_actions(game, deviated)
    for state in range(states):
        for joint in itertools.product(range(signals), repeat=senders):
            if np.prod([deviated[i, state, joint[i]] for i in range(senders)]) > 0:
                assert actions[joint] == state


SILENT = np.zeros((2, 2, 2))
REPORT = [None, None, [[0.9, 0.1], [0.2, 0.8]]]


@pytest.mark.parametrize(
    "game",
    [
        Game([0.5, 0.5], np.eye(2), SILENT, signals=[3, 2]),
        Game([0.5, 0.5], np.eye(2), np.zeros((3, 2, 2)), signals=2, fixed=REPORT),
    ],
)
def test_with_the_parity_code_it_is_full_revelation_in_every_game(game):
    policies = revelation_by_code(game, parity_code)
    assert np.array_equal(policies, full_revelation(game))
    assert receiver_utility(game, policies) == pytest.approx(1)
    assert check_revelation(game) <= 1e-7


def test_a_code_leaves_those_who_do_not_choose_alone():
    game = Game([0.5, 0.5], np.eye(2), np.zeros((3, 2, 2)), signals=2, fixed=REPORT)
    for code in (modular_code, reflected_code):
        policies = revelation_by_code(game, code)
        assert np.array_equal(policies[2], REPORT[2])
        assert np.array_equal(policies[0], np.eye(2))


@pytest.mark.parametrize("kind", [int, np.int64, np.int32])
def test_words_of_whole_numbers_of_any_kind(kind):
    assert parity_code(3, 2, kind(3)).tolist() == [[0, 0], [1, 2], [2, 1]]


@pytest.mark.parametrize(
    ("gain", "bound", "failure"),
    [(0, 1, ClaimUndecided), (1, 1, ClaimRefuted), (1, 2, ClaimRefuted)],
)
def test_a_claim_is_refuted_by_a_deviation_and_not_by_a_bound(gain, bound, failure, monkeypatch):
    real = gray_codes.best_response

    def loose(*arguments):
        found = real(*arguments)
        return dataclasses.replace(
            found, value=found.value + gain, upper_bound=found.upper_bound + bound
        )

    monkeypatch.setattr(gray_codes, "best_response", loose)
    with pytest.raises(
        failure, match=f"gain.* {max(gain, bound) if gain == 0 else gain} of its stake"
    ):
        check_revelation(random_game(0))


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


@pytest.mark.parametrize("seed", range(5))
def test_gains_against_enumeration(seed):
    """By the words 00, 12, 20 sender 0 names the state: against it some deterministic deviation is best."""
    game = random_game(seed)
    policies = revelation_by_code(game, reflected_code)
    gains, now = best_gains(game, policies), sender_utilities(game, policies)
    choices = itertools.product(range(3), repeat=3)
    pure = np.array([np.eye(3)[list(choice)] for choice in choices])
    values = deviation_utilities(game, policies, 1, pure, ties="sender-1")
    assert gains[1] == pytest.approx(values.max() - now[1], abs=1e-7)
    enumerated = best_response(game, policies, 0, method="enumerate")
    assert gains[0] == pytest.approx(enumerated.upper_bound - now[0], abs=1e-7)


def test_non_uniqueness():
    game, policies = non_unique()
    assert best_gains(game, policies) == pytest.approx([0, 0], abs=1e-7)
    revealing = Game(game.prior, game.receiver, game.senders, signals=4)
    assert check_revelation(revealing) <= 1e-7
    assert sender_utilities(revealing, full_revelation(revealing)) == pytest.approx([0.2, 0.2])


def test_bad_input():
    for code in (parity_code, reflected_code, modular_code):
        assert (code(3.0, np.int64(2), 3.0) == code(3, 2, 3)).all()
        with pytest.raises(ValueError, match="words must be a whole number"):
            code(2.5, 2, 3)
        with pytest.raises(ValueError, match="must be a whole number"):
            code(3, 1.5, 3)
    with pytest.raises(ValueError, match="at least two words"):
        minimum_distance(np.zeros((1, 2)))
    with pytest.raises(ValueError, match="one string in 3 gives 3 words, 4 are needed"):
        reflected_code(4, 2, 3)
    tied = Game([0.5, 0.5], [[1, 1], [0, 1]], np.zeros((2, 2, 2)), signals=2)
    with pytest.raises(ValueError, match="state 0 has several optimal actions"):
        check_revelation(tied)
    with pytest.raises(ValueError, match="needs 4 signals with 2 senders"):
        check_revelation(random_game(0, states=4, signals=3))
    with pytest.raises(ValueError, match="the parity code has 4 words, 5 are needed"):
        parity_code(5, 3, 2)
    with pytest.raises(ValueError, match="the parity code has 2 words, 3 are needed"):
        parity_code(3, 2, [3, 2])
    with pytest.raises(ValueError, match="3 numbers for 2 senders"):
        parity_code(2, 2, [2, 2, 2])
    with pytest.raises(
        ValueError, match=r"signals must be a whole number of at least 1, got \[3, 2\]"
    ):
        revelation_by_code(Game([0.5, 0.5], np.eye(2), SILENT, signals=[3, 2]), reflected_code)
