"""Senders with fewer signals, and senders that do not choose: against programs written from the definition."""

import copy
import itertools
import json

import jsonschema
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from persuasion import (
    Game,
    best_response,
    certify,
    full_revelation,
    local_best_response,
    nash,
    no_revelation,
    sampled_gain,
    sender_utilities,
    uniform_policies,
)
from persuasion.equilibria import annealed_dynamics, best_response_dynamics, polish
from persuasion.learn.baselines import exact_gradient_search, random_search, smoothed_search
from persuasion.model.policies import state_revelation
from persuasion.model.restrictions import restrict
from persuasion.own_game import Request, solve
from persuasion.own_game.command import schema_text
from persuasion.theorems.full_revelation import parity_code

MATCH = [[1, 0], [0, 1]]
CONVICT, ACQUIT = [[0, 1], [0, 1]], [[1, 0], [1, 0]]
REPORT = [[0.8, 0.2], [0.3, 0.7]]


@st.composite
def uneven_games(draw, fixed=False):
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    counts = draw(st.sampled_from([(1, 2), (2, 1), (2, 3), (3, 2)]))
    shape = (draw(st.integers(2, 3)), 2)
    given = None
    if fixed:
        given = [None, generator.dirichlet(np.ones(counts[1]), shape[0])]
    game = Game(
        generator.dirichlet(np.ones(shape[0])),
        generator.normal(size=shape),
        generator.normal(size=(2, *shape)),
        counts,
        fixed=given,
    )
    return game, uniform_policies(game, seed=generator)


def reference(game, policies, sender, radius=1.0):
    """The largest utility, ties in the deviator's favour: a linear program for every plan of the receiver."""
    count, states = game.counts[sender], len(game.prior)
    others = policies[1 - sender][:, : game.counts[1 - sender]]
    weights = game.prior[:, None] * others
    own = policies[sender][:, :count]
    columns, actions = weights.shape[1], game.shape.actions
    best = -np.inf
    for plan in itertools.product(range(actions), repeat=count * columns):
        plan = np.reshape(plan, (count, columns))
        cost, rows = np.zeros((states, count)), []
        for s, t in np.ndindex(count, columns):
            cost[:, s] -= weights[:, t] * game.senders[sender][:, plan[s, t]]
            for rival in range(actions):
                row = np.zeros((states, count))
                row[:, s] = weights[:, t] * (game.receiver[:, rival] - game.receiver[:, plan[s, t]])
                rows.append(row.ravel())
        bounds = [(max(0, p - radius), min(1, p + radius)) for p in own.ravel()]
        found = linprog(
            cost.ravel(), np.array(rows), np.zeros(len(rows)),
            np.kron(np.eye(states), np.ones(count)), np.ones(states), bounds,
        )  # fmt: skip
        best = max(best, -found.fun) if found.status == 0 else best
    return best


@settings(max_examples=12)
@given(uneven_games(), st.sampled_from([0, 1]), st.sampled_from([0.1, 1.0]))
def test_best_responses_use_only_the_senders_own_signals(drawn, sender, radius):
    game, policies = drawn
    expected = reference(game, policies, sender, radius)
    found = local_best_response(game, policies, sender, radius)
    assert found.policy.shape == policies[sender].shape
    assert not found.policy[:, game.counts[sender] :].any()
    np.testing.assert_allclose([found.value, found.upper_bound], expected, atol=2e-6)


@settings(max_examples=5)
@given(uneven_games(), st.sampled_from(["enumerate", "milp", "column-generation", "bilinear"]))
def test_every_method_respects_the_number_of_signals(drawn, method):
    game, policies = drawn
    expected = reference(game, policies, 0)
    found = best_response(game, policies, 0, method=method)
    assert not found.policy[:, game.counts[0] :].any()
    assert found.value <= expected + 2e-6
    assert found.upper_bound >= expected - 2e-6
    if found.status == "optimal":
        assert found.value == pytest.approx(expected, abs=2e-6)


@settings(max_examples=12)
@given(uneven_games(fixed=True))
def test_a_sender_that_does_not_choose_never_gains_and_the_others_lose_nothing_by_that(drawn):
    game, policies = drawn
    free = Game(game.prior, game.receiver, game.senders, game.counts)
    certificate = certify(game, policies, 1, ties="sender-0")
    np.testing.assert_array_equal(certificate.senders[1].policy, game.fixed[1])
    assert certificate.senders[1].bound == 0
    expected = reference(free, policies, 0)
    assert certificate.senders[0].deviation_utility == pytest.approx(expected, abs=2e-6)
    ended = best_response_dynamics(game, policies, rounds=2, time_limit=2)
    np.testing.assert_array_equal(ended.policies[1], game.fixed[1])
    assert {move.sender for move in ended.moves} <= {0}


@settings(max_examples=12)
@given(uneven_games(fixed=True), st.sampled_from([0.0, 1e-4, 1e-2]))
def test_only_those_who_choose_keep_play_from_an_equilibrium(drawn, share):
    game, policies = drawn
    ended = best_response_dynamics(game, policies, margin=share * game.receiver_stake, time_limit=5)
    if ended.gains is None:  # no policy keeps the margin
        assert ended.status == "infeasible"
        return
    assert not ended.gains[1].any()
    gain = reference(game, ended.policies, 0) - ended.utilities[0]
    assert ended.gains[0, 0] - 2e-6 <= gain <= ended.gains[0, 1] + 2e-6
    if share == 0:  # alone, with every tie in its favour, it has nothing left to gain
        assert ended.status == "equilibrium"


def test_a_report_with_something_at_stake_is_no_deviator():
    """The chooser's best response is the equilibrium, however much the report would gain by another policy."""
    game = Game([0.7, 0.3], MATCH, [CONVICT, ACQUIT], 2, fixed=[None, REPORT])
    best = reference(game, no_revelation(game), 0)
    (found,) = nash(game, time_limit=5)
    assert found.status == "equilibrium"
    assert found.utilities[0] == pytest.approx(best, abs=1e-5)
    start = state_revelation(game)
    assert polish(game, start, 1, margin=1e-6, tolerance=1e-5).status == "certified"
    assert annealed_dynamics(game, start)[-1].status == "equilibrium"


@settings(max_examples=15)
@given(uneven_games(fixed=True))
def test_profiles_by_name_samples_and_dynamics_stay_within_the_restrictions(drawn):
    game, policies = drawn
    for profile in (no_revelation(game), *uniform_policies(game, 3, seed=0)):
        np.testing.assert_array_equal(profile[1], game.fixed[1])
        assert not profile[0][:, game.counts[0] :].any()
        sender_utilities(game, profile)  # checks
    assert sampled_gain(game, policies, 0.1, 50).samples.tolist() == [50, 0]
    everything = np.full_like(policies, 1 / game.signals)
    allowed = restrict(game, everything)
    np.testing.assert_allclose(allowed.sum(-1), 1)
    sender_utilities(game, allowed)


def test_searches_respect_restrictions_or_refuse_the_game():
    game = Game(
        [0.7, 0.3], MATCH, [CONVICT, CONVICT, ACQUIT], [3, 2, 2], fixed=[None, None, REPORT]
    )
    starts = uniform_policies(game, 20, seed=0)
    for form in (np.asarray, torch.as_tensor):
        ends = exact_gradient_search(game, form(starts), 20)
        assert type(ends) is type(form(starts))
        assert not np.array_equal(ends, starts)
        sender_utilities(game, ends)  # checks
        np.testing.assert_array_equal(ends[:, 2, :, :2], np.broadcast_to(REPORT, (20, 2, 2)))
    for search in (random_search, smoothed_search):
        with pytest.raises(ValueError, match="needs senders that all choose"):
            search(game, starts, 5)


def test_what_a_profile_may_not_do_is_refused_by_name():
    game = Game([0.5, 0.5], MATCH, [CONVICT, ACQUIT], [2, 3], names={"senders": ["Ann", "Bob"]})
    profile = np.full((2, 2, 3), 1 / 3)
    with pytest.raises(ValueError, match="policies: Ann has only 2 signals"):
        sender_utilities(game, profile)
    game = Game([0.5, 0.5], MATCH, [CONVICT, ACQUIT], 2, fixed=[None, REPORT])
    with pytest.raises(ValueError, match="policies: sender 1 does not choose"):
        certify(game, np.full((2, 2, 2), 0.5), 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"signals": [2]}, "signals has 1 numbers for 2 senders"),
        ({"signals": [2, 0]}, r"signals\[1\] must be a whole number from 1"),
        ({"signals": [[2], [2]]}, r"signals\[0\] must be a whole number"),
        ({"fixed": [None]}, "fixed has 1 entries for 2 senders"),
        ({"fixed": [REPORT, REPORT]}, "^fixed gives every sender a policy: nobody chooses$"),
        ({"fixed": 5}, "fixed must be a list"),
        ({"fixed": [None, [[1, 0]]]}, r"fixed\[1\] must have 2 rows"),
        ({"fixed": [None, [[1, 0], [0.5, 0.4]]]}, r"fixed\[1\]\[1\] sums to 0.9"),
        ({"signals": [2, 1], "fixed": [None, REPORT]}, r"fixed\[1\] .* at most 1 signals"),
    ],
)
def test_bad_restrictions_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        Game(
            **{
                "prior": [0.5, 0.5],
                "receiver": MATCH,
                "senders": [CONVICT, ACQUIT],
                "signals": 2,
                **change,
            }
        )


def test_restrictions_survive_files_and_tell_games_apart():
    plain = Game([0.5, 0.5], MATCH, [CONVICT, ACQUIT], 3)
    given = Game([0.5, 0.5], MATCH, [CONVICT, ACQUIT], [3, 2], fixed=[None, REPORT])
    assert Game([0.5, 0.5], MATCH, [CONVICT, ACQUIT], [3, 3]) == plain
    assert given != plain
    assert given != Game([0.5, 0.5], MATCH, [CONVICT, ACQUIT], [3, 2])
    for again in (Game.from_json(given.to_json()), copy.deepcopy(given)):
        assert again == given
        assert hash(again) == hash(given)
        np.testing.assert_array_equal(again.fixed[1], given.fixed[1])


@pytest.mark.parametrize("counts", [(2, 3, 4), (4, 2, 3), (3, 3, 2), (2, 5), (5, 2)])
def test_words_of_uneven_alphabets_differ_in_two_places(counts):
    words = parity_code(np.prod(counts) // max(counts), len(counts), counts)
    assert (words >= 0).all()
    assert (words < counts).all()
    for one, other in itertools.combinations(words, 2):
        assert (one != other).sum() >= 2


@pytest.mark.parametrize(
    ("counts", "fixed"),
    [([3, 4], None), ([3, 3, 2], [None, None, [[0.9, 0.1], [0.5, 0.5], [0, 1]]])],
)
def test_full_revelation_is_an_equilibrium_of_those_who_choose(counts, fixed):
    generator = np.random.default_rng(1)
    senders = generator.normal(size=(len(counts), 3, 3))
    game = Game([0.2, 0.3, 0.5], np.eye(3), senders, counts, fixed=fixed)
    for policies in (full_revelation(game), state_revelation(game)):
        np.testing.assert_allclose(
            sender_utilities(game, policies), np.einsum("w,iww->i", game.prior, senders)
        )
        assert certify(game, policies, 1).holds(1e-6)
    with pytest.raises(ValueError, match="needs 3 signals with 2 senders, the game has 4, 2"):
        full_revelation(Game(game.prior, np.eye(3), senders[:2], [4, 2]))


def test_a_report_that_reveals_all_leaves_nothing_to_say():
    game = Game([0.7, 0.3], MATCH, [CONVICT, ACQUIT], 2, fixed=[None, np.eye(2)])
    found = solve(game, Request(starts=10, steps=5, candidates=1))
    assert found.certified[0].utilities == pytest.approx([0.3, 0.7])
    assert found.certified[0].anywhere.holds(1e-6)


def test_a_lone_sender_beside_a_report_is_solved_and_the_report_stays():
    game = Game([0.7, 0.3], MATCH, [CONVICT, [[0, 0], [0, 0]]], [2, 2], fixed=[None, REPORT])
    expected = reference(game, no_revelation(game), 0)
    found = solve(game, Request(starts=30, steps=50, candidates=1, radius=1.0, margin=1e-6))
    best = found.certified[0]
    np.testing.assert_array_equal(best.policies[1], REPORT)
    assert best.utilities[0] == pytest.approx(expected, abs=1e-4)


def test_the_schemas_accept_what_a_game_may_have():
    names = {"senders": ["a", "b"], "signals": [["x", "y", "z"], ["x", "y"]]}
    game = Game([0.7, 0.3], MATCH, [CONVICT, ACQUIT], [3, 2], "g", names, [None, REPORT])
    jsonschema.validate(game.to_dict(), json.loads(schema_text("game")))
    found = solve(game, Request(starts=5, steps=5, candidates=1, time_limit=1))
    jsonschema.validate(json.loads(found.to_json()), json.loads(schema_text("solution")))
