"""Best responses, what the tables of games leave open: routing, solvers in trouble, units, ranked duplicates."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from persuasion import Game, TieRule, no_revelation, uniform_policies
from persuasion.best_response import METHODS, best_response, bilinear
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
