"""What does not change a game changes no answer: units, zeros, what never occurs, doubles, names, spellings."""

from functools import cache, partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import (
    Game,
    best_response_dynamics,
    certify,
    deviation_utilities,
    full_revelation,
    no_revelation,
    polish,
    receiver_actions,
    sender_utilities,
    solve,
    uniform_policies,
)
from persuasion.model.exact import RationalGame, exact_actions, rationals
from persuasion.model.standard import possible_outcomes
from persuasion.model.ties import TieRule
from persuasion.own_game import Request
from persuasion.regret.best_response import METHODS, best_response
from persuasion.regret.candidates import conclude, evaluate
from persuasion.regret.problem import make_problem
from persuasion.regret.response import OPTIMAL, InconsistentCertificate
from problems import prosecutor
from stress import invariances
from stress.invariances import Original
from transformations import RULES, TRANSFORMATIONS

pytestmark = pytest.mark.slow
EVERY = [*METHODS, "auto"]
SEARCH = 0.1  # seconds: the global equilibria that solve finds are not looked at
# SCIP solves to 1e-7; all else is exact to this share of a stake
EXACT = 1e-9


# --- the table

# persuasion pays in both, more than saying nothing or everything; the second has ties
ORIGINALS = (Original(2, 2, 2, 2, False, 18), Original(2, 2, 3, 2, True, 16))


# every eighth: each question under one tie rule or another, of one original or the other
@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.stress)])
@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_no_answer_changes(name, every):
    """Simulator, exact best responses, local ones, certificates and pieces, under three tie rules."""
    asked = [
        (original, *question)
        for original in ORIGINALS
        for question in invariances.asked(original, name)
    ]
    compared = asked[len(name) % every :: every]
    for original, image, question, rule in compared:
        assert invariances.faults(original, image, question, rule) == [], (question, rule)
    assert len(compared) >= max(9 // every, 1)


ORIGINAL = st.builds(
    Original,
    senders=st.integers(1, 2),
    states=st.integers(1, 3),
    actions=st.integers(1, 3),
    signals=st.integers(1, 3),
    degenerate=st.booleans(),
    seed=st.integers(0, 2**31),
)


@given(ORIGINAL, st.sampled_from(sorted(TRANSFORMATIONS)), st.data())
@settings(max_examples=60)
def test_no_answer_about_any_small_game_changes(original, name, data):
    game, policies = invariances.drawn(original)
    image = TRANSFORMATIONS[name](game, policies, np.random.default_rng(original.seed))
    if image is None:
        return
    question = data.draw(st.sampled_from(list(invariances.questions(image))))
    rule = data.draw(st.sampled_from(image.rules))
    try:
        assert invariances.faults(original, image, question, rule) == []
    except ValueError as refusal:  # a refusal may concern the method only
        if "enumerate" not in str(refusal):
            raise


@given(ORIGINAL)
@settings(max_examples=20)
def test_the_originals_are_right(original):
    """Against rational arithmetic."""
    game, policies = invariances.drawn(original)
    stake, sender = game.stakes[original.sender], original.sender
    for rule in RULES:
        found = invariances.answer(original, "simulate", rule)
        assert abs(found - float(invariances.exact_utility(original, rule))) <= EXACT * stake
    if (exact := invariances.exact_value(original)) is None:
        return
    for method in invariances.METHODS:
        response = best_response(game, policies, sender, method=method)
        assert abs(response.value - float(exact)) <= EXACT * stake
        assert abs(response.upper_bound - float(exact)) <= EXACT * stake
        assert response.attained


@given(st.integers(0, 2**31), st.sampled_from(sorted(TRANSFORMATIONS)))
@settings(max_examples=15)
def test_the_bilinear_program_contradicts_no_other_method(seed, name):
    """SCIP's own tolerance is 1e-7, and it may not close its gap in time: then it says so."""
    original = Original(2, 2, 2, 2, bool(seed % 2), seed)
    game, policies = invariances.drawn(original)
    image = TRANSFORMATIONS[name](game, policies, np.random.default_rng(seed))
    if image is None:
        return
    sender, slack = original.sender, 1e-6 * game.stakes[original.sender]
    exact = float(invariances.exact_value(original))
    found = best_response(
        image.game, image.policies, int(image.senders[sender]), method="bilinear", time_limit=5
    )
    value, bound = (image.values(v, sender) for v in (found.value, found.upper_bound))
    assert value <= exact + slack
    assert bound >= exact - slack
    if found.status == OPTIMAL:
        assert abs(value - exact) <= slack
        assert abs(bound - exact) <= slack


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_the_receiver_acts_alike(name):
    for original in ORIGINALS:
        game, policies = invariances.drawn(original)
        image = TRANSFORMATIONS[name](game, policies, np.random.default_rng(original.seed))
        same = image is None or image.back is None or len(image.policies) != len(policies)
        if not same and image.rules != ("own",) and name != "senders renamed":
            before = receiver_actions(game, policies)
            assert np.array_equal(before, receiver_actions(image.game, image.policies))


# --- equilibria


LAWYERS = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]], [[0, 1], [1, 0]]], 2)
UNITS = [
    name
    for name in TRANSFORMATIONS
    if name.startswith(("receiver", "senders in", "senders +", "forbidden", "dominated"))
]


START = uniform_policies(LAWYERS, seed=3)
PLAYS = (partial(polish, radius=0.3, rounds=4), partial(best_response_dynamics, rounds=4))


@cache
def _played(play):
    return play(LAWYERS, START)


@pytest.mark.parametrize("name", UNITS)
def test_play_ends_alike(name):
    image = TRANSFORMATIONS[name](LAWYERS, START, np.random.default_rng(0))
    for play in PLAYS:
        before, after = _played(play), play(image.game, image.policies)
        assert after.status == before.status
        np.testing.assert_allclose(_share(after), _share(before), rtol=0, atol=1e-7)


def _share(found):
    """Relative regret, by certificate or by best responses; as an array."""
    owner = getattr(found, "certificate", found)
    regret = owner.relative_regret
    return np.array([np.nan] * 2 if regret is None else regret)


@pytest.mark.parametrize("name", UNITS)
def test_full_revelation_pays_the_same(name):
    image = TRANSFORMATIONS[name](LAWYERS, no_revelation(LAWYERS), np.random.default_rng(0))
    before = sender_utilities(LAWYERS, full_revelation(LAWYERS))
    after = sender_utilities(image.game, full_revelation(image.game))
    np.testing.assert_allclose(image.values(after), before, rtol=0, atol=EXACT)


@pytest.mark.parametrize(
    "name",
    [
        UNITS[-1],
        pytest.param("receiver + 1e6 of its range per state", marks=pytest.mark.stress),
    ],
)
def test_solve_says_the_same(name):
    request = Request(radius=1, starts=2, candidates=1, steps=5, time_limit=5, search_limit=SEARCH)
    image = TRANSFORMATIONS[name](LAWYERS, no_revelation(LAWYERS), np.random.default_rng(0))
    before, after = solve(LAWYERS, request), solve(image.game, request)
    assert after.revelation.verdict == before.revelation.verdict == "equilibrium"
    assert [e.status for e in after.local] == [e.status for e in before.local]
    for a, b in ((before.profile, after.profile), (before.revelation, after.revelation)):
        a, b = (getattr(part, "examined", part) for part in (a, b))
        np.testing.assert_allclose(image.values(b.utilities), a.utilities, rtol=0, atol=1e-9)
        found, truth = b.certificate.relative_regret, a.certificate.relative_regret
        np.testing.assert_allclose(found, truth, rtol=0, atol=1e-7)


A, B = np.array([[[0, 1], [0, 1]], [[1, 0], [1, 0]]], float)
OPPOSED = {"1e6 times the other's": 1e6 * B, "moved by 1e6": B + 1e6}


@pytest.mark.parametrize("what", OPPOSED)
@pytest.mark.parametrize("start", ["nothing", 0, 1])
def test_nobody_gains_most_of_its_stake_at_a_certified_profile(what, start):
    """Whatever the other's unit: what the sender with payoffs 0 and 1 can gain is computed by itself here."""
    game = Game([0.7, 0.3], np.eye(2), [OPPOSED[what], A], 2)
    first = no_revelation(game) if start == "nothing" else uniform_policies(game, seed=start)
    found = polish(game, first, radius=1, rounds=5)
    played = best_response_dynamics(game, first, rounds=5)
    verdicts = {
        "certified": (found.status, found.policies, "lowest-index"),
        "equilibrium": (played.status, played.policies, played.ties),
    }
    for verdict, (status, policies, ties) in verdicts.items():
        assert status != verdict or _grid_gain(game, policies, ties) <= 1e-5
    assert found.certificate.relative_regret[1] >= _grid_gain(game, found.policies) - 1e-9
    assert played.relative_regret[1] >= _grid_gain(game, played.policies, played.ties) - 1e-9
    plain = polish(Game([0.7, 0.3], np.eye(2), [B, A], 2), first, radius=1, rounds=5)
    assert found.status == plain.status


def _grid_gain(game, policies, ties="lowest-index"):
    """What the sender with payoffs 0 and 1 gains by the best policy of a fine grid."""
    p, q = np.meshgrid(np.linspace(0, 1, 211), np.linspace(0, 1, 91))
    grid = np.stack([np.stack([p, 1 - p], -1), np.stack([q, 1 - q], -1)], -2).reshape(-1, 2, 2)
    best = deviation_utilities(game, policies, 1, grid, ties=ties).max()
    return best - deviation_utilities(game, policies, 1, policies[1], ties=ties)


@pytest.mark.parametrize(
    "what", ["1e6 times the other's", pytest.param("moved by 1e6", marks=pytest.mark.stress)]
)
def test_solve_certifies_no_such_profile(what):
    game = Game([0.7, 0.3], np.eye(2), [OPPOSED[what], A], 2)
    request = Request(radius=1, starts=2, candidates=1, steps=5, time_limit=3, search_limit=SEARCH)
    solution = solve(game, request)
    assert solution.revelation.verdict == "equilibrium"
    assert solution.profile.certificate.relative_regret[0] > 0.59
    for entry in solution.certified:
        assert _grid_gain(game, entry.policies) <= 1e-5


# --- constants and forbidden payoffs


def _changed(receiver=None, worth=None, **more):
    """The prosecutor's game with something added to it."""
    receiver = np.eye(2) if receiver is None else receiver
    return Game([0.7, 0.3], receiver, [A if worth is None else worth], 2, **more)


def _third(payoffs, worth):
    return _changed(np.column_stack([np.eye(2), payoffs]), np.column_stack([A, worth]))


CHANGED = {
    "receiver + 1e9": (_changed(np.eye(2) + 1e9), 0.0),
    "a third action of -1e9": (_third([-1e9, -1e9], [0, 0]), 0.0),
    "receiver + 1e8": (_changed(np.eye(2) + 1e8), 0.0),
    "senders + 1e9": (_changed(worth=A + 1e9), 1e9),
    "a payoff of -1e9 that never occurs": (_third([0.4, 0.4], [-1e9, -1e9]), 0.0),
    "receiver + 3e8": (_changed(np.eye(2) + 3e8), 0.0),
}


@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize("method", EVERY)
def test_the_prosecutor_convicts_as_often_whatever_is_added(method, change):
    game, zero = CHANGED[change]
    for ties, slack in ((None, EXACT), ("lowest-index", 1e-8)):
        found = best_response(game, no_revelation(game), 0, method=method, ties=ties)
        rounding = np.spacing(zero)
        assert abs(found.value - zero - 0.6) <= slack + rounding
        assert abs(found.upper_bound - zero - 0.6) <= EXACT + rounding
        assert (found.status, found.attained) == (OPTIMAL, ties is None)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(change, marks=[] if place in (1, 5) else pytest.mark.stress)
        for place, change in enumerate(CHANGED)
    ],
)
def test_certificates_and_solve_are_not_misled_by_what_is_added(change):
    game, zero = CHANGED[change]
    entry = certify(game, no_revelation(game), 1, ties="sender-0").senders[0]
    assert abs(entry.utility - zero) <= np.spacing(zero)
    assert abs(entry.gain - 0.6) + abs(entry.bound - 0.6) <= EXACT
    assert (entry.exact, entry.status) == (True, OPTIMAL)
    two = Game(game.prior, game.receiver, np.stack([game.senders[0], -game.senders[0]]), 2)
    request = Request(radius=1, starts=1, candidates=1, steps=2, time_limit=2, search_limit=SEARCH)
    revelation = solve(two, request).revelation
    assert revelation.verdict == "equilibrium"
    paid = revelation.examined.utilities - [zero, -zero]
    np.testing.assert_allclose(paid, [0.3, -0.3], rtol=0, atol=EXACT + np.spacing(zero))


# --- thin cones


STAKES = [5e6, 1e7, 5e7, 1e8, 5e8, 1e10, 1e12]


def _cautious(stake):
    """The receiver acquits unless the guilty are ``stake`` times as likely; and how often it convicts at best."""
    return Game([0.7, 0.3], [[stake, 0], [0, 1]], [A], 2), 0.3 + 0.3 / stake


@pytest.mark.parametrize("stake", STAKES)
@pytest.mark.parametrize("method", EVERY)
def test_no_bound_is_below_what_revelation_earns(method, stake):
    game, truth = _cautious(stake)
    revealed = float(deviation_utilities(game, no_revelation(game), 0, np.eye(2)))
    assert revealed == 0.3
    for ties in (None, "lowest-index"):
        found = best_response(game, no_revelation(game), 0, method=method, ties=ties)
        slack = 1e-7 if method == "bilinear" else EXACT
        assert abs(found.value - truth) <= slack
        assert abs(found.upper_bound - truth) <= EXACT
        assert found.upper_bound >= revealed
        assert found.status == OPTIMAL


@pytest.mark.parametrize("stake", STAKES)
def test_no_certificate_is_below_what_revelation_earns(stake):
    game, truth = _cautious(stake)
    for ties in (None, "lowest-index"):
        entry = certify(game, no_revelation(game), 1, ties=ties or "sender-0").senders[0]
        assert entry.utility == 0
        assert abs(entry.gain - truth) + abs(entry.bound - truth) <= EXACT
        assert entry.exact


@pytest.mark.parametrize("rare", [1e-6, 1e-12, 1e-15])
def test_rare_signals_are_judged_as_strictly_as_common_ones(rare):
    """What a signal of probability ``rare`` says counts as if it were the only one."""
    game = Game([0.5, 0.5], np.eye(2), [A], 2)
    for lead, lowest, preferred in ((1e-6, 1, 1), (-1e-6, 0, 0), (1e-10, 0, 1), (-1e-10, 0, 1)):
        likely = np.array([rare, rare * (1 + lead)])
        policy = np.stack([1 - likely, likely], 1)[None]
        assert receiver_actions(game, policy, ties="lowest-index")[1] == lowest
        assert receiver_actions(game, policy, ties="sender-0")[1] == preferred


def test_a_bound_below_a_policy_is_a_contradiction_and_raises():
    game = prosecutor()
    problem = make_problem(game, no_revelation(game), 0, TieRule("sender", sender=0))
    silent = evaluate(problem, no_revelation(game)[0])
    with pytest.raises(InconsistentCertificate, match=r"earns 0\.3 .* bounds by 0\.1"):
        conclude(problem, [evaluate(problem, np.eye(2))], 0.1, OPTIMAL, "a solver", 0.0)
    assert conclude(problem, [silent], 0.6, OPTIMAL, "a solver", 0.0).upper_bound == 0.6


# --- what double precision cannot hold


def _tenths(whole, zero):
    """Numbers of tenths as fractions, and as the doubles next to them once ``zero`` ``(states, 1)`` is added."""
    exact = rationals(np.vectorize(lambda n: f"{n}/10", otypes=[object])(whole))
    return exact, (exact + rationals(zero)).astype(float)


@settings(max_examples=60)
@given(st.integers(0, 2**31), st.integers(2, 3), st.integers(2, 4))
def test_no_zero_point_in_a_state_decides_a_tie_of_decimals(seed, states, actions):
    """The reference is exact: payoffs in tenths without any zero points, in rational numbers."""
    random = np.random.default_rng(seed)
    zeros = random.choice([0, 1e4, -1e6, 1e7, -1e8, 1e8], (2, states, 1))
    receiver, moved = _tenths(random.integers(-3, 4, (states, actions)), zeros[0])
    senders, shifted = _tenths(random.integers(-3, 4, (2, states, actions)), zeros[1])
    prior = random.integers(1, 4, states)
    exact = RationalGame(rationals([f"{p}/{prior.sum()}" for p in prior]), receiver, senders, 2)
    game = Game(prior / prior.sum(), moved, shifted, 2)
    first = random.integers(0, 5, (2, states)) / 4
    policies = np.stack([first, 1 - first], -1)
    for rule in ("lowest-index", "sender-1"):
        actions_taken = exact_actions(exact, rationals(policies), ties=rule)
        assert receiver_actions(game, policies, ties=rule).ravel().tolist() == list(actions_taken)


@pytest.mark.parametrize("who", ["receiver", "senders"])
def test_what_rounding_has_blurred_is_refused(who):
    """Payoffs that differ by 1 around 1e11 are off by 1e-5 of that already."""
    game = _changed(np.eye(2) + 1e11) if who == "receiver" else _changed(worth=A + 1e11)
    for call in (
        partial(best_response, game, no_revelation(game), 0),
        partial(certify, game, no_revelation(game), 1),
        partial(sender_utilities, game, no_revelation(game)),
    ):
        with pytest.raises(ValueError, match=rf"{who}.*state 0.*double precision"):
            call()


def test_what_several_mixtures_beat_together_cannot_happen():
    """The second action beats the last in one state, with a little of the first in both."""
    receiver = np.array([[-0.5, 1.0, 0.5], [0.5, -1.0, -1.0]])
    game = Game([0.625, 0.375], receiver, [[[0.5, -0.5, 1.0], [1.0, 0.0, -1.0]]], 2)
    assert game.standard.possible.tolist() == [[True, True, False]] * 2
    units = np.array([[1e-9], [1.0]])
    possible = possible_outcomes(units * receiver, np.ones(2, bool))
    assert possible.tolist() == [[True, True, False]] * 2
    assert game.stakes.tolist() == [1.0]


@given(st.integers(0, 2**31), st.integers(1, 3), st.integers(1, 4))
def test_which_outcomes_can_happen_depends_on_no_name_unit_or_forbidden_action(
    seed, states, actions
):
    random = np.random.default_rng(seed)
    utilities = random.integers(-2, 3, (states, actions)) / 2
    everywhere, order = np.ones(states, bool), random.permutation(actions)
    possible = possible_outcomes(utilities, everywhere)
    assert possible.any(1).all()
    forbidden = np.column_stack([utilities, np.full(states, -1e9)])
    assert np.array_equal(possible_outcomes(forbidden, everywhere)[:, :-1], possible)
    assert np.array_equal(possible_outcomes(3e5 * utilities, everywhere), possible)
    units = 10.0 ** random.integers(-3, 4, (states, 1))
    assert np.array_equal(possible_outcomes(units * utilities, everywhere), possible)
    assert np.array_equal(possible_outcomes(utilities[:, order], everywhere), possible[:, order])
