"""Best responses in turn: against enumeration, brute force over tie maps, exact arithmetic, and known games."""

import itertools
import json
from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from persuasion import (
    Game,
    TieRule,
    deviation_utilities,
    full_revelation,
    no_revelation,
    project_to_simplex,
    sender_utilities,
    uniform_policies,
)
from persuasion.equilibria import (
    annealed_dynamics,
    best_response_dynamics,
    common_tie_map,
    polish,
)
from persuasion.equilibria.cycles import Cycles
from persuasion.equilibria.record import (
    BUDGET,
    CERTIFIED,
    CYCLE,
    EQUILIBRIUM,
    INCONSISTENT,
    INFEASIBLE,
    MARGIN_EQUILIBRIUM,
    UNPROVEN,
)
from persuasion.games import synthetic
from persuasion.model.exact import (
    RationalGame,
    exact_utilities,
    extreme_rays,
    price_bound,
    rationals,
)
from persuasion.model.simulate import outcome_distribution
from persuasion.regret.best_response import best_response
from persuasion.regret.certify import certify
from persuasion.theorems.win_lose import persuasion_game, policies_from_strategies, sender_gains
from problems import games_with_policies, non_unique

RULES = ("lowest-index", "welfare", "sender-0", "sender-1")


def random_game(size: int, seed: int) -> tuple[Game, np.ndarray]:
    generator = np.random.default_rng(seed)
    game = synthetic(
        senders=2, states=size, actions=size, signals=size, logit_scale=1.0, seed=generator
    )
    return game, uniform_policies(game, seed=generator)


def scale(game: Game) -> float:
    return float(np.abs(game.senders).max()) or 1.0


def rivals() -> Game:
    """Two senders who each want their own action; the receiver wants the state's."""
    senders = [[[1, 0], [1, 0]], [[0, 1], [0, 1]]]
    return Game([0.6, 0.4], np.eye(2), senders, signals=2, name="rivals")


# --- stops are what they claim


@settings(max_examples=10)
@given(
    games_with_policies(max_senders=2, max_size=2),
    st.sampled_from([0.0, 1e-2, 1e-1]),
)
def test_the_regret_of_a_stop_holds_by_enumeration(instance, share):
    game, start = instance
    record = best_response_dynamics(game, start, margin=share * np.abs(game.receiver).max())
    assume(record.regret is not None)
    now, gains = record.utilities, []
    for sender in range(game.shape.senders):
        response = best_response(
            game, record.policies, sender, method="enumerate", ties=record.ties
        )
        gains.append(response.upper_bound - now[sender])
    slack = 2e-6 * scale(game)
    assert record.regret[0] - slack <= max(gains) <= record.regret[1] + slack
    share = max(gains / game.stakes)
    assert record.relative_regret[0] - 2e-6 <= share <= record.relative_regret[1] + 2e-6
    if record.status == EQUILIBRIUM:
        assert share <= record.tolerance + 2e-6
    if record.status == INCONSISTENT:
        assert share > record.tolerance / 2
    assert now == pytest.approx(sender_utilities(game, record.policies, ties=record.ties))


@pytest.mark.parametrize("share", [0.0, 0.03])
@pytest.mark.parametrize("seed", range(2))
def test_a_mover_never_loses(seed, share):
    game, start = random_game(3, seed)
    record = best_response_dynamics(game, start, margin=share * np.ptp(game.receiver), rounds=6)
    assert record.rounds <= 6
    for move in record.moves:
        assert move.after > move.before + record.tolerance * game.stakes[move.sender] / 2
        assert move.utilities[move.sender] == move.after
    assert [m.seconds for m in record.moves] == sorted(m.seconds for m in record.moves)
    assert (record.policies >= 0).all()
    assert record.policies.sum(-1) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("seed", [2, 4])
def test_with_a_margin_the_stop_does_not_depend_on_the_tie_rule(seed):
    game, start = random_game(3, seed)
    record = best_response_dynamics(game, start, margin=0.1 * np.ptp(game.receiver))
    assert record.status in (MARGIN_EQUILIBRIUM, EQUILIBRIUM)
    utilities = [sender_utilities(game, record.policies, ties=rule) for rule in RULES]
    assert np.ptp(utilities, axis=0) == pytest.approx(0, abs=1e-9 * scale(game))
    for sender in range(2):
        kept = best_response(game, record.policies, sender, margin=record.margin)
        gain = kept.upper_bound - utilities[0][sender]
        assert gain <= 1.1 * record.tolerance * game.stakes[sender]


def test_full_revelation_stops_at_once_as_an_equilibrium():
    game, _ = random_game(4, 1)
    record = best_response_dynamics(game, full_revelation(game))
    assert (record.status, record.moves, record.rounds) == (EQUILIBRIUM, (), 1)
    assert record.outcome == pytest.approx(outcome_distribution(game, full_revelation(game)))
    assert record.regret[1] <= 1e-6 * scale(game)


@pytest.mark.parametrize("margin", [0.0, 0.5])
def test_rivals_with_a_margin_undercut_each_other_down_to_full_revelation(margin):
    game = rivals()
    start = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.7, 0.3], [0.2, 0.8]]])
    record = best_response_dynamics(game, start, margin=margin)
    if margin == 0:  # each counts on the tied signals
        assert record.status == INCONSISTENT
        assert record.regret[0] > 0.05
    else:
        assert record.status in (EQUILIBRIUM, MARGIN_EQUILIBRIUM)
        assert record.outcome == pytest.approx(
            outcome_distribution(game, full_revelation(game)), abs=1e-3
        )
        assert record.regret[1] < 1e-3


def test_a_falling_margin_settles_what_none_leaves_inconsistent():
    game = rivals()
    start = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.7, 0.3], [0.2, 0.8]]])
    records = annealed_dynamics(game, start, [0.5, 0.1, 0.0], tolerance=1e-4)
    assert [record.margin for record in records] == [0.5, 0.1, 0]
    assert records[-1].status == EQUILIBRIUM
    assert records[-1].regret[1] <= 1e-4
    for before, after in itertools.pairwise(records):
        assert after.moves or np.array_equal(before.policies, after.policies)
    assert len(annealed_dynamics(game, full_revelation(game))) == 4
    with pytest.raises(ValueError, match="margins is empty"):
        annealed_dynamics(game, start, [])


# --- exact


def proving_prices(game: RationalGame, policies: np.ndarray, sender: int) -> np.ndarray:
    """Least prices that cover every payoff on every ray of obedience, per column of the other sender."""
    table = []
    for weights in (game.prior[:, None] * policies[1 - sender]).T:
        rays, worth = [], []
        for action in range(game.receiver.shape[1]):
            lead = np.delete(game.receiver[:, [action]] - game.receiver, action, axis=1).T
            for ray in extreme_rays(np.vstack([rationals(np.eye(len(weights))), lead * weights])):
                rays.append(ray)
                worth.append((weights * game.senders[sender][:, action]) @ ray)
        ones = np.ones(len(weights))
        rays, worth = np.array(rays, float), np.array(worth, float)
        table.append(scipy.optimize.linprog(ones, -rays, -worth, bounds=(None, None)).x)
    return rationals(np.array(table), 10_000)


def test_a_stop_is_an_equilibrium_in_exact_arithmetic():
    exact = RationalGame(
        ["1/5", "3/10", "1/5", "3/10"],
        np.diag([1, 2, 1, 2]),
        [np.tile(np.eye(4, dtype=int)[a], (4, 1)) for a in (0, 2)],
        signals=3,
    )
    game, known = non_unique()
    assert exact.floats() == game
    # neither the known equilibrium (3/10, 3/10) nor full revelation (1/5, 1/5)
    start = np.stack([uniform_policies(game, seed=3)[0], known[1]])
    record = best_response_dynamics(game, start)
    assert record.status == EQUILIBRIUM
    policies = rationals(record.policies, 1000)
    assert np.abs(policies.astype(float) - record.policies).max() < 1e-12
    utilities = exact_utilities(exact, policies, ties=record.ties)
    assert utilities.tolist() == [Fraction(3, 10), Fraction(1, 5)]
    for sender in range(2):
        prices = proving_prices(exact, policies, sender)
        assert price_bound(exact, policies, sender, prices) == utilities[sender]


# --- tie maps


def brute_force_map(game: Game, policies: np.ndarray, bounds: np.ndarray) -> float:
    """Least over all maps of the largest shortfall, by trying every tied action at every joint signal."""
    weights = [
        game.prior * policies[0, :, s] * policies[1, :, t]
        for s, t in itertools.product(range(game.shape.signals), repeat=2)
    ]
    choices = []
    for w in weights:
        value = w @ game.receiver
        slack = 1e-9 * np.abs(game.receiver).max() * w.sum()
        tied = np.flatnonzero(value >= value.max() - slack)
        choices.append(tied if w.sum() > 0 else tied[:1])
    assume(np.prod([len(c) for c in choices]) <= 2000)
    shortfalls = []
    for actions in itertools.product(*choices):
        worth = sum(game.senders[:, :, a] @ w for a, w in zip(actions, weights))
        shortfalls.append(((bounds - worth) / game.stakes).max())
    return min(shortfalls)


@settings(max_examples=60)
@given(games_with_policies(max_senders=2, max_size=3, integer=True), st.integers(0, 99))
def test_the_tie_map_is_the_best_of_all(instance, seed):
    game, policies = instance
    assume(game.shape.senders == 2)
    bounds = np.random.default_rng(seed).uniform(-1, 1, 2)
    found = common_tie_map(game, policies, bounds)
    assert found.utilities == pytest.approx(sender_utilities(game, policies, ties=found.ties))
    best = brute_force_map(game, policies, bounds)
    assert ((bounds - found.utilities) / game.stakes).max() == pytest.approx(best, abs=1e-7)


def test_a_tie_on_which_all_agree_needs_no_compromise():
    # the receiver is indifferent at the prior; both like action 1 best, only one of them minds 2 or 0
    game = Game([0.5, 0.5], [[1, 1, 0], [0, 0, 1]], [[[0, 1, 0]] * 2, [[0, 1, 1]] * 2], signals=1)
    found = common_tie_map(game, np.ones((2, 2, 1)), np.ones(2))
    assert found.utilities.tolist() == [1, 1]
    assert (found.tied, found.ties) == (1, TieRule.parse([[1]]))


# --- win-lose games: the tie rule alone decides, and a margin has nothing to separate

PENNIES = ([[1, 0], [0, 1]], [[0, 1], [1, 0]])
MEETING = ([[1, 0], [0, 1]], [[1, 0], [0, 1]])


def test_matching_pennies_cycle():
    game, ties = persuasion_game(*PENNIES)
    start = policies_from_strategies([1, 0], [1, 0])
    record = best_response_dynamics(game, start, margin=1e-3, ties=ties)
    # the profile has period 4, its outcomes have period 2: one wins, then the other
    assert (record.status, record.cycle_length, record.regret) == (CYCLE, 2, None)
    assert [move.sender for move in record.moves[:4]] == [1, 0, 1, 0]


def test_matching_pennies_rest_at_the_mixed_equilibrium():
    game, ties = persuasion_game(*PENNIES)
    start = policies_from_strategies([0.5, 0.5], [0.5, 0.5])
    record = best_response_dynamics(game, start, margin=1e-3, ties=ties)
    assert (record.status, record.moves) == (EQUILIBRIUM, ())
    assert record.utilities.tolist() == [0.25, 0.25]
    assert record.regret[1] <= 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_win_lose_stops_are_equilibria_of_the_bimatrix_game(seed):
    game, ties = persuasion_game(*MEETING)
    start = uniform_policies(game, seed=seed)
    record = best_response_dynamics(game, start, margin=1e-3, ties=ties)
    assert record.status == EQUILIBRIUM
    assert record.moves
    assert sender_gains(game, record.policies, ties=ties).max() <= record.regret[1] + 1e-6
    assert record.utilities.tolist() == pytest.approx([0.5, 0.5])


def test_an_indifferent_receiver_may_please_everyone_if_the_rule_is_free():
    game, ties = persuasion_game(*PENNIES)
    start = policies_from_strategies([1, 0], [1, 0])
    free = best_response_dynamics(game, start)
    assert free.status == EQUILIBRIUM
    assert free.utilities.tolist() == [0.5, 0.5]
    bound = best_response_dynamics(game, start, ties=ties)
    assert bound.status == "other ties"
    assert bound.regret == pytest.approx((0.5, 0.5), abs=1e-6)


# --- cycles, budgets, orders


def test_a_profile_met_before_is_a_cycle_however_its_signals_are_labelled():
    cycles, profiles = Cycles(), [uniform_policies(rivals(), seed=k) for k in (0, 1)]
    outcomes = [np.array([[0.5, 0.5]]), np.array([[0.2, 0.8]])]
    for k in range(3):
        assert cycles.length() is None
        cycles.add(k % 2, profiles[k % 2][..., :: (-1) ** (k // 2)], outcomes[k % 2])
    assert cycles.length() == 2


def test_outcomes_gone_through_twice_are_a_cycle_but_a_standstill_is_not():
    generator = np.random.default_rng(0)
    moving, still = Cycles(), Cycles()
    for k in range(8):
        profile = generator.dirichlet([1, 1], (2, 2))
        moving.add(k % 2, profile, np.array([k % 4, 1.0]))
        still.add(k % 2, profile, np.array([1.0, 1.0]))
        assert moving.length() == (4 if k == 7 else None)
        assert still.length() is None


def test_limits_are_kept():
    game, start = random_game(4, 1)
    rounds = best_response_dynamics(game, start, rounds=1)
    assert (rounds.status, rounds.rounds, rounds.regret) == (BUDGET, 1, None)
    assert len(rounds.moves) == 2
    seconds = best_response_dynamics(game, start, time_limit=1e-3)
    assert seconds.status == BUDGET
    assert seconds.seconds < 5
    hurried = best_response_dynamics(game, start, response_limit=1e-3, rounds=3)
    assert hurried.status in (BUDGET, UNPROVEN)


def test_a_margin_that_cannot_be_kept_is_reported():
    game = Game([0.5, 0.5], np.eye(2), [[[0, 1], [0, 1]]] * 2, signals=1)
    record = best_response_dynamics(game, np.ones((2, 2, 1)), margin=0.1)
    assert (record.status, record.moves, record.regret) == (INFEASIBLE, (), None)


@pytest.mark.parametrize("order", ["in turn", "random", [1, 0], (0, 1)])
def test_every_order_reaches_a_stop(order):
    game, start = random_game(2, 11)
    record = best_response_dynamics(game, start, order=order)
    again = best_response_dynamics(game, start, order=order)
    assert record.regret is not None
    assert np.array_equal(record.policies, again.policies)


def test_three_senders_take_turns():
    generator = np.random.default_rng(5)
    senders = generator.normal(size=(3, 2, 2))
    game = Game([0.4, 0.6], generator.normal(size=(2, 2)), senders, signals=2)
    record = best_response_dynamics(game, uniform_policies(game, seed=5), order=[2, 0, 1])
    assert {move.sender for move in record.moves} <= {0, 1, 2}
    assert record.status in (EQUILIBRIUM, INCONSISTENT, UNPROVEN, CYCLE)


# --- polishing


def in_box(policy: np.ndarray, radius: float, count: int, seed: int) -> np.ndarray:
    """Random policies ``(count, states, signals)`` within ``radius``, many on the boundary."""
    generator = np.random.default_rng(seed)
    steps = generator.choice([-1.0, 0.0, 1.0], (count, *policy.shape))
    steps -= steps.mean(-1, keepdims=True)
    steps *= radius / np.maximum(np.abs(steps).max(-1, keepdims=True), 1)
    moved = project_to_simplex(policy + steps)
    return moved[np.abs(moved - policy).max((-2, -1)) <= radius]


@pytest.mark.parametrize("margin", [0.0, 1e-4])
@pytest.mark.parametrize("seed", [1, 2, 5])
def test_a_certified_profile_resists_every_sampled_deviation_in_the_box(seed, margin):
    game, start = random_game(3, seed)
    result = polish(game, start, 0.05, margin=margin * np.ptp(game.receiver), rounds=25)
    certified = result.status == CERTIFIED
    assert certified == (result.certificate.relative_regret[1] <= result.tolerance)
    assert certified or result.status.startswith("not reached: ")
    assert result.path.shape == (len(result.moves) + 1, 2)
    assert result.path[-1] == pytest.approx(sender_utilities(game, result.policies))
    for move, before, after in zip(result.moves, result.path, result.path[1:]):
        assert after[move.sender] > before[move.sender]
    for sender in range(2):
        near = in_box(result.policies[sender], 0.05, 500, seed)
        reached = deviation_utilities(game, result.policies, sender, near).max()
        gain = reached - result.path[-1, sender]
        assert gain <= result.certificate.regret[1] + 1e-6 * scale(game)
        assert not certified or gain <= 1.1 * result.tolerance * game.stakes[sender]


@settings(max_examples=10)
@given(games_with_policies(max_senders=2, max_size=2))
def test_what_is_certified_at_radius_1_is_an_equilibrium_by_enumeration(instance):
    game, start = instance
    result = polish(game, start, 1.0, rounds=10, time_limit=20)
    assume(result.status == CERTIFIED)
    for sender in range(game.shape.senders):
        response = best_response(
            game, result.policies, sender, method="enumerate", ties="lowest-index"
        )
        gain = response.upper_bound - result.path[-1, sender]
        assert gain <= 1.2 * result.tolerance * game.stakes[sender]


def test_a_polished_profile_with_a_margin_does_not_depend_on_the_tie_rule():
    game, start = random_game(3, 2)
    result = polish(game, start, 0.05, margin=1e-3 * np.ptp(game.receiver), rounds=25)
    assert result.moves
    utilities = [sender_utilities(game, result.policies, ties=rule) for rule in RULES]
    assert np.ptp(utilities, axis=0) == pytest.approx(0, abs=1e-9 * scale(game))


def test_polishing_says_why_it_did_not_reach():
    game = rivals()
    start = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.7, 0.3], [0.2, 0.8]]])
    short = polish(game, start, 0.05, rounds=1)
    assert (short.status, short.rounds) == ("not reached: budget", 1)
    wide = polish(game, start, 0.3, margin=0.3, rounds=100)
    assert wide.status in (CERTIFIED, "not reached: margin")
    alone = Game([0.5, 0.5], np.eye(2), [[[0, 1], [0, 1]]] * 2, signals=1)
    stuck = polish(alone, np.ones((2, 2, 1)), 0.1, margin=0.1)
    assert stuck.status in (CERTIFIED, "not reached: infeasible")


def test_a_polished_record_is_plain_json():
    game, start = random_game(2, 18)
    result = polish(game, start, 0.1, rounds=2)
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert np.array_equal(data["policies"], result.policies)
    assert data["certificate"]["radius"] == 0.1
    assert len(data["path"]) == len(data["moves"]) + 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radius": 0}, "radius must be a finite positive number, got 0"),
        ({"radius": "1"}, "radius must be a finite positive number"),
        ({"tolerance": 0}, "tolerance must be a finite positive number"),
        ({"ties": "sender-5"}, "tie rule favours sender 5"),
        ({"policies": np.ones((2, 2, 2))}, "sums to 2"),
    ],
)
def test_bad_input_of_polish_is_named(change, message):
    game = rivals()
    request = {"policies": uniform_policies(game, seed=0), "radius": 0.1, **change}
    with pytest.raises(ValueError, match=message):
        polish(game, **request)


# --- records


def test_relabelled_signals_are_the_same_equilibrium():
    game, _ = random_game(3, 2)
    profile = full_revelation(game)
    starts = [profile, profile[..., ::-1], profile[..., [1, 2, 0]]]
    records = [best_response_dynamics(game, start) for start in starts]
    for record in records:
        assert record.outcome == pytest.approx(records[0].outcome, abs=1e-12)


def test_a_record_is_plain_json():
    game, start = random_game(2, 18)
    for margin in (0.0, 0.1 * np.ptp(game.receiver)):
        record = best_response_dynamics(game, start, margin=margin, rounds=3)
        data = json.loads(json.dumps(record.to_dict(), allow_nan=False))
        assert np.array_equal(data["policies"], record.policies)
        assert TieRule.parse(data["ties"]) == record.ties
        assert len(data["moves"]) == len(record.moves)
        assert data["status"] == record.status


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": np.full((2, 2, 3), 1 / 3)}, "policies must have shape"),
        ({"start": np.full((1, 2, 2, 2), 1 / 2)}, "start must be one profile with 3 axes"),
        ({"start": np.full((2, 2, 2), -1.0)}, "negative probability"),
        ({"margin": -1}, "margin must be a finite number of at least 0"),
        ({"margin": True}, "margin must be a finite number of at least 0, got True"),
        ({"ties": "random"}, "unknown tie rule"),
        ({"ties": "sender-2"}, "tie rule favours sender 2"),
        ({"ties": [[0, 1]]}, "tie map must hold one action index per joint signal"),
        ({"order": "by age"}, "order must be 'in turn', 'random' or a list of the senders 0..1"),
        ({"order": [0, 0]}, "order must be"),
        ({"rounds": 0}, "rounds must be a whole number of at least 1, got 0"),
        ({"rounds": 1.5}, "rounds must be a whole number"),
        ({"time_limit": 0}, "time_limit must be a finite positive number, got 0"),
        ({"response_limit": float("nan")}, "response_limit must be a finite positive number"),
        ({"tolerance": -1e-3}, "tolerance must be a finite positive number"),
    ],
)
def test_bad_input_is_named(change, message):
    game = rivals()
    request = {"start": uniform_policies(game, seed=0), **change}
    with pytest.raises(ValueError, match=message):
        best_response_dynamics(game, **request)


def test_ties_that_were_asked_for_are_not_called_inconsistent():
    senders = [[[0, 0], [0, 1]], [[0, 0], [0, 0]]]
    game = Game([0.5, 0.5], [[0, -1], [0, 1]], senders, 2)
    silent = no_revelation(game)
    given = best_response_dynamics(game, silent, ties="lowest-index")
    assert given.status == "other ties"
    assert str(given.ties) == "lowest-index"
    assert best_response_dynamics(game, silent).status == EQUILIBRIUM


def test_rules_with_a_name_are_tried_where_no_map_is_found():
    """The receiver never cares, and what a map grants one sender it denies the other; any constant rule will do."""
    game = Game([0.5, 0.5], np.zeros((2, 2)), [[[1, 0], [1, 0]], [[0, 1], [0, 1]]], 2)
    play = best_response_dynamics(game, np.full((2, 2, 2), 0.5))
    assert play.status == EQUILIBRIUM
    assert certify(game, play.policies, 1, ties=play.ties).holds(1e-5)
