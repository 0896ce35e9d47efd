"""What a scenario leaves room for, against brute force and closed forms, and what rules a candidate out."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion.games import GENERATORS, product_advertising, quality_advertising, synthetic
from persuasion.games.seeded import build_game
from persuasion.model.game import Game
from persuasion.model.policies import uniform_policies
from persuasion.model.simulate import sender_utilities
from study import preset, produce
from study.designs import design, plausible
from study.figures import plausible as report
from study.figures.frames import equilibria_frame
from study.figures.statistics import Mean
from study.kinds import reach
from study.records.places import default_results


def test_the_bound_of_the_prosecutor_is_six_in_ten():
    game = Game([0.7, 0.3], np.eye(2), [[[0, 1], [0, 1]]], signals=2)
    assert reach.welfare_bound(game) == pytest.approx(0.6)


@given(st.integers(0, 10**6), st.sampled_from([1, 2]))
@settings(max_examples=20, deadline=None)
def test_the_bound_is_the_concavification_and_no_profile_exceeds_it(seed, senders):
    game = synthetic(senders, signals=3, states=2, actions=3, logit_scale=1.0, seed=seed)
    bound = reach.welfare_bound(game)
    profiles = uniform_policies(game, 200, seed)
    assert sender_utilities(game, profiles).sum(-1).max() <= bound + 1e-7
    # two states: the best pair of posteriors on either side of the prior, from a fine grid
    belief = np.union1d(np.linspace(0, 1, 401), [game.prior[1]])
    mixed = np.stack([1 - belief, belief], 1)
    values = mixed @ game.receiver
    ties = values >= values.max(1, keepdims=True) - 1e-9
    worth = np.where(ties, mixed @ game.senders.sum(0), -np.inf).max(1)
    low, high = belief <= game.prior[1], belief >= game.prior[1]
    span = belief[high] - belief[low][:, None]
    share = np.divide(
        game.prior[1] - belief[low][:, None], span, out=np.zeros_like(span), where=span > 0
    )
    best = ((1 - share) * worth[low][:, None] + share * worth[high]).max()
    assert best - 1e-7 <= bound <= best + 0.02 * np.ptp(game.senders.sum(0))


def test_honest_firms_sell_whenever_somebody_has_quality():
    game = quality_advertising(firms=3, probability_high=0.2, shock=0.01, seed=1)
    told = sender_utilities(game, reach.honest(game)).sum()
    assert told == pytest.approx(1 - 0.8**3)


def test_an_honest_platform_names_its_best_order():
    game = GENERATORS["ride-hailing"](platforms=1, orders=2, signals=3, seed=0)
    expected = [0 if a == 0 else 1 if a == 1 else 2 for a in game.receiver.argmax(1)]
    np.testing.assert_array_equal(reach.honest(game)[0].argmax(1), expected)


def test_sampled_products():
    all_alike = product_advertising(states=5, products=3, shock=0.0, seed=1)
    assert all_alike == product_advertising(states=5, products=3, shock=0.0, seed=2)
    assert all_alike != product_advertising(states=5, products=4, shock=0.0, seed=1)
    own = product_advertising(states=5, prices_in_state=True, shock=0.0, seed=1)
    assert own.shape.states == 5
    assert len(np.unique(own.senders[0, :, 0])) > 1
    assert len(np.unique(all_alike.senders[0, :, 0])) == 1, "one price, known to the consumer"
    quality = own.receiver[:, :2] + np.stack([own.senders[i, :, i] for i in range(2)], 1)
    assert (quality == np.round(quality)).all()
    assert (np.abs(quality - 2) <= 10).all()
    with pytest.raises(ValueError, match="prices_in_state needs"):
        product_advertising(prices_in_state=True)


def test_every_candidate_is_a_game_and_there_is_none_twice():
    for family, changes in plausible.candidates().items():
        assert changes[0] == {}
        for changed in changes:
            build_game({"family": family, "parameters": changed, "index": 0, "seed": 0})
        assert all(a != b for a, b in itertools.combinations(changes, 2))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    tiny = preset(
        "smoke", {"scenarios": ["ride-hailing"], "instances": 3, "sensitivity.candidates": 3}
    )
    records = produce(tiny, "plausible", tmp_path_factory.mktemp("p") / "s.sqlite", 1, quiet=True)
    return report.plausible_table(records, {("ride-hailing", "cost_states = 4"): 1.0})


def test_the_order_within_a_row(table):
    mean = table[["random", "best random", "bound"]].map(lambda value: value.mean)
    assert (mean["random"] < mean["best random"]).all()
    assert (mean["best random"] < mean["bound"]).all()
    assert list(table["candidate"]) == ["as chosen first", "cost_states = 4", "cost_states = 64"]
    assert table["reached"].tolist()[1] == 1.0


ROOM = {
    "random": Mean(3.0, 0.8, 20), "best random": Mean(4.0, 0.8, 20),
    "honest": Mean(4.5, 0.8, 20), "bound": Mean(7.0, 0.8, 20),
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "ran", "expected"),
    [
        ({}, None, "–"),
        ({}, 4.4, "–"),
        ({}, 6.0, "our networks end elsewhere"),
        ({"bound": Mean(2.0, 0.5, 20)}, None, "no profile has so much"),
        ({"random": Mean(5.0, 0.8, 20)}, None, "random profiles have more"),
        ({"random": Mean(4.7, 0.8, 20)}, None, "–"),  # 3.9 is below 3.216 + 0.79
        (
            {"honest": Mean(2.0, 0.1, 20), "best random": Mean(3.0, 0.1, 20)},
            None,
            "neither 200 random profiles nor honesty reach it",
        ),
        ({"random": Mean(3.0, 3.0, 20)}, None, "instances differ too much"),
        ({"random": Mean(3.0, 0.1, 20)}, None, "instances differ too little"),
    ],
)
def test_what_rules_a_candidate_out(changed, ran, expected):
    assert report.reason("ride-hailing", ROOM | changed, ran) == expected


def test_the_most_plausible_is_nearest_at_both_ends_and_not_ruled_out():
    rows = [
        ("ride-hailing", name, Mean(start, 0.1, 9), end, why)
        for name, start, end, why in (
            ("a", 3.2, 4.0, "–"), ("b", 3.2, 4.34, "gone"), ("c", 1.0, 4.34, "–"),
        )
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["scenario", "candidate", "random", "expected", "ruled out"])
    for order in ([0, 1, 2], [2, 1, 0]):
        assert report.most_plausible(table.iloc[order])["candidate"].tolist() == ["a"]


def test_table_1_uses_the_candidates_that_the_committed_records_leave():
    """Chosen by what no network was needed for, and by where networks ended with the constants chosen first."""
    paper = preset("paper")
    results = default_results() / "paper"
    first, swept = (produce(paper, name, results) for name in ("scenarios", "sensitivity"))
    reached = {}
    for records in (swept, first):
        frame = equilibria_frame(records)
        shown = (frame["tolerance"] == paper.headline) & (
            frame["radius"] == paper.searches[0].radius
        )
        reached |= report.reached_by_dnl(records, frame[shown])
    nearest = report.most_plausible(
        report.plausible_table(produce(paper, "plausible", results), reached)
    )
    assert dict(zip(nearest["scenario"], nearest["candidate"])) == {
        family: report.label(changed) for family, changed in plausible.INFERRED.items()
    }


def test_table_1_and_the_constants_chosen_first_are_different_games():
    paper = preset("paper")
    for name, constants in (("table-1", plausible.INFERRED), ("scenarios", {})):
        games = design.games(paper, name)
        assert len(games) == 60
        assert all(g["parameters"] == constants.get(g["family"], {}) for g in games)
    assert set(plausible.INFERRED) == set(paper.scenarios)
    for family, constants in plausible.INFERRED.items():
        assert constants in plausible.candidates()[family]
