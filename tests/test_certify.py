"""Certificates against enumeration of the receiver's behaviour, rational arithmetic, and what must hold always."""

import itertools
import json
import time
from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize
from hypothesis import example, given, settings
from hypothesis import strategies as st

from persuasion import Game, deviation_utilities, sender_utilities, uniform_policies
from persuasion.games import synthetic
from persuasion.learn.sampled_check import sampled_gain
from persuasion.model.exact import RationalGame, exact_utilities, rationals
from persuasion.model.ties import TieRule
from persuasion.regret.best_response import best_response
from persuasion.regret.certificate import Certificate, InconsistentCertificate, SenderCertificate
from persuasion.regret.certify import certify
from persuasion.regret.highs import proven
from persuasion.regret.nearby import search
from persuasion.regret.nearby.box import policy_box
from persuasion.regret.nearby.cells import make_cells
from persuasion.regret.nearby.elimination import eliminate, tolerant
from persuasion.regret.nearby.fold import choose_folded, spreads, statewise_bound
from persuasion.regret.nearby.hull import Hull
from persuasion.regret.nearby.local import local_best_response
from persuasion.regret.problem import make_problem
from persuasion.regret.response import INFEASIBLE, OPTIMAL, TIES
from problems import games_with_policies, non_unique

AGREEMENT = 1e-6


def scale(game: Game) -> float:
    return max(float(np.abs(game.senders).max()), 1e-12)


# --- an independent reference: one linear program per map from the sender's joint signals to actions


def reference(game: Game, policies: np.ndarray, sender: int, radius: float) -> float:
    """The largest local utility with ties in the deviator's favour, by enumerating all obedient action maps."""
    signals = game.shape.signals
    others = [i for i in range(len(policies)) if i != sender]
    columns = []
    for word in itertools.product(range(signals), repeat=len(others)):
        column = game.prior.copy()
        for i, s in zip(others, word):
            column = column * policies[i, :, s]
        columns.append(column)
    lower = np.clip(policies[sender] - radius, 0, 1)
    upper = np.clip(policies[sender] + radius, 0, 1)
    maps = _possible_maps(game, np.array(columns), lower, upper)
    return max(
        _region_value(game, np.array(columns), sender, lower, upper, chosen)
        for chosen in itertools.product(*maps)
    )


def _possible_maps(game, columns, lower, upper):
    """Per signal: the lists of actions, one per column, that some single policy row set obeys."""
    states, actions = game.receiver.shape
    maps = []
    for s in range(game.shape.signals):
        found = []
        for chosen in itertools.product(range(actions), repeat=len(columns)):
            rows = [
                -(w * (game.receiver[:, a] - game.receiver[:, b]))
                for w, a in zip(columns, chosen)
                for b in range(actions)
                if a != b
            ]
            limits = list(zip(lower[:, s], upper[:, s]))
            bounds = np.zeros(len(rows)) + 1e-12
            if not rows or _program(np.zeros(states), rows, bounds, None, limits).status == 0:
                found.append(chosen)
        maps.append(found)
    return maps


def _program(cost, rows, bounds, balance, limits):
    equal = {} if balance is None else {"A_eq": balance, "b_eq": np.ones(len(balance))}
    unequal = {"A_ub": np.array(rows), "b_ub": bounds} if len(rows) else {}
    return scipy.optimize.linprog(cost, **unequal, **equal, bounds=limits)


def _region_value(game, columns, sender, lower, upper, chosen):
    states, actions = game.receiver.shape
    signals = len(chosen)
    gain, rows = np.zeros((states, signals)), []
    for s, acts in enumerate(chosen):
        for w, a in zip(columns, acts):
            gain[:, s] += w * game.senders[sender][:, a]
            for b in range(actions):
                if a != b:
                    row = np.zeros((states, signals))
                    row[:, s] = -(w * (game.receiver[:, a] - game.receiver[:, b]))
                    rows.append(row.ravel())
    balance = np.kron(np.eye(states), np.ones(signals))
    limits = list(zip(lower.ravel(), upper.ravel()))
    found = _program(-gain.ravel(), rows, np.zeros(len(rows)), balance, limits)
    return -found.fun if found.status == 0 else -np.inf


SMALL = [
    (senders, states, actions, signals, kind)
    for senders, states, actions, signals in [
        (2, 2, 2, 2),
        (2, 3, 2, 2),
        (2, 2, 3, 2),
        (2, 3, 3, 2),
        (1, 3, 3, 2),
        (3, 2, 2, 2),
    ]
    for kind in ("normal", "skewed", "dyadic")
]


def small_game(case: tuple, seed: int) -> tuple[Game, np.ndarray]:
    senders, states, actions, signals, kind = case
    generator = np.random.default_rng(seed)
    if kind == "dyadic":  # exact ties, duplicates, states and signals of probability zero
        prior = generator.multinomial(8, np.full(states, 1 / states)) / 8
        receiver = generator.integers(-1, 2, (states, actions))
        values = generator.integers(-2, 3, (senders, states, actions))
        policies = generator.multinomial(4, np.full(signals, 1 / signals), (senders, states)) / 4
        return Game(prior, receiver, values, signals), policies
    game = synthetic(
        senders, states, actions, signals, logit_scale=1 if kind == "normal" else 10, seed=generator
    )
    return game, uniform_policies(game, seed=generator)


# one radius per case: all three for every size and for every kind
@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.stress)])
@pytest.mark.parametrize("case", SMALL, ids=str)
def test_agrees_with_enumeration_of_action_maps(case, every):
    first = sum(divmod(SMALL.index(case), 3)) % every
    for seed, radius in list(enumerate((0.02, 0.2, 0.6)))[first::every]:
        game, policies = small_game(case, seed)
        for sender in range(game.shape.senders):
            found = local_best_response(game, policies, sender, radius)
            expected = reference(game, policies, sender, radius)
            assert found.status == OPTIMAL
            assert found.value == pytest.approx(expected, abs=AGREEMENT * scale(game))
            assert found.upper_bound >= expected - 1e-8 * scale(game)
            reached = deviation_utilities(
                game, policies, sender, found.policy, ties=f"sender-{sender}"
            )
            assert reached == found.value
            assert np.abs(found.policy - policies[sender]).max() <= radius + 1e-9


@pytest.mark.parametrize("case", SMALL, ids=str)
def test_other_tie_rules_never_exceed_the_favourable_one(case):
    seed = SMALL.index(case)
    game, policies = small_game(case, seed)
    generator = np.random.default_rng(seed)
    table = generator.integers(game.shape.actions, size=(game.shape.signals,) * case[0])
    for sender in range(game.shape.senders):
        most = reference(game, policies, sender, 0.3)
        for rule in ("lowest-index", "welfare", "sender-0", table):
            found = local_best_response(game, policies, sender, 0.3, ties=rule)
            assert found.value <= found.upper_bound <= most + AGREEMENT * scale(game)
            assert found.status in (OPTIMAL, TIES)
            own = deviation_utilities(game, policies, sender, policies[sender], ties=rule)
            assert found.value >= own - 1e-9 * scale(game)


@pytest.mark.parametrize("case", [c for c in SMALL if c[0] == 2], ids=str)
def test_radius_one_agrees_with_global_enumeration(case):
    game, policies = small_game(case, 5)
    certificate = certify(game, policies, 1.0, ties="sender-0")
    for entry in certificate.senders:
        rule = None if entry.sender == 0 else "sender-0"
        expected = best_response(game, policies, entry.sender, method="enumerate", ties=rule)
        bound = expected.upper_bound - entry.utility
        assert entry.bound == pytest.approx(bound, abs=2 * AGREEMENT * scale(game))


def test_large_radius_below_one_equals_global(monkeypatch):
    game, policies = small_game((2, 3, 3, 2, "normal"), 7)
    nearly = local_best_response(game, policies, 0, 1 - 1e-12)
    exact = best_response(game, policies, 0, method="enumerate")
    assert nearly.solver.startswith("box")
    assert nearly.value == pytest.approx(exact.value, abs=AGREEMENT * scale(game))


# --- worked examples, exactly


def test_theorem_4_example_is_an_equilibrium():
    game, policies = non_unique()
    for radius in (0.005, 0.1, 1.0):
        certificate = certify(game, policies, radius)
        assert certificate.exact
        assert certificate.holds(1e-6) is True
        assert [s.utility for s in certificate.senders] == pytest.approx([0.3, 0.3])


def test_theorem_4_example_with_one_entry_moved():
    game, policies = non_unique()
    moved = rationals(policies, 100)
    # sender 1 mixes less of state 2 into state 1 than it could: 1/4 instead of 1/3
    moved[0, 1] = [Fraction(1, 4), Fraction(0), Fraction(3, 4)]
    exact = RationalGame.of(game, 100)
    now = exact_utilities(exact, moved)
    for radius, reachable in ((Fraction(1, 20), Fraction(3, 10)), (Fraction(1, 2), Fraction(1, 3))):
        better = moved.copy()
        better[0, 1] = [reachable, Fraction(0), 1 - reachable]
        gain = exact_utilities(exact, better)[0] - now[0]
        assert gain == (reachable - Fraction(1, 4)) * Fraction(3, 10)
        certificate = certify(game, moved.astype(float), float(radius))
        entry = certificate.senders[0]
        assert entry.exact
        assert entry.gain == pytest.approx(float(gain), abs=1e-7)
        assert certificate.holds(float(gain) / 2) is False


def test_a_denied_tie_is_approached_from_inside():
    # at signal 0 action 1 needs 0.3 p1 >= 0.7 p0 and loses the tie: 0.6 is approached, at p = (3/7, 1)
    game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    policies = np.array([[[0.4, 0.6], [1.0, 0.0]]])
    denied = local_best_response(game, policies, 0, 0.1, ties="lowest-index")
    granted = local_best_response(game, policies, 0, 0.1)
    assert granted.value == pytest.approx(0.6)
    assert granted.attained
    assert denied.status == OPTIMAL
    assert not denied.attained
    assert 0.6 - 1e-6 < denied.value < 0.6
    assert denied.upper_bound == pytest.approx(0.6)


def test_denied_ties_that_exclude_each_other_are_told_apart():
    # action 1 at both signals needs p1 >= p0 and p1 <= p0: with ties worth 1, without them not even close;
    # then the best is one signal as likely as possible, worth (0.55 + 0.65) / 2
    game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    policies = np.array([[[0.45, 0.55], [0.55, 0.45]]])
    granted = local_best_response(game, policies, 0, 0.1)
    denied = local_best_response(game, policies, 0, 0.1, ties="lowest-index")
    assert granted.value == pytest.approx(1.0)
    assert denied.value == pytest.approx(0.6)
    assert denied.status == "optimal"
    assert denied.upper_bound == pytest.approx(0.6)
    assert certify(game, policies, 0.1).exact


def test_unattainable_ties_are_called_unresolved():
    # action 1 is only ever tied, and lowest-index never grants it
    game = Game([0.5, 0.5], [[1, 1, 0], [1, 1, 0]], [[[0, 1, 0], [0, 1, 0]]], signals=2)
    policies = uniform_policies(game, seed=0)
    assert local_best_response(game, policies, 0, 0.1, ties="lowest-index").upper_bound == 0
    assert local_best_response(game, policies, 0, 0.1, ties=[1, 1]).value == pytest.approx(1)
    # here the tie needs a particular posterior, beyond which action 2 is better
    game = Game([0.5, 0.5], [[1, 0, 0.5], [0, 1, 0.5]], [[[0, 0, 1], [0, 0, 1]]], signals=1)
    policies = np.ones((1, 2, 1))
    found = local_best_response(game, policies, 0, 0.1, ties="lowest-index")
    assert found.value == 0
    assert found.upper_bound in (0, pytest.approx(1))


# --- properties


@settings(max_examples=25)
@given(games_with_policies(max_senders=3, max_size=3), st.integers(0, 2**31))
def test_monotone_in_the_radius_and_above_the_sampled_check(drawn, seed):
    game, policies = drawn
    radii = (0.01, 0.1, 0.4)
    slack = AGREEMENT * scale(game)
    certificates = [certify(game, policies, radius) for radius in radii]
    for smaller, larger in itertools.pairwise(certificates):
        for a, b in zip(smaller.senders, larger.senders):
            assert a.gain <= b.bound + slack
    sampled = sampled_gain(game, policies, 0.1, 60, seed=seed)
    for entry, gain in zip(certificates[1].senders, sampled.gains):
        assert gain <= entry.bound + slack


@settings(max_examples=20)
@given(games_with_policies(max_senders=3, max_size=3), st.floats(-5, 5))
@example((Game([1.0], [[0.0]], [[[0.0]]], 2), np.array([[[0.4, 0.6]]])), 5e-324)
@example((Game([1.0], [[0.0]], [[[0.0]]], 2), np.array([[[0.4, 0.6]]])), 1e-300)
def test_nobody_gains_where_utilities_are_constant(drawn, level):
    game, policies = drawn
    flat = Game(game.prior, game.receiver, np.full(game.senders.shape, level), game.signals)
    certificate = certify(flat, policies, 0.2)
    assert certificate.regret[1] <= 1e-6 * max(abs(level), 1e-9)
    assert certificate.exact


@settings(max_examples=20)
@given(games_with_policies(max_senders=3, max_size=3), st.randoms(use_true_random=False))
def test_invariant_to_relabelled_signals(drawn, random):
    game, policies = drawn
    order = list(range(game.shape.signals))
    random.shuffle(order)
    sender = random.randrange(game.shape.senders)
    renamed = policies.copy()
    renamed[sender] = policies[sender][:, order]
    for before, after in zip(
        certify(game, policies, 0.1).senders, certify(game, renamed, 0.1).senders
    ):
        assert after.bound == pytest.approx(before.bound, abs=2 * AGREEMENT * scale(game))


@settings(max_examples=30)
@given(games_with_policies(max_senders=3, max_size=3))
def test_eliminated_actions_are_never_taken(drawn):
    game, policies = drawn
    generator = np.random.default_rng(0)
    for sender in range(game.shape.senders):
        problem = make_problem(game, policies, sender, TieRule("sender", sender=sender))
        box = policy_box(policies[sender], 0.1)
        allowed = eliminate(tolerant(problem), box).allowed
        for _ in range(20):
            x = box.lower + box.width * generator.random(box.lower.shape)
            utilities = np.einsum("tw,sw,wa->sta", problem.weights, x, game.receiver)
            mass = np.einsum("tw,sw->st", problem.weights, x)
            slack = 1e-10 * np.abs(game.receiver).max() * mass[..., None]
            optimal = utilities >= utilities.max(-1, keepdims=True) - slack
            assert allowed[optimal].all()


# --- the parts of the search


def test_relaxations_bound_every_policy_of_the_box():
    game = synthetic(3, 4, 4, 4, logit_scale=1, seed=3).standard
    policies = uniform_policies(game, seed=3)
    problem = make_problem(game, policies, 0, TieRule("sender", sender=0))
    box = policy_box(policies[0], 0.05)
    relaxed = eliminate(tolerant(problem), box)
    hull = Hull(make_cells(relaxed, box), box)
    solution = hull.solve(np.inf)
    coarse, fine = statewise_bound(relaxed, box), solution.bound + hull.cells.constant
    best = local_best_response(game, policies, 0, 0.05)
    assert best.status == OPTIMAL
    assert best.value <= fine + 1e-9
    assert fine == pytest.approx(solution.value + hull.cells.constant, abs=1e-7)
    assert fine < coarse - 1e-6  # the cones do something
    for duals in np.random.default_rng(0).normal(0, 1, (5, len(hull.relaxation.row_lower))):
        assert proven(hull.relaxation, duals) + hull.cells.constant >= best.value - 1e-9


@pytest.mark.parametrize("steps", [0, 1])
def test_the_time_limit_covers_all_senders(steps):
    # 512 joint signals of the others, few of them settled once the policies are close to pure
    game = synthetic(4, 8, 8, 8, logit_scale=1, seed=0)
    policies = uniform_policies(game, seed=0)
    if steps:
        policies = policies**6
        policies /= policies.sum(-1, keepdims=True)
    begin = time.process_time()  # on a busy machine the seconds of the wall pass without work
    certificate = certify(game, policies, 0.005, time_limit=1.5)
    assert time.process_time() - begin < 1.5 + 2.0
    assert not certificate.exact
    lower, upper = certificate.regret
    assert 0 <= lower <= upper < 0.1 * scale(game)  # cut short, and yet of use
    for entry in certificate.senders:
        reached = deviation_utilities(game, policies, entry.sender, entry.policy)
        assert reached - entry.utility == pytest.approx(entry.gain, abs=1e-9)


def test_folded_joint_signals_cost_no_more_than_their_spread():
    game = synthetic(3, 4, 4, 4, logit_scale=1, seed=3).standard
    policies = uniform_policies(game, seed=3)
    problem = make_problem(game, policies, 0, TieRule("sender", sender=0))
    box = policy_box(policies[0], 0.05)
    relaxed = eliminate(tolerant(problem), box)
    spread = spreads(relaxed, box)
    whole = _bound(make_cells(relaxed, box), box)
    for most in (0, 5, 20):
        folded = choose_folded(relaxed, spread, 0.0, most)
        assert (relaxed.allowed[~folded].sum(-1) - 1).sum() <= most
        upper = _bound(make_cells(relaxed, box, folded), box)
        lower = _bound(make_cells(relaxed, box, folded, optimistic=False), box)
        assert lower - 1e-8 <= whole <= upper + 1e-8
        assert upper - lower <= spread[folded].sum() + 1e-8
    assert choose_folded(relaxed, spread, spread.sum() * 1.01, np.inf).all()


def _bound(cells, box):
    return Hull(cells, box).solve(np.inf).bound + cells.constant


def test_a_tiny_time_limit_still_gives_a_valid_interval():
    game = synthetic(4, 5, 5, 5, logit_scale=1, seed=0)
    policies = uniform_policies(game, seed=0)
    hurried = certify(game, policies, 0.005, time_limit=1e-3)
    patient = certify(game, policies, 0.005, time_limit=30)
    assert patient.exact
    for early, late in zip(hurried.senders, patient.senders):
        assert early.gain <= late.gain + AGREEMENT * scale(game)
        assert early.bound >= late.gain - AGREEMENT * scale(game)
        assert np.isfinite(early.bound)


@pytest.mark.parametrize("seed", range(3))
def test_a_margin_is_kept(seed):
    game, policies = small_game((2, 3, 3, 2, "normal"), 20 + seed)
    margin = 0.05
    found = local_best_response(game, policies, 0, 0.5, margin=margin)
    free = local_best_response(game, policies, 0, 0.5)
    assert found.value <= free.value + 1e-9
    whole = best_response(game, policies, 0, margin=margin)
    assert found.value <= whole.upper_bound + 1e-6
    if found.status == OPTIMAL:
        weights = game.prior * np.einsum("ws,wt->stw", found.policy, policies[1])
        payoff = np.sort(weights @ game.receiver, -1)
        mass = weights.sum(-1)
        assert (payoff[..., -1] - payoff[..., -2] >= margin * mass * (1 - 1e-4) - 1e-9).all()


def test_a_margin_can_be_infeasible():
    # at the prior the receiver is indifferent, and a small radius keeps it nearly so
    game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    policies = np.full((1, 2, 2), 0.5)
    assert local_best_response(game, policies, 0, 0.01, margin=0.5).status == INFEASIBLE
    found = local_best_response(game, policies, 0, 0.4, margin=0.5)
    assert found.status == OPTIMAL
    assert found.value == pytest.approx(best_margin(0.4, 0.5), abs=1e-6)


def best_margin(radius: float, margin: float) -> float:
    """Largest mass of signals with posterior gap >= margin in favour of action 1, by a fine grid."""
    grid = np.linspace(0.5 - radius, 0.5 + radius, 401)
    p, q = np.meshgrid(grid, grid, indexing="ij")  # probability of signal 0 in states 0 and 1
    total = np.zeros(p.shape)
    feasible = np.ones(p.shape, bool)
    for x0, x1 in ((p, q), (1 - p, 1 - q)):
        gap = (x1 - x0) / (x0 + x1)
        feasible &= np.abs(gap) >= margin - 1e-12
        total += np.where(gap > 0, (x0 + x1) / 2, 0)
    return float(total[feasible].max())


# --- records


def example() -> Certificate:
    game, policies = non_unique()
    moved = policies.copy()
    moved[0, 1] = [0.25, 0, 0.75]
    return certify(game, moved, 0.02)


def test_json_round_trip():
    certificate = example()
    text = certificate.to_json()
    again = Certificate.from_json(text)
    assert again.to_dict() == certificate.to_dict() == json.loads(text)
    assert again.regret == certificate.regret
    assert np.array_equal(again.senders[0].policy, certificate.senders[0].policy)
    with pytest.raises(ValueError, match="schema"):
        Certificate.from_dict({**certificate.to_dict(), "schema": "else"})
    with pytest.raises(ValueError, match="not a certificate"):
        Certificate.from_dict({**certificate.to_dict(), "surprise": 1})
    with pytest.raises(ValueError, match="JSON"):
        Certificate.from_json("{")


def test_prints_a_table():
    text = str(example())
    assert "non-unique" in text
    assert "lowest-index" in text
    assert len([line for line in text.splitlines() if "optimal" in line]) == 2
    assert "any deviation" in str(certify(*non_unique(), radius=1))


def test_verdicts():
    def entry(gain, bound):
        policy = np.ones((1, 1))
        return SenderCertificate(
            0, 0.0, policy, gain, gain, bound, 2.0, False, "time limit", "", 0.0
        )

    certificate = Certificate({"name": ""}, 0.1, "welfare", (entry(0.1, 0.3),), 0.0)
    assert certificate.relative_regret == (0.05, 0.15)
    assert [certificate.holds(t) for t in (0.025, 0.1, 0.15)] == [False, None, True]
    assert "between" in str(certificate)
    for gain, bound in ((-0.1, 0.2), (0.3, 0.2), (np.nan, 1.0)):
        with pytest.raises(InconsistentCertificate):
            entry(gain, bound)
    assert issubclass(InconsistentCertificate, ArithmeticError)


def test_a_wrong_bound_is_noticed(monkeypatch):
    game, policies = small_game((2, 3, 3, 2, "normal"), 1)
    original = search.Search.run

    def wrong(self):
        original(self)
        self.bound -= 1.0

    monkeypatch.setattr(search.Search, "run", wrong)
    with pytest.raises(InconsistentCertificate, match="sender 0"):
        certify(game, policies, 0.1)


def test_the_deviation_reaches_what_is_claimed():
    game = synthetic(3, 3, 3, 3, logit_scale=1, seed=4)
    policies = uniform_policies(game, seed=4)
    certificate = certify(game, policies, 0.1, ties="welfare")
    for entry in certificate.senders:
        deviated = policies.copy()
        deviated[entry.sender] = entry.policy
        gain = (
            sender_utilities(game, deviated, ties="welfare")
            - sender_utilities(game, policies, ties="welfare")
        )[entry.sender]
        assert gain == pytest.approx(entry.gain, abs=1e-9)


def test_some_senders_only_and_noisy_policies():
    game = synthetic(3, 3, 3, 3, logit_scale=1, seed=4)
    policies = uniform_policies(game, seed=4)
    policies[0, 0] = [1 + 1e-12, -1e-12, 0]
    certificate = certify(game, policies, 0.01, senders=[2, 0])
    assert [entry.sender for entry in certificate.senders] == [2, 0]
    single = certify(game, uniform_policies(game, seed=1).astype(np.float32), 0.01)
    assert single.exact


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radius": 0}, "radius"),
        ({"radius": -0.1}, "radius"),
        ({"radius": np.nan}, "radius"),
        ({"radius": np.inf}, "radius"),
        ({"radius": "small"}, "radius"),
        ({"time_limit": 0}, "time_limit"),
        ({"time_limit": True}, "time_limit"),
        ({"ties": "coin"}, "tie rule"),
        ({"ties": "sender-7"}, "sender 7"),
        ({"ties": [0, 1]}, "tie map"),
        ({"senders": [5]}, "senders"),
        ({"senders": []}, "senders"),
        ({"policies": np.ones((2, 4, 3))}, "sums to 3"),
        ({"policies": np.full((2, 4, 3), np.nan)}, "non-finite"),
        ({"policies": np.ones((2, 3, 3)) / 3}, "shape"),
        ({"policies": np.ones((1, 2, 4, 3)) / 3}, "3 axes"),
    ],
)
def test_bad_input_is_named(change, message):
    game, policies = non_unique()
    arguments = {"policies": policies, "radius": 0.1, **change}
    with pytest.raises(ValueError, match=message):
        certify(game, **arguments)
