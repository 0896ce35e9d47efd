"""Certificates where only an unused signal pays: the game of an independent set, at a path of three vertices."""

from __future__ import annotations

import time

import numpy as np
import pytest

from persuasion import TieRule, certify, deviation_utilities, sender_utilities
from persuasion.regret.nearby.box import policy_box
from persuasion.regret.nearby.elimination import eliminate, tolerant
from persuasion.regret.nearby.openings import openings
from persuasion.regret.nearby.search import Search
from persuasion.regret.problem import Problem, make_problem
from verification_game import independent_set_game

PATH = [(0, 1), (1, 2)]
RULES = ("lowest-index", "sender-0", "welfare", "sender-1")


def explicit_deviation(radius: float) -> tuple[np.ndarray, float]:
    """Vertices 0 and 2 are switched on by signal 1; the policy and its gain, by hand, for a price of 1."""
    vertices, degree, price, w = 3, 2, 1, 1 / 16
    q, total = 1 / (vertices + price), 4 + 4 * degree
    eta = w * min(1 / 4, radius / 2)
    column = np.zeros(2 * vertices + 2)
    column[0], column[[2, 4]], column[[5, 7]] = 1, 2 * q / w, 4 * q / w
    prior = np.repeat([1, 2, 1 / vertices, 4 * degree / vertices], [1, 1, vertices, vertices])
    policy = np.zeros((len(column), 2 * vertices + 1))
    policy[:, 1] = eta * column / prior
    policy[:, 0] = 1 - policy[:, 1]
    return policy, eta * q / total * (2 * (1 - 2 * w) - price)


@pytest.mark.parametrize("radius", [0.005, 0.01])
def test_the_certificate_finds_the_deviation_that_opens_a_signal(radius):
    game, policies = independent_set_game(PATH, 3, 1)
    by_hand, gain = explicit_deviation(radius)
    now = sender_utilities(game, policies)[0]
    assert np.abs(by_hand - policies[0]).max() <= radius
    for rule in RULES:
        assert deviation_utilities(game, policies, 0, by_hand, rule) - now == pytest.approx(
            gain, abs=1e-15
        )
    problem = make_problem(game, policies, 0, TieRule())
    search = searched(problem, radius)
    assert search.bound * game.stakes[0] + game.offsets[0] - now >= gain
    best = max(search.found, key=lambda candidate: candidate.value).policy
    assert np.abs(best - policies[0]).max() <= radius + 1e-12
    for rule in RULES:
        assert deviation_utilities(game, policies, 0, best, rule) - now >= gain


def searched(problem: Problem, radius: float) -> Search:
    """The first stages of the certificate's search, without a limit."""
    box = policy_box(problem.policies[0], radius)
    search = Search(problem, eliminate(tolerant(problem), box), box, time.perf_counter() + 1e6)
    search.start()
    search.open_signals()
    search.settle()
    return search


@pytest.mark.stress
@pytest.mark.parametrize("radius", [0.005, 0.01])
def test_the_certificate_says_so(radius):
    game, policies = independent_set_game(PATH, 3, 1)
    least, most = certify(game, policies, radius, time_limit=20, senders=[0]).regret
    assert explicit_deviation(radius)[1] <= least <= most


def test_where_no_independent_set_is_larger_nothing_is_found():
    game, policies = independent_set_game(
        PATH, 3, 2
    )  # a path has two independent vertices, not three
    problem = make_problem(game, policies, 0, TieRule())
    box = policy_box(policies[0], 0.01)
    now = sender_utilities(game, policies)[0]
    for point in openings(problem, box, np.inf):
        assert (
            problem.utilities(box.unpack(point)[None])[0] * game.stakes[0] + game.offsets[0]
            <= now + 1e-12
        )


def test_openings_are_policies_of_the_box():
    game, policies = independent_set_game(PATH, 3, 1)
    problem, box = make_problem(game, policies, 0, TieRule()), policy_box(policies[0], 0.02)
    points = list(openings(problem, box, np.inf))
    assert points
    for point in points:
        policy = box.unpack(point)
        assert policy.sum(1) == pytest.approx(1, abs=1e-12)
        assert np.abs(policy - policies[0]).max() <= 0.02 + 1e-12
        assert policy[:, 1:].any()


def test_nothing_is_opened_where_every_signal_is_in_use():
    game, policies = independent_set_game(PATH, 3, 1)
    used = np.full_like(policies[0], 1 / policies.shape[2])
    problem = make_problem(game, np.stack([used, policies[1]]), 0, TieRule())
    assert list(openings(problem, policy_box(used, 0.02), np.inf)) == []


def test_after_the_deadline_nothing_is_opened():
    game, policies = independent_set_game(PATH, 3, 1)
    problem = make_problem(game, policies, 0, TieRule())
    assert list(openings(problem, policy_box(policies[0], 0.02), -np.inf)) == []
