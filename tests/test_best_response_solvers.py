"""Best responses, what the tables of games leave open: routing, solvers in trouble, units, ranked duplicates."""

from __future__ import annotations

import sys
from importlib import import_module

import numpy as np
import pytest

from persuasion import Game, TieRule, no_revelation, uniform_policies
from persuasion.best_response import (
    METHODS,
    best_response,
    bilinear,
    column_generation,
    highs,
    regions,
)
from persuasion.best_response.bounds import separate_bound
from persuasion.best_response.problem import make_problem
from persuasion.best_response.record import BOUND, OPTIMAL, TIES, BestResponse
from problems import prosecutor

SOLVERS = {
    "enumerate": "enumerate (HiGHS)",
    "milp": "milp (HiGHS)",
    "bilinear": "bilinear (SCIP)",
    "column-generation": "column-generation (HiGHS)",
}


@pytest.mark.parametrize("method", METHODS)
def test_the_answer_names_its_solver(method):
    game = prosecutor()
    assert best_response(game, no_revelation(game), 0, method).solver == SOLVERS[method]


# --- the order of methods in "auto"


def routed(monkeypatch, answers: list[tuple[str, float]], **request) -> list[tuple[str, float]]:
    """Which methods ``auto`` calls with which limits, if they answer with these statuses after these seconds."""
    calls, left = [], list(answers)

    def run(problem, method, time_limit):
        calls.append((method, time_limit))
        status, seconds = left.pop(0)
        return BestResponse(problem.policies[0], 0.0, 1.0, 1.0, False, status, method, seconds)

    monkeypatch.setattr(sys.modules["persuasion.best_response"], "_run", run)
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
    ],
)
def test_auto_passes_on_what_is_left_of_the_time(monkeypatch, answers, request_, expected):
    assert routed(monkeypatch, answers, **request_) == expected


# --- SCIP in trouble


def troubled(monkeypatch, message: str) -> None:
    class Model(bilinear.Model):
        def optimize(self):
            raise Exception(message)

    monkeypatch.setattr(bilinear, "Model", Model)


def test_numerical_trouble_leaves_what_was_known_before(monkeypatch):
    game = Game([0.6, 0.4], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    policies = np.array([[[0.9, 0.1], [0.2, 0.8]]])
    problem = make_problem(game, policies, 0, TieRule("sender", sender=0))
    troubled(monkeypatch, "SCIP: error in LP solver!")
    response = best_response(game, policies, 0, "bilinear")
    assert response.solver == "bilinear (SCIP)"
    assert response.value == pytest.approx(0.8)  # climbed to from the given policy
    assert response.upper_bound == pytest.approx(separate_bound(problem, np.inf))


def test_other_trouble_is_not_hidden(monkeypatch):
    game = prosecutor()
    troubled(monkeypatch, "out of luck")
    with pytest.raises(Exception, match="out of luck"):
        best_response(game, no_revelation(game), 0, "bilinear")


# --- units, and duplicates ranked by a preference


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("margin", [0.0, 0.05])
@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_receivers_unit_changes_nothing(method, margin, unit):
    random = np.random.default_rng(5)
    receiver, senders = random.normal(size=(2, 2)), random.normal(size=(2, 2, 2))
    prior = random.dirichlet(np.ones(2))
    game, same = (Game(prior, receiver * u, senders, signals=2) for u in (1.0, unit))
    policies = uniform_policies(game, seed=random)
    expected = best_response(game, policies, 0, method, margin=margin)
    response = best_response(same, policies, 0, method, margin=margin * unit)
    assert response.value == pytest.approx(expected.value, abs=1e-6)
    assert response.upper_bound == pytest.approx(expected.upper_bound, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_duplicates_go_to_the_action_that_the_rule_prefers(method):
    """Actions 0 and 1 are one to the receiver; welfare prefers 1 where state 0 is at most twice as likely as 1."""
    receiver = [[1, 1, 0], [1, 1, 0]]
    senders = [[[0, 1, 0], [0, 1, 0]], [[3, 0, 0], [0, 3, 0]]]
    game = Game([0.8, 0.2], receiver, senders, signals=2)
    response = best_response(game, no_revelation(game), 0, method, ties="welfare")
    assert response.upper_bound == pytest.approx(0.6, abs=1e-6)
    assert response.value == pytest.approx(0.6, abs=1e-5)
    assert response.value < 0.6  # at equal welfare the lower index
    assert not response.attained


# --- limits, to the last one that is allowed


def test_the_largest_games_that_are_enumerated(monkeypatch):
    module = import_module("persuasion.best_response.enumerate")
    game, policies = prosecutor(), no_revelation(prosecutor())
    monkeypatch.setattr(module, "MAX_CELLS", 1 * 2 * 2 * 2)
    assert best_response(game, policies, 0, "enumerate").value == pytest.approx(0.6)
    monkeypatch.setattr(module, "MAX_CELLS", 1 * 2 * 2 * 2 - 1)
    with pytest.raises(ValueError, match="1 columns x 2 actions x 2 states x 2 signals exceed 7"):
        best_response(game, policies, 0, "enumerate")


def test_the_most_programs_that_are_enumerated(monkeypatch):
    module = import_module("persuasion.best_response.enumerate")
    game, policies = prosecutor(), no_revelation(prosecutor())
    # under a rule the two cones, one or both of them
    monkeypatch.setattr(module, "MAX_PICKS", 3)
    assert best_response(game, policies, 0, "enumerate", ties="lowest-index").status == OPTIMAL
    monkeypatch.setattr(module, "MAX_PICKS", 2)
    with pytest.raises(ValueError, match="would solve 3 linear programs; at most 2"):
        best_response(game, policies, 0, "enumerate", ties="lowest-index")


def test_the_most_cones_of_a_signal(monkeypatch):
    module = import_module("persuasion.best_response.enumerate")
    game, policies = prosecutor(), no_revelation(prosecutor())
    monkeypatch.setattr(module, "MAX_CONES", 2)
    assert best_response(game, policies, 0, "enumerate").value == pytest.approx(0.6)
    monkeypatch.setattr(module, "MAX_CONES", 1)
    with pytest.raises(ValueError, match="over 1 cones at one signal"):
        best_response(game, policies, 0, "enumerate")


def test_the_largest_bilinear_program(monkeypatch):
    game, policies = prosecutor(), no_revelation(prosecutor())
    monkeypatch.setattr(bilinear, "MAX_PRODUCTS", 2 * 1 * 2 * 2)
    assert best_response(game, policies, 0, "bilinear").value == pytest.approx(0.6)
    monkeypatch.setattr(bilinear, "MAX_PRODUCTS", 7)
    with pytest.raises(ValueError, match="8 products, at most 7"):
        best_response(game, policies, 0, "bilinear")


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
        assert solution.value == pytest.approx(8 * (0.3 + hidden[1]) - price * 8 * left)
        master.charge(1e4)
    free = make_problem(game, no_revelation(game), 0, rule)
    assert column_generation.Master(free).leftover.tolist() == []
