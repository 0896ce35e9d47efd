"""Utilities near a policy, most joint signals added up once, against the simulator and brute force."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import Game, deviation_utilities, no_revelation, sampled_gain, uniform_policies
from persuasion.games import synthetic
from persuasion.learn.sampled_check import sample_deviations
from persuasion.model.nearby import Nearby
from problems import games

RULES = ("lowest-index", "welfare", "sender-0")


def sharpened(policies, seed):
    """Some entries 0, some rows deterministic, some alike: what makes ties."""
    generator = np.random.default_rng(seed)
    how = generator.integers(0, 3, policies.shape[:-1])
    first = np.zeros_like(policies)
    first[..., 0] = 1
    even = np.full_like(policies, 1 / policies.shape[-1])
    return np.where((how == 0)[..., None], policies, np.where((how == 1)[..., None], first, even))


@settings(max_examples=60)
@given(
    games(max_senders=3, max_size=3),
    st.sampled_from([1e-9, 0.005, 0.05, 0.4, 1.0]),
    st.sampled_from(RULES),
    st.integers(0, 10**6),
)
def test_they_are_the_simulators(game, radius, ties, seed):
    policies = uniform_policies(game, seed=seed)
    policies = sharpened(policies, seed) if seed % 2 else policies
    for sender in range(game.shape.senders):
        generator = np.random.default_rng(seed)
        drawn = sample_deviations(policies[sender], radius, 30, generator)
        drawn = np.concatenate([policies[[sender]], drawn])
        near = Nearby(game, policies, sender, radius, ties)
        expected = deviation_utilities(game, policies, sender, drawn, ties=ties)
        unit = game.stakes[sender]
        np.testing.assert_allclose(near.utilities(drawn), expected, rtol=0, atol=1e-12 * unit)
        assert 0 <= near.open <= game.signals**game.shape.senders


def test_what_may_tie_is_looked_at_and_what_cannot_is_not():
    judge, convict = np.eye(2), [[0, 1], [0, 1]]
    game = Game([0.7, 0.3], judge, [convict], 2)
    # never convicts near silence; the other signal is not sent, and would be ambiguous if it were
    assert Nearby(game, no_revelation(game), 0, 0.01).open == 1
    assert Nearby(game, np.eye(2)[None], 0, 0.01).open == 0
    edge = np.array([[[4 / 7, 3 / 7], [0, 1]]])
    assert Nearby(game, edge, 0, 1e-6).open == 1
    # duplicates always tie
    twins = Game([0.7, 0.3], np.eye(2)[:, [0, 1, 1]], [[[0, 1, 2], [0, 1, 2]]], 2)
    for ties, value in (("lowest-index", 0.3), ("sender-0", 0.6)):
        near = Nearby(twins, np.eye(2)[None], 0, 0.01, ties)
        assert near.open == 1
        assert near.utilities(np.eye(2)[None])[0] == pytest.approx(value)


def test_an_explicit_map_is_left_to_the_simulator():
    game = Game([0.5, 0.5], [[1, 1, 0], [1, 1, 0]], [[[0, 1, 0], [0, 1, 0]]], signals=2)
    policies = uniform_policies(game, seed=0)
    near = Nearby(game, policies, 0, 0.1, [1, 0])
    assert near.open is None
    drawn = sample_deviations(policies[0], 0.1, 20, np.random.default_rng(0))
    expected = deviation_utilities(game, policies, 0, drawn, ties=[1, 0])
    np.testing.assert_allclose(near.utilities(drawn), expected, rtol=0, atol=1e-15)


def test_units_and_zero_points_change_nothing_and_many_joint_signals_take_less_time():
    game = synthetic(senders=4, states=4, actions=6, signals=6, logit_scale=1.0, seed=1)
    policies = uniform_policies(game, seed=2)
    units, zero = np.array([1e-6, 1.0, 1e6, 3.0])[:, None, None], 7.0
    image = Game(game.prior, 5 * game.receiver - 2, units * game.senders + zero, game.signals)
    found, same = (sampled_gain(one, policies, 0.005, 200, seed=3) for one in (game, image))
    assert found.gains.max() > 1e-6
    np.testing.assert_allclose(same.gains / units[:, 0, 0], found.gains, rtol=1e-6, atol=1e-9)
    drawn = sample_deviations(policies[0], 0.005, 2000, np.random.default_rng(0))
    near, seconds = Nearby(game, policies, 0, 0.005), []
    for ask in (near.utilities, lambda own: deviation_utilities(game, policies, 0, own)):
        began = time.process_time()
        ask(drawn)
        seconds.append(time.process_time() - began)
    assert seconds[0] < seconds[1] / 2


@pytest.mark.parametrize("radius", ["wide", -0.1, 0.0, float("nan"), None])
def test_a_radius_that_is_none_is_named(radius):
    game = Game([0.7, 0.3], np.eye(2), [[[0, 1], [0, 1]]], 2)
    with pytest.raises(ValueError, match="radius must be"):
        sampled_gain(game, no_revelation(game), radius, 10)
    with pytest.raises(ValueError, match="sender must be"):
        Nearby(game, no_revelation(game), 1, 0.1)
