"""Theorem 5's construction: utilities, round trip and equilibria, both ways."""

import warnings

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import Game, sender_utilities
from persuasion.theorems.win_lose import (
    bimatrix_gains,
    bimatrix_game,
    persuasion_game,
    policies_from_strategies,
    sender_gains,
    strategies_from_policies,
)
from problems import brute_force_utilities

SEEDS = st.integers(0, 10_000)


def bimatrix(seed):
    generator = np.random.default_rng(seed)
    size = generator.integers(1, 6)
    return generator, *generator.integers(0, 2, (2, size, size))


@settings(max_examples=50)
@given(SEEDS)
def test_utilities_are_half_the_bimatrix_payoffs(seed):
    generator, first, second = bimatrix(seed)
    game, ties = persuasion_game(first, second)
    policies = generator.dirichlet(np.ones(len(first)), (2, 2))
    x, y = strategies_from_policies(policies)
    expected = [x @ first @ y / 2, x @ second @ y / 2]
    assert sender_utilities(game, policies, ties=ties) == pytest.approx(expected, abs=1e-12)
    assert sender_gains(game, policies, ties=ties) == pytest.approx(
        bimatrix_gains(first, second, x, y) / 2, abs=1e-12
    )


@settings(max_examples=30)
@given(SEEDS)
def test_round_trip(seed):
    _, first, second = bimatrix(seed)
    game, ties = persuasion_game(first, second)
    read = bimatrix_game(game, ties=ties)
    assert np.array_equal(read, [first, second])


@pytest.mark.parametrize("seed", range(10))
def test_equilibria_of_nashpy_are_equilibria_of_the_senders(seed):
    _, first, second = bimatrix(seed)
    game, ties = persuasion_game(first, second)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nashpy warns that win-lose games are often degenerate
        equilibria = list(nashpy.Game(first, second).support_enumeration())
    assert equilibria
    for x, y in equilibria:
        policies = policies_from_strategies(x, y)
        assert sender_gains(game, policies, ties=ties).max() <= 1e-9


def test_without_the_tie_map_the_correspondence_is_lost():
    first, second = np.array([[0, 1], [1, 0]]), np.array([[1, 0], [0, 1]])
    game, ties = persuasion_game(first, second)
    policies = policies_from_strategies([1, 0], [1, 0])
    assert sender_gains(game, policies, ties=ties).max() == pytest.approx(0.5)
    assert sender_gains(game, policies, ties="lowest-index").max() == pytest.approx(0)
    lowest, _ = brute_force_utilities(game, policies)
    assert lowest.tolist() == [0, 0]


def test_bad_input():
    with pytest.raises(ValueError, match="first must be a square matrix"):
        persuasion_game([[1, 0]], [[1, 0]])
    with pytest.raises(ValueError, match=r"second has shape \(2, 2\), first has \(1, 1\)"):
        persuasion_game([[1]], [[1, 0], [0, 1]])
    with pytest.raises(
        ValueError, match=r"^second must hold zeros and ones only, see entry \[0, 1\]"
    ):
        persuasion_game(np.eye(2), [[1, 2], [0, 1]])
    game, ties = persuasion_game(np.eye(2), np.eye(2))
    with pytest.raises(ValueError, match="explicit tie map"):
        bimatrix_game(game, ties="welfare")
    with pytest.raises(ValueError, match="no payoff in the second state"):
        bimatrix_game(Game(game.prior, game.receiver, np.ones((2, 2, 4)), 2), ties=ties)
    with pytest.raises(ValueError, match=r"^equally likely states"):
        bimatrix_game(Game([0.25, 0.75], game.receiver, game.senders, 2), ties=ties)
    with pytest.raises(
        ValueError, match=r"^two senders, two states and an indifferent receiver are"
    ):
        bimatrix_game(Game(game.prior, np.eye(2, 4), game.senders, 2), ties=ties)
