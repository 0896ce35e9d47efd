"""Rays: against an enumeration of half-open cones in fractions, and against every other method."""

import time
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import Game, TieRule, deviation_utilities, no_revelation, uniform_policies
from persuasion.model.exact import RationalGame, exact_utilities, rationals
from persuasion.regret import highs
from persuasion.regret.anywhere import arrangement
from persuasion.regret.anywhere import rays as rays_module
from persuasion.regret.anywhere.arrangement import is_fastest, supremum
from persuasion.regret.anywhere.columns import Columns
from persuasion.regret.anywhere.rays import exact_supremum, mixture
from persuasion.regret.anywhere.two_states import Point, _exact
from persuasion.regret.best_response import best_response
from persuasion.regret.problem import make_problem
from persuasion.regret.response import OPTIMAL, TIME_LIMIT
from problems import prosecutor
from stress import rays
from stress.rays import compare, drawn

# of 152 the reference takes as long as of all others
STRESS = {152, *range(19, 500, 38)}


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(seed, marks=pytest.mark.stress if seed in STRESS else [])
        for seed in range(0, 500, 19)
    ],
)
def test_rays_agree_with_fractions_and_with_the_other_methods(seed):
    methods = ("column-generation", "milp") if seed % 3 else ("enumerate",)
    assert compare(seed, methods).wrong == []


@settings(max_examples=40)
@given(st.integers(1, 6), st.integers(0, 10**6))
def test_signed_minors_solve_their_systems(states, seed):
    generator = np.random.default_rng(seed)
    systems = generator.integers(-3, 4, (5, states - 1, states)).astype(object)
    if states > 2:
        systems[0, 1] = systems[0, 0]  # of less than full rank
    lines = arrangement._kernels(systems)
    assert (np.einsum("nrc,nc->nr", systems, lines) == 0).all()
    for system, line in zip(systems, lines):
        minors = [np.linalg.det(np.delete(system.astype(float), k, 1)) for k in range(states)]
        np.testing.assert_allclose(
            line.astype(float), minors * (-1.0) ** np.arange(states), atol=1e-9
        )


def test_whole_numbers_of_a_single_system_are_not_rounded():
    large = 2**63 + 1  # unsigned to numpy, and -1 signed: together they would be floats
    line = arrangement._kernels(np.array([[1, large]], dtype=object))
    assert line.tolist() == [large, -1]


@pytest.mark.parametrize(("states", "actions"), [(8, 4), (9, 3), (14, 2)])
def test_many_states_keep_to_the_time(states, actions):
    """With few planes there are few sets of them; each takes more the more states there are."""
    generator = np.random.default_rng(states)
    game = Game(
        generator.dirichlet(np.ones(states)),
        generator.normal(size=(states, actions)),
        generator.normal(size=(2, states, actions)),
        states,
    )
    for method in ("auto", "rays"):
        began = time.process_time()
        response = best_response(game, no_revelation(game), 0, method=method, time_limit=0.5)
        assert time.process_time() - began < 5
        exact = best_response(game, no_revelation(game), 0, method="column-generation")
        assert response.value <= exact.upper_bound + 1e-7
        assert response.upper_bound >= exact.value - 1e-7


# --- two engines for two states, and answers known in closed form


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_the_sort_and_the_arrangement_agree_on_two_states(seed):
    game, policies, ties = drawn(seed, states=2)
    if game.shape.signals == 1:
        return
    rule = TieRule("sender", sender=0) if ties is None else TieRule.parse(ties)
    columns = Columns.of_game(RationalGame.of(game), policies, 0, rule)
    assert supremum(columns).value == exact_supremum(RationalGame.of(game), policies, 0, ties=ties)


def test_ties_that_reach_one_another_are_taken_together():
    """In both columns at once the receiver is indifferent only within the tolerance, between two points."""
    low, high = 0.4 - 2e-10, 0.6 + 2e-10
    receiver = [[0, -low, -low - high], [0, 1 - low, 2 - low - high]]
    senders = [[[0, 0, 1], [1, 0, 0]], np.zeros((2, 3))]
    game = Game([2 / 3, 1 / 3], receiver, senders, signals=2)
    policies = np.array([np.eye(2), [[0.6, 0.4], [0.4, 0.6]]])
    found = best_response(game, policies, 0, ties="sender-0", method="rays")
    between = [[0.9, 0.1], [0.8, 0.2]]
    shaken = [
        np.array(between) + shift * np.array([1, -1]) for shift in np.linspace(-3e-9, 3e-9, 61)
    ]
    attained = max(deviation_utilities(game, policies, 0, np.stack(shaken), ties="sender-0"))
    assert attained > 0.31
    assert found.upper_bound >= attained - 1e-9
    assert found.value == pytest.approx(0.32, abs=1e-8)


@pytest.mark.parametrize("ties", [None, "lowest-index", "welfare"])
def test_in_a_single_state_there_is_nothing_next_to_a_ray(ties):
    game = RationalGame([1], [[1, 1]], [[[0, 1]]], signals=2)
    expected = Fraction(0 if ties == "lowest-index" else 1)
    assert exact_supremum(game, [[[1, 0]]], 0, ties=ties) == expected


@pytest.mark.parametrize("ties", [None, "lowest-index", "welfare"])
def test_the_prosecutors_supremum_is_three_fifths(ties):
    game = RationalGame(["7/10", "3/10"], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    silent = [[[1, 0], [1, 0]]]
    assert exact_supremum(game, silent, 0, ties=ties) == Fraction(3, 5)
    found = best_response(prosecutor(), no_revelation(prosecutor()), 0, method="rays", ties=ties)
    assert found.attained == (ties != "lowest-index")
    assert found.upper_bound == pytest.approx(0.6, abs=1e-15)


def test_a_compromise_counts_only_where_the_rule_grants_it():
    """Action 2 is optimal at one belief only, and there it ties with both others."""
    tables = [[1, 0, "1/2"], [0, 1, "1/2"]], [[[0, 0, 1], [0, 0, 1]]]
    game = RationalGame(["1/2", "1/2"], *tables, signals=2)
    assert exact_supremum(game, [[[1, 0], [1, 0]]], 0) == 1
    assert exact_supremum(game, [[[1, 0], [1, 0]]], 0, ties="lowest-index") == 0
    assert exact_supremum(game, [[[1, 0], [1, 0]]], 0, ties=np.array([2, 2])) == 1


def test_a_single_signal_says_nothing():
    game, policies = prosecutor(), np.ones((1, 2, 1))
    single = Game(game.prior, game.receiver, game.senders, signals=1)
    found = best_response(single, policies, 0, method="rays")
    assert (found.value, found.status) == (0, OPTIMAL)
    assert exact_supremum(RationalGame.of(single), policies, 0) == 0


@settings(max_examples=30)
@given(st.integers(2, 4), st.integers(0, 400), st.integers(0, 10**6))
def test_the_best_mixture_is_that_of_one_large_program(states, count, seed):
    random = np.random.default_rng(seed)
    points = np.vstack([np.eye(states), random.dirichlet(np.ones(states), count)])
    payoffs = random.integers(0, 5, len(points)) / 4
    shares, bound = mixture(payoffs, points)
    np.testing.assert_allclose(shares @ points, 1, atol=1e-9)
    whole = scipy.optimize.linprog(-payoffs, A_eq=points.T, b_eq=np.ones(states))
    assert payoffs @ shares == pytest.approx(-whole.fun, abs=1e-9)
    assert -whole.fun - 1e-12 <= bound <= -whole.fun + 1e-9


@pytest.mark.parametrize("stopped_by", ["deadline", "solver"])
def test_a_mixture_that_is_stopped_keeps_a_bound_that_holds(monkeypatch, stopped_by):
    random = np.random.default_rng(1)
    points = np.vstack([np.eye(3), random.dirichlet(np.ones(3), 400)])
    payoffs = random.random(len(points))
    best = payoffs @ mixture(payoffs, points)[0]
    gave_up = highs.Solution(None, -np.inf, np.inf, np.zeros(3), "kUnknown")
    monkeypatch.setattr(highs, "solve", lambda *_: gave_up)
    shares, bound = mixture(payoffs, points, 0.0 if stopped_by == "deadline" else np.inf)
    np.testing.assert_allclose(shares @ points, 1)
    assert payoffs @ shares < best < bound < np.inf


def test_faces_and_their_best_mixture_keep_to_the_time():
    game = RationalGame([1, 1, 1] / np.array(3), np.eye(3, dtype=int), [np.eye(3, dtype=int)], 3)
    columns = Columns.of_game(game, rationals([np.eye(3, dtype=int)]), 0, TieRule())
    normals = arrangement.planes(columns)
    points, late = arrangement.rays(normals), time.perf_counter() - 1
    middle = points[(points > 0).all(1)][0]
    around = list(arrangement.faces(columns, normals, middle))
    assert len(around) > 1
    assert {type(x) for flag in around for edge in flag for x in edge} <= {int, Fraction}
    with pytest.raises(TimeoutError):
        list(arrangement.faces(columns, normals, middle, late))
    with pytest.raises(TimeoutError):
        arrangement._best_mixture(points.sum(1), points, late)


def test_a_mixture_that_time_ends_is_said_to_be_ended_by_time(monkeypatch):
    """A lone prosecutor, whose judge convicts if the two kinds of guilt are twice as likely as innocence."""
    game = Game([0.6, 0.2, 0.2], [[2, 0], [0, 1], [0, 1]], [[[0, 1]] * 3], signals=3)
    payoffs = rays_module._payoffs
    monkeypatch.setattr(rays_module, "_payoffs", lambda problem, x, _: payoffs(problem, x, np.inf))
    whole = best_response(game, no_revelation(game), 0, method="rays")
    ended = best_response(game, no_revelation(game), 0, method="rays", time_limit=1e-9)
    assert (whole.status, ended.status) == (OPTIMAL, TIME_LIMIT)
    assert whole.value == pytest.approx(0.6)
    assert ended.value <= whole.value + 1e-12 < ended.upper_bound


# --- what must not change an answer


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(-3, 3))
def test_units_zero_points_order_and_names_change_no_fraction(seed, shift):
    seed += seed % 4 == 0  # whole numbers, whose probabilities sum to 1
    game, policies, ties = drawn(seed, states=2 + seed % 2)
    if (
        game.shape.signals < game.shape.states
        or not isinstance(ties, str | None)
        or ties == "welfare"
    ):
        return
    exact, profile = RationalGame.of(game), rationals(policies)
    value = exact_supremum(exact, profile, 0, ties=ties)
    offset = rationals([[shift], [2], [-1]][: game.shape.states])
    moved = RationalGame(
        exact.prior,
        exact.receiver * 7 + offset,
        exact.senders * Fraction(2, 3) + offset,
        exact.signals,
    )
    gained = (exact.prior * offset[:, 0]).sum()
    assert exact_supremum(moved, profile, 0, ties=ties) == value * Fraction(2, 3) + gained
    random = np.random.default_rng(seed)
    order, names = random.permutation(game.shape.states), random.permutation(game.shape.signals)
    again = RationalGame(
        exact.prior[order], exact.receiver[order], exact.senders[:, order], exact.signals
    )
    assert exact_supremum(again, profile[:, order][:, :, names], 0, ties=ties) == value
    if ties is None:
        actions = random.permutation(game.shape.actions)
        again = RationalGame(
            exact.prior, exact.receiver[:, actions], exact.senders[:, :, actions], exact.signals
        )
        assert exact_supremum(again, profile, 0, ties=ties) == value


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_no_scale_is_too_small_for_fractions(scale):
    """A prior, and a policy of the other sender, of very different orders of magnitude."""
    game = Game([scale, 1.0] / np.float64(1 + scale), [[1, 0], [0, 1]], [[[0, 1], [0, 1]]] * 2, 2)
    policies = np.array([[[1, 0], [1, 0]], [[1 - 1e-6, 1e-6], [1e-6, 1 - 1e-6]]])
    found = best_response(game, policies, 0, method="rays")
    assert found.status == OPTIMAL
    assert found.value == pytest.approx(found.upper_bound, abs=1e-9)


# --- what is refused, and when it comes first


def test_what_rays_cannot_do_is_refused():
    game = prosecutor()
    with pytest.raises(ValueError, match=r"^rays knows no obedience margin; use column-generation"):
        best_response(game, no_revelation(game), 0, method="rays", margin=0.1)
    with pytest.raises(ValueError, match=r"^rays needs interchangeable signals; this tie map"):
        best_response(game, no_revelation(game), 0, method="rays", ties=np.array([0, 1]))
    with pytest.raises(ValueError, match=r"^rays needs interchangeable signals; this tie map"):
        exact_supremum(RationalGame.of(game), no_revelation(game), 0, ties=np.array([0, 1]))
    short = Game(np.full(3, 1 / 3), np.eye(3), np.zeros((1, 3, 3)), signals=2)
    with pytest.raises(ValueError, match=r"^2 signals for 3 states: rays need as many$"):
        exact_supremum(RationalGame.of(short), no_revelation(short), 0)


def test_an_arrangement_that_is_too_large_is_refused(monkeypatch):
    game = Game(np.full(3, 1 / 3), np.eye(3), np.zeros((1, 3, 3)), signals=3)
    monkeypatch.setattr(arrangement, "MAX_SETS", 14)  # six planes meet in 15 pairs
    with pytest.raises(ValueError, match=r"would intersect 15 sets of 2 planes; at most 14$"):
        best_response(game, no_revelation(game), 0, method="rays")
    monkeypatch.setattr(arrangement, "MAX_SETS", 15)
    assert best_response(game, no_revelation(game), 0, method="rays").status == OPTIMAL


@pytest.mark.parametrize(
    ("shape", "margin", "expected"),
    [
        ((2, 3, 2), 0.0, True),
        ((2, 3, 1), 0.0, True),
        ((2, 3, 2), 0.5, False),
        ((3, 3, 3), 0.0, True),
        ((3, 3, 2), 0.0, False),
        ((6, 4, 6), 0.0, False),
        ((6, 4, 1), 0.0, True),
    ],
)
def test_when_rays_come_first(shape, margin, expected):
    states, actions, signals = shape
    random = np.random.default_rng(0)
    game = Game(
        np.full(states, 1 / states),
        random.normal(size=(states, actions)),
        random.normal(size=(2, states, actions)),
        signals,
    )
    problem = make_problem(game, uniform_policies(game, seed=0), 0, TieRule(), margin)
    assert is_fastest(problem) == expected
    found = best_response(game, uniform_policies(game, seed=0), 0, time_limit=5, margin=margin)
    assert found.solver.startswith("rays") == expected


def test_after_the_deadline_a_valid_bound_is_left():
    game, policies, _ = drawn(8, states=3)
    for rule in (None, "lowest-index"):
        hurried = best_response(game, policies, 0, method="rays", time_limit=1e-9, ties=rule)
        assert (
            hurried.upper_bound
            >= float(exact_supremum(RationalGame.of(game), policies, 0, ties=rule)) - 1e-9
        )


def test_one_policy_is_priced_exactly():
    game = RationalGame(["1/3", "2/3"], [[2, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    best = exact_supremum(game, [[[1, 0], [1, 0]]], 0)
    pooled = exact_utilities(game, [[[1, 0], [1, 0]]], ties="sender-0")[0]
    assert pooled == best == 1


def test_a_wrong_supremum_contradicts_the_reference(monkeypatch):
    right = exact_supremum
    monkeypatch.setattr(
        rays, "exact_supremum", lambda *given, **named: right(*given, **named) + Fraction(1, 10**6)
    )
    assert rays.compare(19, ()).wrong == ["seed 19: rays, the fraction", "seed 19: the reference"]


FLAGS = [
    [rationals(row) for row in flag] for flag in ([[3, 1, 0], [0, 0, 1]], [[0, 1, 1]], [[1, 0, 4]])
]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("spare", [0, 1])
def test_policies_near_rays(count, spare):
    """Of three signals each sends its posterior exactly; of two, a third takes what they leave."""
    used = [(share, flag) for share, flag in zip((0.3, 0.5, 0.2), FLAGS[:count])]
    policy = rays_module._near(used, 1e-3, 3 + spare)
    assert policy.shape == (3, 3 + spare)
    assert (policy >= 0).all()
    np.testing.assert_allclose(policy.sum(1), 1, rtol=1e-12)
    for signal, (_, flag) in enumerate(used):
        column = rays_module._off(flag, 1e-3)
        np.testing.assert_allclose(
            policy[:, signal] / policy[:, signal].sum(), column / column.sum()
        )


def test_a_point_off_a_ray_by_hand():
    found = rays_module._off(FLAGS[0], 0.01)
    np.testing.assert_allclose(found, [0.75, 0.25, 0.01])


@pytest.mark.parametrize("liked", [0, 1])
def test_who_learns_the_state_from_another_does_as_the_state_says(liked):
    """Not what a tie at the last belief would grant."""
    senders = [np.eye(2)[[liked, liked]], np.zeros((2, 2))]
    game = Game([0.7, 0.3], np.eye(2), senders, signals=2)
    profile = np.stack([no_revelation(game)[0], np.eye(2)])
    response = best_response(game, profile, 0, method="rays")
    assert response.value == pytest.approx(game.prior[liked], abs=1e-12)
    assert response.upper_bound == pytest.approx(game.prior[liked], abs=1e-12)


def test_faces_around_a_point_where_three_planes_meet():
    """The point, six edges and the six sectors between them, each told apart by its signs."""
    normals = np.array([[1, -1, 0], [0, 1, -1], [1, 0, -1]], dtype=object)
    point = np.array([1, 1, 1], dtype=object)
    found = list(arrangement.faces(SimpleNamespace(tolerance=0), normals, point))
    assert [len(flag) for flag in found] == [1] + 6 * [2] + 6 * [3]
    near = [sum(100**-k * part for k, part in enumerate(flag)) for flag in found[1:]]
    sides = {tuple(np.sign((normals @ x).astype(float))) for x in near}
    assert len(sides) == 12


def test_where_the_best_mixture_is_reached_inside_a_piece_only():
    """``F(p) = p`` between 1/4 and 3/8, whose ends fall short, and at 3/4."""
    quarter = Fraction(1, 4)
    edge = [
        Point(quarter, Fraction(0), quarter, quarter),
        Point(Fraction(3, 8), Fraction(0), Fraction(3, 8), Fraction(3, 8)),
        Point(3 * quarter, 3 * quarter, Fraction(0), Fraction(0)),
    ]
    assert _exact(edge, lambda p: p) == (Fraction(5, 16), Fraction(3, 4))
    assert _exact(edge[:2], lambda p: p) is None
