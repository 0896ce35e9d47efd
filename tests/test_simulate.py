import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import (
    Game,
    TieRule,
    deviation_utilities,
    no_revelation,
    outcome_distribution,
    receiver_actions,
    receiver_utility,
    sender_utilities,
    uniform_policies,
)
from persuasion.games import synthetic
from persuasion.model import simulate as module
from persuasion.model.exact import RationalGame, exact_actions
from problems import brute_force_utilities, games_with_policies, non_unique, prosecutor

RULES = st.sampled_from(["lowest-index", "welfare", "sender-0"])


@settings(max_examples=300)
@given(games_with_policies(), RULES)
def test_utilities_and_actions_agree_with_brute_force(problem, ties):
    game, policies = problem
    utilities, actions = brute_force_utilities(game, policies, ties)
    np.testing.assert_allclose(sender_utilities(game, policies, ties=ties), utilities, atol=1e-12)
    np.testing.assert_array_equal(receiver_actions(game, policies, ties=ties), actions)


@given(games_with_policies(max_senders=3), RULES, st.integers(0, 2), st.integers(0, 999))
def test_deviations_agree_with_whole_profiles(problem, ties, sender, seed):
    game, policies = problem
    sender %= game.shape.senders
    own = uniform_policies(game, 5, seed)[:, sender]
    whole = np.repeat(policies[None], 5, 0)
    whole[:, sender] = own
    expected = sender_utilities(game, whole, ties=ties)[:, sender]
    found = deviation_utilities(game, policies, sender, own, ties=ties)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(games_with_policies(max_senders=3))
def test_outcomes_are_a_distribution_with_the_prior_as_margin(problem):
    game, policies = problem
    outcomes = outcome_distribution(game, policies)
    np.testing.assert_allclose(outcomes.sum(-1), game.prior, atol=1e-12)
    assert (outcomes >= 0).all()


@given(games_with_policies(max_senders=3))
def test_no_tie_rule_changes_the_receivers_utility(problem):
    game, policies = problem
    values = [
        receiver_utility(game, policies, ties=ties)
        for ties in ("lowest-index", "welfare", "sender-0")
    ]
    scale = max(1.0, np.abs(game.receiver).max())
    np.testing.assert_allclose(values, values[0], atol=2e-9 * scale)


@given(games_with_policies(max_senders=3), st.randoms())
def test_relabelling_a_senders_signals_changes_nothing(problem, random):
    game, policies = problem
    order = list(range(game.shape.signals))
    random.shuffle(order)
    relabelled = policies.copy()
    relabelled[0] = policies[0][:, order]
    before, after = (sender_utilities(game, p) for p in (policies, relabelled))
    np.testing.assert_allclose(after, before, atol=1e-12)


def test_batches_chunks_and_leading_axes(monkeypatch):
    game = synthetic(3, 4, 3, 2, seed=0)
    policies = uniform_policies(game, (3, 7), seed=1)
    whole = sender_utilities(game, policies)
    monkeypatch.setattr(module, "CACHE_BYTES", 1)
    np.testing.assert_allclose(sender_utilities(game, policies), whole, atol=1e-13)
    one_by_one = [[sender_utilities(game, p) for p in row] for row in policies]
    np.testing.assert_allclose(one_by_one, whole, atol=1e-13)
    assert receiver_actions(game, policies).shape == (3, 7, 2, 2, 2)
    assert sender_utilities(game, policies[:0]).shape == (0, 7, 3)


def test_kinds_in_kinds_out():
    game = synthetic(2, 3, 3, 2, seed=0)
    policies = uniform_policies(game, 4, seed=1)
    assert isinstance(sender_utilities(game, policies), np.ndarray)
    tensor = sender_utilities(game, torch.tensor(policies))
    assert isinstance(tensor, torch.Tensor)
    assert tensor.dtype == torch.float64
    single = sender_utilities(game, torch.tensor(policies).float(), validate=False)
    assert single.dtype == torch.float64
    np.testing.assert_allclose(single, tensor, rtol=1e-4, atol=1e-4)
    assert isinstance(receiver_actions(game, torch.tensor(policies)), torch.Tensor)


def test_gradient_is_that_of_the_piece():
    game = synthetic(2, 3, 3, 2, logit_scale=1.0, seed=0)
    policies = torch.tensor(uniform_policies(game, seed=1), requires_grad=True)
    (gradient,) = torch.autograd.grad(sender_utilities(game, policies)[0], policies)
    direction = torch.zeros_like(policies)
    direction[0, 1] = torch.tensor([1.0, -1.0])
    step = 1e-6
    ends = [sender_utilities(game, policies.detach() + s * direction)[0] for s in (step, -step)]
    assert torch.isclose((gradient * direction).sum(), (ends[0] - ends[1]) / (2 * step), atol=1e-6)


def test_prosecutor():
    optimal = np.array([[[4 / 7, 3 / 7], [0, 1]]])
    assert sender_utilities(prosecutor(), optimal, ties="sender-0") == pytest.approx(0.6)
    assert sender_utilities(prosecutor(), optimal, ties="lowest-index") == pytest.approx(0.0)


def test_non_unique_equilibrium_utilities():
    game, policies = non_unique()
    np.testing.assert_allclose(sender_utilities(game, policies), [0.3, 0.3], atol=1e-15)


def test_explicit_tie_map_is_followed_where_optimal():
    game = Game([0.5, 0.5], np.zeros((2, 4)), np.arange(16.0).reshape(2, 2, 4), 2)
    wanted = np.array([[3, 1], [0, 2]])
    policies = uniform_policies(game, 3, seed=0)
    np.testing.assert_array_equal(receiver_actions(game, policies, ties=wanted)[1], wanted)
    dominated = Game([0.5, 0.5], [[1, 0, 1, 1]] * 2, game.senders, 2)
    expected = np.where(wanted == 1, 0, wanted)
    np.testing.assert_array_equal(receiver_actions(dominated, policies, ties=wanted)[0], expected)


def test_explicit_tie_map_follows_the_deviating_sender():
    game = Game([0.5, 0.5], np.zeros((2, 4)), np.random.default_rng(0).normal(size=(2, 2, 4)), 2)
    wanted = np.array([[3, 1], [0, 2]])
    policies = uniform_policies(game, seed=1)
    for sender in range(2):
        own = policies[sender][None]
        expected = sender_utilities(game, policies, ties=wanted)[sender]
        assert deviation_utilities(game, policies, sender, own, ties=wanted)[0] == pytest.approx(
            expected
        )


@pytest.mark.parametrize(
    ("ties", "message"),
    [
        ("best", "unknown tie rule 'best'"),
        (3, "unknown tie rule 3"),
        ("sender-7", "favours sender 7, game has 1 senders"),
        ([0, 1, 2], r"one action index per joint signal, shape \(2,\)"),
        ([0, 5], r"outside 0\.\.1"),
        (TieRule("sender", sender=-1), "favours sender -1, game has 1 senders"),
        (TieRule("sender"), "favours sender None"),
        (TieRule("best"), "unknown kind of tie rule 'best'"),
    ],
)
def test_bad_tie_rules(ties, message):
    with pytest.raises(ValueError, match=message):
        sender_utilities(prosecutor(), np.full((1, 2, 2), 0.5), ties=ties)


def test_tie_rule_text_round_trip():
    for text in ("lowest-index", "welfare", "sender-3"):
        assert str(TieRule.parse(text)) == text
    assert TieRule.parse(TieRule("welfare")) == TieRule("welfare")


def test_wrong_deviation_shape():
    game = synthetic(2, 3, 3, 2, seed=0)
    with pytest.raises(ValueError, match=r"deviations must end in \(3, 2\)"):
        deviation_utilities(game, uniform_policies(game), 0, np.full((5, 2, 2), 0.5))


def test_welfare_weighs_all_senders():
    """The first sender prefers action 0 a little, the second action 1 more; the receiver does not care."""
    game = Game([1.0], [[0, 0]], [[[1, 0]], [[0, 2]]], signals=1)
    policies = np.ones((2, 1, 1))
    assert sender_utilities(game, policies, ties="welfare").tolist() == [0, 2]
    assert sender_utilities(game, policies, ties="sender-0").tolist() == [1, 0]
    assert sender_utilities(game, policies, ties="sender-1").tolist() == [0, 2]


@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_ties_do_not_turn_on_how_a_senders_payoff_was_rounded(offset):
    """0.1 + 0.2 is 0.3: the lower index decides, wherever the zero point is."""
    first = [[0.3 + offset, 0.1 + 0.2 + offset]]
    game = Game([1.0], [[0, 0]], [first, [[1, 0]]], signals=1)
    assert sender_utilities(game, no_revelation(game), ties="sender-0")[1] == 1


@pytest.mark.parametrize(
    "values",
    [
        [[6.3, 8.3, 2.1, 4.6]],
        [[0.4, 4.5, 2.4, 2.9]],
        *(np.random.default_rng(0).integers(0, 100, (20, 1, 4)) / 10),
    ],
)
def test_senders_at_odds_have_no_welfare_to_rank(values):
    values = np.array(values)
    game = Game([1.0], np.zeros(values.shape), [values, -values], signals=1)
    silent = no_revelation(game)
    assert receiver_actions(game, silent, ties="welfare").item() == 0
    assert exact_actions(RationalGame.of(game), silent, ties="welfare").item() == 0


def test_what_comes_in_as_numpy_comes_out_as_numpy():
    game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]] * 2, signals=2)
    profile = uniform_policies(game, seed=0)
    for policies, kind in ((profile, np.ndarray), (torch.as_tensor(profile), torch.Tensor)):
        batch = policies[None]
        assert isinstance(sender_utilities(game, batch), kind)
        assert isinstance(receiver_utility(game, batch), kind)
        assert isinstance(outcome_distribution(game, batch), kind)
        actions = receiver_actions(game, batch)
        assert isinstance(actions, kind)
        assert actions.dtype in (np.int64, torch.int64)
        assert isinstance(deviation_utilities(game, policies, 0, batch[:, 0]), kind)


def test_policies_are_checked_unless_told_otherwise():
    game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    wrong = np.full((1, 2, 2), 0.4)
    for function in (sender_utilities, receiver_utility, outcome_distribution, receiver_actions):
        with pytest.raises(ValueError, match="sums to"):
            function(game, wrong)


@pytest.mark.parametrize("sender", range(3))
def test_deviations_under_an_explicit_rule_are_moved_profiles(sender):
    """Three senders, more states than signals, an indifferent receiver who follows a map."""
    random = np.random.default_rng(sender)
    actions = random.integers(0, 4, (2, 2, 2))
    game = Game([0.2, 0.3, 0.5], np.zeros((3, 4)), random.normal(size=(3, 3, 4)), signals=2)
    profile = uniform_policies(game, seed=sender)
    deviations = uniform_policies(game, 5, seed=9)[:, sender]
    found = deviation_utilities(game, profile, sender, deviations, ties=actions)
    for policy, value in zip(deviations, found):
        moved = profile.copy()
        moved[sender] = policy
        expected = sum(
            game.prior[w] * moved[0, w, a] * moved[1, w, b] * moved[2, w, c]
            * game.senders[sender, w, actions[a, b, c]]
            for w, a, b, c in itertools.product(range(3), *[range(2)] * 3)
        )  # fmt: skip
        assert value == pytest.approx(expected)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("mass", [0.5, 1e-4])
def test_ties_are_broken_by_small_differences_whatever_the_units(unit, mass):
    """At a rare signal the receiver is indifferent, and the sender prefers action 1 by a thousandth."""
    game = Game([1.0], [[0, 0]], [[[0.999 * unit, unit]]], signals=2)
    policies = np.array([[[mass, 1 - mass]]])
    assert receiver_actions(game, policies, ties="sender-0").tolist() == [1, 1]


def test_a_sender_who_does_not_care_still_leaves_one_action():
    game = Game([0.5, 0.5], np.zeros((2, 3)), np.zeros((1, 2, 3)), signals=2)
    table = outcome_distribution(game, uniform_policies(game, seed=0), ties="sender-0")
    assert table.sum(1).tolist() == [0.5, 0.5]
    assert table[:, 0].tolist() == [0.5, 0.5]


def test_a_receiver_with_one_action_takes_it():
    game = Game([0.5, 0.5], [[1], [2]], [[[3], [5]]], signals=2)
    policies = uniform_policies(game, seed=0)
    assert receiver_actions(game, policies).tolist() == [0, 0]
    assert sender_utilities(game, policies).tolist() == [4]


def test_a_small_welfare_counts_beside_a_large_one_in_another_state():
    game = Game([0.5, 0.5], np.zeros((2, 2)), [[[1e9, 0], [0, 1e-6]]], signals=2)
    assert receiver_actions(game, [np.eye(2)], ties="welfare").tolist() == [0, 1]


@pytest.mark.parametrize(("senders", "left", "right"), [(1, 3, 1), (2, 3, 3), (3, 9, 3), (4, 9, 9)])
def test_joint_signals_are_a_table_as_square_as_can_be(senders, left, right):
    game = synthetic(senders, 2, 2, 3, seed=0, logit_scale=1.0)
    batch = torch.as_tensor(uniform_policies(game, 2, seed=0))
    kernel = module._halves(game, batch, TieRule())[2]
    assert (kernel.left, kernel.right) == (left, right)


def test_every_policy_is_in_one_chunk(monkeypatch):
    game = synthetic(2, 2, 2, 2, seed=0, logit_scale=1.0)
    batch = torch.as_tensor(uniform_policies(game, 7, seed=0))
    kernel = module._halves(game, batch, TieRule())[2]
    monkeypatch.setattr(module, "CACHE_BYTES", 3 * kernel.bytes_per_policy)
    seen = []
    numbers = torch.arange(7)
    filled = module.in_chunks(
        batch,
        kernel,
        lambda rows: seen.append(numbers[rows].tolist()) or numbers[rows],
        torch.zeros(7, dtype=int),
    )
    assert seen == [[0, 1, 2], [3, 4, 5], [6]]
    assert filled.tolist() == list(range(7))
