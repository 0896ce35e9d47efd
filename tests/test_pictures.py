"""Pictures of a solution: regions against the receiver's choices, the concave closure against a solver, the SVG."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import Game, best_response, no_revelation, solve, uniform_policies
from persuasion.model.posteriors import likely_joint_signals
from persuasion.own_game import Request, report_page
from persuasion.own_game.numbers import amount
from persuasion.own_game.pictures import (
    belief_picture,
    intervals,
    policy_picture,
    region_of,
    upper_hull,
    utility_picture,
    value_picture,
)
from persuasion.own_game.summary import summary
from persuasion.own_game.tables import latex_tables

FAST = Request(starts=5, steps=5, candidates=1, time_limit=1, search_limit=0.5)
MATCH = [[1, 0], [0, 1]]


def random_game(seed, states=2, senders=1, actions=4):
    generator = np.random.default_rng(seed)
    tables = generator.normal(size=(senders + 1, states, actions))
    return Game(generator.dirichlet(np.ones(states)), tables[0], tables[1:], 2)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_the_regions_of_two_states_are_what_the_receiver_does(seed):
    game = random_game(seed)
    parts = intervals(game)
    assert parts[0][0] == 0
    assert parts[-1][1] == 1
    assert all(one[1] == other[0] for one, other in itertools.pairwise(parts))
    for low, high, action in parts:
        for belief in np.linspace(low, high, 7)[1:-1]:
            assert action == ([1 - belief, belief] @ game.receiver).argmax()


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_the_regions_of_three_states_share_the_triangle(seed):
    game = random_game(seed, states=3)
    regions = [region_of(game.receiver, action) for action in range(4)]
    areas = [
        sum(abs(np.linalg.det([r[0], r[k], r[k + 1]])) for k in range(1, len(r) - 1))
        for r in regions
    ]
    assert sum(areas) == pytest.approx(1)
    for action, region in enumerate(regions):
        if len(region):
            middle = region.mean(0)
            assert (middle @ game.receiver).argmax() == action


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_the_concave_closure_at_the_prior_is_the_best_response(seed):
    game = random_game(seed)
    v = game.senders[0]
    points = [
        (b, (1 - b) * v[0, action] + b * v[1, action])
        for low, high, action in intervals(game, v)
        for b in (low, high)
    ]
    closure = np.interp(game.prior[1], *np.transpose(upper_hull(points)))
    bound = best_response(game, no_revelation(game), 0).upper_bound
    assert closure == pytest.approx(bound, abs=1e-6)


def test_an_action_that_another_one_equals_has_no_region_of_its_own():
    game = Game([0.5, 0.5], [[1, 1, 0], [0, 0, 1]], [[[0, 5, 1], [0, 5, 1]]], 2)
    assert [action for *_, action in intervals(game)] == [0, 2]
    assert [action for *_, action in intervals(game, game.senders[0])] == [1, 2]
    assert len(region_of(np.eye(3)[:, [0, 0, 1]], 1)) == 0


def most_by_splitting(game):
    """What one sender earns by the best split of the prior into two beliefs, in exact fractions."""
    u, v = (
        [[Fraction(x) for x in row] for row in t.tolist()] for t in (game.receiver, game.senders[0])
    )
    prior = Fraction(float(game.prior[1]))

    def worth(belief):
        payoffs = [(1 - belief) * a + belief * b for a, b in zip(*u)]
        best = [k for k, payoff in enumerate(payoffs) if payoff == max(payoffs)]
        return max((1 - belief) * v[0][k] + belief * v[1][k] for k in best)

    gaps = [(a - c, b - d) for (a, b), (c, d) in itertools.combinations(list(zip(*u)), 2)]
    cuts = {here / (here - there) for here, there in gaps if here != there}
    places = sorted({b for b in cuts if 0 <= b <= 1} | {Fraction(0), Fraction(1), prior})
    return max(
        (worth(low) * (high - prior) + worth(high) * (prior - low)) / (high - low)
        if low < high
        else worth(low)
        for low in places
        for high in places
        if low <= prior <= high
    )


@pytest.mark.parametrize(
    "receiver",
    [[[1, 0, -1e13], [0, 1, -1e13]], [[1, 0, 2], [0, 1, -1e13]], [[-1e13, 1, 0], [-1e12, 0, 1]],
     [[1, 0, 0.5], [0, 1, 0.5]]],
)  # fmt: skip
@pytest.mark.parametrize("unit", [1, 1e-13, 1e13])
def test_an_action_that_pays_terribly_changes_no_other_region(receiver, unit):
    wanted = [[float(a == 1) for a in range(3)]] * 2
    game = Game([0.7, 0.3], np.array(receiver) * unit, np.array([wanted]) * unit, 2)
    found = value_picture(solve(game, FAST)).text
    exact = float(most_by_splitting(game))
    assert exact > 0
    assert f"it is {exact:.3g}." in found
    for low, high, action in intervals(game):
        middle = Fraction(low + high) / 2
        payoffs = [
            (1 - middle) * Fraction(a) + middle * Fraction(b) for a, b in zip(*game.receiver)
        ]
        assert payoffs[action] == max(payoffs)


def test_a_state_that_cannot_occur_has_its_regions_too():
    game = Game([1, 0], [[1, 0, -1e13], [0, 1, -1e13]], [[[0, 1, 0]] * 2], 2)
    assert intervals(game) == [(0, 0.5, 0), (0.5, 1, 1)]


def test_what_is_shown_tells_utilities_around_a_large_number_apart():
    tables = 1e6 + 1e-3 * np.array([MATCH, [[0, 1], [0, 1]], [[1, 0], [1, 0]]])
    found = solve(Game([0.7, 0.3], tables[0], tables[1:], 2), FAST)
    alone = {mark.name: mark.utilities for mark in found.landmarks}["sender 0 alone"]
    assert alone == pytest.approx([1e6 + 6e-4, 1e6 + 4e-4], abs=1e-8)
    shown = [*summary(found), report_page(found), utility_picture(found).text]
    for text in ("\n".join(shown[:-2]), *shown[-2:]):
        assert "1000000.0006, 1000000.0004" in text
        assert "1e+06" not in text
    tables = latex_tables(found)  # which show no landmarks
    assert "full revelation & 1000000.0003 & 1000000.0007 & 1000000.001 &" in tables
    assert "1e+06" not in tables
    labels = elements(utility_picture(found), "text")
    for label in labels:  # inside the picture: a digit takes at most 7 of its 320 units
        left = {"start": 0, "middle": 0.5, "end": 1}[label["text-anchor"]] * 7 * len(label.text)
        assert float(label["x"]) - left >= -1


@pytest.mark.parametrize(
    ("value", "unit", "digits", "text"),
    [
        (0.123456789, 1, 3, "0.123"),
        (0.123456789, 0, 5, "0.12346"),
        (123456789, 1, 3, "123456789"),
        (123456789, 1e6, 3, "123460000"),
        (1e6 + 5e-4, 1e-3, 3, "1000000.0005"),
        (-1e-13, 1, 3, "0"),
        (-7.25e-14, 1e-13, 3, "-7.25e-14"),
        (0, 0, 3, "0"),
        (1e300, 1e-300, 3, "1.0000000000000001e+300"),
        (float("inf"), 1, 3, "inf"),
    ],
)
def test_numbers_have_the_digits_that_matter(value, unit, digits, text):
    assert float(amount(value, unit, digits)) == float(text)


def elements(picture, kind):
    return BeautifulSoup(picture.svg, "html.parser").find_all(kind)


@pytest.mark.parametrize("states", [2, 3])
def test_there_is_a_dot_at_the_belief_of_every_joint_signal(states):
    game = random_game(1, states, senders=2)
    signals = likely_joint_signals(game, uniform_policies(game, seed=0), count=12)
    picture = belief_picture(game, signals, "x")
    dots = elements(picture, "circle")
    assert len(dots) == len(signals.actions) == 4
    places = np.array([[float(dot.get("cx")), float(dot.get("cy"))] for dot in dots])
    corners = np.array([[48, 0], [272, 0]] if states == 2 else [[160, 24], [20, 264], [300, 264]])
    axes = slice(0, 1 if states == 2 else 2)
    np.testing.assert_allclose(places[:, axes], (signals.posteriors @ corners)[:, axes], atol=0.01)
    assert all(game.names.joint(s) in picture.text for s in signals.signals)


def test_the_plane_of_utilities_has_every_landmark_and_everything_that_was_found():
    payoffs = [[[0, 1], [0, 1]], [[1, 0], [1, 0]]]
    found = solve(Game([0.7, 0.3], MATCH, payoffs, 2), FAST)
    picture = utility_picture(found)
    assert len(found.landmarks) == 5
    assert found.proven
    circles = elements(picture, "circle")
    assert len(circles) == len(found.landmarks) + len(found.found) + len(found.local)
    sizes = [float(circle.get("r")) for circle in circles]
    assert sizes == sorted(sizes, reverse=True), "nothing hides what lies on it"
    for mark in found.landmarks:
        assert mark.name in picture.text
    numbers = ", ".join(text.text or "" for text in elements(picture, "text")).split(", ")
    wanted = [listed.mark for listed in found.listed]
    assert wanted[0] == "E1"
    assert sorted(n for n in numbers if n in wanted) == sorted(wanted)


def test_pictures_are_only_drawn_where_they_fit(monkeypatch):
    monkeypatch.setattr("persuasion.equilibria.nash.MOST_STATES", 0)  # what is found is not drawn
    game = random_game(1, states=4, senders=3)
    found = solve(game, FAST)
    signals = likely_joint_signals(game, no_revelation(game))
    assert belief_picture(game, signals, "x") is None
    assert utility_picture(found) is None
    assert value_picture(found) is None


def test_names_are_escaped_in_every_picture_and_tables_show_only_the_senders_own_signals():
    evil = {
        "states": ["<b>0", "&1"],
        "actions": ["<i>", '"'],
        "senders": ["<script>s", "t"],
        "signals": [["<p>", "q"], ["only one"]],
    }
    game = Game([0.7, 0.3], MATCH, [[[0, 1], [0, 1]], [[1, 0], [1, 0]]], [2, 1], "g", evil)
    found = solve(game, FAST)
    page = report_page(found)
    assert "<script" not in page
    assert "<b>0" not in page
    assert "&lt;script&gt;s" in page
    assert page.count("only one") > 0
    assert "signal 1" not in page
    heat = policy_picture(game, no_revelation(game), 1, "x")
    assert len(elements(heat, "rect")) == 2
    shown = len(found.landmarks) + len(found.found) + len(found.local)
    assert 3 <= len(elements(utility_picture(found), "circle")) <= shown


def test_a_sender_that_does_not_choose_is_said_not_to():
    report = [[0.8, 0.2], [0.3, 0.7]]
    game = Game(
        [0.7, 0.3], MATCH, [[[0, 1], [0, 1]], np.zeros((2, 2))], 2,
        names={"senders": ["prosecutor", "newspaper"]}, fixed=[None, report],
    )  # fmt: skip
    assert "newspaper does not choose" in report_page(solve(game, FAST))
