"""Certificates where only an unused signal pays: the game of an independent set, at a path of three vertices."""

import time
from fractions import Fraction

import networkx
import numpy as np
import pytest

from persuasion import Game, TieRule, certify, deviation_utilities, sender_utilities
from persuasion.regret.nearby.box import policy_box
from persuasion.regret.nearby.elimination import eliminate, tolerant
from persuasion.regret.nearby.openings import openings
from persuasion.regret.nearby.search import Search
from persuasion.regret.problem import Problem, make_problem
from persuasion.theorems.verification import deviation, deviation_gain, verification_game

RULES = ("lowest-index", "sender-0", "welfare", "sender-1")


def on_a_path(bound: int) -> tuple[Game, np.ndarray]:
    """The game of a path of three vertices in floats, and its profile."""
    instance = verification_game(networkx.path_graph(3), bound)
    return instance.game.floats(), instance.policies.astype(float)


def explicit_deviation(radius: float) -> tuple[np.ndarray, float]:
    """The two ends of the path are switched on by signal 1; the policy of sender 0 and its gain."""
    instance, radius = verification_game(networkx.path_graph(3), 1), Fraction(radius)
    policy = deviation(instance, [0, 2], radius)[0].astype(float)
    return policy, float(deviation_gain(instance, 2, radius))


@pytest.mark.parametrize("radius", [0.005, 0.01])
def test_the_certificate_finds_the_deviation_that_opens_a_signal(radius):
    game, policies = on_a_path(1)
    by_hand, gain = explicit_deviation(radius)
    now = sender_utilities(game, policies)[0]
    assert np.abs(by_hand - policies[0]).max() <= radius
    for rule in RULES:
        assert deviation_utilities(game, policies, 0, by_hand, ties=rule) - now == pytest.approx(
            gain, abs=1e-15
        )
    problem = make_problem(game, policies, 0, TieRule())
    search = searched(problem, radius)
    assert search.bound * game.stakes[0] + game.offsets[0] - now >= gain
    best = max(search.found, key=lambda candidate: candidate.value).policy
    assert np.abs(best - policies[0]).max() <= radius + 1e-12
    for rule in RULES:
        assert deviation_utilities(game, policies, 0, best, ties=rule) - now >= gain


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
    game, policies = on_a_path(1)
    least, most = certify(game, policies, radius, time_limit=20, senders=[0]).regret
    assert explicit_deviation(radius)[1] <= least <= most


def test_where_no_independent_set_is_larger_nothing_is_found():
    game, policies = on_a_path(2)  # has two independent vertices, not three
    problem = make_problem(game, policies, 0, TieRule())
    box = policy_box(policies[0], 0.01)
    now = sender_utilities(game, policies)[0]
    for point in openings(problem, box, np.inf):
        assert (
            problem.utilities(box.unpack(point)[None])[0] * game.stakes[0] + game.offsets[0]
            <= now + 1e-12
        )


def test_openings_are_policies_of_the_box():
    game, policies = on_a_path(1)
    problem, box = make_problem(game, policies, 0, TieRule()), policy_box(policies[0], 0.02)
    points = list(openings(problem, box, np.inf))
    assert points
    for point in points:
        policy = box.unpack(point)
        assert policy.sum(1) == pytest.approx(1, abs=1e-12)
        assert np.abs(policy - policies[0]).max() <= 0.02 + 1e-12
        assert policy[:, 1:].any()


def test_nothing_is_opened_where_every_signal_is_in_use():
    game, policies = on_a_path(1)
    used = np.full_like(policies[0], 1 / policies.shape[2])
    problem = make_problem(game, np.stack([used, policies[1]]), 0, TieRule())
    assert list(openings(problem, policy_box(used, 0.02), np.inf)) == []


def test_after_the_deadline_nothing_is_opened():
    game, policies = on_a_path(1)
    problem = make_problem(game, policies, 0, TieRule())
    assert list(openings(problem, policy_box(policies[0], 0.02), -np.inf)) == []
