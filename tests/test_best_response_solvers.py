"""Best responses, what the tables of games leave open: routing, solvers in trouble, units, ranked duplicates."""

import itertools
import sys
import time
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csc_matrix, csr_matrix

from persuasion import Game, TieRule, no_revelation, sender_utilities, uniform_policies
from persuasion.games import synthetic
from persuasion.model.tolerances import TIE_TOLERANCE
from persuasion.regret import candidates as polish
from persuasion.regret import highs, margin, one_signal
from persuasion.regret.anywhere import (
    bilinear,
    column_generation,
    line_search,
    pricing,
    regions,
)
from persuasion.regret.anywhere.bounds import separate_bound
from persuasion.regret.best_response import METHODS, best_response
from persuasion.regret.margin import check_margin, keeps_margin
from persuasion.regret.problem import Problem, make_problem, merge_columns
from persuasion.regret.response import (
    BOUND,
    INFEASIBLE,
    OPTIMAL,
    TIES,
    TIME_LIMIT,
    BestResponse,
    InconsistentCertificate,
    better,
)
from problems import prosecutor

enumerate_module = import_module("persuasion.regret.anywhere.enumerate")
SOLVERS = {
    "enumerate": "enumerate (HiGHS)",
    "milp": "milp (HiGHS)",
    "bilinear": "bilinear (SCIP)",
    "column-generation": "column-generation (HiGHS)",
    "rays": "rays (rational)",
}


@pytest.mark.parametrize("method", METHODS)
def test_the_answer_names_its_solver(method):
    game = prosecutor()
    assert best_response(game, no_revelation(game), 0, method=method).solver == SOLVERS[method]


@pytest.mark.parametrize("method", [*METHODS, "auto"])
def test_time_may_be_unlimited(method):
    game = prosecutor()
    response = best_response(game, no_revelation(game), 0, method=method, time_limit=np.inf)
    assert (response.status, response.value) == (OPTIMAL, pytest.approx(0.6))


# --- the order of methods in "auto"


def routed(monkeypatch, answers: list[tuple[str, float]], **request) -> list[tuple[str, float]]:
    """Which methods ``auto`` calls with which limits, if they answer with these statuses after these seconds."""
    calls, left = [], list(answers)
    module = sys.modules["persuasion.regret.best_response"]
    monkeypatch.setattr(module, "is_fastest", lambda _: request.pop("few", False))
    monkeypatch.setattr(Problem, "wide", request.pop("wide", False))

    def run(problem, method, time_limit):
        calls.append((method, time_limit))
        status, seconds = left.pop(0)
        return BestResponse(problem.policies[0], 0.0, 1.0, 1.0, False, status, method, seconds)

    monkeypatch.setattr(module, "_run", run)
    like = prosecutor()
    receiver = request.pop("receiver", like.receiver)
    game = Game(like.prior, receiver, like.senders, request.pop("signals", 2))
    response = best_response(game, no_revelation(game), 0, time_limit=10.0, **request)
    assert response.solver == calls[-1][0]
    return calls


POOLED, MILP, LAST = "column-generation", "milp", "enumerate"


@pytest.mark.parametrize(
    ("answers", "request_", "expected"),
    [
        ([(OPTIMAL, 3)], {}, [(POOLED, 10)]),
        ([(OPTIMAL, 3)], {"signals": 1}, [(MILP, 10)]),
        (
            [(OPTIMAL, 3)],
            {"ties": [0, 1], "receiver": np.zeros((2, 2))},
            [(MILP, 10)],
        ),  # tells signals apart
        ([(BOUND, 3)], {}, [(POOLED, 10)]),
        ([(TIES, 3), (OPTIMAL, 1)], {}, [(POOLED, 10), (LAST, 7)]),
        ([(TIES, 10)], {}, [(POOLED, 10)]),
        ([(BOUND, 3), (OPTIMAL, 1)], {"margin": 0.5}, [(POOLED, 10), (MILP, 7)]),
        ([(BOUND, 10)], {"margin": 0.5}, [(POOLED, 10)]),
        ([(BOUND, 3), (TIES, 2), (TIES, 1)], {"margin": 0.5}, [(POOLED, 10), (MILP, 7), (LAST, 5)]),
        ([(BOUND, 3)], {"margin": 0.5, "signals": 1}, [(MILP, 10)]),
        ([(BOUND, 3), (OPTIMAL, 1)], {"wide": True}, [(POOLED, 10), (LAST, 7)]),
        ([(OPTIMAL, 3)], {"wide": True}, [(POOLED, 10)]),
        ([(OPTIMAL, 3)], {"wide": True, "signals": 1}, [("box", 10)]),
    ],
)
def test_auto_passes_on_what_is_left_of_the_time(monkeypatch, answers, request_, expected):
    assert routed(monkeypatch, answers, **request_) == expected


# --- SCIP in trouble


def troubled(monkeypatch, message: str) -> None:
    class Model(bilinear.Model):
        def optimizeNogil(self):
            raise Exception(message)

    monkeypatch.setattr(bilinear, "Model", Model)


def test_numerical_trouble_leaves_what_was_known_before(monkeypatch):
    game = Game([0.6, 0.4], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    policies = np.array([[[0.9, 0.1], [0.2, 0.8]]])
    problem = make_problem(game, policies, 0, TieRule("sender", sender=0))
    troubled(monkeypatch, "SCIP: error in LP solver!")
    response = best_response(game, policies, 0, method="bilinear")
    assert response.solver == "bilinear (SCIP)"
    assert response.value == pytest.approx(0.8)  # climbed to from the given policy
    assert response.upper_bound == pytest.approx(separate_bound(problem, np.inf))


def test_other_trouble_is_not_hidden(monkeypatch):
    game = prosecutor()
    troubled(monkeypatch, "out of luck")
    with pytest.raises(Exception, match="out of luck"):
        best_response(game, no_revelation(game), 0, method="bilinear")


def test_ctrl_c_is_pythons_not_scips():
    problem = make_problem(prosecutor(), no_revelation(prosecutor()), 0, TieRule())
    assert bilinear.build_model(problem)[0].getParam("misc/catchctrlc") is False


@pytest.mark.parametrize(
    ("weak", "strict", "holds"),
    [
        ([], [[1, -1]], True),
        ([], [[1, -1], [-1, 1]], False),
        ([[-1, 1]], [[1, -1]], False),
        ([[-1, 2]], [[1, -1]], True),
        ([[-1, 0]], [[0, 1]], True),
        ([[-1, 0], [0, -1]], [], False),
    ],
)
def test_cones_of_two_states_in_fractions(weak, strict, holds):
    rows = (np.array(some, dtype=float).reshape(-1, 2) for some in (weak, strict))
    assert enumerate_module._holds_exactly(*rows) is holds


# --- units, and duplicates ranked by a preference


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("margin", [0.0, 0.05])
@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_receivers_unit_changes_nothing(method, margin, unit):
    if method == "rays":
        margin = 0.0
    random = np.random.default_rng(5)
    receiver, senders = random.normal(size=(2, 2)), random.normal(size=(2, 2, 2))
    prior = random.dirichlet(np.ones(2))
    game, same = (Game(prior, receiver * u, senders, signals=2) for u in (1.0, unit))
    policies = uniform_policies(game, seed=random)
    expected = best_response(game, policies, 0, method=method, margin=margin)
    response = best_response(same, policies, 0, method=method, margin=margin * unit)
    assert response.value == pytest.approx(expected.value, abs=1e-6)
    assert response.upper_bound == pytest.approx(expected.upper_bound, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_duplicates_that_nobody_tells_apart_go_to_the_lower_index(method):
    receiver = [[1, 1, 0], [0, 0, 1]]
    senders = [[[0, 0, 1], [0, 0, 1]], [[2, 2, 0], [2, 2, 0]]]
    game = Game([0.7, 0.3], receiver, senders, signals=2)
    response = best_response(game, no_revelation(game), 0, method=method, ties="welfare")
    assert response.upper_bound == pytest.approx(0.6, abs=1e-7)
    assert response.value == pytest.approx(0.6, abs=1e-5)
    both = best_response(game, no_revelation(game), 1, method=method, ties="welfare")
    assert both.value == pytest.approx(2)


@pytest.mark.parametrize("method", METHODS)
def test_duplicates_go_to_the_action_that_the_rule_prefers(method):
    """Actions 0 and 1 are one to the receiver; welfare prefers 1 where state 0 is at most twice as likely as 1."""
    receiver = [[1, 1, 0], [1, 1, 0]]
    senders = [[[0, 1, 0], [0, 1, 0]], [[3, 0, 0], [0, 3, 0]]]
    game = Game([0.8, 0.2], receiver, senders, signals=2)
    response = best_response(game, no_revelation(game), 0, method=method, ties="welfare")
    assert response.upper_bound == pytest.approx(0.6, abs=1e-6)
    assert response.value == pytest.approx(0.6, abs=1e-5)
    assert response.value < 0.6  # at equal welfare the lower index
    assert not response.attained


# --- limits, to the last one that is allowed


def test_the_largest_games_that_are_enumerated(monkeypatch):
    game, policies = prosecutor(), no_revelation(prosecutor())
    monkeypatch.setattr(enumerate_module, "MAX_CELLS", 1 * 2 * 2 * 2)
    assert best_response(game, policies, 0, method="enumerate").value == pytest.approx(0.6)
    monkeypatch.setattr(enumerate_module, "MAX_CELLS", 1 * 2 * 2 * 2 - 1)
    with pytest.raises(ValueError, match="1 columns x 2 actions x 2 states x 2 signals exceed 7"):
        best_response(game, policies, 0, method="enumerate")


def test_the_most_programs_that_are_enumerated(monkeypatch):
    game, policies = prosecutor(), no_revelation(prosecutor())
    # under a rule the two cones, one or both of them
    monkeypatch.setattr(enumerate_module, "MAX_PICKS", 3)
    assert (
        best_response(game, policies, 0, method="enumerate", ties="lowest-index").status == OPTIMAL
    )
    monkeypatch.setattr(enumerate_module, "MAX_PICKS", 2)
    with pytest.raises(ValueError, match="would solve 3 linear programs; at most 2"):
        best_response(game, policies, 0, method="enumerate", ties="lowest-index")


def test_the_most_cones_of_a_signal(monkeypatch):
    game, policies = prosecutor(), no_revelation(prosecutor())
    monkeypatch.setattr(enumerate_module, "MAX_CONES", 2)
    assert best_response(game, policies, 0, method="enumerate").value == pytest.approx(0.6)
    monkeypatch.setattr(enumerate_module, "MAX_CONES", 1)
    with pytest.raises(ValueError, match="over 1 cones at one signal"):
        best_response(game, policies, 0, method="enumerate")


def test_the_largest_bilinear_program(monkeypatch):
    game, policies = prosecutor(), no_revelation(prosecutor())
    monkeypatch.setattr(bilinear, "MAX_PRODUCTS", 2 * 1 * 2 * 2)
    assert best_response(game, policies, 0, method="bilinear").value == pytest.approx(0.6)
    monkeypatch.setattr(bilinear, "MAX_PRODUCTS", 7)
    with pytest.raises(ValueError, match="8 products, at most 7"):
        best_response(game, policies, 0, method="bilinear")


def test_linear_programs_get_the_time_that_is_left(monkeypatch):
    limits = []

    def solve(program, time_limit=np.inf):
        limits.append(time_limit)
        return highs.Solution(None, -np.inf, np.inf, np.zeros(0), "kTimeLimit")

    monkeypatch.setattr(regions.highs, "solve", solve)
    game = prosecutor()
    problem = make_problem(game, no_revelation(game), 0, TieRule("sender", sender=0))
    some = regions.profile_regions(problem, np.zeros((2, 1), int))
    regions.maximise(some, 3.0)
    regions.interior(some, 0.5, 4.0)
    regions.interior(some)
    assert limits == [3.0, 4.0, np.inf]


# --- column generation: probability that may not be revealed is left over at a price


def test_probability_that_may_not_be_revealed_is_left_over():
    receiver = [[1, 0], [0, 1], [0.5, 0.5]]  # state 2 alone leaves the receiver indifferent
    game = Game([0.4, 0.3, 0.3], receiver, [[[0, 8], [0, 8], [0, 8]]], signals=3)
    rule = TieRule("sender", sender=0)
    problem = make_problem(game, no_revelation(game), 0, rule, margin=0.9)
    master = column_generation.Master(problem)
    assert master.leftover.tolist() == [2]
    # states 0 and 1 lead by 1 and can hide a ninth of their probability's worth of state 2
    hidden = np.array([0.4, 0.3]) / 9
    left = 1 - hidden.sum() / 0.3
    for price in (1e2, 1e4):
        solution = master.solve(np.inf)
        assert solution.x[0] == pytest.approx(left)
        assert solution.value == pytest.approx(0.3 + hidden[1] - price * left)  # in stakes
        master.charge(1e4)
    known = len(master.profiles)
    assert not master.add(master.profiles[0].copy())
    assert len(master.profiles) == known
    free = make_problem(game, no_revelation(game), 0, rule)
    assert column_generation.Master(free).leftover.tolist() == []


# --- one signal at a time


def four_by_four(seed: int, margin: float = 0.0):
    """A problem with 4 states, signals and actions against one other sender: 4 columns, 256 profiles."""
    game = synthetic(2, 4, 4, 4, logit_scale=1, seed=seed)
    policies = uniform_policies(game, seed=seed)
    return make_problem(game, policies, 0, TieRule("sender", sender=0), margin)


def profiles(problem) -> np.ndarray:
    columns, actions, _ = problem.gains.shape
    return np.array(list(itertools.product(range(actions), repeat=columns)))


def best_of_all_cones(problem, prices: np.ndarray) -> float:
    """The largest priced gain of one signal, cone by cone."""
    rows = [problem.rows[np.arange(len(p)), p].reshape(-1, 4) for p in profiles(problem)]
    gains = [problem.gains[np.arange(len(p)), p].sum(0) for p in profiles(problem)]
    found = [
        linprog(prices - g, A_ub=-r, b_ub=np.zeros(len(r)), A_eq=np.ones((1, 4)), b_eq=[1])
        for g, r in zip(gains, rows)
    ]
    return max(-f.fun for f in found if f.status == 0)


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.stress) for seed in (2, 3))]
)
def test_pricing_finds_the_best_signal(monkeypatch, seed):
    monkeypatch.setattr(pricing, "ENOUGH", 1.0)  # or it stops at half of that
    problem, random = four_by_four(seed), np.random.default_rng(seed)
    priced = pricing.Pricing(problem)
    for _ in range(4):
        prices = random.normal(0, 3, 4)
        best, least = best_of_all_cones(problem, prices), 1e-9
        bound, found = priced.search(prices, least, np.inf)
        assert bound == pytest.approx(max(best, 0), abs=1e-6)
        worth = [one_signal.best_in_cone(problem, p, prices).value for p in found]
        assert max(worth, default=0.0) == pytest.approx(max(best, 0), abs=1e-6)
        # nothing more than that: closed at once, and nothing is found
        bound, found = priced.search(prices, max(best, 0) + 1e-6, np.inf)
        assert bound <= max(best, 0) + 2e-6
        assert found == []


def test_pricing_without_time_is_a_bound():
    problem = four_by_four(0)
    priced = pricing.Pricing(problem)
    prices = np.zeros(4)
    best = best_of_all_cones(problem, prices)
    assert priced.search(prices, 1e-9, -1.0)[0] >= best - 1e-9


def test_children_fix_the_action_of_the_column_that_is_branched_on():
    allowed = np.array([[True, False, True], [True, True, True]])
    children = pricing._children(allowed, branch=0)
    assert [child.tolist() for child in children] == [
        [[True, False, False], [True, True, True]], [[False, False, True], [True, True, True]],
    ]  # fmt: skip
    assert allowed.tolist() == [[True, False, True], [True, True, True]]


@pytest.mark.parametrize("margin", [0.0, 0.5])
def test_kinks_lie_where_two_actions_tie_for_the_best(margin):
    problem = four_by_four(2, margin)
    lines = line_search.LineSearch(problem, np.random.default_rng(0))
    start, end = np.random.default_rng(1).dirichlet(np.ones(4), (2, 30))
    points, line = lines._kinks(start, end)
    assert np.array_equal(points[-60:], np.vstack([start, end]))
    assert np.array_equal(line[-60:], np.tile(np.arange(30), 2))
    assert len(points) > 60
    for x, k in zip(points[:-60], line[:-60]):
        step = ((x - start[k]) / (end[k] - start[k]))[0]
        assert 0 < step < 1
        assert x == pytest.approx((1 - step) * start[k] + step * end[k])
        utilities = (problem.weights * x) @ problem.game.receiver
        mass = problem.weights @ x
        lead = (np.sort(utilities)[:, -1:] - np.sort(utilities)[:, :-1]) / mass[:, None]
        assert np.abs(lead - problem.margin).min() < 1e-9
    worth = lines._favourable(points)
    for x, value in zip(points, worth):
        if margin == 0:
            profile = one_signal.favourite(problem, x)
            assert value == pytest.approx(one_signal.profile_gain(problem, profile) @ x, abs=1e-9)


def test_lines_start_at_their_best_kinks():
    problem = four_by_four(2)
    lines = line_search.LineSearch(problem, np.random.default_rng(0))
    prices = np.array([0.5, -0.2, 0.1, 0.3])
    found = lines.starts(prices, 5)
    assert found.shape == (5, 4)
    assert found.sum(1) == pytest.approx(np.ones(5))
    worth = lines._favourable(found) - found @ prices
    assert (np.diff(worth) <= 0).all()
    again = line_search.LineSearch(problem, np.random.default_rng(0)).starts(prices, 50)
    assert np.array_equal(again[:5], found)
    # no line's end or kink is better than its start
    generator = np.random.default_rng(0)
    spread = np.full(4, generator.choice(line_search.CONCENTRATIONS))
    ends = generator.dirichlet(spread, (2, lines.lines))
    points, line = lines._kinks(*ends)
    every = lines._favourable(points) - points @ prices
    best = np.sort([every[line == k].max() for k in range(lines.lines)])[::-1]
    assert lines._favourable(again) - again @ prices == pytest.approx(best[: len(again)])


@pytest.mark.parametrize("margin", [0.0, 0.2])
@pytest.mark.parametrize("seed", range(5))
def test_with_two_states_nothing_is_worth_more_than_the_first_start(seed, margin):
    generator = np.random.default_rng(seed)
    receiver, senders = generator.normal(size=(2, 4)), generator.normal(size=(2, 2, 4))
    game = Game(generator.dirichlet(np.ones(2)), receiver, senders, signals=3)
    policies, rule = uniform_policies(game, seed=seed), TieRule("sender", sender=0)
    problem = make_problem(game.standard, policies, 0, rule, margin)
    lines = line_search.LineSearch(problem, generator)
    prices = generator.normal(size=2)
    found = lines.starts(prices, 50)
    worth = lines._favourable(found) - found @ prices
    assert (np.diff(worth) <= 0).all()
    first = np.linspace(0, 1, 2001)
    grid = np.column_stack([first, 1 - first])
    kept = [margin == 0 or leads_everywhere(problem, x) for x in grid]
    assert 100 < sum(kept) <= 2001
    assert (lines._favourable(grid) - grid @ prices)[kept].max() <= worth[0] + 1e-9


def leads_everywhere(problem, x):
    """Whether the receiver's action leads all others by the margin at every joint signal."""
    beliefs = problem.weights * x
    utilities = np.sort(beliefs @ problem.game.receiver / beliefs.sum(1, keepdims=True))
    return (utilities[:, -1] - utilities[:, -2] >= problem.margin).all()


def test_large_problems_get_fewer_lines_and_kinks(monkeypatch):
    problem = four_by_four(2)
    generator = np.random.default_rng(0)
    monkeypatch.setattr(line_search, "MAX_TABLE", 4 * 16 * 4 * 7)
    assert line_search.LineSearch(problem, generator).lines == 7
    assert line_search.LineSearch(problem, generator).points == 4 * 4 * 7
    monkeypatch.setattr(line_search, "MAX_TABLE", 1)
    few = line_search.LineSearch(problem, generator)
    assert (few.lines, few.points) == (1, 16)
    monkeypatch.setattr(line_search, "MAX_TABLE", 10**9)
    assert line_search.LineSearch(problem, generator).lines == 50
    few.lines, few.points = 50, 10**6
    ends = np.random.default_rng(1).dirichlet(np.ones(4), (2, 50))
    every, _ = few._kinks(*ends)
    few.points = len(every) - 100 - 1
    all_but_one, _ = few._kinks(*ends)
    assert len(np.unique(all_but_one, axis=0)) == len(all_but_one) == len(every) - 1


def test_only_what_leads_by_the_margin_is_met_or_revealed():
    free, led = four_by_four(3), four_by_four(3, margin=2.0)
    x = np.full(4, 0.25)
    for profile in profiles(free)[::17]:
        assert one_signal.meets(free, profile, x)
        utilities = (led.weights * x) @ led.game.receiver
        mass = led.weights @ x
        own = utilities[np.arange(4), profile]
        rest = np.where(np.eye(4, dtype=bool)[profile], -np.inf, utilities).max(1)
        assert one_signal.meets(led, profile, x) is bool((own >= rest + led.margin * mass).all())
    best = np.sort(led.game.source.receiver, axis=1)
    alone = best[:, -1] - best[:, -2] >= 2.0
    assert one_signal.revealable(led).tolist() == alone.tolist()
    assert one_signal.revealable(free).all()
    assert 0 < alone.sum() < 4


def test_hops_lead_to_better_cones_only():
    problem, prices = four_by_four(1), np.array([0.3, -0.1, 0.2, 0.1])
    random, found = np.random.default_rng(0), 0
    for start in random.dirichlet(np.ones(4), 10):
        worth = [
            one_signal.best_in_cone(problem, p, prices).value
            for p in one_signal.hop(problem, start, prices, 1e-9)
        ]
        assert (np.diff(worth) > 0).all()
        assert min(worth, default=1.0) > 1e-9
        first = (problem.gains @ start)[np.arange(4), one_signal.favourite(problem, start)].sum()
        assert not worth or worth[0] >= first - prices @ start - 1e-9
        found += len(worth)
        least = max(worth, default=0.0)
        assert list(one_signal.hop(problem, start, prices, least + 1e-6)) == []
    assert found >= 3


# --- what the others leave, and bounds column by column


def test_columns_are_merged_if_every_entry_agrees():
    tiny = np.array([[0.5, 1e-14], [0.25, 0.5e-14], [0.25, 0.6e-14], [0.0, 0.0]])
    merged = merge_columns(tiny)
    assert merged.tolist() == [[0.75, 1.5e-14], [0.25, 0.6e-14]]
    near = np.array([[1.0, 1.0], [1.0, 1.0 + 1e-13], [1.0, 1.0 + 1e-10]])
    assert len(merge_columns(near)) == 2


def test_bounds_of_columns_not_reached_are_the_choice_itself():
    problem = four_by_four(0)
    exact, trivial = separate_bound(problem, np.inf), separate_bound(problem, -1.0)
    assert trivial == pytest.approx(problem.gains.max(1).sum())
    assert exact < trivial
    # sender 2 silent: a single column, and the bound is what a lone sender gets
    game = synthetic(2, 4, 4, 4, logit_scale=1, seed=0)
    alone = make_problem(game, no_revelation(game), 0, TieRule("sender", sender=0))
    reached = best_response(game.standard, no_revelation(game), 0)
    assert separate_bound(alone, np.inf) == pytest.approx(reached.value, abs=1e-7)


@pytest.mark.parametrize(
    ("margin", "message"),
    [
        (True, "margin must be a finite number of at least 0, got True"),
        ("0.1", "margin must be a finite number of at least 0, got '0.1'"),
        (-1e-9, "margin must be a finite number of at least 0, got -1e-09"),
        (np.inf, "margin must be a finite number of at least 0, got inf"),
        (0.9e-7, "margin 9e-08 drowns in the tie tolerance: use 0 or at least 1e-07"),
    ],
)
def test_margins_that_make_no_sense(margin, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        check_margin(prosecutor(), margin)


def test_margins_that_make_sense():
    game = prosecutor()
    assert pytest.approx(100 * TIE_TOLERANCE) == margin.LEAST_MARGIN
    assert [check_margin(game, m) for m in (0, 1e-7, np.float32(0.5))] == [0.0, 1e-7, 0.5]
    problem = make_problem(game, no_revelation(game), 0, TieRule("sender", sender=0), 0.2)
    # innocent convicts x lead by (0.3 - 0.7 x) / (0.3 + 0.7 x)
    exact = 0.3 * 0.8 / (0.7 * 1.2)
    for x, kept in ((exact, True), (exact - 1e-3, True), (exact + 1e-6, False)):
        assert keeps_margin(problem, np.array([[1 - x, x], [0, 1]])) is kept
    free = make_problem(game, no_revelation(game), 0, TieRule("sender", sender=0))
    assert keeps_margin(free, np.array([[0.5, 0.5], [0, 1]]))


# --- what is concluded from candidates and a bound


def innocent_convicted(x: float) -> np.ndarray:
    return np.array([[1 - x, x], [0, 1]])


def concluded(found, bound, status, ties=None, margin=0.0):
    game = prosecutor()
    rule = TieRule("sender", sender=0) if ties is None else TieRule.parse(ties)
    problem = make_problem(game, no_revelation(game), 0, rule, margin)
    started = time.perf_counter() - 5.0
    response = polish.conclude(problem, found, bound, status, "by hand", started)
    assert response.seconds == pytest.approx(5.0, abs=3.0)
    return response


BEST = polish.Candidate(innocent_convicted(3 / 7), 0.6, 0.6, True)
NEAR = polish.Candidate(innocent_convicted(3 / 7 - 1e-5), 0.6 - 7e-6, 0.6, False)


@pytest.mark.parametrize(
    ("found", "bound", "status", "ties", "expected"),
    [
        # value, bound, attained, status
        ([BEST], 0.6, OPTIMAL, None, (0.6, 0.6, True, OPTIMAL)),
        ([NEAR, BEST], 0.6, OPTIMAL, None, (0.6, 0.6, True, OPTIMAL)),
        ([BEST], 0.6 + 0.9e-6, BOUND, None, (0.6, 0.6 + 0.9e-6, True, OPTIMAL)),  # close enough
        ([BEST], 0.6 + 1.1e-6, BOUND, None, (0.6, 0.6 + 1.1e-6, False, BOUND)),
        ([BEST], 0.6 - 0.9e-6, TIME_LIMIT, None, (0.6, 0.6, True, OPTIMAL)),  # solvers' tolerances
        ([BEST], 0.7, TIME_LIMIT, None, (0.6, 0.7, False, TIME_LIMIT)),
        ([BEST], 7.0, TIME_LIMIT, None, (0.6, 1.0, False, TIME_LIMIT)),  # nobody gets more than 1
        ([BEST], 0.7, OPTIMAL, None, (0.6, 0.7, False, BOUND)),  # the solver's claim is refuted
        ([BEST], 0.7, OPTIMAL, "lowest-index", (0.6, 0.7, False, TIES)),
        ([BEST], 0.7, INFEASIBLE, None, (0.6, 0.7, False, BOUND)),
        ([NEAR], 0.6, OPTIMAL, None, (0.6 - 7e-6, 0.6, False, BOUND)),
        ([], 1.0, TIME_LIMIT, None, (0.0, 1.0, False, TIME_LIMIT)),  # the given policy
    ],
)
def test_conclusions(found, bound, status, ties, expected):
    response = concluded(found, bound, status, ties)
    value, upper, attained, ended = expected
    assert response.value == pytest.approx(value, abs=1e-12)
    assert response.upper_bound == pytest.approx(upper, abs=1e-12)
    assert response.gap == response.upper_bound - response.value
    assert (response.attained, response.status, response.solver) == (attained, ended, "by hand")


@pytest.mark.parametrize("status", [OPTIMAL, TIME_LIMIT, BOUND])
def test_a_bound_below_a_value_is_no_conclusion(status):
    with pytest.raises(
        InconsistentCertificate, match=r"earns 0\.6 of its stake, which by hand bounds by 0\.5"
    ):
        concluded([BEST], 0.5, status)


def test_no_bound_is_below_silence_or_the_truth():
    game = Game([0.7, 0.3], [[0, 1], [1, 0]], [[[0, 1], [0, 1]]], signals=2)  # silence convicts
    problem = make_problem(game, np.array([np.eye(2)]), 0, TieRule())
    silent, named = polish.landmarks(problem)
    assert (silent.value, named.value) == (0.7 + 0.3, 0.7)


def test_close_to_a_supremum_is_not_at_it():
    below = polish.Candidate(innocent_convicted(3 / 7), 0.6, 0.6 + 1e-10, False)
    assert not concluded([below], 0.6, OPTIMAL).attained
    rounded = polish.Candidate(innocent_convicted(3 / 7), 0.6, 0.6 + 1e-10, True)
    assert concluded([rounded], 0.6, OPTIMAL).attained
    far = polish.Candidate(innocent_convicted(3 / 7), 0.6, 0.6 + 1e-8, True)
    assert not concluded([far], 0.6, OPTIMAL).attained


def test_nothing_that_keeps_the_margin():
    for status, bound, gap in ((INFEASIBLE, -np.inf, 0.0), (TIME_LIMIT, 0.75, np.inf)):
        response = concluded([], 0.75, status, margin=0.9)  # silence leads by 0.4 only
        assert (response.value, response.upper_bound, response.gap) == (-np.inf, bound, gap)
        assert (response.status, response.attained) == (status, False)
        assert np.array_equal(response.policy, no_revelation(prosecutor())[0])


def test_how_a_solver_ended():
    now = time.perf_counter()
    early, late = now + 1000, now - 1000
    assert polish.ended(True, late) == polish.ended(True, early, True) == OPTIMAL
    assert polish.ended(False, early, True) == polish.ended(False, late, True) == INFEASIBLE
    assert polish.ended(False, late) == TIME_LIMIT
    assert polish.ended(False, early) == BOUND


def test_among_equals_the_one_at_its_supremum():
    def candidate(value, supremum, attained):
        return polish.Candidate(np.eye(2), value, supremum, attained)

    best, equal = candidate(0.6, 0.7, False), candidate(0.6 - 0.9e-9, 0.6, True)
    assert polish.choose([best, equal]) is equal
    worse = candidate(0.6 - 1.1e-9, 0.6, True)
    assert polish.choose([best, worse]) is best
    higher = candidate(0.6 - 0.9e-9, 0.8, False)
    assert polish.choose([best, higher]) is higher


def test_policies_are_cleaned_of_dust():
    raw = np.array([[0.5, 0.5 + 1e-11, 1e-11], [-1e-9, 2.0, 2.0]])
    cleaned = polish.as_policy(raw)
    assert cleaned[:, 2].tolist() == [0.0, 0.5]
    assert cleaned[1].tolist() == [0.0, 0.5, 0.5]
    assert cleaned.sum(1) == pytest.approx(np.ones(2), abs=1e-15)
    assert polish.as_policy(np.array([[1e-9, 1.0]]))[0, 0] > 0


# --- HiGHS


def program(upper: float, integer: bool = False) -> highs.LinearProgram:
    """Maximise x + 2 y with x + y <= 1.5 and x, y in [0, 1], or infeasible for a negative ``upper``."""
    return highs.LinearProgram(
        cost=np.array([1.0, 2.0]),
        matrix=csc_matrix([[1.0, 1.0]]),
        row_lower=np.array([-np.inf]),
        row_upper=np.array([upper]),
        lower=np.zeros(2),
        upper=np.ones(2),
        integer=np.array([1, 0]) if integer else None,
    )


def test_programs_are_maximised_with_duals_of_that_sign():
    solution = highs.solve(program(1.5))
    assert solution.optimal
    assert solution.x == pytest.approx([0.5, 1.0])
    assert (solution.value, solution.bound) == (pytest.approx(2.5), pytest.approx(2.5))
    assert solution.duals == pytest.approx([1.0])  # one more unit is worth what x brings
    mixed = highs.solve(program(1.5, integer=True))  # feasible within the solver's tolerance
    assert any(mixed.x == pytest.approx(x, abs=2e-6) for x in ([0.0, 1.0], [1.0, 0.5]))
    assert mixed.bound >= mixed.value == pytest.approx(2.0, abs=2e-6)


@pytest.mark.parametrize("seed", range(20))
def test_a_program_is_the_same_dense_compressed_by_columns_or_by_rows(seed):
    random = np.random.default_rng(seed)
    height, width = random.integers(1, 7, 2)
    # rows and columns without an entry, too
    matrix = random.normal(size=(height, width)) * (random.random((height, width)) < 0.5)
    numbers = random.normal(size=width), np.full(height, -np.inf), random.random(height)
    solutions = [
        highs.solve(
            highs.LinearProgram(numbers[0], form, *numbers[1:], -np.ones(width), np.ones(width))
        )
        for form in (matrix, csc_matrix(matrix), csr_matrix(matrix), np.asfortranarray(matrix))
    ]
    reference = linprog(-numbers[0], matrix, numbers[2], bounds=(-1, 1))
    assert solutions[0].value == pytest.approx(-reference.fun, abs=1e-9)
    assert {solution.x.tobytes() for solution in solutions} == {solutions[0].x.tobytes()}


def test_an_infeasible_program_has_no_point_and_is_tried_without_presolve(monkeypatch):
    tried = []
    original = highs.run

    def run(solver, time_limit=np.inf):
        tried.append((solver.getOptionValue("presolve")[1], time_limit))
        return original(solver, time_limit)

    monkeypatch.setattr(highs, "run", run)
    solution = highs.solve(program(-1.0), 9.0)
    assert (solution.x, solution.value, solution.bound) == (None, -np.inf, np.inf)
    assert solution.status == "kInfeasible"
    assert not solution.optimal
    assert tried == [("choose", 9.0), ("off", 9.0)]
    tried.clear()
    highs.solve(program(1.5))
    assert tried == [("choose", np.inf)]


def test_presolve_does_not_cut_the_optimum_of_a_mixed_program_off():
    """A program of HiGHS issue 3274: optimal at the origin, with presolve another point is called that."""
    trap = highs.LinearProgram(
        cost=np.array([0.0, -1.0, 0.0, 0.0]),
        matrix=csc_matrix([[0.0, 1, -1, 0], [1, 0, 1, -1], [0, 0, -68, -1]]),
        row_lower=np.array([0.0, 0.0, -12.0]),
        row_upper=np.array([np.inf, 0.0, np.inf]),
        lower=np.array([-np.inf, -np.inf, 0.0, 0.0]),
        upper=np.full(4, np.inf),
        integer=np.array([1, 1, 0, 1]),
    )
    solution = highs.solve(trap)
    assert (solution.value, solution.bound) == (0.0, 0.0)


def test_the_bound_of_the_milp_holds_on_a_prior_of_all_magnitudes():
    """Eight states of probabilities from 1 to 1e-14, on which presolve lost a value 2e-4 higher."""
    generator = np.random.default_rng([8, 0])
    logits = generator.normal(0, 10, 8)
    prior = np.exp(logits - logits.max())
    receiver = generator.normal(0, 10, (8, 8))
    senders = generator.normal(0, 10, (2, 8, 8))
    game = Game(prior / prior.sum(), receiver, senders, 8)
    profile = uniform_policies(game, seed=generator)
    better = best_response(game, profile, 0, method="column-generation")
    found = best_response(game, profile, 0, method="milp", time_limit=30.0)
    assert found.upper_bound >= better.value - 1e-7 * np.abs(senders[0]).max()


def test_a_solver_is_silent_and_takes_options():
    solver = highs.load(program(1.5), presolve="off")
    assert solver.getOptionValue("output_flag")[1] is False
    assert solver.getOptionValue("presolve")[1] == "off"
    for name, value in highs.OPTIONS.items():
        assert solver.getOptionValue(name)[1] == value
    first = highs.run(solver, 5.0)
    assert first.value == pytest.approx(2.5)
    assert solver.getOptionValue("time_limit")[1] == pytest.approx(5.0, abs=0.5)
    highs.run(solver, -1.0)  # over: not before it began
    assert solver.getOptionValue("time_limit")[1] < 1.0


def test_where_entries_are_too_far_apart_scip_is_not_asked(monkeypatch):
    """It would prove nothing, and may take the process with it."""
    game = synthetic(2, 3, 3, 3, seed=5, logit_scale=1.0)
    policies = uniform_policies(game, 1, 5)[0]
    proven = best_response(game, policies, 0, method="bilinear", time_limit=30)
    monkeypatch.setattr(Problem, "wide", True)
    monkeypatch.delattr(bilinear, "build_model")
    found = best_response(game, policies, 0, method="bilinear", time_limit=30)
    assert proven.status == OPTIMAL
    assert found.status == BOUND
    assert sender_utilities(game, policies)[0] < found.value <= proven.value
    assert found.upper_bound > proven.upper_bound + 0.1


def test_probability_that_is_left_over_makes_no_blocks():
    master = SimpleNamespace(leftover=[0, 1], states=2)

    def blocks(*x):
        return column_generation.Master.blocks(master, SimpleNamespace(x=np.array(x)))

    assert blocks(0, 0, 0.5, 0.25, 0.5, 0.75).tolist() == [[0.5, 0.25], [0.5, 0.75]]
    assert blocks(0.25, 0, 0.25, 0.25, 0.5, 0.75) is None
    assert column_generation.Master.blocks(master, SimpleNamespace(x=None)) is None


def test_rays_in_numerical_trouble_leave_it_to_column_generation(monkeypatch):
    module = sys.modules["persuasion.regret.best_response"]
    real, tried = module._run, []

    def in_trouble(problem, method, time_limit):
        tried.append(method)
        if method == "rays":
            raise InconsistentCertificate("a bound below a value")
        return real(problem, method, time_limit)

    monkeypatch.setattr(module, "_run", in_trouble)
    game = prosecutor()
    response = best_response(game, no_revelation(game), 0)
    assert tried == ["rays", "column-generation"]
    assert response.value == pytest.approx(0.6, abs=1e-8)


@pytest.mark.parametrize(
    ("value", "bound", "taken"),
    [(1.0, 1.1, True), (1.0, 1.3, False), (0.9, 1.0, False), (1.05, 1.2, True)],
)
def test_another_response_counts_if_it_is_no_worse_in_value_and_gap(value, bound, taken):
    def response(value, bound):
        return BestResponse(np.eye(2), value, bound, bound - value, False, BOUND, "any", 0.0)

    first, other = response(1.0, 1.2), response(value, bound)
    assert better(first, other) is (other if taken else first)


def test_a_leaf_that_the_solver_gave_up_on_counts_in_the_bound():
    tree = pricing._Tree(None, None, 0.0, np.inf)
    assert tree.bound() == 0
    tree.lost = 0.5
    assert tree.bound() == 0.5
    tree.heap.append((-0.7, 0, None, 0))
    assert tree.bound() == 0.7
    tree.best = 0.9
    assert tree.bound() == 0.9
