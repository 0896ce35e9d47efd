"""Receivers with payoffs of very different sizes: no bound is below what a policy attains."""

import itertools
import time
from fractions import Fraction

import highspy
import numpy as np
import pytest

from persuasion import Game, deviation_utilities, no_revelation, polish, uniform_policies
from persuasion.games.seeded import build_game
from persuasion.model.exact import RationalGame, rationals
from persuasion.regret import highs
from persuasion.regret.best_response import METHODS, best_response
from persuasion.regret.certify import certify
from persuasion.regret.nearby.bracket import TARGET
from persuasion.regret.nearby.hull import LEAN, Hull
from persuasion.regret.nearby.local import local_best_response
from study import paper_scale
from study.records.rows import ProfileRow

SLACK = 1e-6
RADII = (0.3, 0.9999, 1)


def drawn(seed: int) -> tuple[Game, np.ndarray]:
    """A lone sender with two signals for three states, and a policy; one or two payoffs of up to 1e12."""
    generator = np.random.default_rng(seed)
    actions = int(generator.integers(2, 4))
    receiver = generator.integers(-3, 4, (3, actions)).astype(float)
    for _ in range(generator.integers(1, 3)):
        size = generator.choice([-1, 1]) * 10.0 ** generator.integers(7, 13)
        receiver[generator.integers(3), generator.integers(actions)] = size
    game = Game(np.full(3, 1 / 3), receiver, generator.integers(0, 4, (1, 3, actions)), signals=2)
    mixed = generator.random() < 0.6
    return game, generator.dirichlet(np.ones(2), (1, 3)) if mixed else no_revelation(game)


def exact_best(game: Game, policy: np.ndarray, radius: float) -> float:
    """What the sender earns at the best corner of what its policies are cut into, in fractions, ties its own.

    A policy is ``x``, the probabilities of the first signal; the planes are the ends of the box and those on which
    the receiver is indifferent at either signal.
    """
    exact, own = RationalGame.of(game), rationals(policy)[:, 0]
    planes = []
    for unit, p in zip(rationals(np.eye(3, dtype=int)), own):
        ends = {max(Fraction(0), p - Fraction(radius)), min(Fraction(1), p + Fraction(radius))}
        planes += [(*unit, end) for end in ends]
    for a, b in itertools.combinations(exact.receiver.T, 2):
        planes += [(*(a - b), Fraction(0)), (*(a - b), (a - b).sum())] if (a - b).any() else []
    corners = {
        corner
        for some in itertools.combinations(planes, 3)
        if (corner := _corner(np.array(some, dtype=object))) is not None
        and all(abs(x - p) <= Fraction(radius) and 0 <= x <= 1 for x, p in zip(corner, own))
    }
    return float(max(_worth(exact, np.array(x, dtype=object)) for x in corners))


def _corner(planes: np.ndarray) -> tuple[Fraction, ...] | None:
    """Cramer's rule."""
    whole = _determinant(planes[:, :3])
    if whole == 0:
        return None
    replaced = (np.insert(np.delete(planes[:, :3], k, 1), k, planes[:, 3], 1) for k in range(3))
    return tuple(_determinant(system) / whole for system in replaced)


def _determinant(m: np.ndarray) -> Fraction:
    return np.cross(m[0], m[1]) @ m[2]


def _worth(game: RationalGame, x: np.ndarray) -> Fraction:
    total = Fraction(0)
    for sent in (x, 1 - x):
        payoffs, worth = ((game.prior * sent) @ table for table in (game.receiver, game.senders[0]))
        total += worth[payoffs == payoffs.max()].max()
    return total


@pytest.mark.parametrize("seed", [*range(4), 66, 72])
def test_no_bound_is_below_what_fractions_attain(seed):
    game, policy = drawn(seed)
    slack = SLACK * game.stakes[0]
    best = {radius: exact_best(game, policy[0], radius) for radius in RADII}
    answers = [(r, local_best_response(game, policy, 0, r, time_limit=5)) for r in RADII]
    # fewer signals than states: not what rays and column generation are for, but their bounds must hold
    answers += [(1, best_response(game, policy, 0, method=m, time_limit=5)) for m in METHODS]
    for radius, answer in answers:
        assert answer.value <= best[radius] + slack
        assert answer.upper_bound >= best[radius] - slack, answer


@pytest.mark.parametrize("ties", ["sender-0", "lowest-index"])
@pytest.mark.parametrize("large", [1e9, 2e9])
def test_no_equilibrium_is_proved_where_a_twelfth_is_gained(large, ties):
    receiver = [[large, 0], [0, 1], [3, -1]]
    game = Game([1 / 3] * 3, receiver, [[[2, 0], [1, 1], [2, 3]]], signals=2)
    certificate = certify(game, no_revelation(game), 1, ties=ties)
    assert certificate.holds(1e-6) is False
    assert certificate.regret == pytest.approx((1 / 12, 1 / 12), abs=1e-5)
    # what the mixed-integer program claims is not repeated
    assert best_response(game, no_revelation(game), 0, method="milp").upper_bound >= 1.75


@pytest.mark.parametrize("large", [1e9, 2e11, 1e12, 1e13])
@pytest.mark.parametrize("states", [3, 4])
def test_what_needs_a_vanishing_probability_is_not_called_empty(large, states):
    receiver = [[-2 * large, -large, 0], [-0.5, 0, -10], [5, 0, -10], [3, 0, -10]][:states]
    sender = [[0, 0, 0], *[[0, 1, 0]] * (states - 1)]
    game = Game([1 / states] * states, receiver, [sender], signals=states - 1)
    gain, bound = certify(game, no_revelation(game), 1).regret
    assert gain == pytest.approx((states - 1) / states, abs=1e-5)  # all but the first state
    assert bound >= gain


def test_a_policy_keeps_the_small_probability_that_it_needs():
    large = 1e12
    receiver = [[-2 * large, -large, 0], [-0.5, 0, -10], [5, 0, -10]]
    game = Game([1 / 3] * 3, receiver, [[[0, 0, 0], [0, 1, 0], [0, 1, 0]]], signals=3)
    for method in ("auto", *METHODS):
        answer = best_response(game, no_revelation(game), 0, method=method)
        assert answer.upper_bound >= 2 / 3 - SLACK
        assert method == "bilinear" or answer.value == pytest.approx(2 / 3, abs=SLACK)


@pytest.mark.parametrize("large", [1e9, 1e12])
@pytest.mark.parametrize("radius", [0.9999, 1])
def test_the_search_of_the_box_bounds_a_response_in_it(large, radius):
    first = [[0.24622781603947835, 0.7537721839605216], [0.6780973594910017, 0.3219026405089982]]
    second = [[0.5001190425596062, 0.49988095744039374], [0.20182803657031131, 0.7981719634296888]]
    policies = np.array(
        [
            [*first, [0.18599842566336797, 0.814001574336632]],
            [*second, [0.38253135393427856, 0.6174686460657215]],
        ]
    )
    senders = [[[1, 0, 3], [0, 2, 1], [2, 3, 3]], [[0, 1, 0], [1, 2, 3], [3, 3, 2]]]
    game = Game([1 / 3] * 3, [[large, -1, -1], [0, 2, 1], [1, -2, -3]], senders, signals=2)
    [entry] = certify(game, policies, radius, ties="sender-0", senders=[0]).senders
    assert entry.deviation_utility == pytest.approx(1.783914, abs=1e-5)
    assert entry.utility + entry.bound >= 1.783913


def test_duals_prove_bounds_of_programs_as_they_are():
    # maximise x - y / 2 with x <= 1e13 y: an entry that the solver drops
    program = highs.LinearProgram(
        cost=np.array([1.0, -0.5]),
        matrix=np.array([[1e-13, -1.0]]),
        row_lower=np.array([-np.inf]),
        row_upper=np.array([0.0]),
        lower=np.zeros(2),
        upper=np.ones(2),
    )
    assert highs.solve(program).optimal
    for duals in (highs.solve(program).duals, np.array([-3.0]), np.array([0.3]), np.zeros(0)):
        assert highs.proven(program, duals) >= 1 - 0.5e-13
    assert highs.proven(program, np.zeros(1)) == pytest.approx(1)
    free = highs.LinearProgram(
        np.zeros(1), np.ones((1, 1)), np.array([2.0]), np.array([np.inf]), np.zeros(1), np.ones(1)
    )
    solver = highs.load(free, presolve="off")
    solution = highs.run(solver)
    assert solution.status == "kInfeasible"
    assert highs.proven_by(solver, free, solution) == -np.inf


# --- where the rule denies a tie


@pytest.mark.parametrize("radius", [1e-6, 1e-7, 1e-8, 3e-9, 1e-9])
def test_a_denied_tie_is_left_by_as_much_as_a_small_box_has(radius):
    game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    tied = np.array([[[4 / 7, 3 / 7], [0, 1]]])
    [entry] = certify(game, tied, radius).senders
    beyond = [[4 / 7 + radius, 3 / 7 - radius], [0, 1]]
    expected = deviation_utilities(game, tied, 0, np.array(beyond))
    assert expected == pytest.approx(0.6, abs=1e-5)
    assert entry.gain == pytest.approx(expected, abs=1e-6)
    assert np.abs(entry.policy - tied[0]).max() <= radius * (1 + 1e-6)


def test_in_a_tiny_box_what_the_rule_grants_is_found_by_listing():
    senders = [[[1, -1, 0, 2], [0, 1, 2, 2]]]
    game = Game([0.5, 0.5], [[-2, 2, -1, 1], [1, 1, 1, 2]], senders, signals=3)
    policies, ties = np.array([[[0, 0.75, 0.25]] * 2]), [3, 0, 0]
    near = np.array([[0.5, 0.25, 0.25], [0.5, 0.5, 0]])
    assert deviation_utilities(game, policies, 0, near, ties=ties) == 1.625
    [entry] = certify(game, policies, 0.5, ties=ties).senders
    assert entry.deviation_utility >= 1.625
    assert entry.status == "optimal"
    assert np.abs(entry.policy - policies[0]).max() <= 0.5 + 1e-12


@pytest.mark.parametrize("radius", [0.5, 1])
def test_with_a_single_signal_there_is_nothing_to_gain(radius):
    receiver = [[2, -2, -1, 2], [-2, 2, 2, -2], [-2, 0, -1, -2]]
    game = Game([1 / 2, 1 / 3, 1 / 6], receiver, [[[-1, -1, 2, 0]] * 3], signals=1)
    certificate = certify(game, no_revelation(game), radius)
    assert certificate.regret == (0, 0)
    assert certificate.senders[0].status == "optimal"


def test_the_order_of_rows_and_columns_does_not_decide_a_mixed_integer_program(monkeypatch):
    """Within 1e-9 the solver's bound was below what other orders found, by up to 4e-5 of the stake."""
    sizes = {"senders": 2, "signals": 8, "states": 6, "actions": 4, "logit_scale": 10.0}
    identity = {"family": "synthetic", "parameters": sizes, "index": 1, "seed": 0}
    (row,) = (
        row
        for record in paper_scale("synthetic")
        if (record.config["game"], record.config.get("method")) == (identity, "relu")
        for row in record.rows_of(ProfileRow)
        if (row.radius, row.tolerance) == (0.01, 1e-3)
    )
    programs = []
    real = Hull.branch

    def branch(self, climber, *rest):
        programs.append((self.exact, self.complete(climber.point, climber.made)))
        return real(self, climber, *rest)

    monkeypatch.setattr(Hull, "branch", branch)
    certify(build_game(identity), row.policies.reshape(row.shape), 0.01, senders=[1], time_limit=3)
    program, start = programs[-1]
    found = [reordered(program, start, seed) for seed in (2, 5)]
    assert min(each.bound for each in found) >= max(each.value for each in found) - 1e-7


def reordered(program, start, seed):
    """The solution of a program whose rows and columns come in another order."""
    generator = np.random.default_rng(seed)
    rows, columns = (generator.permutation(size) for size in program.matrix.shape)
    changed = highs.LinearProgram(
        program.cost[columns],
        program.matrix.tocsr()[rows][:, columns].tocsc(),
        program.row_lower[rows],
        program.row_upper[rows],
        program.lower[columns],
        program.upper[columns],
        program.integer[columns],
    )
    solver = highs.load(changed, mip_abs_gap=TARGET / 2, **LEAN)
    known = highspy.HighsSolution()
    known.col_value = start[columns].tolist()
    solver.setSolution(known)
    return highs.run(solver, 20)


def scoring_game(actions):
    """Every report is best at some belief, and one more action only where two of them tie."""
    k = np.arange(actions - 1)
    receiver = np.stack([-(k**2.0), -((k - (actions - 2.0)) ** 2)])
    receiver = np.hstack([receiver, (receiver[:, [1]] + receiver[:, [2]]) / 2])
    payoffs = np.zeros((2, actions))
    payoffs[:, -1] = 1
    return Game([0.5, 0.5], receiver, np.stack([payoffs, -2 * payoffs]), 2)


def test_many_actions_that_might_tie_do_not_outlast_the_time_limit():
    """There are 2 ** 15 sets of them, nearly all of which tie nowhere."""
    game = scoring_game(16)
    policies = np.array([[[0.5, 0.5], [0.5, 0.5]], [[1, 0], [1, 0]]])
    began = time.process_time()
    certify(game, policies, 0.4, ties="welfare", senders=[0], time_limit=1)
    best_response(game, policies, 0, ties="welfare", method="enumerate", time_limit=1)
    assert time.process_time() - began < 8


def test_many_actions_and_two_states_keep_to_the_time_limit():
    generator = np.random.default_rng(0)
    tables = generator.normal(size=(2, 80)), generator.normal(size=(2, 2, 80))
    game = Game([0.5, 0.5], *tables, 2)
    began = time.process_time()
    for ties in (None, "lowest-index"):
        found = best_response(game, no_revelation(game), 0, ties=ties, time_limit=5)
        assert found.status == "optimal"
    assert time.process_time() - began < 10


@pytest.mark.parametrize("seed", range(12))
def test_actions_that_are_never_best_are_not_looked_at_and_change_nothing(seed):
    """Two states: rays, which leave out crossings far from the best, against enumeration."""
    generator = np.random.default_rng(seed)
    receiver = generator.integers(-2, 3, (2, 4)).astype(float)
    payoffs = generator.integers(-2, 3, (2, 2, 4)).astype(float)
    game = Game(generator.dirichlet(np.ones(2)), receiver, payoffs, 2)
    policies = np.round(uniform_policies(game, seed=generator), 1)
    for ties in ("sender-0", "lowest-index", "welfare", "sender-1"):
        rays, every = (
            best_response(game, policies, 0, ties=ties, method=method)
            for method in ("rays", "enumerate")
        )
        assert rays.upper_bound == pytest.approx(every.upper_bound, abs=1e-7)


def test_a_local_bound_is_no_worse_than_what_the_rule_grants():
    """The welfare of all never grants what the sender would like: it gains nothing, near or far."""
    senders = [[[0, 0, 1], [0, 0, 1]], [[0, 0, -2], [0, 0, -2]]]
    game = Game([0.5, 0.5], [[2, 0, 1], [0, 2, 1]], senders, 2)
    policies = np.array([[[0.5, 0.5], [0.5, 0.5]], [[1, 0], [1, 0]]])
    for radius in (0.005, 0.1, 0.4, 0.9, 1):
        assert certify(game, policies, radius, ties="welfare").regret == (0, 0)
    assert polish(game, policies, 0.4, ties="welfare").status == "certified"
    # in a box as small as a tie reaches, it is left open
    assert certify(game, policies, 1e-8, ties="welfare").regret[1] >= 0
