"""The sampled local-Nash check against direct recomputation, an exhaustive walk and known equilibria."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import Game, full_revelation, sender_utilities, uniform_policies
from persuasion.learn.sampled_check import (
    sample_deviations,
    sampled_gain,
    samples_per_sender,
    select_local_equilibria,
)
from persuasion.model.projections import project_to_box
from persuasion.model.simulate import deviation_utilities
from problems import games, non_unique


def random_game(seed=0, senders=2, size=3):
    generator = np.random.default_rng(seed)
    prior = generator.dirichlet(np.ones(size))
    receiver = generator.normal(0, 10, (size, size))
    return Game(prior, receiver, generator.normal(0, 10, (senders, size, size)), size)


@st.composite
def policies_near_and_far(draw):
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 5)))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    concentration = draw(st.sampled_from([1e-2, 1.0, 10.0]))
    policy = generator.dirichlet(np.full(shape[1], concentration), shape[0])
    return policy / policy.sum(-1, keepdims=True), generator


@given(policies_near_and_far(), st.sampled_from([0.001, 0.005, 0.1, 0.6, 2.0]))
@settings(max_examples=150)
def test_deviations_stay_in_the_box_and_on_the_simplex(drawn, radius):
    policy, generator = drawn
    deviations = sample_deviations(policy, radius, 20, generator)
    assert deviations.shape == (20, *policy.shape)
    assert (np.abs(deviations - policy) <= radius + 1e-12).all()
    assert (deviations >= 0).all()
    np.testing.assert_allclose(deviations.sum(-1), 1, atol=1e-9)


@given(policies_near_and_far(), st.sampled_from([0.005, 0.1, 0.6]))
@settings(max_examples=50)
def test_deviations_do_not_depend_on_how_the_rows_are_centred(drawn, radius):
    policy, _ = drawn
    deviations = sample_deviations(policy, radius, 20, np.random.default_rng(1))
    moves = np.random.default_rng(1).uniform(-radius, radius, (20, *policy.shape))
    moves -= moves.mean(-1, keepdims=True)
    recentred = project_to_box(torch.as_tensor(policy + moves), torch.as_tensor(policy), radius)
    np.testing.assert_allclose(deviations, recentred, rtol=0, atol=1e-12)


def test_deviations_fill_the_box():
    policy = np.full((2, 3), 1 / 3)
    deviations = sample_deviations(policy, 0.05, 4000, np.random.default_rng(0)) - policy
    assert np.abs(deviations.mean(0)).max() < 0.002
    assert (deviations.max(0) > 0.045).all()
    assert (deviations.min(0) < -0.045).all()


def drawn_deviations(policy, radius, samples, seeds):
    """All deviations of one sender, batch by batch with the documented seeds."""
    sizes, size = [], 16
    while sum(sizes) < samples:
        sizes.append(min(size, samples - sum(sizes)))
        size = min(2 * size, 1024)
    return np.concatenate(
        [
            sample_deviations(policy, radius, n, np.random.default_rng([*seeds, k]))
            for k, n in enumerate(sizes)
        ]
    )


@given(games(max_senders=3, max_size=3), st.integers(0, 1000))
@settings(max_examples=25)
def test_gain_agrees_with_the_full_simulator(game, seed):
    profile = uniform_policies(game, seed=seed)
    found = sampled_gain(game, profile, 0.1, 50, seed=seed)
    assert (found.samples == 50).all()
    value = sender_utilities(game, profile)
    for i in range(game.shape.senders):
        deviations = drawn_deviations(profile[i], 0.1, 50, (seed, i))
        moved = np.tile(profile, (50, 1, 1, 1))
        moved[:, i] = deviations
        direct = sender_utilities(game, moved)[:, i].max() - value[i]
        assert found.gains[i] == pytest.approx(max(direct, 0), abs=1e-9)


def test_stopping_early_does_not_change_the_samples():
    game = random_game()
    profile = uniform_policies(game, seed=0)
    whole = sampled_gain(game, profile, 0.05, 500, seed=3)
    assert (whole.samples == 500).all()
    never = sampled_gain(game, profile, 0.05, 500, seed=3, stop_above=whole.gains.max())
    assert np.array_equal(never.gains, whole.gains)
    early = sampled_gain(game, profile, 0.05, 500, seed=3, stop_above=0.0)
    assert early.samples.sum() < whole.samples.sum()
    for i, tried in enumerate(early.samples):
        if tried:
            again = drawn_deviations(profile[i], 0.05, 500, (3, i))[:tried]
            values = deviation_utilities(game, profile, i, again)
            gain = values.max() - sender_utilities(game, profile)[i]
            assert early.gains[i] == pytest.approx(max(gain, 0), abs=1e-12)


def test_known_equilibria_are_accepted_and_a_clear_non_equilibrium_is_refuted():
    for game in (random_game(1), random_game(2, senders=3)):
        equilibrium = full_revelation(game)
        for radius in (0.005, 0.5):
            assert sampled_gain(game, equilibrium, radius, 300).gains.max() < 1e-9
    game, equilibrium = non_unique()
    assert sampled_gain(game, equilibrium, 0.3, 300).gains.max() < 1e-9
    # one sender, who wants action 1 in state 0 as well: telling the truth is far from optimal
    prosecutor = Game([0.7, 0.3], np.eye(2), [[[0, 1], [0, 1]]], signals=2)
    truth = np.eye(2)[None]
    refuted = sampled_gain(prosecutor, truth, 0.1, 300, stop_above=0.01)
    assert refuted.gains[0] > 0.01
    assert refuted.samples[0] < 300
    # moving mass e of state 0 to signal 1 gains 0.7 e exactly
    assert 0.04 < sampled_gain(prosecutor, truth, 0.1, 300).gains[0] <= 0.07 + 1e-12


def exhaustive(game, profiles, radius, samples, tolerances, seed):
    """Every profile's full check first, then the best of the accepted ones."""
    welfare = sender_utilities(game, profiles).sum(1)
    gains = np.array(
        [
            sampled_gain(game, profile, radius, samples, seed=(seed, k)).gains.max()
            for k, profile in enumerate(profiles)
        ]
    )
    best = []
    for tolerance in tolerances:
        accepted = [k for k in range(len(profiles)) if gains[k] <= tolerance]
        best.append(max(accepted, key=lambda k: (welfare[k], -k)) if accepted else None)
    return best, welfare, gains


@pytest.mark.parametrize("seed", range(6))
def test_selection_agrees_with_an_exhaustive_check(seed):
    game = random_game(seed, senders=2 + seed % 2)
    profiles = uniform_policies(game, 25, seed=seed)
    profiles[7] = full_revelation(game)
    profiles[11] = profiles[3]
    tolerances = [0.2, 0.0, 0.02, 1e-9, 5.0]
    found = select_local_equilibria(game, profiles, 0.02, 60, tolerances, seed=seed)
    best, welfare, gains = exhaustive(game, profiles, 0.02, 60, tolerances, seed)
    assert [a.index for a in found.accepted] == best
    assert [a.tolerance for a in found.accepted] == tolerances
    for acceptance in found.accepted:
        if acceptance.index is not None:
            assert acceptance.welfare == pytest.approx(welfare[acceptance.index], abs=1e-12)
            assert acceptance.gain == gains[acceptance.index] <= acceptance.tolerance
    visited = np.isfinite(found.gains)
    assert found.checked == visited.sum()
    assert (found.gains[visited] <= gains[visited]).all()
    if visited.sum() < len(profiles):
        assert welfare[visited].min() >= welfare[~visited].max()


def test_nothing_accepted_is_said_and_the_walk_ends_when_all_tolerances_are_solved():
    prosecutor = Game([0.7, 0.3], np.eye(2), [[[0, 1], [0, 1]]], signals=2)
    truth, persuasive = np.eye(2), np.array([[0.572, 0.428], [0.0, 1.0]])
    none = select_local_equilibria(prosecutor, truth[None, None], 0.1, 100, [0.0])
    assert none.accepted[0].index is None
    assert none.checked == 1
    profiles = np.stack([truth, persuasive])[:, None]
    found = select_local_equilibria(prosecutor, profiles, 0.1, 100, [0.01])
    assert found.accepted[0].index == 1
    assert found.checked == 1
    assert np.isnan(found.gains[0])


def test_sample_count_and_bad_arguments():
    game = random_game()
    assert samples_per_sender(game) == 900
    assert samples_per_sender(game, 7) == 63
    profile = full_revelation(game)
    with pytest.raises(ValueError, match="radius"):
        sampled_gain(game, profile, 0.0, 10)
    with pytest.raises(ValueError, match="tolerances"):
        select_local_equilibria(game, profile[None], 0.1, 10, [])
    with pytest.raises(ValueError, match="tolerances"):
        select_local_equilibria(game, profile[None], 0.1, 10, [-1.0])
    with pytest.raises(ValueError, match="profiles must be"):
        select_local_equilibria(game, profile, 0.1, 10, [0.1])
    with pytest.raises(ValueError, match="sums to"):
        sampled_gain(game, profile * 0.5, 0.1, 10)
