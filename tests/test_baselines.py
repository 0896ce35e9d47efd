"""The searches without networks, against finite differences, brute force and the exact game in the limit."""

import importlib
import itertools
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from persuasion import Game, sender_utilities, uniform_policies
from persuasion.games import synthetic
from persuasion.learn.baselines import (
    exact_gradient_search,
    exact_own_gradients,
    random_search,
    smoothed_search,
    smoothed_utilities,
)
from persuasion.learn.baselines.smoothed import _own_gradients
from persuasion.learn.extragradient import gradient_ascent


def drawn(seed, senders=2, size=3, count=4):
    game = synthetic(senders, size, size, size, logit_scale=1.0, seed=seed)
    return game, torch.as_tensor(uniform_policies(game, count, np.random.default_rng(seed)))


def differences(function, policies, sender, step):
    """Central differences of the sender's value in the entries of its own policy."""
    result = torch.zeros_like(policies[:, sender])
    for index in itertools.product(*map(range, result.shape[1:])):
        moved = []
        for sign in (1, -1):
            other = policies.clone()
            other[(slice(None), sender, *index)] += sign * step
            moved.append(function(other)[:, sender])
        result[(slice(None), *index)] = (moved[0] - moved[1]) / (2 * step)
    return result


@given(st.integers(0, 10_000))
def test_exact_own_gradients_are_differences_inside_a_piece(seed):
    game, policies = drawn(seed)
    found = exact_own_gradients(game, policies)
    for sender in range(2):
        by_hand = differences(
            lambda p: sender_utilities(game, p, validate=False), policies, sender, 1e-9
        )
        # a piece may end within the step: then a difference is a jump, of the order of 1 / step
        close = (by_hand - found[:, sender]).abs() < 1e-4 * game.utility_range
        assert (close | (by_hand.abs() > 1e3)).all()
        assert close.double().mean() > 0.9


@given(st.integers(0, 10_000), st.sampled_from([1.0, 0.1, 0.02]))
def test_smoothed_own_gradients_are_differences(seed, temperature):
    game, policies = drawn(seed, senders=3, size=2)
    found = _own_gradients(game, temperature, policies)
    for sender in range(3):
        by_hand = differences(
            lambda p: smoothed_utilities(game, p, temperature), policies, sender, 1e-6
        )
        assert torch.allclose(
            found[:, sender], by_hand, atol=1e-4 * game.utility_range / temperature
        )


def test_smoothed_utilities_are_those_of_a_loop_over_joint_signals():
    game, policies = drawn(3, senders=2, size=3, count=1)
    temperature = 0.3
    expected = np.zeros(2)
    for s, t in itertools.product(range(3), range(3)):
        weights = game.prior * policies[0, 0, :, s].numpy() * policies[0, 1, :, t].numpy()
        mean = weights @ game.receiver / weights.sum()
        chances = np.exp(mean / (temperature * np.ptp(game.receiver)))
        chances /= chances.sum()
        expected += game.senders.transpose(0, 2, 1) @ weights @ chances
    assert np.allclose(smoothed_utilities(game, policies, temperature)[0], expected)


@given(st.integers(0, 10_000))
def test_a_cold_receiver_is_the_exact_one(seed):
    game, policies = drawn(seed)
    exact = sender_utilities(game, policies, validate=False)
    cold = smoothed_utilities(game, policies, 1e-9)
    assert torch.allclose(exact, cold, atol=1e-5 * game.utility_range)


def test_a_joint_signal_that_is_never_sent_does_no_harm():
    game, _ = drawn(0)
    silent = np.zeros((1, 2, 3, 3))
    silent[..., 0] = 1.0
    policies = torch.as_tensor(silent)
    exact = sender_utilities(game, policies)
    assert torch.allclose(smoothed_utilities(game, policies, 1e-9), exact, atol=1e-6)
    assert torch.isfinite(_own_gradients(game, 0.1, policies)).all()


def test_chunks_do_not_matter(monkeypatch):
    game, policies = drawn(5, count=7)
    whole = smoothed_utilities(game, policies, 0.1), _own_gradients(game, 0.1, policies)
    monkeypatch.setattr("persuasion.learn.baselines.smoothed.CHUNK_BYTES", 1)
    parts = smoothed_utilities(game, policies, 0.1), _own_gradients(game, 0.1, policies)
    for one, other in zip(whole, parts):
        assert torch.allclose(one, other, rtol=1e-12)


SEARCHES = {
    "exact": exact_gradient_search,
    "smoothed": smoothed_search,
    "random": random_search,
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_lone_sender_improves_unless_blind_to_jumps(search):
    game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    starts = uniform_policies(game, 50, np.random.default_rng(0))
    ends = search(game, starts, 20)
    assert isinstance(ends, np.ndarray)
    assert np.allclose(ends.sum(-1), 1)
    assert ends.min() >= 0
    before, after = sender_utilities(game, starts).mean(), sender_utilities(game, ends).mean()
    # the optimum is 0.6 (Kamenica and Gentzkow's prosecutor), on the edge of a jump down to 0
    if search is exact_gradient_search:
        assert after < before, "blind to the jump, it climbs over the edge"
    else:
        assert before + 0.01 < after <= 0.6 + 1e-9


def test_random_search_never_lowers_the_utility_of_a_lone_sender():
    game, policies = drawn(1, senders=1)
    values = sender_utilities(game, policies)
    for steps in (1, 2, 4):
        better = sender_utilities(game, random_search(game, policies, steps, seed=3))
        assert (better >= values - 1e-12).all()
        values = better


def test_random_search_uses_its_budget_and_its_seed(monkeypatch):
    game, policies = drawn(2, senders=2)
    calls = []

    def counted(*arguments, **options):
        calls.append(1)
        return sender_utilities(*arguments, **options)

    module = importlib.import_module("persuasion.learn.baselines.random_search")
    monkeypatch.setattr(module, "sender_utilities", counted)
    first = random_search(game, policies, 5, seed=1)
    assert len(calls) == 1 + 2 * 5 * 2
    assert torch.equal(first, random_search(game, policies, 5, seed=1))
    assert not torch.equal(first, random_search(game, policies, 5, seed=2))


def test_smoothed_stages_share_all_steps(monkeypatch):
    game, policies = drawn(1)
    seen = []
    monkeypatch.setattr(
        "persuasion.learn.baselines.smoothed.extragradient",
        lambda gradient, starts, steps, *_: seen.append((gradient.args[1], steps)) or starts,
    )
    smoothed_search(game, policies, 22)
    assert sum(steps for _, steps in seen) == 22
    temperatures = [temperature for temperature, _ in seen]
    assert temperatures == sorted(temperatures, reverse=True)
    seen.clear()
    smoothed_search(game, policies, 2)
    assert [round(t, 6) for t, _ in seen] == [round(0.1 * 0.1 ** (3 / 4), 6), 0.01]


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_a_bad_temperature_is_named(bad):
    game, policies = drawn(0)
    with pytest.raises(ValueError, match="temperature must be a finite positive number"):
        smoothed_utilities(game, policies, bad)


@pytest.mark.parametrize(("steps", "size"), [(-1, 0.1), (3, 0.0), (3, float("nan"))])
def test_bad_budgets_are_named(steps, size):
    game, policies = drawn(0)
    with pytest.raises(ValueError, match=r"step(s|_size) must be a"):
        random_search(game, policies, steps, size)


def test_the_look_ahead_is_in_the_utilities_unit():
    game = synthetic(2, 3, 3, 3, logit_scale=1.0, seed=0)
    cents = Game(game.prior, game.receiver, game.senders * 100, game.signals)
    starts = uniform_policies(game, 5, seed=0)
    ends, same, of_cents, of_standard = (
        exact_gradient_search(g, starts, 20) for g in (game.standard, cents.standard, cents, game)
    )
    np.testing.assert_allclose(ends, same, atol=1e-6)
    assert np.abs(of_cents - of_standard).max() > 0.01
    # Adam's steps are not
    without = [gradient_ascent(partial(exact_own_gradients, g), starts, 20) for g in (game, cents)]
    np.testing.assert_allclose(*without, atol=1e-6)
