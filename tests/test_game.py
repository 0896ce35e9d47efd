import json
import pickle

import numpy as np
import pytest
from hypothesis import given

from persuasion import Game
from persuasion.equilibria.nash.columns import unrestricted, widened
from persuasion.games import (
    GENERATORS,
    SCENARIOS,
    didactic,
    product_advertising,
    ride_hailing,
    synthetic,
)
from persuasion.games.didactic import didactic_surface
from persuasion.model.checks import distributions
from problems import games, prosecutor

GOOD = {
    "prior": [0.5, 0.5],
    "receiver": [[1.0, 0.0], [0.0, 1.0]],
    "senders": [[[0.0, 1.0], [0.0, 1.0]]],
    "signals": 2,
}


@given(games())
def test_json_round_trip_is_exact(game):
    assert Game.from_json(game.to_json()) == game
    assert hash(Game.from_json(game.to_json())) == hash(game)


@given(games())
def test_pickle_between_processes_keeps_the_game(game):
    assert pickle.loads(pickle.dumps(game)) == game  # noqa: S301


def test_game_is_immutable():
    game = prosecutor()
    with pytest.raises(AttributeError, match="immutable"):
        game.signals = 3
    with pytest.raises(AttributeError, match="immutable"):
        del game.prior
    with pytest.raises(ValueError, match="read-only"):
        game.prior[0] = 1


def test_the_callers_arrays_are_copied():
    prior = np.array([0.5, 0.5])
    game = Game(prior, GOOD["receiver"], GOOD["senders"], 2)
    prior[0] = 0.1
    assert game.prior[0] == 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prior": [0.5, 0.6]}, r"prior sums to 1\.1, not 1"),
        ({"prior": [1.5, -0.5]}, r"prior has a negative probability -0\.5 at 1"),
        ({"prior": [np.nan, 1.0]}, r"prior has a non-finite entry at \[0\]"),
        ({"prior": [[0.5, 0.5]]}, r"prior must have 1 axes, got shape \(1, 2\)"),
        ({"prior": []}, "prior is empty"),
        ({"prior": ["a", "b"]}, "prior is not a rectangular array"),
        ({"prior": [0.2, 0.3, 0.5]}, "receiver has 2 rows .* prior has 3 states"),
        ({"receiver": [[1.0, 0.0], [0.0]]}, "receiver is not a rectangular array"),
        ({"receiver": [[1.0, np.inf], [0.0, 1.0]]}, r"receiver has a non-finite entry at \[0, 1\]"),
        ({"senders": [[[0.0], [1.0]]]}, r"senders must have shape \(senders, 2, 2\)"),
        ({"senders": np.zeros((0, 2, 2))}, "senders is empty"),
        ({"signals": 0}, "signals must be a whole number from 1 to 1,000,000, got 0"),
        ({"signals": 2.5}, "signals must be a whole number .*, got 2.5"),
        ({"signals": True}, "signals must be a whole number"),
    ],
)
def test_bad_arguments_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        Game(**{**GOOD, **change})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "must be a JSON object, not list"),
        (json.dumps({**GOOD, "priors": 1}), "unknown keys: priors"),
        (json.dumps({k: v for k, v in GOOD.items() if k != "prior"}), "lacks prior"),
        (json.dumps({**GOOD, "schema": "other/9"}), "schema is 'other/9'"),
        (json.dumps({**GOOD, "prior": {"a": 1}}), "prior is not a rectangular array"),
        (json.dumps({**GOOD, "prior": [None, 1.0]}), r"its entry \[0\] is None"),
    ],
)
def test_bad_json_is_a_clear_error(text, message):
    with pytest.raises(ValueError, match=message):
        Game.from_json(text)


def test_json_file(tmp_path):
    path = tmp_path / "game.json"
    prosecutor().to_json(path)
    assert Game.from_json(path) == prosecutor()


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_generators_are_seeded(name):
    first, again, other = (GENERATORS[name](seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert (first != other) or name == "didactic"
    assert first.name


def test_synthetic_follows_its_distribution():
    game = synthetic(2, 40, 40, 3, seed=0)
    assert game.shape == (2, 40, 40, 3)
    sample = np.concatenate([game.receiver.ravel(), game.senders.ravel()])
    assert abs(sample.std() - 10) < 0.4
    assert abs(sample.mean()) < 0.5
    logits = np.log(synthetic(1, 3000, 1, 1, logit_scale=2.0, seed=1).prior)
    assert abs(logits.std() - 2) < 0.1


@pytest.mark.parametrize(
    ("name", "shape"),
    list(zip(SCENARIOS, [(7, 128, 8, 2), (2, 441, 3, 2), (2, 16, 9, 4)])),
)
def test_scenario_sizes(name, shape):
    assert GENERATORS[name](seed=3).shape == shape


def test_quality_advertising_prior_and_payoffs():
    game = GENERATORS["quality-advertising"](firms=2, probability_high=0.3, shock=0.0, seed=0)
    np.testing.assert_allclose(game.prior, [0.49, 0.21, 0.21, 0.09])
    np.testing.assert_array_equal(game.receiver, [[-1, -1, 0], [-1, 1, 0], [1, -1, 0], [1, 1, 0]])
    np.testing.assert_array_equal(game.senders[1, 0], [0, 1, 0])


def test_product_advertising_payoffs():
    game = GENERATORS["product-advertising"](shock=0.0, seed=5)
    price = game.senders[:, 0].max(1)
    assert ((price >= 1) & (price <= 10) & (price == np.round(price))).all()
    np.testing.assert_array_equal(game.senders[0, 0], [price[0], -1, -1])
    np.testing.assert_allclose(game.receiver[0], [-8 - price[0], -8 - price[1], 0])
    np.testing.assert_allclose(game.receiver[1], [-8 - price[0], -7 - price[1], 0])


def test_ride_hailing_readings():
    pay, price = (ride_hailing(driver=d, seed=2) for d in ("payment", "price"))
    margin = pay.senders.sum(0)[0, :-1]
    np.testing.assert_allclose((price.receiver - pay.receiver)[:, :-1], np.tile(margin, (16, 1)))
    assert (pay.receiver[:, -1] == -1).all()
    with pytest.raises(ValueError, match="driver must be one of"):
        ride_hailing(driver="tips")


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("synthetic", {"senders": 2}),
        ("synthetic", {"states": 3}),
        ("synthetic", {"actions": 3}),
        ("quality-advertising", {"firms": 2}),
        ("product-advertising", {"firms": 2}),
        ("product-advertising", {"states": 5}),
        ("ride-hailing", {"platforms": 1}),
        ("ride-hailing", {"orders": 3}),
        ("ride-hailing", {"cost_states": 3}),
    ],
)
def test_sizes_of_families_are_whole_numbers(name, size):
    """A size that came out of a division or a file is one; what is none is named."""
    build = GENERATORS[name]
    ((field, number),) = size.items()
    again = build(**{field: float(number)}, seed=1)
    assert again == build(**size, seed=1)
    assert again.name == build(**size, seed=1).name
    for bad in (0, number + 0.5, str(number)):
        with pytest.raises(ValueError, match=f"{field} must be a whole number of at least 1"):
            build(**{field: bad}, seed=1)


def test_a_surface_has_a_whole_number_of_points():
    assert all(map(np.array_equal, didactic_surface("A", 3.0), didactic_surface("A", 3)))
    with pytest.raises(ValueError, match="resolution must be a whole number of at least 1"):
        didactic_surface("A", 0)


@pytest.mark.parametrize("field", ["prices", "qualities"])
def test_a_range_that_is_none_is_named(field):
    with pytest.raises(ValueError, match=f"{field} must be a range, got 3 to 1"):
        product_advertising(**{field: (3, 1)}, seed=1)


def test_didactic_has_the_papers_sizes():
    assert didactic().shape == (2, 2, 2, 2)


def test_all_that_is_missing_or_unknown_is_named():
    with pytest.raises(ValueError, match=r"^game lacks receiver, senders$"):
        Game.from_dict({"prior": [1.0], "signals": 1})
    with pytest.raises(ValueError, match=r"^game has unknown keys: colour, weight$"):
        Game.from_dict({**GOOD, "weight": 1, "colour": "red"})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1.0, 0.0], [0.5, np.nan]], r"^p has a non-finite entry at \[1, 1\]$"),
        ([[1.0, 0.0], [0.5, 0.0]], r"^p\[1\] sums to 0\.5, not 1$"),
        ([[1.0, 0.0], [1.5, -0.5]], r"^p\[1\] has a negative probability -0\.5 at 1$"),
    ],
)
def test_the_first_row_that_is_no_distribution_is_named(rows, message):
    with pytest.raises(ValueError, match=message):
        distributions("p", rows, 2)


def test_the_sign_of_zero_does_not_matter():
    negative = Game(
        **{**GOOD, "receiver": np.where(np.array(GOOD["receiver"]) == 0, -0.0, GOOD["receiver"])}
    )
    assert np.signbit(negative.receiver).any()
    assert negative == Game(**GOOD)
    assert hash(negative) == hash(Game(**GOOD))


def test_games_that_differ_have_different_hashes():
    one, other = Game(**GOOD), Game(**{**GOOD, "signals": GOOD["signals"] + 1})
    assert hash(one) == hash(Game(**GOOD))
    assert hash(one) != hash(other)


def test_equal_games_with_other_names_keep_these():
    fixed = [None, [[0.5, 0.5], [0.2, 0.8]]]
    arrays = [0.5, 0.5], np.eye(2), np.zeros((2, 2, 2)), 2
    for name, states in (("weather", ("rain", "sun")), ("trial", ("guilty", "innocent"))):
        game = Game(*arrays, name, {"states": states, "signals": ["a", "b"]}, fixed)
        for other in (widened(game, 3), unrestricted(game)):
            assert (other.name, other.names.states, other.names.signals) == (name, states, ())
        assert widened(game, 3) is widened(game, 3)


def test_a_game_in_print():
    arrays = [0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]]
    assert repr(Game(*arrays, 3)) == "Game(senders=1, states=2, actions=2, signals=3)"
    named = Game(*arrays, 3, name="duel")
    assert repr(named) == "Game(duel: senders=1, states=2, actions=2, signals=3)"
