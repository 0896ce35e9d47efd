"""Near a discontinuity, and the pieces of a network, against dense sampling and hand-made networks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import Game, uniform_policies
from persuasion.games import didactic, synthetic
from persuasion.games.didactic import ROWS, didactic_surface
from persuasion.learn.model import UtilityModel
from persuasion.model.simulate import receiver_actions
from persuasion.networks import build_network
from study import preset, produce
from study.figures import pieces


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([0.003, 0.02, 0.1]))
def test_no_sample_changes_the_receiver_where_nothing_is_near(seed, distance):
    game = synthetic(2, signals=2, states=3, actions=3, logit_scale=1.0, seed=seed)
    generator = np.random.default_rng(seed)
    policies = uniform_policies(game, 40, generator)
    near = pieces.near_discontinuity(game, policies, distance)
    here = receiver_actions(game, policies)
    for _ in range(50):
        first = policies[..., 0] + generator.uniform(-distance, distance, policies.shape[:-1])
        moved = np.stack([first.clip(0, 1), 1 - first.clip(0, 1)], -1)
        changed = (receiver_actions(game, moved) != here).reshape(40, -1).any(1)
        assert not (changed & ~near).any()


def test_near_means_that_some_profile_within_the_distance_changes_the_receiver():
    """On the didactic plane: joint signal (1, 1) changes hands where xy = 0.45."""
    game = didactic()
    _, grid = didactic_surface("A", 101)
    policies = grid.reshape(-1, 2, 2, 2)
    near = pieces.near_discontinuity(game, policies, 0.02).reshape(101, 101)
    diagonal = np.diagonal(near)
    # the four arcs meet the two diagonals at distances sqrt(0.45) from the corners
    place = round(np.sqrt(0.45) * 100)
    assert diagonal[[place, 100 - place]].all()
    assert not diagonal[[50, 100]].any()


def test_only_two_signals_are_exact():
    game = Game([0.5, 0.5], np.eye(2), [np.eye(2)], signals=3)
    with pytest.raises(ValueError, match="2 signals, got 3"):
        pieces.near_discontinuity(game, np.full((1, 1, 2, 3), 1 / 3), 0.1)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    tiny = preset("smoke", {"didactic.training.epochs": 1})
    store = tmp_path_factory.mktemp("store") / "store.sqlite"
    return produce(tiny, "didactic", store, workers=1, quiet=True)


def test_errors_by_region_add_up_and_agree_with_the_record(records):
    frame = pieces.errors_by_region(records, 0.02, samples=4000)
    share = frame["share of samples near"]
    total = share * frame["near a discontinuity"] + (1 - share) * frame["elsewhere"]
    assert np.allclose(frame["error"], total)
    recorded = [
        error / variance
        for record in records
        for error, variance in zip(record.facts.errors["held_out"], record.facts.errors["variance"])
    ]
    # other samples of the same distribution
    assert np.allclose(frame["error"], recorded, rtol=0.3)


def test_the_models_of_records_predict_the_recorded_surfaces(records):
    for record in records:
        _, policies = didactic_surface("B", record.config["resolution"])
        predicted = pieces.model_of(record).predict(policies)
        assert np.allclose(predicted, record.arrays["B/network"], atol=1e-5)


def test_pieces_of_the_exact_utility_are_those_of_its_closed_form(records):
    """At joint signal (s, t) the receiver takes its second action where 5 x_s y_t > 9 a_s b_t."""
    table = pieces.pieces_table(records, resolution=101)
    x, y = np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 101))
    for row, count in zip(ROWS, table["exact"]):
        a, b = ROWS[row]
        second = [
            5 * p * q > 9 * fixed + 1e-9
            for p, q, fixed in (
                (x, y, a * b),
                (x, 1 - y, a * (1 - b)),
                (1 - x, y, (1 - a) * b),
                (1 - x, 1 - y, (1 - a) * (1 - b)),
            )
        ]
        assert count == len(set(zip(*(mask.ravel().tolist() for mask in second))))
    # never more pieces than points
    assert (table.drop(columns="row") <= 101**2).all(axis=None)


def test_the_pattern_of_a_model_is_that_of_its_scaled_inputs():
    network = build_network("delu", inputs=8, networks=2, seed=3)
    model = UtilityModel(network, input_shift=0.4, input_scale=0.25)
    policies = uniform_policies(didactic(), 30, np.random.default_rng(0))
    pattern = model.activation_pattern(policies)
    assert pattern.shape == (30, 2, 3 * 64)
    weight, bias = (p[1].double().numpy() for p in list(network.parameters())[:2])
    scaled = (policies.reshape(30, 8) - 0.4) / 0.25
    by_hand = scaled @ (weight if weight.shape[0] == 8 else weight.T) + bias.ravel() > 0
    assert np.array_equal(pattern[:, 1, :64], by_hand)
