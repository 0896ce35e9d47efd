"""Theorem 3's reduction: public persuasion, the reduced game, and both extractions."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persuasion import uniform_policies
from persuasion.model.exact import extreme_rays, rationals
from persuasion.regret.best_response import best_response
from persuasion.theorems.public_persuasion import (
    PublicPersuasion,
    extract_with_extra_signal,
    least_penalty,
    optimal_public_scheme,
    public_utility,
    reduced_game,
)


def instance(seed, receivers=None, states=None):
    generator = np.random.default_rng(seed)
    receivers = receivers or generator.integers(2, 4)
    states = states or generator.integers(2, 5)
    prior = generator.dirichlet(np.ones(states))
    return PublicPersuasion(prior, generator.uniform(-1, 1, (receivers, states)))


def reduction(seed):
    generator = np.random.default_rng(seed)
    mass = generator.choice([0.3, 0.5, 0.7])
    lure, loss = generator.choice([1.5, 2, 10, 100]), generator.choice([0, 1, 10])
    return reduced_game(instance(seed), mass=mass, lure=lure, loss=loss)


def test_optimum_of_two_states_by_concavification():
    """The optimum over splits of the prior into two posteriors on a fine grid, which holds all thresholds."""
    problem = PublicPersuasion([0.5, 0.5], [[1, -0.25], [-1, 0.5], [1, -0.6]])
    grid = np.linspace(0, 1, 241)[:, None] * [1, -1] + [0, 1]
    thresholds = np.array([0.2, 1 / 3, 0.375])[:, None] * [1, -1] + [0, 1]
    beliefs = np.vstack([grid, thresholds])
    worth = (beliefs @ problem.differences.T >= -1e-12).mean(1)
    low, high = (np.flatnonzero(side) for side in (beliefs[:, 0] < 0.5, beliefs[:, 0] >= 0.5))
    best = max(
        worth[a] + (worth[b] - worth[a]) * (0.5 - beliefs[a, 0]) / (beliefs[b, 0] - beliefs[a, 0])
        for a, b in itertools.product(low, high)
    )
    assert optimal_public_scheme(problem)[0] == pytest.approx(best, abs=1e-9)


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_optimal_scheme_attains_its_value_and_beats_random_ones(seed):
    problem = instance(seed)
    value, scheme = optimal_public_scheme(problem)
    assert public_utility(problem, scheme) == pytest.approx(value, abs=1e-9)
    assert scheme.shape[1] <= problem.states
    for other in np.random.default_rng(seed).dirichlet(np.full(3, 0.5), (30, problem.states)):
        assert public_utility(problem, other) <= value + 1e-9


def exact_optimum(problem):
    """In fractions: the best way to make up the prior of extreme rays of the receivers' cones."""
    prior, differences = rationals(problem.prior), rationals(problem.differences)
    rays = {
        tuple(ray)
        for size in range(problem.receivers + 1)
        for obeyed in itertools.combinations(differences, size)
        for ray in extreme_rays(np.array([*rationals(np.eye(len(prior))), *obeyed]))
    }
    worth = {ray: np.mean([Fraction(int(d @ ray >= 0)) for d in differences]) for ray in rays}
    values = []
    for chosen in itertools.combinations(rays, len(prior)):
        shares = exact_solution(np.array(chosen).T, prior)
        if shares is not None and min(shares) >= 0:
            values.append(sum(share * worth[ray] for share, ray in zip(shares, chosen)))
    return max(values)


def exact_solution(matrix, right):
    """Cramer's rule; None for a singular matrix."""
    if (whole := determinant(matrix)) == 0:
        return None
    columns = np.arange(len(right)) == np.arange(len(right))[:, None]
    return [determinant(np.where(c, right[:, None], matrix)) / whole for c in columns]


def determinant(matrix):
    if len(matrix) == 1:
        return matrix[0, 0]
    minors = (np.delete(matrix[1:], j, axis=1) for j in range(len(matrix)))
    return sum((-1) ** j * matrix[0, j] * determinant(minor) for j, minor in enumerate(minors))


RARE = PublicPersuasion([0.969999999, 0.03, 1e-9], [[-0.3, 0.9, -1], [0.7, -0.8, 1]])
RARE_FIRST = PublicPersuasion([1e-9, 0.949999999, 0.05], [[-0.9, 0.9, -0.9], [-0.9, -0.1, 0.9]])
UNWILLING = PublicPersuasion([0.5, 0.5], [[-1e-10, -1e-10]])
OPPOSED = PublicPersuasion([0.5, 0.5], [[1e-10, -2e-10], [-2e-10, 1e-10]])


@pytest.mark.parametrize(
    ("problem", "optimum"), [(RARE, 0.56), (RARE_FIRST, 0.75), (UNWILLING, 0), (OPPOSED, 0.5)]
)
def test_rare_states_and_small_utilities_count_in_full(problem, optimum):
    value, scheme = optimal_public_scheme(problem)
    assert float(exact_optimum(problem)) == pytest.approx(optimum, abs=1e-9)
    assert value == pytest.approx(optimum, abs=1e-9)
    assert public_utility(problem, scheme) == pytest.approx(optimum, abs=1e-9)
    reduced = reduced_game(problem)
    assert reduced.utility(reduced.lift(scheme)) == pytest.approx(optimum / 2, abs=1e-9)
    response = best_response(reduced.game, reduced.profile(reduced.opponent), 0)
    assert response.value == pytest.approx(optimum / 2, abs=1e-6)


@st.composite
def many_scales(draw):
    """Priors and utilities down to 1e-12; utilities in binary fractions, so that rounding makes no ties."""
    receivers, states = draw(st.sampled_from([(1, 2), (2, 2), (3, 2), (1, 3), (2, 3)]))
    odds = [draw(st.integers(1, 9)) * 10.0 ** draw(st.integers(-12, 0)) for _ in range(states)]
    sixteenths = st.lists(st.integers(-16, 16), min_size=states, max_size=states).map(np.array)
    rows = [draw(sixteenths) / 16 * 2.0 ** draw(st.integers(-40, 0)) for _ in range(receivers)]
    return PublicPersuasion(np.array(odds) / sum(odds), rows)


@settings(max_examples=60)
@given(many_scales())
def test_optimum_and_scheme_against_fractions(problem):
    value, scheme = optimal_public_scheme(problem)
    assert value == pytest.approx(float(exact_optimum(problem)), abs=1e-9)
    assert public_utility(problem, scheme) == pytest.approx(value, abs=1e-9)
    assert scheme.shape[1] <= problem.states


def test_a_receiver_is_indifferent_relative_to_what_is_at_stake():
    reveal_nothing = [[1], [1]]
    for unit in (1, 1e-6, 1e-12):
        for short, persuaded in ((1e-10, 1), (1e-8, 0)):
            problem = PublicPersuasion([0.5, 0.5], [[unit * (1 - short), -unit]])
            assert public_utility(problem, reveal_nothing) == persuaded


def test_a_scheme_that_rounding_spoils_is_refused(monkeypatch):
    monkeypatch.setattr("persuasion.theorems.public_persuasion.public_utility", lambda *_: 0.0)
    with pytest.raises(RuntimeError, match="scheme found is worth 0, the program"):
        optimal_public_scheme(RARE)


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_lift_and_extract(seed):
    reduced = reduction(seed)
    value, scheme = optimal_public_scheme(reduced.instance)
    lifted = reduced.lift(scheme)
    assert reduced.utility(lifted) == pytest.approx((1 - reduced.mass) * value, abs=1e-9)
    assert np.array_equal(reduced.extract(lifted)[:, : scheme.shape[1]], scheme)
    for policies in uniform_policies(reduced.game, 20, seed):
        public = public_utility(reduced.instance, reduced.extract(policies[0]))
        assert reduced.utility(policies[0]) <= (1 - reduced.mass) * public + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_reduction_is_exact(seed):
    reduced = reduction(seed)
    start = reduced.profile(reduced.opponent)
    response = best_response(reduced.game, start, 0, time_limit=20)
    assert response.status == "optimal"
    expected = (1 - reduced.mass) * optimal_public_scheme(reduced.instance)[0]
    assert response.value == pytest.approx(expected, abs=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_claim_1_closed_form(seed):
    reduced = reduction(seed)
    m, k = reduced.instance.receivers, reduced.instance.states
    for x in np.random.default_rng(seed).dirichlet(np.ones(k + m), 5):
        table = reduced.receiver_utilities(x)
        for j, other in itertools.product(range(m), range(m)):
            part = reduced.instance.differences[other] @ x[:k] / m
            fine = reduced.penalty * x[k + j] if other != j else 0
            assert table[j, 2 * other] == pytest.approx(-fine)
            assert table[j, 2 * other + 1] == pytest.approx(part - fine)
        lure = reduced.lure * x[:k].sum() / m
        lure -= reduced.lure * (1 - reduced.mass) / reduced.mass * x[k:]
        assert table[:, -1] == pytest.approx(lure)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.floats(0.01, 2))
def test_lemmas_of_the_papers_extraction(seed, concentration):
    reduced = reduction(seed)
    size = reduced.game.signals
    rows = np.full(size, concentration)
    generator = np.random.default_rng(seed)
    policy = generator.dirichlet(rows, len(reduced.game.prior))
    found = extract_with_extra_signal(reduced, policy)
    assert found.scheme.sum(1) == pytest.approx(np.ones(reduced.instance.states))
    share = 1 - reduced.mass
    lured = reduced.game.prior @ policy[:, found.lured].sum(1)
    assert lured <= reduced.mass / reduced.lure + found.lured_mass / share + 1e-9
    assert found.error <= 2 * reduced.mass / reduced.lure + 2 * found.lured_mass / share + 1e-9
    if found.weight > 0:  # zero only if every signal that occurs is lured
        worst = found.error / (2 * reduced.instance.prior.min())
        assert found.weight >= 1 / (1 + worst) - 1e-9
    floor = found.weight * (1 - reduced.mass / reduced.lure) / share
    utility = reduced.utility(policy) - found.lured_mass
    assert public_utility(reduced.instance, found.scheme) >= floor * utility - 1e-9


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.floats(0.01, 2))
def test_the_papers_extraction_step_by_step(seed, concentration):
    reduced = reduction(seed)
    rows = np.full(reduced.game.signals, concentration)
    policy = np.random.default_rng(seed).dirichlet(rows, len(reduced.game.prior))
    found = extract_with_extra_signal(reduced, policy)
    prior, states = reduced.instance.prior, range(reduced.instance.states)
    kept, lured_mass = {}, 0.0
    for signal, column in enumerate(policy.T):
        joint = reduced.game.prior * column
        if found.lured[signal]:
            lured_mass += sum(joint[states])
        elif sum(joint[states]) > 0:
            kept[signal] = sum(joint), joint[states] / sum(joint[states])
    assert found.lured_mass == pytest.approx(lured_mass)
    if not kept:
        assert found.weight == 0
        assert found.scheme[:, -1] == pytest.approx(np.ones(len(prior)))
        return
    total = sum(weight for weight, _ in kept.values())
    average = sum(weight / total * posterior for weight, posterior in kept.values())
    share = min(1.0, *(prior[w] / average[w] for w in states if average[w] > 0))
    assert found.weight == pytest.approx(share)
    assert found.error == pytest.approx(sum(abs(average[w] - prior[w]) for w in states))
    for signal in range(reduced.game.signals):
        weight, posterior = kept.get(signal, (0.0, np.zeros(len(prior))))
        expected = share * weight / total * posterior / prior
        assert found.scheme[:, signal] == pytest.approx(expected, abs=1e-9)


def test_a_policy_all_of_whose_signals_are_lured_keeps_nothing():
    reduced = reduced_game(instance(0), mass=0.5, lure=2)
    policy = np.zeros((len(reduced.game.prior), reduced.game.signals))
    policy[: reduced.instance.states, 0] = 1
    policy[reduced.instance.states :, 1] = 1  # the first signal says that no decoy state holds
    found = extract_with_extra_signal(reduced, policy)
    assert found.lured[0]
    assert found.weight == 0
    assert found.scheme[:, -1].tolist() == [1] * reduced.instance.states


def test_below_the_thresholds_the_equality_breaks():
    """With a penalty at 0.3 of the least one some best response earns more than any public scheme."""
    excess = []
    for seed in range(4):
        problem = instance(seed)
        reduced = reduced_game(problem, 0.5, 2, penalty=0.3 * least_penalty(0.5, 2), enforce=False)
        response = best_response(reduced.game, reduced.profile(reduced.opponent), 0, time_limit=20)
        excess.append(response.value - 0.5 * optimal_public_scheme(problem)[0])
    assert max(excess) > 1e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mass": 1.0}, "mass .lambda. must lie strictly"),
        ({"mass": 0.0}, "mass .lambda. must lie strictly"),
        ({"lure": 1.0}, "condition N > 1 fails: lure is 1$"),
        (
            {"mass": 0.25, "lure": 3.0, "penalty": 4.0},
            r"M \(N - 1\) lambda > N \(1 - lambda\) fails: 2 <= 2\.25; penalty is 4 and must exceed 4\.5$",
        ),
        ({"penalty": 2.0}, "fails: 1 <= 1; penalty is 2 and must exceed 2$"),
        ({"loss": -1.0}, "condition L >= 0 fails: loss is -1$"),
    ],
)
def test_conditions_of_the_reduction(arguments, message):
    with pytest.raises(ValueError, match=message):
        reduced_game(instance(0), **arguments)


def test_parameters_that_are_left_open():
    reduced = reduced_game(instance(0), mass=0.25, lure=3.0)
    assert least_penalty(0.25, 3.0) == 4.5
    assert reduced.penalty == 9.0
    assert (reduced.mass, reduced.lure, reduced.loss) == (0.25, 3.0, 1.0)
    assert reduced.game.name == "reduced"
    assert reduced_game(instance(0), lure=1.0, enforce=False).penalty == 1.0
    problem = instance(0)
    most = max(problem.receivers, problem.states)
    assert reduced_game(problem).game.signals == most
    assert reduced_game(problem, signals=most + 2).game.signals == most + 2
    assert reduced_game(problem, signals=1).game.signals == problem.receivers


def test_whole_numbers_are_as_good_as_others():
    whole = PublicPersuasion([1, 0], [[0, 1], [-1, 0]])
    assert (whole.prior.dtype, whole.differences.dtype) == (np.float64, np.float64)
    reduced = reduced_game(whole)
    policy = np.eye(2, dtype=int)[[0, 1, 0, 1]]
    assert reduced.profile(policy).dtype == np.float64
    assert reduced.utility(policy) == reduced.utility(policy.astype(float))


def test_bad_input():
    with pytest.raises(ValueError, match=r"prior must have 1 axes, got shape \(1, 2\)"):
        PublicPersuasion([[0.5, 0.5]], [[0, 0]])
    with pytest.raises(ValueError, match=r"prior is empty: shape \(0,\)"):
        PublicPersuasion([], [[]])
    with pytest.raises(ValueError, match="prior sums to 2"):
        PublicPersuasion([1, 1], [[0, 0]])
    with pytest.raises(ValueError, match=r"differences must lie in \[-1, 1\], see entry \[0, 1\]"):
        PublicPersuasion([0.5, 0.5], [[0, 2]])
    with pytest.raises(ValueError, match=r"differences has a non-finite entry at \[0, 1\]"):
        PublicPersuasion([0.5, 0.5], [[0, np.nan]])
    with pytest.raises(ValueError, match="differences must have shape"):
        PublicPersuasion([0.5, 0.5], [[0, 1, 0]])
    problem = instance(0)
    with pytest.raises(ValueError, match="scheme"):
        public_utility(problem, np.ones((problem.states, 2)))
    with pytest.raises(ValueError, match="at most 12 receivers"):
        optimal_public_scheme(PublicPersuasion([1], np.zeros((13, 1))))
    with pytest.raises(ValueError, match="scheme has"):
        reduced_game(problem).lift(np.full((problem.states, 20), 1 / 20))
