import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import minimize

from persuasion import (
    Game,
    check_policies,
    deviation_utilities,
    full_revelation,
    no_revelation,
    project_to_simplex,
    sender_utilities,
    softmax,
    state_revelation,
    uniform_policies,
)
from persuasion.games import synthetic
from persuasion.model.projections import project_to_box
from persuasion.theorems.full_revelation import parity_code, signals_needed
from problems import games, prosecutor

ROWS = hnp.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 6)), elements=st.floats(-5, 5))


@given(ROWS)
def test_simplex_projection_meets_its_optimality_conditions(values):
    projected = project_to_simplex(values)
    np.testing.assert_allclose(projected.sum(-1), 1)
    assert (projected >= 0).all()
    # Karush-Kuhn-Tucker: values - projected is constant on the support and no larger off it
    shift = values - projected
    level = np.where(projected > 1e-9, shift, -np.inf).max(-1, keepdims=True)
    assert (shift[projected > 1e-9] >= (level - 1e-9 + 0 * shift)[projected > 1e-9]).all()
    assert (shift <= level + 1e-9).all()


@given(st.integers(2, 5), st.integers(0, 2**32 - 1), st.floats(1e-4, 2))
def test_box_projection_agrees_with_a_solver(size, seed, radius):
    generator = np.random.default_rng(seed)
    centre = generator.dirichlet(np.full(size, 0.5), 1)
    centre /= centre.sum(-1, keepdims=True)
    target = centre + generator.uniform(-radius, radius, centre.shape)
    found = project_to_box(torch.tensor(target), torch.tensor(centre), radius).numpy()
    assert np.abs(found.sum() - 1) < 1e-9
    assert (found >= 0).all()
    assert (np.abs(found - centre) <= radius + 1e-12).all()
    low, high = np.maximum(centre - radius, 0)[0], np.minimum(centre + radius, 1)[0]
    solved = minimize(
        lambda x: ((x - target[0]) ** 2).sum(),
        centre[0],
        jac=lambda x: 2 * (x - target[0]),
        bounds=list(zip(low, high)),
        constraints={"type": "eq", "fun": lambda x: x.sum() - 1, "jac": np.ones_like},
        method="SLSQP",
        options={"ftol": 1e-14},
    )
    assert ((found - target) ** 2).sum() <= solved.fun + 1e-8


def test_uniform_policies_have_dirichlet_moments():
    game = synthetic(2, 3, 2, 4, seed=0)
    sample = uniform_policies(game, 20_000, seed=1)
    check_policies(game, sample)
    np.testing.assert_allclose(sample.mean(0), 1 / 4, atol=0.01)
    np.testing.assert_allclose(sample.var(0), 3 / 16 / 5, atol=0.002)
    np.testing.assert_array_equal(sample, uniform_policies(game, 20_000, seed=1))
    assert uniform_policies(game, (2, 5)).shape == (2, 5, 2, 3, 4)


def test_softmax_inverts_the_logarithm():
    policies = torch.tensor(uniform_policies(prosecutor(), 3, seed=0))
    torch.testing.assert_close(softmax(policies.log()), policies)


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        (np.full((1, 2, 3), 1 / 3), r"got \(1, 2, 3\)"),
        (np.full((2, 1, 2, 2), 0.4), r"policies\[0, 0, 0\] \(sender 0, state 0\) sums to 0.8"),
        (
            np.array([[[0.5, 0.5], [1.5, -0.5]]]),
            r"sender 0, state 1\) has a negative probability -0.5",
        ),
        (np.array([[[0.5, 0.5], [np.nan, 1]]]), "state 1\\) has a non-finite entry"),
    ],
)
def test_bad_policies_are_named(policies, message):
    with pytest.raises(ValueError, match=message):
        sender_utilities(prosecutor(), policies)


def test_single_precision_rows_are_accepted():
    rows = torch.tensor(uniform_policies(prosecutor(), 100, seed=0), dtype=torch.float32)
    check_policies(prosecutor(), rows)
    assert sender_utilities(prosecutor(), rows).dtype == torch.float64


@given(games(max_senders=3))
def test_extreme_profiles_are_policies(game):
    check_policies(game, no_revelation(game))
    if game.shape.signals >= game.shape.states:
        check_policies(game, state_revelation(game))
    else:
        with pytest.raises(ValueError, match="naming the state needs"):
            state_revelation(game)


@pytest.mark.parametrize(("senders", "signals"), [(2, 3), (3, 2), (3, 4), (4, 3)])
def test_parity_code_words_differ_in_two_places(senders, signals):
    words = parity_code(signals ** (senders - 1), senders, signals)
    assert ((words >= 0) & (words < signals)).all()
    for first, second in itertools.combinations(words, 2):
        assert (first != second).sum() >= 2


@pytest.mark.parametrize(
    ("actions", "senders", "needed"), [(1, 1, 1), (2, 2, 2), (9, 3, 3), (10, 3, 4), (10, 4, 3)]
)
def test_signals_needed_is_theorem_4(actions, senders, needed):
    assert signals_needed(actions, senders) == needed


@pytest.mark.parametrize("seed", range(20))
def test_no_random_deviation_from_full_revelation_helps(seed):
    game = synthetic(3, 4, 4, 2, logit_scale=1.0, seed=seed)
    policies = full_revelation(game)
    utilities = sender_utilities(game, policies)
    best = game.receiver.argmax(1)
    expected = (game.prior * game.senders[:, np.arange(4), best]).sum(1)
    np.testing.assert_allclose(utilities, expected, atol=1e-12)
    for sender in range(3):
        own = uniform_policies(game, 200, seed=seed)[:, sender]
        gains = deviation_utilities(game, policies, sender, own) - utilities[sender]
        assert gains.max() <= 1e-12


def test_full_revelation_says_what_is_missing():
    tied = Game([0.5, 0.5], [[1, 1], [0, 1]], np.zeros((2, 2, 2)), 2)
    with pytest.raises(ValueError, match=r"state 0 has several optimal actions \[0, 1\]"):
        full_revelation(tied)
    few = Game(np.full(3, 1 / 3), np.eye(3), np.zeros((2, 3, 3)), 2)
    with pytest.raises(ValueError, match=r"needs 3 signals with 2 senders, the game has 2$"):
        full_revelation(few)
    with pytest.raises(ValueError, match="at least two senders"):
        full_revelation(prosecutor())
