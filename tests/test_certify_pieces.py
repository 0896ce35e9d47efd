"""Certificates, what whole searches leave open: the pieces one by one, with a clock that the test moves."""

import time
from collections import Counter
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from persuasion import Game, TieRule, no_revelation, receiver_actions, uniform_policies
from persuasion.games import synthetic
from persuasion.learn.sampled_check import sample_deviations
from persuasion.model.policies import one_profile
from persuasion.model.simulate import deviation_utilities
from persuasion.model.tolerances import TIE_TOLERANCE
from persuasion.regret import highs
from persuasion.regret.best_response import BestResponse
from persuasion.regret.candidates import Candidate
from persuasion.regret.certificate import Certificate, InconsistentCertificate, SenderCertificate
from persuasion.regret.certify import certify
from persuasion.regret.nearby import search
from persuasion.regret.nearby.box import Box, linear_range, policy_box
from persuasion.regret.nearby.bracket import TARGET
from persuasion.regret.nearby.cells import Cells, make_cells
from persuasion.regret.nearby.climb import Climber
from persuasion.regret.nearby.elimination import eliminate, tolerant
from persuasion.regret.nearby.fold import choose_folded, extreme_gains, spreads, statewise_bound
from persuasion.regret.nearby.hull import Hull
from persuasion.regret.nearby.local import local_best_response
from persuasion.regret.nearby.piece import gain_within_piece
from persuasion.regret.problem import Problem, make_problem


class Clock:
    """Stands still unless moved."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in ("search", "bracket", "climb", "hull", "local"):
        monkeypatch.setattr(import_module(f"persuasion.regret.nearby.{module}"), "time", clock)
    monkeypatch.setattr(import_module("persuasion.regret.certify"), "time", clock)
    return clock


# --- the box


@given(st.integers(0, 10**6), st.sampled_from([1e-9, 1e-7, 1e-5]), st.sampled_from([0.005, 0.3]))
@settings(max_examples=60)
def test_a_solvers_inexact_point_is_a_policy_of_the_box(seed, error, radius):
    random = np.random.default_rng(seed)
    own = random.dirichlet(np.ones(4), 5)
    own[own < 0.1] = 0
    own /= own.sum(1, keepdims=True)
    box = policy_box(own, radius)
    (moved,) = sample_deviations(own, radius, 1, random)
    found = box.policy(box.pack(moved) + random.uniform(-error, error, own.size))
    assert np.abs(found - own).max() <= radius + 2e-12
    assert found.min() >= 0
    np.testing.assert_allclose(found.sum(1), 1, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found, moved, rtol=0, atol=10 * error)
    np.testing.assert_allclose(box.policy(box.pack(moved)), moved, rtol=0, atol=1e-10)


def test_the_box_is_what_radius_and_rows_allow():
    box = policy_box(np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]]), 0.1)
    assert pytest.approx(np.array([[0.4, 0.2, 0.1], [0.9, 0, 0]])) == box.lower.T
    assert pytest.approx(np.array([[0.6, 0.4, 0.3], [1, 0.1, 0.1]])) == box.upper.T
    assert box.missing == pytest.approx([0.3, 0.1])
    # with two signals one entry determines the other: 0.95 can rise by 0.05 only, so 0.05 cannot fall by more
    box = policy_box(np.array([[0.95, 0.05]]), 0.2)
    assert pytest.approx(np.array([[0.75, 0]])) == box.lower.T
    assert pytest.approx(np.array([[1, 0.25]])) == box.upper.T


def test_unit_coordinates_go_there_and_back():
    policy = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]])
    box = policy_box(policy, 0.1)
    assert box.unpack(box.pack(policy)) == pytest.approx(policy)
    assert box.pack(policy + 1) == pytest.approx(np.ones(6))
    assert box.pack(policy - 1) == pytest.approx(np.zeros(6))
    still = policy_box(np.array([[1.0]]), 0.1)  # one signal: nothing can move
    assert still.pack(np.array([[1.0]])) == pytest.approx([0])


def test_the_range_of_a_row_is_reached_at_corners():
    random = np.random.default_rng(0)
    box = policy_box(random.dirichlet(np.ones(3), size=4), 0.1)
    rows = random.normal(size=(5, 4))
    least, most = linear_range(rows, box.lower.T, box.upper.T)
    for signal in range(3):
        lower, upper = box.lower[signal], box.upper[signal]
        assert least[:, signal] == pytest.approx((rows * np.where(rows > 0, lower, upper)).sum(1))
        assert most[:, signal] == pytest.approx((rows * np.where(rows > 0, upper, lower)).sum(1))
    thin = np.zeros((2, 1)), np.array([[1e-9], [1.0]])
    _, most = linear_range(np.array([[1e-3, -1e10], [1, -1e10]]), *thin)
    assert most[:, 0].tolist() == pytest.approx([1e-12, 1e-9], rel=1e-9, abs=0)  # nothing cancels


# --- how the search spends its time


@pytest.mark.parametrize(
    ("elapsed", "seconds", "expected"),
    [
        (0.0, 50.0 / 16, 4 * 30),  # exactly four times as many would just end in time
        (0.0, 0.1, 4 * 30),  # never more than four times
        (0.0, 50.0 / 4, 2 * 30),
        (30.0, 5.0, 2 * 30),
        (0.0, 50.0 / 1.3**2 * 0.999, np.sqrt(50 / (50 / 1.3**2 * 0.999)) * 30),
        (0.0, 50.0 / 1.3**2 * 1.001, None),  # too little is gained
        (60.0, 1.0, None),  # half the time is over
    ],
)
def test_the_next_relaxation_is_as_large_as_time_allows(clock, elapsed, seconds, expected):
    started = object.__new__(search.Search)
    started.program, started.everything = SimpleNamespace(count=30), np.array([200, 300])
    started.started, started.deadline, started.seconds = 100.0, 200.0, seconds
    clock.now = 100.0 + elapsed
    assert started.next_size() == (None if expected is None else pytest.approx(expected))


def test_no_relaxation_is_larger_than_everything(clock):
    started = object.__new__(search.Search)
    started.started, started.deadline, started.seconds = 100.0, 200.0, 1.0
    started.everything = np.array([10, 20])
    started.program = SimpleNamespace(count=30)
    assert started.next_size() is None
    started.program = SimpleNamespace(count=29)
    assert started.next_size() == pytest.approx(4 * 29)


@pytest.mark.parametrize(
    ("count", "seconds", "expected"), [(30, 0.9, True), (30, 1.1, False), (300, 0.9, False)]
)
def test_what_is_folded_is_unfolded_in_the_end_if_time_allows(clock, count, seconds, expected):
    started = object.__new__(search.Search)
    started.everything, started.deadline = np.array([100, 200]), clock.now + 10.0
    started.program, started.seconds = SimpleNamespace(count=count), seconds
    assert started.worth_unfolding is expected


def bracket(found: list[float], climbed: float | None, bound: float) -> search.Search:
    """A search with these values found and this bound."""
    made = object.__new__(search.Search)
    game = Game([0.5, 0.5], np.eye(2), [[[0, 8], [-4, 0]]], signals=2)
    made.problem = make_problem(game, no_revelation(game), 0, TieRule("sender", sender=0))
    made.found = [Candidate(np.eye(2), value, value, True) for value in found]
    made.climber = None if climbed is None else SimpleNamespace(value=climbed)
    made.bound, made.started, made.deadline = bound, 100.0, 110.0
    made.relaxed = SimpleNamespace(wide=False)
    return made


def test_what_is_found_and_what_is_bounded(clock):
    clock.now = 104.0
    made = bracket([1.0, 3.0, 2.0], None, 5.0)
    assert (made.best, made.left) == (3.0, 6.0)
    assert made.share(0.5) == 107.0
    assert bracket([1.0], 4.0, 5.0).best == 4.0
    assert made.open
    assert not made.closed
    made.learn(4.0)
    assert made.bound == 4.0
    made.learn(6.0)  # a worse bound changes nothing
    assert made.bound == 4.0
    made.learn(2.0)  # one below what was found says that nothing is better
    assert made.bound == 3.0
    assert made.closed
    assert not made.open
    assert bracket([3.0], None, 3.0 + TARGET * (1 - 1e-6)).closed
    assert not bracket([3.0], None, 3.0 + 1.05 * TARGET).closed
    clock.now = 110.0
    assert not bracket([1.0], None, 5.0).open


# --- whole profiles: who gets how much time, and what may not be


def responses(monkeypatch, clock, answers):
    """``certify`` with these answers ``(value, bound, seconds)`` per sender; the limits that it grants."""
    limits = []

    def respond(game, policies, sender, radius, ties, time_limit):
        value, bound, seconds = answers[len(limits)]
        limits.append((sender, time_limit))
        clock.now += seconds
        gap = bound - value
        return BestResponse(policies[sender], value, bound, gap, True, "optimal", "oracle", seconds)

    monkeypatch.setattr(import_module("persuasion.regret.certify"), "local_best_response", respond)
    return limits


def three_prosecutors() -> tuple[Game, np.ndarray]:
    game = Game([0.7, 0.3], np.eye(2), [[[0, 1], [0, 1]]] * 3, signals=2)
    return game, no_revelation(game)  # everybody earns 0


def test_senders_share_the_time_and_pass_on_what_they_leave(monkeypatch, clock):
    limits = responses(monkeypatch, clock, [(1, 1, 2.0), (0, 2, 4.0), (0, 0, 1.0)])
    certificate = certify(*three_prosecutors(), 0.1, time_limit=12.0)
    assert limits == [(0, 4.0), (1, 5.0), (2, 6.0)]
    assert certificate.seconds == 7.0
    assert [s.seconds for s in certificate.senders] == [2.0, 4.0, 1.0]
    assert [(s.gain, s.bound, s.exact) for s in certificate.senders] == [
        (1, 1, True),
        (0, 2, False),
        (0, 0, True),
    ]
    assert {s.solver for s in certificate.senders} == {"oracle"}
    assert {s.status for s in certificate.senders} == {"optimal"}
    assert certificate.regret == (1, 2)
    assert (certificate.radius, certificate.ties) == (0.1, "lowest-index")


def test_a_certificate_knows_its_game():
    game, policies = three_prosecutors()
    named = Game(game.prior, game.receiver, game.senders, 2, name="three prosecutors")
    sizes = {"senders": 3, "states": 2, "actions": 2, "signals": 2}
    assert certify(named, policies, 0.1, senders=[0]).game == {"name": named.name, **sizes}


def test_the_last_sender_gets_a_moment_even_if_time_is_up(monkeypatch, clock):
    limits = responses(monkeypatch, clock, [(0, 0, 20.0), (0, 0, 0.0)])
    certify(*three_prosecutors(), 0.1, time_limit=10.0, senders=[2, 1])
    assert limits == [(2, 5.0), (1, 1e-3)]


@pytest.mark.parametrize(
    ("value", "bound", "accepted"),
    [
        (-1e-5, 1.0, False),  # staying gains 0: a best response below that is a bug
        (-1e-5, -1e-5, False),
        (0.0, -1e-5, False),
        (-0.8e-6, -0.8e-6, True),  # rounding, in stakes
        (0.0, -0.8e-6, True),
        (1.0, 1.0 - 1e-9, True),
    ],
)
def test_losses_and_bounds_below_values_are_bugs_unless_tiny(
    monkeypatch, clock, value, bound, accepted
):
    responses(monkeypatch, clock, [(value, bound, 1.0)])
    if not accepted:
        with pytest.raises(InconsistentCertificate, match="sender 0: the best deviation"):
            certify(*three_prosecutors(), 0.1, senders=[0])
        return
    (entry,) = certify(*three_prosecutors(), 0.1, senders=[0]).senders
    assert entry.gain == max(value, 0.0)
    assert entry.bound == max(bound, entry.gain)
    assert entry.exact


@pytest.mark.parametrize(("gap", "exact"), [(0.9e-6, True), (1.1e-6, False)])
def test_exact_means_a_millionth_of_the_stake(monkeypatch, clock, gap, exact):
    responses(monkeypatch, clock, [(1.0, 1.0 + gap, 1.0)])
    assert certify(*three_prosecutors(), 0.1, senders=[0]).exact is exact


@pytest.mark.parametrize("senders", [[True], [0.5], ["0"], [-1], [3], [0, 3]])
def test_senders_are_whole_numbers_in_range(senders):
    with pytest.raises(ValueError, match=r"senders must be a whole number from 0 to 2, got"):
        certify(*three_prosecutors(), 0.1, senders=senders)


# --- a certificate in print


def test_a_certificate_in_print():
    policy = np.full((2, 2), 0.5)
    entries = (
        SenderCertificate(
            0, 1 / 3, policy, 0.5, 1 / 6, 1 / 6, 1.0, True, "optimal", "oracle", 0.125
        ),
        SenderCertificate(
            1, -2.0, policy, -2.0, 0.0, 0.25, 2.0, False, "time limit", "oracle", 10.0
        ),
    )
    sizes = {"name": "duel", "senders": 2, "signals": 2}
    certificate = Certificate(sizes, 0.005, "welfare", entries, 11.0)
    assert str(certificate).splitlines() == [
        "duel: senders 2, signals 2",
        "deviations up to 0.005, ties welfare",
        "sender       utility   gain found  gain at most  share of stake  exact      status  seconds",
        "     0    0.33333333     0.166667      0.166667        1.67e-01    yes     optimal     0.12",
        "     1            -2            0          0.25        1.25e-01     no  time limit    10.00",
        "regret between 0.166667 and 0.25; as a share of the stake between 0.166667 and 0.166667",
    ]
    endless = SenderCertificate(0, 0.0, policy, 0.0, 0.0, np.inf, 1.0, False, "time limit", "", 1.0)
    with pytest.raises(ValueError, match="Out of range float values"):
        Certificate(sizes, 0.005, "welfare", (endless,), 1.0).to_json()
    exact = Certificate({"name": "", "senders": 1}, 1.0, "welfare", entries[:1], 1.0)
    lines = str(exact).splitlines()
    assert (lines[0], lines[1], lines[-1]) == (
        "senders 1",
        "any deviation, ties welfare",
        "regret 0.166667; as a share of the stake 0.166667",
    )
    data = exact.to_dict()
    assert data["schema"] == "persuasion/certificate/2"
    assert data["senders"][0]["policy"] == policy.tolist()
    for broken, message in (
        ([], "must be an object with schema 'persuasion/certificate/2'"),
        ({**data, "senders": 1}, "not a certificate"),
        ({k: v for k, v in data.items() if k != "senders"}, "not a certificate: 'senders'"),
    ):
        with pytest.raises(ValueError, match=message):
            Certificate.from_dict(broken)
    with pytest.raises(ValueError, match="certificate is not valid JSON"):
        Certificate.from_json("{")


# --- requests for one sender


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sender": 3}, "sender must be a whole number from 0 to 2, got 3"),
        ({"sender": -1}, "sender must be a whole number from 0 to 2, got -1"),
        ({"sender": True}, "sender must be a whole number from 0 to 2, got True"),
        ({"sender": 1.5}, "sender must be a whole number from 0 to 2, got 1.5"),
        ({"radius": True}, "radius must be a finite positive number, got True"),
        ({"radius": "1"}, "radius must be a finite positive number, got '1'"),
        ({"radius": 0.0}, "radius must be a finite positive number, got 0.0"),
        ({"radius": np.inf}, "radius must be a finite positive number, got inf"),
        ({"time_limit": True}, "time_limit must be a positive number, got True"),
        ({"time_limit": "1"}, "time_limit must be a positive number, got '1'"),
        ({"time_limit": 0}, "time_limit must be a positive number, got 0"),
        ({"time_limit": np.nan}, "time_limit must be a positive number, got nan"),
        ({"policies": np.ones((2, 2))}, r"policies must have shape .*, got \(2, 2\)"),
    ],
)
def test_local_requests_are_checked(change, message):
    game, policies = three_prosecutors()
    request = {"policies": policies, "sender": np.int64(0), "radius": np.float32(0.1), **change}
    with pytest.raises(ValueError, match=message):
        local_best_response(game, **request)


def test_profiles_are_cleaned_as_little_as_can_be():
    game, _ = three_prosecutors()
    dust = np.array([[[1 + 1e-10, -1e-10], [0.5, 0.5]]] * 3)
    cleaned = one_profile(game, dust)
    assert cleaned.min() == 0
    assert cleaned.sum(-1) == pytest.approx(np.ones((3, 2)), abs=1e-15)
    assert np.array_equal(one_profile(game, cleaned), cleaned)
    with pytest.raises(ValueError, match="negative"):
        one_profile(game, np.array([[[1 + 1e-8, -1e-8], [0.5, 0.5]]] * 3))
    whole = np.array([[[1, 0], [0, 1]]] * 3)
    assert one_profile(game, whole).dtype == np.float64
    single = one_profile(game, np.full((3, 2, 2), 0.5, np.float32))
    assert single.dtype == np.float64
    nearly = np.array([[[0.1 + 3e-16, 0.9], [0.5, 0.5]]] * 3)
    assert np.array_equal(one_profile(game, nearly), nearly)  # rounding is left as it is


def test_a_bound_below_what_was_reached_is_a_bug(monkeypatch):
    game, policies = three_prosecutors()
    found = [Candidate(policies[0], 0.5, 0.5, True)]
    bounds = iter([0.5 - 1e-5, 0.5 - 0.8e-6, 0.6, 0.6])  # the second one is rounding
    hurries = iter([False, False, True, False])

    def run(made):
        made.found, made.bound = found, next(bounds)

    monkeypatch.setattr(search.Search, "run", run)
    monkeypatch.setattr(search.Search, "hurried", property(lambda _: next(hurries)))
    with pytest.raises(InconsistentCertificate, match=r"earns 0\.5 of its stake"):
        local_best_response(game, policies, 0, 0.1)
    answers = [local_best_response(game, policies, 0, 0.1) for _ in range(3)]
    assert [a.status for a in answers] == ["optimal", "time limit", "bound only"]
    assert {a.solver for a in answers} == {"box search (HiGHS)"}


@pytest.mark.parametrize(("seconds", "hurried"), [(-1.0, True), (60.0, False), (np.inf, False)])
def test_a_search_says_whether_time_ended_it(seconds, hurried):
    game = synthetic(3, 4, 4, 4, logit_scale=1, seed=1)  # its first relaxation leaves a gap
    policies = uniform_policies(game, seed=1)
    problem = make_problem(game, policies, 0, TieRule("sender", sender=0))
    limit = time.perf_counter() + seconds
    box = policy_box(policies[0], 0.05)
    made = search.Search(problem, eliminate(tolerant(problem), box), box, limit)
    made.run()
    assert bool(made.hurried) is hurried
    assert made.closed is not hurried
    assert made.infeasible is False


def test_rows_are_raised_by_the_tie_tolerance():
    game = Game([0.75, 0.25], [[4.0, 1.0], [0.0, 2.0]], [[[0, 1], [0, 1]]], signals=2)
    problem = make_problem(game, no_revelation(game), 0, TieRule("sender", sender=0))
    raised = tolerant(problem).rows - problem.rows
    # weights 0.75 and 0.25, differences 3 and -2: products 2.25 and -0.5, in units of the positive one
    assert raised[0, 0, 1] / TIE_TOLERANCE == pytest.approx([1.0, 0.5 / 2.25], rel=1e-6)
    assert raised[0, 1, 0] / TIE_TOLERANCE == pytest.approx([2.25 / 0.5, 1.0], rel=1e-6)
    assert raised[0, 0, 0].tolist() == [0.0, 0.0]


# --- folding


def test_folding_takes_the_best_or_worst_action_in_every_state():
    gains = np.array(
        [[[1.0, -1.0], [0.0, 2.0], [5.0, 5.0]]]
    )  # one column, three actions, two states
    allowed = np.array([[[True, True, False]]])
    problem = SimpleNamespace(gains=gains, allowed=allowed)
    assert extreme_gains(problem, best=True).tolist() == [[[1.0, 2.0]]]
    assert extreme_gains(problem, best=False).tolist() == [[[0.0, -1.0]]]
    nothing = SimpleNamespace(gains=gains, allowed=np.zeros((1, 1, 3), bool))
    assert extreme_gains(nothing, best=True).tolist() == [[[0.0, 0.0]]]
    box = SimpleNamespace(upper=np.array([[0.5, 0.25]]))
    assert spreads(problem, box).tolist() == [[0.5 * 1 + 0.25 * 3]]


def test_the_cheapest_joint_signals_are_folded_first():
    spread = np.array([[0.3, 0.1], [0.2, 0.4]])
    choices = np.array([[2, 3], [1, 4]])  # surviving actions, less one are choices: 1, 2, 0, 3
    allowed = np.arange(4) < choices[..., None]
    problem = SimpleNamespace(allowed=allowed, margin=0.0)

    def folded(budget, most):
        return choose_folded(problem, spread, budget, most).astype(int).tolist()

    assert folded(0.0, np.inf) == [[0, 0], [0, 0]]
    assert folded(0.1, np.inf) == [[0, 1], [0, 0]]
    assert folded(0.31, np.inf) == [[0, 1], [1, 0]]
    assert folded(0.0, 6) == [[0, 0], [0, 0]]
    assert folded(0.0, 5) == [[0, 1], [0, 0]]
    assert folded(0.0, 4) == [[0, 1], [0, 0]]
    assert folded(0.0, 3) == [[1, 1], [1, 0]]
    assert folded(0.0, 0) == [[1, 1], [1, 1]]
    kept = SimpleNamespace(allowed=allowed, margin=0.1)
    assert not choose_folded(kept, spread, np.inf, 0).any()


def test_the_statewise_bound_fills_the_best_signals_first():
    gains = np.array([[[1.0, 4.0]]])
    problem = SimpleNamespace(gains=gains, allowed=np.ones((3, 1, 1), bool))
    box = Box(
        np.array([[0.2, 0.1], [0.1, 0.2], [0.0, 0.0]]), np.array([[0.5, 0.4], [0.6, 0.9], [1, 1]])
    )
    assert statewise_bound(problem, box) == pytest.approx(1 + 4)  # all signals are worth the same
    better = np.array([[[2.0, 0.0], [0.0, 3.0]]])  # action 0 at signal 0, action 1 at the others
    allowed = np.array([[[True, False]], [[False, True]], [[False, True]]])
    problem = SimpleNamespace(gains=better, allowed=allowed)
    # state 0: all that signal 0 can take, 0.5; state 1: all but the 0.1 that signal 0 must take
    assert statewise_bound(problem, box) == pytest.approx(2 * 0.5 + 3 * 0.9)


# --- relaxations of all signals and of one


def contested(seed: int = 3, radius: float = 0.05) -> tuple[Cells, Box]:
    """The cells of a game with several contested joint signals at every signal."""
    game = synthetic(2, 4, 4, 4, logit_scale=1, seed=seed)
    policies = uniform_policies(game, seed=seed)
    problem = make_problem(game, policies, 0, TieRule("sender", sender=0))
    box = policy_box(policies[0], radius)
    return make_cells(eliminate(tolerant(problem), box), box), box


def test_every_row_has_its_limits():
    cells, box = contested()
    program = Hull(cells, box).relaxation
    assert program.matrix.shape == (len(program.row_lower), len(program.cost))
    assert len(program.row_upper) == len(program.row_lower)
    assert program.matrix.nnz == np.count_nonzero(program.matrix.data)


def test_without_time_a_relaxation_still_has_a_bound():
    cells, box = contested()
    hull = Hull(cells, box)
    late = hull.solve(-1.0)
    assert not late.optimal
    assert hull.solve(np.inf).bound <= late.bound < np.inf
    duals = hull.solve(np.inf).duals
    useless, none = (highs.proven(hull.relaxation, prices) for prices in (duals[1:], 0 * duals))
    assert useless == none


def test_binaries_are_solved_to_half_the_gap_from_the_best_start(monkeypatch):
    cells, box = contested()
    seen = {}
    original = highs.load

    def load(program=None, **options):
        seen["solver"] = original(program, **options)
        return seen["solver"]

    monkeypatch.setattr(highs, "load", load)
    climber = Climber(cells, box)
    climber.ascend(climber.read(np.full(16, 0.5)), np.inf)
    solution = Hull(cells, box).branch(climber, 1e-3, np.inf)
    values = {name: seen["solver"].getOptionValue(name)[1] for name in ("presolve", "mip_abs_gap")}
    assert values == {"presolve": "off", "mip_abs_gap": 5e-4}
    best = highs.solve(Hull(cells, box).exact).value + cells.constant
    assert climber.value == pytest.approx(best, abs=1e-3)
    assert solution.bound + cells.constant >= best - 1e-6


# --- climbing


def scripted(made, cells, values=()):
    """A climber whose ascents only report what they are asked to try, and reach the values that they are told."""
    climber, tried, left = object.__new__(Climber), [], list(values)

    def ascend(wanted, deadline):
        tried.append(wanted.astype(int).tolist())
        climber.value = left.pop(0) if left else climber.value

    climber.made, climber.cells, climber.ascend = np.array(made, bool), cells, ascend
    climber.count, climber.value = len(made), 1.0
    return climber, tried


CHOICES = SimpleNamespace(cell=np.array([0, 0, 1]), signal_of_cell=np.array([0, 1]))


def test_choices_are_made_replaced_or_dropped_one_by_one():
    climber, tried = scripted([0, 0, 1], CHOICES)
    climber.flip(np.inf, np.array([0, 1, 2]))
    assert tried == [[1, 0, 1], [0, 1, 1], [0, 0, 0]]
    climber, tried = scripted([1, 0, 0], CHOICES)
    climber.flip(np.inf, np.array([1, 0]))
    assert tried == [[0, 1, 0], [0, 0, 0]]
    climber, tried = scripted([1, 0, 0], CHOICES, [1.0, 2.0, 2.0])  # as long as that helps
    climber.flip(np.inf, np.array([0, 1, 2]))
    assert tried == [[0, 0, 0], [0, 1, 0], [1, 0, 1]] * 2


def test_fractional_choices_are_rounded_then_flipped():
    climber, tried = scripted([0, 1, 0], CHOICES)
    flips = []
    climber.flip = lambda deadline, order: flips.append((deadline, order.tolist()))
    climber.approach(np.array([0.7, 0.2, 0.4]), 9.0)
    # the largest share of a cell, if larger than what is left for the base
    assert tried == [[1, 0, 0]]
    # those first where they differ most from the best so far
    assert flips == [(9.0, [1, 0, 2])]
    climber.approach(np.array([0.0, 0.995, 0.005]), 9.0)
    assert flips[1] == (9.0, [])  # no difference worth a try
    climber.approach(np.array([0.3, 0.3, 0.6]), 9.0)
    assert tried[2] == [0, 0, 1]  # no share exceeds the base's in the first cell


# --- the search's decisions


def answer(status: str, bound: float = 5.0, x: np.ndarray | None = None) -> highs.Solution:
    return highs.Solution(x, bound, bound, np.zeros(0), status)


def test_nothing_in_the_box_is_infeasible_only_if_nothing_was_found(clock):
    clock.now = 101.0
    answers = iter([answer("kInfeasible"), answer("kInfeasible"), answer("kTimeLimit", 2.0)])
    cells = SimpleNamespace(constant=0.5)
    program = SimpleNamespace(branch=lambda *_: next(answers), count=1, cells=cells)
    for found, infeasible in ((1.0, False), (-np.inf, True)):
        made = bracket([found], None, 9.0)
        made.program, made.root = program, "solved"
        made.infeasible, made.climber = False, None
        made.branch()
        assert made.infeasible is infeasible
        assert made.bound == 9.0
    made = bracket([1.0], None, 9.0)
    made.program, made.root, made.infeasible = program, "solved", False
    made.branch()
    assert (made.bound, made.infeasible) == (2.5, False)


def relaxing(clock, solution: highs.Solution, point: np.ndarray | None) -> search.Search:
    """A search whose relaxation answers this after 3 seconds, and whose climber stands at ``point``."""
    made = bracket([1.0], None, 9.0)

    def solve(until):
        made.until = until
        clock.now += 3.0
        return solution

    made.infeasible = False
    made.program = SimpleNamespace(solve=solve, cells=SimpleNamespace(constant=0.5))
    made.climber = SimpleNamespace(point=point, value=-np.inf)
    made.approached = []
    made.approach = lambda x, share: made.approached.append((x.tolist(), share))
    return made


def test_a_relaxation_bounds_and_leads_to_deviations_like_its_own(clock):
    x = np.array([0.5])
    made = relaxing(clock, answer("kOptimal", 5.0, x), None)
    made.relax(107.0)
    assert (made.until, made.seconds, made.bound) == (107.0, 3.0, 5.5)
    assert made.approached == [([0.5], 0.05)]
    assert made.root is not None
    clock.now = 100.0
    cut_short = relaxing(clock, answer("kTimeLimit", 7.0, x), None)
    cut_short.relax(107.0)
    assert (cut_short.root, cut_short.bound, len(cut_short.approached)) == (None, 7.5, 1)
    clock.now = 100.0
    closed = relaxing(clock, answer("kOptimal", 0.5, x), None)
    closed.relax(107.0)
    assert (closed.bound, closed.approached) == (1.0, [])  # nothing is left to find


@pytest.mark.parametrize("point", [None, np.zeros(1)])
def test_an_infeasible_relaxation_is_believed_unless_a_point_is_known(clock, point):
    made = relaxing(clock, answer("kInfeasible"), point)
    made.relax(107.0)
    assert made.infeasible is (point is None)
    assert (made.root, made.bound, made.approached) == (None, 9.0, [])


def test_a_relaxation_that_takes_too_long_is_given_up(clock):
    made = relaxing(clock, answer("kTimeLimit", 7.0), None)
    before = {"program": made.program, "climber": made.climber}
    made.root, made.seconds = "root", 1.0
    sizes = []

    def build(most):
        sizes.append(most)
        made.program = SimpleNamespace(**vars(made.program))
        made.climber = SimpleNamespace(value=-np.inf)

    made.build = build
    made.refine(77.0)
    assert sizes == [77.0]
    assert made.until == 100.0 + 0.75 * 10.0
    assert (made.root, made.seconds) == ("root", 1.0)
    assert all(getattr(made, name) is value for name, value in before.items())


def test_folded_joint_signals_count_at_their_worst_for_deviations(monkeypatch):
    """What the climber claims is reached by a policy, although rare joint signals are left out of its choices."""
    game = synthetic(2, 6, 6, 6, logit_scale=1, seed=3)
    policies = uniform_policies(game, seed=3)
    problem = make_problem(game, policies, 0, TieRule("sender", sender=0))
    box = policy_box(policies[0], 0.1)
    made = search.Search(problem, eliminate(tolerant(problem), box), box, np.inf)
    most = made.everything.sum() // 4
    made.build(most)
    assert made.program.count <= most
    made.climb(box.pack(policies[0]))
    made.settle()
    claimed, reached = made.climber.value, max(c.value for c in made.found)
    assert reached >= claimed - 1e-9
    certain, hoped = made.climber.cells, made.program.cells
    assert certain.constant < hoped.constant or certain.linear.sum() < hoped.linear.sum()


# --- the whole search, forced through all its stages


@pytest.mark.parametrize("sender", range(3))
def test_every_stage_leads_to_the_same_answer(monkeypatch, sender):
    game = synthetic(3, 4, 4, 4, logit_scale=1, seed=1)
    policies = uniform_policies(game, seed=1)
    expected = local_best_response(game, policies, sender, 0.03)
    calls = Counter()
    names = ("relax", "refine", "approach", "branch")
    for name in names:
        monkeypatch.setattr(search.Search, name, counted(getattr(search.Search, name), name, calls))
    monkeypatch.setattr(search, "FIRST", 10)
    response = local_best_response(game, policies, sender, 0.03)
    assert response.status == expected.status == "optimal"
    scale = np.abs(game.senders[sender]).max()
    assert response.value == pytest.approx(expected.value, abs=1e-6 * scale)
    assert response.upper_bound == pytest.approx(expected.upper_bound, abs=1e-6 * scale)
    assert all(calls[name] >= 1 for name in names), calls


def counted(function, name, calls):
    def call(*arguments):
        calls[name] += 1
        return function(*arguments)

    return call


# the gain within the receiver's present actions


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 3), st.sampled_from([0.05, 1.0]))
def test_within_the_piece_nothing_gains_more_and_the_exact_regret_no_less(
    seed, senders, signals, radius
):
    game = synthetic(senders, 3, 3, signals, logit_scale=1.0, seed=seed)
    profile = uniform_policies(game, seed=seed)
    sender = seed % senders
    gain = gain_within_piece(game, profile, sender, radius)
    deviations = sample_deviations(profile[sender], radius, 300, np.random.default_rng(seed))
    moved = np.repeat(profile[None], len(deviations), 0)
    moved[:, sender] = deviations
    stay = receiver_actions(game, profile)
    same = (receiver_actions(game, moved) == stay).reshape(len(moved), -1).all(1)
    values = deviation_utilities(game, profile, sender, deviations)[same]
    now = deviation_utilities(game, profile, sender, profile[sender])
    assert gain >= max(0.0, *(values - now)) - 1e-9 if len(values) else gain >= 0.0
    (exact,) = certify(game, profile, radius, senders=[sender]).senders
    assert gain <= exact.bound + 1e-7


@pytest.mark.parametrize("radius", [1e-3, 0.05, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_the_program_of_a_piece_lacks_only_conditions_that_bind_nowhere(seed, radius):
    """Against every joint signal's every condition, by another solver."""
    game = synthetic(3, 3, 4, 2, logit_scale=1.0, seed=seed)
    profile = uniform_policies(game, seed=seed)
    actions = receiver_actions(game, profile)
    cost, conditions = np.zeros((3, 2)), []
    for joint in np.ndindex(actions.shape):  # the first sender's signal, and those of the others
        weights = game.prior * profile[1, :, joint[1]] * profile[2, :, joint[2]]
        cost[:, joint[0]] -= weights * game.senders[0][:, actions[joint]]
        for other in range(4):
            row = np.zeros((3, 2))
            row[:, joint[0]] = weights * (
                game.receiver[:, other] - game.receiver[:, actions[joint]]
            )
            conditions.append(row.ravel() / max(np.abs(row).max(), 1e-300))
    own = profile[0].ravel()
    answer = linprog(
        cost.ravel(),
        np.array(conditions),
        np.zeros(len(conditions)),
        np.kron(np.eye(3), np.ones(2)),
        np.ones(3),
        np.stack([np.maximum(own - radius, 0), np.minimum(own + radius, 1)], 1),
    )
    expected = -answer.fun + cost.ravel() @ own
    for known in (None, actions):
        gain = gain_within_piece(game, profile, 0, radius, actions=known)
        assert gain == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_the_piece_of_a_persuaded_receiver_is_the_obedient_policies():
    # the receiver convicts on signal 1 as long as the guilty are at least half of those who send it
    game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    truth = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    assert gain_within_piece(game, truth, 0, 1) == pytest.approx(0.3)
    assert gain_within_piece(game, truth, 0, 0.2) == pytest.approx(0.7 * 0.2)
    hidden = np.array([[[1.0, 0.0], [1.0, 0.0]]])
    assert gain_within_piece(game, hidden, 0, 1) == pytest.approx(0.0), "0 on signal 1 as well"
    favourable = gain_within_piece(game, hidden, 0, 1, ties=[0, 1])
    assert favourable == pytest.approx(0.6), "a signal never sent persuades if the rule says so"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sender": 2}, "sender must be"),
        ({"radius": 0}, "radius must be"),
        ({"time_limit": -1}, "time_limit must be"),
        ({"policies": np.ones((1, 2, 2))}, "policies"),
        ({"actions": np.zeros((2, 2), int)}, "actions must have shape"),
    ],
)
def test_the_piece_of_nonsense_is_refused(change, message):
    game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    arguments = {"policies": no_revelation(game), "sender": 0, "radius": 0.1} | change
    with pytest.raises(ValueError, match=message):
        gain_within_piece(game, **arguments)


def test_a_piece_without_a_solution_in_time_is_said(monkeypatch):
    game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    unsolved = highs.Solution(None, -np.inf, np.inf, np.zeros(0), "kTimeLimit")
    monkeypatch.setattr(highs, "solve", lambda *_: unsolved)
    with pytest.raises(ArithmeticError, match="kTimeLimit"):
        gain_within_piece(game, no_revelation(game), 0, 0.1)


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_branching_in_relaxations_closes_what_the_solver_may_not_prove(monkeypatch, seed):
    game = synthetic(2, 3, 3, 3, seed=seed, logit_scale=1.0)
    policies = uniform_policies(game, 1, seed)[0]
    expected = certify(game, policies, 0.3)
    monkeypatch.setattr(Problem, "wide", True)
    found = certify(game, policies, 0.3)
    assert found.exact
    assert found.regret == pytest.approx(expected.regret, abs=1e-6)


def test_a_joint_signal_at_which_no_action_survives_brings_nothing():
    survive = np.array([[[True, True]], [[False, False]], [[False, True]]])
    problem = SimpleNamespace(gains=np.array([[[1.0, 2.0], [3.0, -1.0]]]), allowed=survive)
    assert extreme_gains(problem, best=True).tolist() == [[[3, 2]], [[0, 0]], [[3, -1]]]
    assert extreme_gains(problem, best=False).tolist() == [[[1, -1]], [[0, 0]], [[3, -1]]]
