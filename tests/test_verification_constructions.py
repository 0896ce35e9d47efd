"""Audiences, counting games and embeddings: against sums written out, and bad input refused by name."""

import itertools
import math
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import sender_utilities
from persuasion.model.exact import RationalGame, exact_utilities, price_bound, rationals
from persuasion.theorems.audience import Audience, reduction, sender_value
from persuasion.theorems.garbling import REVEALED, garbling
from persuasion.theorems.improving_column import improving_column
from persuasion.theorems.normal_form import embedding, pure_gains
from persuasion.theorems.public_persuasion import PublicPersuasion, public_utility, reduced_game
from persuasion.theorems.public_verification import graph_audience, reduced_profile
from persuasion.theorems.subset_sums import count_sums, counting_profile, equilibrium_profile


def test_the_papers_problem_is_a_special_case():
    generator = np.random.default_rng(0)
    instance = PublicPersuasion([0.25, 0.75], generator.uniform(-1, 1, (3, 2)))
    for _ in range(20):
        scheme = generator.dirichlet(np.ones(3), 2)
        assert (
            abs(sender_value(instance.audience, scheme) - public_utility(instance, scheme)) < 1e-12
        )
    tables = reduction(instance.audience, 0.5, 2.0, 2.0, 5.0, 1.0)
    game = reduced_game(instance, mass=0.5, lure=2.0, penalty=5.0, loss=1.0).game
    assert np.array_equal(game.receiver, tables.receiver)
    assert game.receiver[0].tolist()[1:-1:2] == instance.differences[:, 0].tolist()
    assert game.receiver[2].tolist() == [0, 0, -5, -5, -5, -5, -2], "the first decoy"
    assert np.array_equal(game.senders[0, 2], [0, 0, 0, 0, 0, 0, -1])


ONE = np.array([[0.0, 1.0], [0.0, -1.0]])


@pytest.mark.parametrize(
    ("receivers", "payoffs", "says"),
    [
        ([ONE], [], "as many"),
        ([ONE[:1]], [ONE[:1]], "receiver 0 must be"),
        ([ONE + 0.5], [abs(ONE)], "first action of receiver 0"),
        ([2 * ONE], [abs(ONE)], "receiver 0: utilities"),
        ([ONE], [ONE], "payoffs of at least 0"),
    ],
)
def test_wrong_audiences_are_refused(receivers, payoffs, says):
    with pytest.raises(ValueError, match=says):
        Audience(np.array([0.5, 0.5]), np.array([1.0]), receivers, payoffs)


def test_other_wrong_input_is_refused():
    for bound in (0, 1.5, 4):
        with pytest.raises(ValueError, match="bound must be a whole number from 1 to 3"):
            graph_audience(nx.path_graph(3), bound)
    with pytest.raises(ValueError, match="two vertices"):
        graph_audience(nx.empty_graph(1), 1)
    with pytest.raises(ValueError, match="lure must be a rational number, got inf"):
        reduced_profile(graph_audience(nx.path_graph(3), 1), 0.5, math.inf, 3, 7)
    for edges in (
        nx.DiGraph([(0, 1)]),
        nx.MultiGraph([(0, 1), (0, 1)]),
        nx.Graph([(0, 0), (0, 1)]),
    ):
        with pytest.raises(ValueError, match="must be simple"):
            graph_audience(edges, 1)
    with pytest.raises(ValueError, match="threshold must be a whole number of at least 1, got 0"):
        counting_profile([1, 2], 0)
    with pytest.raises(
        ValueError, match=r"integers\[1\] must be a whole number of at least 1, got 2.5"
    ):
        counting_profile([1, 2.5], 1)
    with pytest.raises(ValueError, match="integers is empty"):
        counting_profile([], 1)
    for limit in (3, 0.5):
        with pytest.raises(ValueError, match="limit must be a whole number from 0 to 2"):
            equilibrium_profile([1, 2], 1, limit)
    with pytest.raises(ValueError, match="one m per player"):
        embedding(np.zeros((2, 2, 3)))


def test_weights_of_an_audience_count():
    audience = Audience(
        rationals(["1/2", "1/2"]),
        rationals(["1/3", "2/3"]),
        [rationals([[0, 1], [0, -1]]), rationals([[0, -1], [0, 1]])],
        [rationals([[0, 5], [0, 5]]), rationals([[0, 1], [0, 7]])],
    )
    told = rationals([[1, 0], [0, 1]])
    expected = Fraction(1, 2) * Fraction(5, 3) + Fraction(1, 2) * Fraction(14, 3)
    assert sender_value(audience, told) == expected


INTEGERS = st.lists(st.integers(1, 6), min_size=1, max_size=4)


def counted(integers, threshold):
    signs = itertools.product((-1, 1), repeat=len(integers))
    return sum(np.dot(row, integers) >= threshold for row in signs)


@settings(max_examples=30)
@given(INTEGERS, st.integers(1, 12))
def test_a_payoff_counts_the_choices_of_signs(integers, threshold):
    game, policies = counting_profile(integers, threshold)
    count, choices = counted(integers, threshold), 2 ** len(integers)
    assert count_sums(integers, threshold) == count
    assert policies.shape == (1 + len(integers), 2, 2) == (len(game.senders), 2, game.signals)
    assert sum(game.prior) == 1
    first, *others = exact_utilities(game, policies)
    assert first == game.prior[0] * Fraction(count, choices)
    assert not any(others), "they have nothing to gain"


@settings(max_examples=15)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=2), st.integers(1, 5), st.data())
def test_an_equilibrium_counts_them_too(integers, threshold, data):
    limit = data.draw(st.integers(0, 2 ** (len(integers) - 1)))
    game, policies = equilibrium_profile(integers, threshold, limit)
    gains = improving_column(game, policies, 0) is not None
    assert gains == (counted(integers, threshold) > limit)


def test_the_other_equilibrium_of_theorem_4_in_fractions():
    game, policies, prices = garbling()
    found = exact_utilities(game, policies)
    assert found.tolist() == [Fraction(3, 10)] * 2
    for sender, own in enumerate(prices):
        assert price_bound(game, policies, sender, own) == found[sender], "nobody gains"
    told = np.stack([rationals(np.eye(4, dtype=int))] * 2)
    free = RationalGame(game.prior, game.receiver, game.senders, 4)
    assert exact_utilities(free, told).tolist() == REVEALED.tolist() == [Fraction(1, 5)] * 2


@settings(max_examples=30)
@given(st.integers(2, 3), st.integers(1, 3), st.integers(0, 10**6))
def test_a_normal_form_game_is_played_by_senders(players, strategies, seed):
    """Payoffs and gains summed over all profiles of pure strategies, one by one."""
    generator = np.random.default_rng(seed)
    payoffs = generator.integers(-3, 4, (players, *[strategies] * players)).astype(float)
    game, ties = embedding(payoffs)
    policies = generator.dirichlet(np.ones(strategies), (players, 2))
    mixed = policies[:, 0]

    def worth(mixed):
        total = np.zeros(players)
        for profile in itertools.product(range(strategies), repeat=players):
            chance = np.prod([own[k] for own, k in zip(mixed, profile)])
            total += chance * payoffs[(slice(None), *profile)]
        return total

    np.testing.assert_allclose(sender_utilities(game, policies, ties=ties), worth(mixed) / 2)
    best = np.full(players, -np.inf)
    for player, pure in itertools.product(range(players), np.eye(strategies)):
        other = np.concatenate([mixed[:player], [pure], mixed[player + 1 :]])
        best[player] = max(best[player], worth(other)[player])
    np.testing.assert_allclose(pure_gains(payoffs, mixed), best - worth(mixed), atol=1e-12)


def test_the_audience_of_a_path_by_hand():
    """Vertices 0, 1, 2 with edges 0-1 and 1-2: what each receiver gets of its second action."""
    audience = graph_audience(nx.path_graph(3), bound=1)
    assert audience.prior.tolist() == [Fraction(1, 12)] * 3 + [Fraction(3, 4)]
    assert audience.weights.tolist() == [Fraction(1, 4)] * 4
    apart = -Fraction(1, 12)
    expected = [
        [Fraction(1, 2), -1, apart, -1],
        [-1, Fraction(1, 2), -1, -1],
        [apart, -1, Fraction(1, 2), -1],
        [-1, -1, -1, 1],
    ]
    assert [r[:, 1].tolist() for r in audience.receivers] == expected
    assert not any(r[:, 0].any() for r in audience.receivers)


@pytest.mark.parametrize("graph", [nx.path_graph(2), nx.path_graph(3), nx.complete_graph(3)])
def test_silence_is_optimal_where_few_vertices_are_independent(graph):
    number = nx.max_weight_clique(nx.complement(graph), weight=None)[1]
    for bound in range(1, len(graph) + 1):
        game, policies = reduced_profile(graph_audience(graph, bound), Fraction(1, 2), 2, 3, 6)
        assert (improving_column(game, policies, 0) is not None) == (number > bound)
