"""Independent sets in the question of equilibrium, against solvers in floating point and against networkx."""

import math
from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from persuasion.model.exact import RationalGame, exact_utilities, rationals
from persuasion.regret.best_response import best_response
from persuasion.theorems.improving_column import improving_column, positive_ray
from persuasion.theorems.verification import (
    deviation,
    deviation_gain,
    independent_set,
    most_gain,
    verification_game,
)

SMALL = st.integers(-3, 3)


@given(st.integers(1, 4), st.integers(0, 4), st.data())
def test_a_positive_ray_exists_where_a_linear_program_says_so(size, count, data):
    numbers = st.lists(SMALL, min_size=size, max_size=size)
    rows = np.array(data.draw(st.lists(numbers, min_size=count, max_size=count)), dtype=object)
    rows, objective = rows.reshape(count, size), np.array(data.draw(numbers), dtype=object)
    found = positive_ray(objective, rows)
    constraints = np.vstack([-rows, np.ones((1, size))]).astype(float)
    limits = np.append(np.zeros(count), 1.0)
    best = -linprog(-objective.astype(float), A_ub=constraints, b_ub=limits).fun
    assert (found is not None) == (best > 1e-9)
    if found is not None:
        assert (found >= 0).all()
        assert (rows @ found >= 0).all()
        assert objective @ found > 0


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_a_column_gains_where_the_best_response_does(seed):
    generator = np.random.default_rng(seed)
    states, actions, signals = generator.integers(2, 4, 3)
    game = RationalGame(
        rationals(["1/2", "1/4", "1/4"]) if states == 3 else ["1/3", "2/3"],
        generator.integers(-3, 4, (states, actions)),
        generator.integers(-3, 4, (2, states, actions)),
        int(max(signals, states)),
    )
    policies = rationals(np.eye(game.signals)[np.zeros((2, states), dtype=int)])
    opponent = generator.multinomial(4, np.full(game.signals, 1 / game.signals), states)
    policies[1] = rationals(opponent) / 4
    try:
        found = improving_column(game, policies, 0)
    except ValueError:  # torn at the prior
        assume(False)
    base = float(exact_utilities(game, policies)[0])
    best = best_response(game.floats(), policies.astype(float), 0)
    assert (found is not None) == (best.upper_bound > base + 1e-7)


def test_what_is_not_uninformative_or_strict_is_refused():
    game = RationalGame(["1/2", "1/2"], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], 2)
    with pytest.raises(ValueError, match="torn between actions"):
        improving_column(game, rationals([[[1, 0], [1, 0]]]), 0)
    with pytest.raises(ValueError, match="sender must be a whole number from 0 to"):
        improving_column(game, rationals([[[1, 0], [1, 0]]]), 1)
    with pytest.raises(ValueError, match="sender 0 reveals something"):
        improving_column(game, rationals([[[1, 0], [0, 1]]]), 0)


@pytest.mark.parametrize(
    ("graph", "numbers", "says"),
    [
        (nx.empty_graph(3), {}, "no isolated one"),
        (nx.DiGraph([(0, 1), (1, 2)]), {}, "^the graph must be simple: no directed edge"),
        (nx.MultiGraph([(0, 1), (0, 1)]), {}, "none that occurs twice"),
        (nx.Graph([(0, 0), (0, 1)]), {}, "no loop"),
        (nx.path_graph(3), {"bound": 4}, "bound must be a whole number from 1 to 3"),
        (nx.path_graph(3), {"bound": 1.5}, "bound must be a whole number from 1 to 3"),
        (nx.path_graph(3), {"on": math.inf}, "on must be a rational number, got inf"),
        (nx.path_graph(3), {"fine": "much"}, "fine must be a rational number, got 'much'"),
        (nx.path_graph(3), {"fine": Fraction(1, 17)}, "w <= K fails: w = 1/16, K = 1/17"),
        (nx.path_graph(3), {"fine": Fraction(1, 4)}, "2 K"),
        (nx.path_graph(3), {"on": Fraction(1, 4), "fine": Fraction(1, 4)}, "2 Delta"),
    ],
)
def test_numbers_outside_the_conditions_are_refused_by_name(graph, numbers, says):
    with pytest.raises(ValueError, match=says):
        verification_game(graph, **{"bound": 1, **numbers})


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_order_and_names_of_the_vertices_do_not_matter(seed, bound):
    graph = nx.gnp_random_graph(5, 0.5, seed=seed)
    assume(nx.number_of_isolates(graph) == 0)
    order = np.random.default_rng(seed).permutation(5)
    renamed = nx.Graph([(f"v{order[u]}", f"v{order[v]}") for u, v in graph.edges])
    number = nx.max_weight_clique(nx.complement(graph), weight=None)[1]
    for each in (graph, renamed):
        instance = verification_game(each, bound)
        found = improving_column(instance.game, instance.policies, 0)
        assert (found is None) == (number <= bound)


def test_a_set_goes_into_a_policy_and_comes_back():
    graph = nx.cycle_graph(5)
    instance = verification_game(graph, bound=1)
    moved = deviation(instance, [3, 0], radius=Fraction(1, 100))
    assert independent_set(instance, moved[0]) == {0, 3}
    gain = (
        exact_utilities(instance.game, moved) - exact_utilities(instance.game, instance.policies)
    )[0]
    assert gain == deviation_gain(instance, 2, radius=Fraction(1, 100)) > 0
    lost = deviation(instance, [0, 1], radius=Fraction(1, 100))
    assert independent_set(instance, lost[0]) == set(), "adjacent vertices switch each other off"
    assert (
        exact_utilities(instance.game, lost)[0]
        < exact_utilities(instance.game, instance.policies)[0]
    )
    assert independent_set(instance, instance.policies[0]) == set()
    both = deviation(instance, [2], radius=Fraction(1, 100))
    both[0, :, 2] = moved[0, :, 1]
    both[0, :, 0] -= both[0, :, 2]
    assert independent_set(instance, both[0]) == {0, 3}, "the larger of two sets"
    with pytest.raises(ValueError, match="radius"):
        deviation(instance, [0, 3], radius=0)
    with pytest.raises(ValueError, match="radius must be a rational number, got inf"):
        deviation(instance, [0, 3], radius=math.inf)
    single = deviation(instance, [0, 3], radius=np.float32(0.25))
    assert (single == deviation(instance, [0, 3], radius=Fraction(1, 4))).all()


def test_no_number_of_the_construction_can_overflow():
    instance = verification_game(nx.cycle_graph(5), bound=2)
    tables = (instance.game.prior, instance.game.receiver, instance.game.senders, instance.policies)
    entries = [entry for table in tables for entry in table.flat]
    entries += deviation(instance, [0, 2]).flat
    assert {type(entry.numerator) for entry in entries} == {int}
    assert {type(entry.denominator) for entry in entries} == {int}


def test_the_game_of_a_path_by_hand():
    instance = verification_game(nx.path_graph(3), bound=1)
    # 1 and 2, then 1/3 for each vertex, then 4 * 2 / 3 for each: of 12
    expected = [Fraction(n, 36) for n in (3, 6, 1, 1, 1, 8, 8, 8)]
    assert instance.game.prior.tolist() == expected
    assert most_gain(instance, 2) == Fraction(1, 12) * Fraction(1, 3 + 1)
    assert most_gain(instance, 1) == 0
    pair = verification_game(nx.path_graph(2), bound=1)
    assert pair.game.prior.tolist() == [Fraction(n, 16) for n in (2, 4, 1, 1, 4, 4)]
    fine = Fraction(1, 12)
    assert pair.game.receiver[:, 1].tolist() == [-1, 1, 1, 1, -1, -1]
    assert pair.game.senders[0, :, 1].tolist() == [1, -1, -fine, -fine, 0, 0]
    assert pair.game.senders[1, :, 1].tolist() == [0, 0, -1, -1, -1, -1]
    # w / 4 of the first state; of each vertex 8 times as much on, 16 times off, each by its odds
    moved = deviation(pair, [0, 1])[0]
    assert (moved[:, 1] * 48).tolist() == [1, 0, 16, 16, 8, 8]
    assert (moved.sum(1) == 1).all()


@pytest.mark.parametrize("graph", [nx.path_graph(3), nx.star_graph(3), nx.cycle_graph(4)])
def test_nobody_gains_more_than_the_bound(graph):
    number = nx.max_weight_clique(nx.complement(graph), weight=None)[1]
    for bound in range(1, number + 1):
        instance = verification_game(graph, bound)
        now = float(exact_utilities(instance.game, instance.policies)[0])
        game, profile = instance.game.floats(), instance.policies.astype(float)
        best = best_response(game, profile, 0, method="column-generation", time_limit=10)
        assert deviation_gain(instance, number) <= most_gain(instance, number)
        assert best.upper_bound - now <= most_gain(instance, number) + 1e-9
        assert (most_gain(instance, number) > 0) == (best.value - now > 1e-9) == (number > bound)
