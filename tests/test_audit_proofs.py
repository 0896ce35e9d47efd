"""The proofs of the audit: that true bounds are accepted, and that nothing else can be made to pass."""

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from persuasion import Game, uniform_policies
from persuasion.games import synthetic
from persuasion.model.tolerances import TIE_TOLERANCE
from study.audit.deviations import best_sample, gain_at
from study.audit.duality import checked_gains, deviator, tree_bound
from study.audit.evaluate import utilities, utility_interval
from study.audit.lines import Kept
from study.audit.proof import SHARES, Leaf, SenderProof, read, write

pytest.importorskip("highspy")
from persuasion.regret.certify import certify
from study.audit.prove import AIM, grow, prove, signal_prices

RADII = st.sampled_from([0.0625, 0.25, 1.0])


def small(seed, actions=3):
    """Two senders, states and signals; every number is a small binary fraction."""
    generator = np.random.default_rng(seed)
    receiver = generator.integers(-4, 5, (2, actions))
    senders = generator.integers(0, 5, (2, 2, actions))
    first = generator.integers(0, 9, (2, 2)) / 8
    game = Game([0.25, 0.75], receiver, senders, signals=2)
    return game, np.stack([first, 1 - first], -1)


def fractions(array):
    return np.vectorize(Fraction, otypes=[object])(array)


def best_deviation(game, policies, sender, radius):
    """The first sender's most, in rational arithmetic, ties in its favour: at a vertex of the receiver's regions.

    The policy is a point of the unit square: the probabilities of signal 0 in both states.
    """
    prior, receiver = fractions(game.prior), fractions(game.receiver)
    worth = fractions(game.senders[sender]) - fractions(game.senders[sender].min(1, keepdims=True))
    other, own = fractions(policies[1 - sender]), fractions(policies[sender])[:, 0]
    lower = [max(Fraction(0), x - Fraction(radius)) for x in own]
    upper = [min(Fraction(1), x + Fraction(radius)) for x in own]
    # lines c0 x0 + c1 x1 = d
    lines = [(1, 0, lower[0]), (1, 0, upper[0]), (0, 1, lower[1]), (0, 1, upper[1])]
    for t, (a, b) in itertools.product(
        range(2), itertools.combinations(range(game.shape.actions), 2)
    ):
        c = prior * other[:, t] * (receiver[:, a] - receiver[:, b])
        lines += [(c[0], c[1], Fraction(0)), (c[0], c[1], c[0] + c[1])]
    best = Fraction(-1)
    for (a0, a1, d), (b0, b1, e) in itertools.combinations(lines, 2):
        if (det := a0 * b1 - a1 * b0) == 0:
            continue
        x = [(d * b1 - a1 * e) / det, (a0 * e - d * b0) / det]
        if all(low <= value <= high for low, value, high in zip(lower, x, upper)):
            best = max(best, _value(x, prior, other, receiver, worth))
    return best


def _value(x, prior, other, receiver, worth):
    total = Fraction(0)
    for part in (np.array(x), 1 - np.array(x)):
        for t in range(2):
            weight = prior * other[:, t] * part
            utility = weight @ receiver
            total += max(v for v, u in zip(weight @ worth, utility) if u == utility.max())
    return total


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), RADII, st.integers(2, 4))
def test_a_proof_is_found_and_its_bound_is_exact(seed, radius, actions):
    game, policies = small(seed, actions)
    exact = best_deviation(game, policies, 0, radius)
    problem = deviator(game, policies, 0, radius, "sender-0")
    bound = tree_bound(problem, grow(problem, float(exact) + 1e-7, 5))
    assert Fraction(bound) >= exact
    assert bound <= float(exact) + 2e-7


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_signals_that_are_alike_have_one_tree(seed):
    game, policies = small(seed)
    exact = best_deviation(game, policies, 0, 1.0)
    problem = deviator(game, policies, 0, 1.0, "sender-0")
    prices = signal_prices(game, policies, 0, 5)
    proof = grow(problem, float(exact) + 1e-6, 5, prices)
    assert proof.alike
    bound = tree_bound(problem, proof)
    assert exact <= Fraction(bound) <= exact + Fraction(1, 10**5)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), RADII, st.booleans())
def test_whatever_the_numbers_say_the_bound_holds(seed, radius, alike):
    """No multiplier, share or order of branches makes a bound fall below what a deviation earns."""
    game, policies = small(seed)
    generator = np.random.default_rng(seed)
    problem = deviator(game, policies, 0, radius, "sender-0")
    alike = alike and radius == 1
    tree, leaves = [], []

    def put(problem, cells):
        signals, columns, actions = problem.possible.shape
        if cells:
            tree.append(cells[0])
            place = divmod(cells[0], columns)
            for action in np.flatnonzero(problem.possible[place]).tolist():
                put(problem.only(place, action), cells[1:])
            return
        tree.append(-1)
        places = np.flatnonzero(generator.random(signals * columns * actions**2) < 0.5)
        cells = np.flatnonzero(generator.random(signals * columns) < 0.5)
        values = generator.exponential(1.0, len(places)).astype(np.float32)
        leaves.append(
            Leaf(places, values, cells, generator.integers(0, SHARES + 1, (len(cells), 2)))
        )

    start = problem
    if alike:
        start = replace(
            problem, lower=problem.lower[:1], upper=problem.upper[:1], possible=problem.possible[:1]
        )
    cells = generator.permutation(start.possible.shape[0] * start.possible.shape[1])
    put(start, cells[: generator.integers(0, 3)].tolist())
    bound = tree_bound(problem, SenderProof(None, np.array(tree), tuple(leaves), alike))
    assert Fraction(bound) >= best_deviation(game, policies, 0, radius)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.booleans())
def test_an_interval_contains_the_exact_utility(seed, explicit):
    game, policies = small(seed)
    generator = np.random.default_rng(seed)
    ties = generator.integers(0, 3, (2, 2)).tolist() if explicit else "lowest-index"
    prior, receiver = fractions(game.prior), fractions(game.receiver)
    worth = fractions(game.senders[0]) - fractions(game.senders[0].min(1, keepdims=True))
    total = Fraction(0)
    for s, t in np.ndindex(2, 2):
        weight = prior * fractions(policies[0])[:, s] * fractions(policies[1])[:, t]
        lead = receiver[:, None, :] - receiver[:, :, None]  # (states, action, rival)
        ahead, size = np.tensordot(weight, lead, 1), np.tensordot(weight, np.abs(lead), 1)
        optimal = (ahead <= Fraction(TIE_TOLERANCE) * size).all(1)
        wanted = ties[s][t] if explicit else None
        action = wanted if explicit and optimal[wanted] else int(np.argmax(optimal))
        total += weight @ worth[:, action]
    least, most = utility_interval(game, policies, 0, ties)
    assert Fraction(least) <= total <= Fraction(most)
    assert most - least < 1e-12


# whole certificates


@pytest.fixture(scope="module", params=[0.05, 1.0])
def proved(request):
    """A game and a profile with gains to both ends, and the certificate's proof."""
    radius = request.param
    game = synthetic(senders=2, states=3, actions=3, signals=3, seed=0, logit_scale=1.0)
    policies = uniform_policies(game, seed=0)
    found = certify(game, policies, radius)
    assert all(entry.gain > 1e-3 for entry in found.senders)
    return game, policies, radius, found, prove(game, policies, radius, "lowest-index", found, 5)


def test_a_true_certificate_is_proved(proved):
    game, policies, radius, found, text = proved
    gains = checked_gains(game, policies, radius, "lowest-index", text)
    for entry, (lower, upper), stake in zip(found.senders, gains, game.stakes):
        assert entry.gain - 1e-9 * stake <= lower <= upper <= entry.bound + 2 * AIM * stake
        assert lower <= entry.gain + 1e-9 * stake


def test_a_proof_survives_being_written(proved):
    _, policies, radius, _, text = proved
    proofs = read(text, policies, radius)
    assert write(proofs, policies, radius) == text
    for damaged in (text[:-10], text[5:], "", "nonsense!", text.swapcase()):
        with pytest.raises(ValueError, match="not a proof"):
            read(damaged, policies, radius)
    with pytest.raises(ValueError, match="not a proof"):
        read(text, policies[:1], radius)


def deviating(proved, change):
    """Gains by a proof whose first deviation was changed."""
    game, policies, radius, _, text = proved
    first, *rest = read(text, policies, radius)
    deviation = first.deviation.copy()
    change(deviation)
    changed = write([first._replace(deviation=deviation), *rest], policies, radius)
    return checked_gains(game, policies, radius, "lowest-index", changed)


@pytest.mark.parametrize("size", [1e-9, 1e-6, 1.0, 1e9])
def test_whatever_a_deviation_is_only_a_policy_within_the_radius_counts(proved, size):
    generator = np.random.default_rng(0)

    def moved(deviation):
        deviation += size * generator.normal(size=deviation.shape)

    for _ in range(5):
        lower = deviating(proved, moved)[0, 0]
        assert lower <= proved[3].senders[0].bound + 1e-9
    with pytest.raises(ValueError, match="add up to 1"):
        deviating(proved, lambda deviation: deviation.fill(np.nan))


def empty(states, deviation=None):
    """The proof of a sender without multipliers."""
    none = np.zeros(0, int)
    leaf = Leaf(none, np.zeros(0), none, np.zeros((0, states), int))
    return SenderProof(deviation, np.array([-1]), (leaf,))


def test_a_deviation_does_not_reach_over_a_kink_by_rounding():
    """Beyond the radius by 9e-10 there is a gain of 0.5; within it, none."""
    beyond = 9e-10
    receiver = [[0, 1], [99 * (1 + 4e-8), 0]]
    game = Game([0.5, 0.5], receiver, [[[0, 1], [0, 1]], [[0, 0], [0, 0]]], signals=2)
    policies = np.array([[[0.5, 0.5], [0.5, 0.5]], [[1.0, 0], [1.0, 0]]])
    deviation = np.array([[0.99 + beyond, 0.01 - beyond], [0.01 - beyond, 0.99 + beyond]])
    text = write([empty(2, deviation), empty(2)], policies, 0.49)
    assert checked_gains(game, policies, 0.49, "lowest-index", text)[0, 0] == 0


def test_rows_that_do_not_add_up_prove_nothing():
    """What is never done counts as the least, however little it is; and a row that is too long, for something."""
    never = np.tile([0, 1, -1e9], (2, 1))
    receiver = [[1, 0, -5], [0, 1, -5]]
    game = Game([0.5, 0.5], receiver, [never, np.zeros((2, 3))], signals=2)
    policies = np.array([[[1.0, 0], [0, 1.0]], [[1.0, 0], [1.0, 0]]])
    longer = policies[0] * (1 + 9e-10)
    text = write([empty(2, longer), empty(2)], policies, 0.005)
    least, most = checked_gains(game, policies, 0.005, "lowest-index", text)[0]
    assert least <= 1e-6 < most
    with pytest.raises(ValueError, match="add up to 1"):
        checked_gains(game, np.stack([longer, policies[1]]), 0.005, "lowest-index", text)
    with pytest.raises(ValueError, match="negative"):
        checked_gains(
            game, np.stack([[[-1, 2], [0, 1.0]], policies[1]]), 0.005, "lowest-index", text
        )


def test_a_row_counts_once():
    """Many small errors of rounding at one place would add up to more than is allowed for."""
    game, policies = (
        Game([0.5, 0.5], [[0, 1], [0.6, 0]], [[[0, 1], [0, 1]]], 2),
        np.full((1, 2, 2), 0.5),
    )
    places = np.full(2, np.ravel_multi_index((0, 0, 1, 0), (2, 1, 2, 2)))
    leaf = empty(2).leaves[0]._replace(places=places, values=np.ones(2, np.float32))
    text = write([empty(2)._replace(leaves=(leaf,))], policies, 0.1)
    with pytest.raises(ValueError, match="counts twice"):
        checked_gains(game, policies, 0.1, "lowest-index", text)


@pytest.mark.parametrize(
    "limits", [{"signals": [2, 1]}, {"signals": 2, "fixed": [None, [[1, 0], [1, 0]]]}]
)
def test_games_that_are_not_for_such_proofs_are_refused(limits):
    game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]] * 2, **limits)
    policies = np.array([[[1.0, 0], [1, 0]]] * 2)
    text = write([empty(2), empty(2, np.array([[0.6, 0.4], [0, 1]]))], policies, 1.0)
    with pytest.raises(ValueError, match="all choose"):
        checked_gains(game, policies, 1.0, "lowest-index", text)


@pytest.mark.parametrize(
    ("receiver", "sender"),
    [
        ([[1.7e308, 1.6e308, -1.5e308], [1.6e308, 1.7e308, -1.5e308]], [[0, 1, 0], [0, 1, 0]]),
        ([[1e-323, 0], [0, 5e-324]], [[1, 0], [1, 0]]),
        ([[1, 0], [0, 1]], [[1e200, 0], [0, 1]]),
    ],
)
def test_payoffs_at_the_ends_of_double_precision_are_refused(receiver, sender):
    game, policies = Game([0.3, 0.7], receiver, [sender], 2), np.array([[[1.0, 0], [1, 0]]])
    text = write([empty(2)], policies, 1.0)
    with pytest.raises(ValueError, match=r"payoffs|double precision"):
        checked_gains(game, policies, 1.0, "lowest-index", text)


def test_tie_maps_may_be_arrays():
    game = Game([0.5, 0.5], [[1, 1], [1, 1]], [[[0, 1], [0, 1]]] * 2, 2)
    policies, ties = np.full((2, 2, 2), 0.5), np.array([[0, 1], [1, 0]])
    text = write([empty(2), empty(2)], policies, 1.0)
    found = checked_gains(game, policies, 1.0, ties, text)
    assert (found == checked_gains(game, policies, 1.0, ties.tolist(), text)).all()
    assert (found[:, 1] >= 0.5).all()
    several = utilities(game, np.stack([policies, policies]), ties)
    assert several.tolist() == [[0.5, 0.5]] * 2


def bounds(proved, change):
    """What the first sender's changed proof bounds, and what the unchanged one does."""
    game, policies, radius, _, text = proved
    proof = read(text, policies, radius)[0]
    problem = deviator(game, policies, 0, radius, "lowest-index")
    return tree_bound(problem, change(proof)), tree_bound(problem, proof)


def test_wrong_multipliers_prove_less(proved):
    def scaled(factor):
        def change(proof):
            leaves = [
                leaf._replace(values=leaf.values * np.float32(factor)) for leaf in proof.leaves
            ]
            return proof._replace(leaves=tuple(leaves))

        return change

    assert any(len(leaf.values) for leaf in read(proved[4], *proved[1:3])[0].leaves)
    for factor in (0.5, 2.0):
        changed, right = bounds(proved, scaled(factor))
        assert changed > right + 1e-5
    for factor in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="finite and not negative"):
            bounds(proved, scaled(factor))


def test_a_tree_must_be_whole(proved):
    game, policies, radius, _, _ = proved
    problem = deviator(game, policies, 0, radius, "lowest-index")
    leaf = Leaf(*(np.zeros(0, int),) * 3, np.zeros((0, 3), int))
    signals, columns, _ = problem.possible.shape
    places = problem.possible.sum(2).ravel()
    cell = int(places.argmax())
    branches = int(places[cell])
    assert branches > 1

    def bound(tree, leaves):
        return tree_bound(problem, SenderProof(None, np.array(tree), (leaf,) * leaves))

    whole = bound([cell] + [-1] * branches, branches)
    assert whole <= bound([-1], 1) + 1e-12
    for tree, leaves in (
        ([cell] + [-1] * (branches - 1), branches - 1), ([cell], 0), ([], 0),
        ([signals * columns, -1], 1), ([-3], 0),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="a branch is missing"):
            bound(tree, leaves)
    with pytest.raises(ValueError, match="left over"):
        bound([cell] + [-1] * (branches + 1), branches + 1)


def test_places_must_be_those_of_the_problem(proved):
    def far(**changes):
        return lambda proof: proof._replace(
            leaves=tuple(leaf._replace(**changes) for leaf in proof.leaves)
        )

    with pytest.raises(ValueError, match="no such obedience rows"):
        bounds(proved, far(places=np.array([10**6]), values=np.ones(1, np.float32)))
    with pytest.raises(ValueError, match="no such joint signals"):
        bounds(proved, far(cells=np.array([10**6]), shares=np.zeros((1, 3), int)))


def test_signals_are_alike_only_where_every_policy_is_in_reach():
    game, policies = small(1)
    near = deviator(game, policies, 0, 0.25, "lowest-index")
    leaf = Leaf(*(np.zeros(0, int),) * 3, np.zeros((0, 2), int))
    with pytest.raises(ValueError, match="not alike"):
        tree_bound(near, SenderProof(None, np.array([-1]), (leaf,), True))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_units_do_not_change_what_is_proved(seed):
    game, policies = small(seed)
    generator = np.random.default_rng(seed)
    unit = float(10.0 ** generator.integers(-6, 7))
    shifts = generator.integers(-100, 100, (2, 1))
    other = Game(game.prior, 1e3 * game.receiver + shifts, unit * (game.senders + shifts), 2)
    assume(np.allclose(other.stakes, unit * game.stakes))  # nobody has no stake
    text = prove(game, policies, 0.25, "lowest-index", certify(game, policies, 0.25), 5)
    one, two = (checked_gains(g, policies, 0.25, "lowest-index", text) for g in (game, other))
    np.testing.assert_allclose(two, unit * one, rtol=1e-9, atol=1e-9 * unit)


# what is kept


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.005, 0.3]))
def test_the_best_sample_is_found_again(seed, radius):
    game = synthetic(2, 3, 3, 3, seed=seed)
    profile = uniform_policies(game, seed=seed)
    gain, place = best_sample(game, profile, radius, 3000, (seed, 1))
    assert gain_at(game, profile, radius, (seed, 1), place) == pytest.approx(gain, abs=1e-13)
    assert (gain > 0) == (place is not None)


def test_proofs_are_kept_in_a_file_that_notices_damage(tmp_path):
    path = tmp_path / "new" / "proofs"
    entries = [
        {"of": "a", "gains": [[0.0, 1.0]], "seconds": 1.0, "proof": "x"},
        {"of": "b", "sample": [0, 1, 2]},
        {"of": "c", "sample": None},
    ]
    kept = Kept(path)
    assert kept.find("a") is None
    assert not path.exists(), "nothing is written before there is something to keep"
    for entry in entries:
        kept.add(entry)
    kept.close()
    assert [Kept(path).find(entry["of"]) for entry in entries] == entries
    content = path.read_text()
    path.write_text(content[:-9])
    assert len(Kept(path)) == 2
    path.write_text(content.replace("[0, 1, 2]", "[0, 1, 3]"))
    with pytest.raises(ValueError, match=r"line 3 is not one of an audit's proofs"):
        Kept(path)
    path.write_text('{"profile": "an audit\'s log')
    with pytest.raises(ValueError, match="its last line is not one of an audit's proofs"):
        Kept(path)
