"""Global equilibria: subgames against other solvers, certificates against grids, and games with known answers."""

import itertools

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from persuasion import (
    Game,
    best_response,
    deviation_utilities,
    full_revelation,
    nash,
    no_revelation,
    sender_utilities,
    uniform_policies,
)
from persuasion.equilibria.nash import EQUILIBRIUM, double_oracle, landmarks, pivoting
from persuasion.equilibria.nash.kernel import Pool, kernel
from persuasion.equilibria.nash.pivoting import PolytopeGame, equilibrium
from persuasion.equilibria.nash.selection import best_equilibrium
from persuasion.equilibria.nash.starts import start_columns
from persuasion.games import synthetic
from persuasion.games.examples import example
from persuasion.games.seeded import build_game
from persuasion.model.policies import check_policies
from persuasion.model.ties import TieRule
from persuasion.regret import highs
from study.audit.evaluate import most_by_persuasion

REACHED = 2e-3


def polytope_game(states: int, sizes: tuple[int, int], seed: int) -> PolytopeGame:
    """Random directions, the unit vectors among them, and random utilities in [0, 1] with a third rounded."""
    generator = np.random.default_rng(seed)
    x, y = (
        np.vstack([np.eye(states), generator.dirichlet(np.ones(states), size)]) for size in sizes
    )
    a, b = generator.uniform(size=(2, len(x), len(y))) * x.sum(1)[:, None] / states**2
    return PolytopeGame(x, y, a, np.round(b, 2) if seed % 3 == 0 else b)


def revealing(game: PolytopeGame) -> tuple[np.ndarray, np.ndarray]:
    states = game.x.shape[1]
    return tuple((np.arange(len(side)) < states).astype(float) for side in (game.x, game.y))


@pytest.mark.parametrize("spoiled", [0.0, 1e-3, 2.0, 1e12, np.nan])
def test_what_is_no_mixture_is_no_equilibrium(spoiled, monkeypatch):
    """Rounding in the pivots can end a path anywhere; weights of zero, against zero, even leave nothing to gain."""
    game = polytope_game(3, (4, 5), seed=1)
    found = equilibrium(game, revealing(game), np.random.default_rng(0))
    assert found is not None
    for wrong in ((spoiled * found[0], spoiled * found[1]), (found[0], spoiled * found[1])):
        monkeypatch.setattr(pivoting._Path, "follow", lambda _, wrong=wrong: wrong)
        assert equilibrium(game, revealing(game), np.random.default_rng(0)) is None
    rounded = (found[0] * (1 + 1e-12), found[1])
    monkeypatch.setattr(pivoting._Path, "follow", lambda _: rounded)
    assert equilibrium(game, revealing(game), np.random.default_rng(0)) is rounded


def test_what_rounding_leaves_below_zero_is_no_direction():
    pool = Pool(3)
    assert pool.add(np.array([[0.5, 0.25, -2e-9], [0.0, 0.0, -1e-12], [0.0, 0.0, 0.0]])) == 1
    np.testing.assert_array_equal(pool.directions[-1], [2 / 3, 1 / 3, 0.0])
    weights = pool.measure(np.array([[0.5, 0.25, -2e-9], [0.5, 0.75, 1.0 + 2e-9]]))
    columns = pool.columns(weights)
    assert (columns >= 0).all()
    np.testing.assert_allclose(columns.sum(0), 1, atol=1e-15)


def test_a_profile_without_a_response_is_not_examined(monkeypatch):
    """The oracle may find none, where rounding keeps its mixtures from summing to 1."""
    monkeypatch.setattr(double_oracle, "respond", lambda *_: None)
    game = example("two-lawyers")
    found = nash(game, starts=["full revelation", "silence"], time_limit=2)
    assert {entry.start for entry in found} == {"full revelation", "silence"}
    assert all(entry.certificate.regret[0] >= 0 for entry in found)


def best_gain(directions: np.ndarray, worth: np.ndarray, now: float) -> float:
    """What the best mixture gains, by another solver's linear program."""
    found = linprog(-worth, A_eq=directions.T, b_eq=np.ones(directions.shape[1]))
    return -found.fun - now


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.tuples(*[st.integers(0, 12)] * 2), st.integers(0, 10**6))
def test_a_subgames_path_ends_in_an_equilibrium(states, sizes, seed):
    game = polytope_game(states, sizes, seed)
    found = equilibrium(game, revealing(game), np.random.default_rng(0))
    assert found is not None
    mu, nu = found
    assert np.allclose(game.x.T @ mu, 1, atol=1e-7)
    assert np.allclose(game.y.T @ nu, 1, atol=1e-7)
    assert best_gain(game.x, game.a @ nu, mu @ game.a @ nu) < 1e-7
    assert best_gain(game.y, mu @ game.b, mu @ game.b @ nu) < 1e-7


@pytest.mark.parametrize("seed", range(1, 6))
def test_with_one_state_subgames_are_bimatrix_games(seed):
    """There is then nothing to reveal: mixtures are mixed strategies, and nashpy knows all equilibria."""
    generator = np.random.default_rng(seed)
    a, b = generator.uniform(size=(2, 4, 4))
    game = PolytopeGame(np.ones((4, 1)), np.ones((4, 1)), a, b)
    known = list(nashpy.Game(a, b).support_enumeration())
    prior = np.eye(4)[0], np.eye(4)[1]
    mu, nu = equilibrium(game, prior, generator)
    assert min(np.abs(mu - x).max() + np.abs(nu - y).max() for x, y in known) < 1e-6
    for weights in ((1, 1), (1, 0), (0, 1)):
        most = max(weights[0] * x @ a @ y + weights[1] * x @ b @ y for x, y in known)
        mu, nu = best_equilibrium(game, weights, 10.0)
        assert weights[0] * mu @ a @ nu + weights[1] * mu @ b @ nu == pytest.approx(most, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_opposed_subgames_have_the_value_of_their_linear_program(seed):
    game = polytope_game(3, (4, 5), seed)
    game = game._replace(b=-game.a)
    mu, nu = equilibrium(game, revealing(game), np.random.default_rng(0))
    # max v: X' mu = 1 and mu' A >= Y q, v = sum q
    k, states = game.x.shape
    found = linprog(
        np.append(np.zeros(k), -np.ones(states)),
        A_ub=np.hstack([-game.a.T, game.y]),
        b_ub=np.zeros(len(game.y)),
        A_eq=np.hstack([game.x.T, np.zeros((states, states))]),
        b_eq=np.ones(states),
        bounds=[(0, None)] * k + [(None, None)] * states,
    )
    assert mu @ game.a @ nu == pytest.approx(-found.fun, abs=1e-7)


def test_the_kernel_adds_up_to_the_simulators_utilities():
    game = example("two-lawyers")
    generator = np.random.default_rng(0)
    policies = generator.dirichlet(np.ones(3), (2, 3))
    pools = [Pool(3), Pool(3)]
    mu, nu = (pool.measure(policy.T) for pool, policy in zip(pools, policies))
    tables = kernel(game.standard, *(pool.directions for pool in pools), TieRule())
    expected = sender_utilities(game.standard, policies)
    assert np.allclose(np.einsum("k,ikl,l->i", mu, tables, nu), expected)


def random_game(states: int, seed: int, **changes) -> Game:
    generator = np.random.default_rng(seed)
    parts = {
        "prior": generator.dirichlet(np.full(states, 3.0)),
        "receiver": generator.normal(size=(states, 3)),
        "senders": generator.normal(size=(2, states, 3)),
        "signals": states,
    }
    return Game(**{**parts, **changes})


def grid_best_response(game: Game, columns: np.ndarray, sender: int, points: int) -> float:
    """The best response to the other's columns ``(k, 2)`` with a grid of directions, ties in its favour."""
    share = np.linspace(0, 1, points)
    grid = np.stack([share, 1 - share], 1)
    worth = np.zeros(points)
    for column in columns:
        weights = grid * game.prior * column
        values = weights @ game.receiver
        gains = weights @ game.senders[sender]
        optimal = values >= values.max(1, keepdims=True) - 1e-9 * weights.sum(1, keepdims=True)
        worth += np.where(optimal, gains, -np.inf).max(1)
    found = linprog(-worth, A_eq=grid.T, b_eq=[1, 1])
    return -found.fun


@pytest.mark.parametrize("seed", range(3))
def test_certificates_of_two_states_agree_with_a_grid_of_posteriors(seed):
    game = random_game(2, seed)
    found = nash(game, starts=["alone", "random"])
    assert found[0].status == "equilibrium"
    for entry in found[:3]:
        for sender in range(2):
            certificate = entry.certificate.senders[sender]
            best = grid_best_response(game, entry.policies[1 - sender].T, sender, 4001)
            gain = (best - certificate.utility) / certificate.stake
            assert gain <= certificate.relative[1] + 1e-6
            assert gain >= certificate.relative[0] - 5e-3  # the grid's kinks are 1/4000 off


def test_a_lone_prosecutor_persuades():
    game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    best, *_ = nash(game)
    assert best.status == "equilibrium"
    assert best.utilities == pytest.approx([0.6], abs=1e-5)
    alone = next(mark for mark in landmarks(game) if mark.name == "sender 0 alone")
    assert alone.utilities == pytest.approx([0.6])


@pytest.mark.parametrize("seed", [325, 346, 380])
def test_what_a_solver_leaves_below_zero_is_no_probability(seed):
    game = synthetic(states=4, actions=6, signals=8, seed=seed)
    for _, columns in start_columns(game, ["alone"], 0):
        for own in columns:
            assert own.min() >= 0
            assert own.sum(0) == pytest.approx(1, abs=1e-15)


def test_opposed_senders_end_with_the_payoffs_of_full_revelation():
    """Ravindran and Cui (2022): generically, full revelation is what zero-sum competition leads to."""
    game = random_game(3, 3)
    game = random_game(3, 3, senders=[game.senders[0], -game.senders[0]])
    found = nash(game, starts=["alone", "random"])
    value = sender_utilities(game, full_revelation(game))
    reached = [entry for entry in found if entry.status == "equilibrium"]
    assert reached
    for entry in reached:
        shares = (entry.utilities - value) / game.stakes
        assert np.abs(shares).max() <= entry.relative_regret[1] + 1e-9


def test_aligned_senders_reach_their_joint_optimum():
    game = random_game(3, 3)
    game = random_game(3, 3, senders=[game.senders[0], 2 * game.senders[0] + 1])
    found = nash(game, starts=["alone"])
    joint = next(mark for mark in landmarks(game) if mark.name == "collusion")
    shares = (joint.utilities - found[0].utilities) / game.stakes
    assert found[0].status == "equilibrium"
    assert shares == pytest.approx([0, 0], abs=REACHED)


def test_the_second_equilibrium_of_theorem_4():
    game = Game(
        [0.2, 0.3, 0.2, 0.3],
        np.diag([1, 2, 1, 2]),
        [np.tile(np.eye(4)[wanted], (4, 1)) for wanted in (0, 2)],
        signals=3,
    )
    first = [[1, 0, 0], [1 / 3, 0, 2 / 3], [0, 1, 0], [0, 1, 0]]
    second = [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1 / 3, 2 / 3]]
    best = nash(game, starts=[np.array([first, second])], margins=[0.01])[0]
    assert best.relative_regret[1] <= 1e-6
    assert best.utilities == pytest.approx([0.3, 0.3])


def test_both_lawyers_can_do_better_than_full_revelation():
    """Which search finds it turns on rounding, and so on the processor."""
    game = example("two-lawyers")
    value = sender_utilities(game, full_revelation(game))
    searches = ((["alone"], 0.05), (["alone"], 0.02), (["random"] * 6, 0.05), (["random"], 0.02))
    assert any(
        entry.relative_regret[1] <= 0.01 and (entry.utilities > value).all()
        for starts, margin in searches
        for entry in nash(game, starts=starts, margins=[margin], time_limit=20)
    )


STARTS = ["full revelation", "alone"]


@pytest.fixture(scope="module")
def solved():
    """A game in which a sender's own optimum is an equilibrium, and its equilibria."""
    game = random_game(3, 5)
    return game, nash(game, starts=STARTS)


def test_units_and_zero_points_change_nothing(solved):
    game, found = solved
    unit, zero = np.array([0.125, 64.0]), np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 8.0]])
    senders = unit[:, None, None] * game.senders + zero[:, :, None]
    receiver = 4 * game.receiver + np.array([[1.0], [0.5], [-2.0]])
    image = Game(game.prior, receiver, senders, game.signals)
    same = nash(image, starts=STARTS)
    assert same[0].status == found[0].status
    for entry, other in zip(found, same):
        expected = unit * entry.utilities + zero @ game.prior
        assert other.utilities == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("axis", ["states", "actions", "senders"])
def test_the_order_of_everything_changes_no_equilibrium(solved, axis):
    game, found = solved
    order = [2, 0, 1]
    prior, receiver, senders = game.prior, game.receiver, game.senders
    if axis == "states":
        prior, receiver, senders = prior[order], receiver[order], senders[:, order]
    elif axis == "actions":
        receiver, senders = receiver[:, order], senders[:, :, order]
    else:
        senders = senders[::-1]
    same = nash(Game(prior, receiver, senders, game.signals), starts=STARTS)
    back = slice(None, None, -1) if axis == "senders" else slice(None)
    first, second = (
        [e.utilities / game.stakes for e in found if e.status == "equilibrium"],
        [e.utilities[back] / game.stakes for e in same if e.status == "equilibrium"],
    )
    assert len(first) == len(second)
    for utilities in first:
        assert min(np.abs(utilities - other).max() for other in second) < REACHED


def test_with_the_games_own_signals_profiles_fit():
    game = random_game(3, 1, signals=2)
    for entry in nash(game, starts=["alone"], limited=True, time_limit=2):
        assert entry.policies.shape == (2, 3, 2)
        assert max(entry.support) <= 2


def test_without_time_one_start_is_continued_in_turn(monkeypatch):
    from persuasion.equilibria.nash.find import _Search

    begun, real = [], _Search.annealed
    monkeypatch.setattr(_Search, "annealed", lambda *given: begun.append(1) or real(*given))
    game = synthetic(3, 2, 2, 2, logit_scale=1.0, seed=0)
    assert nash(game, time_limit=1e-3)
    assert len(begun) == 1
    nash(game, starts=["alone", "silence", "random", "random"], time_limit=30)
    assert len(begun) > 2


@pytest.mark.parametrize(("limit", "made"), [(0.0, 1), (3.0, 2), (100.0, 5)])
def test_a_time_limit_is_for_certificates_too(limit, made, monkeypatch):
    """Each takes two seconds: one is made however short the time is, and none once it is over."""
    from persuasion.equilibria.nash import find
    from persuasion.equilibria.nash.columns import columns_of

    now, real, game = [0.0], find.certify, random_game(3, 5)
    monkeypatch.setattr(find.time, "perf_counter", lambda: now[0])

    def slow(*given, **options):
        now[0] += 2.0
        return real(*given, **options)

    monkeypatch.setattr(find, "certify", slow)
    drawn = uniform_policies(game, 5, seed=0)
    profiles = [
        find.Found("random", columns_of(profile), number) for number, profile in enumerate(drawn)
    ]
    search = find._Search(game, 1e-3, find.MARGINS, TieRule(), 0, False)
    found = search.certified(profiles, limit)
    assert len(found) == made
    assert now[0] <= limit + 2.0
    first = sender_utilities(game, drawn[0])
    assert any(np.allclose(entry.utilities, first) for entry in found)


def test_three_senders_respond_in_turn():
    generator = np.random.default_rng(0)
    game = Game([0.4, 0.6], [[1, 0], [0, 1]], generator.normal(size=(3, 2, 2)), 2)
    found = nash(game, starts=["full revelation", "alone"], time_limit=3)
    assert found[0].status == "equilibrium"
    # brute force: no deterministic policy gains
    best = found[0]
    for sender, signals in itertools.product(range(3), itertools.product(range(2), repeat=2)):
        policies = best.policies.copy()
        policies[sender] = np.eye(2)[list(signals)]
        gain = sender_utilities(game, policies)[sender] - best.utilities[sender]
        assert gain <= best.relative_regret[1] * game.stakes[sender] + 1e-12


@pytest.mark.parametrize(("ties", "value"), [("lowest-index", 0.5), ("sender-0", 0.8)])
def test_plays_in_turn_judge_by_the_tie_rule_that_was_asked_for(ties, value):
    """The judge never sets a fine apart from prison: by the index a sentence is the fine, which nobody wants."""
    game = Game([0.7, 0.3], [[1, 0, 0], [0, 1, 1]], [[[0.5, 0, 1]] * 2] * 3, signals=2)
    found = nash(game, starts=["silence"], ties=ties, time_limit=20)[0]
    assert found.status == EQUILIBRIUM
    assert found.utilities == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize(
    ("names", "called"), [(None, ["sender 0", "sender 1"]), (["Ann", "sender 10"],) * 2]
)
def test_searches_are_called_after_the_senders(names, called):
    from persuasion.equilibria.nash import find

    game = random_game(2, 0, names=names and {"senders": names})
    search = find._Search(game, 1e-3, find.MARGINS, TieRule(), 0, False)
    begun = list(find.start_columns(game, ["alone"], 0))
    found = search.double_oracle(begun, find.time.perf_counter() + 10)
    expected = [f"{who} alone" for who in called]
    expected += [f"selected for {goal}" for goal in ("both", *called)]
    assert {entry.start for entry in found} == set(expected)


def test_bad_input_is_named():
    game = example("two-lawyers")
    with pytest.raises(ValueError, match="unknown start 'best'"):
        nash(game, starts=["best"])
    with pytest.raises(ValueError, match="margins is empty"):
        nash(game, margins=[])
    with pytest.raises(ValueError, match="explicit tie map"):
        nash(game, ties=np.zeros((3, 3), int))
    with pytest.raises(ValueError, match="target"):
        nash(game, target=0)
    with pytest.raises(ValueError, match=r"margins must be a list, got 0\.1"):
        nash(game, margins=0.1)
    with pytest.raises(ValueError, match="starts must be a list, got 'random'"):
        nash(game, starts="random")


def test_records_are_plain(solved):
    data = solved[1][0].to_dict()
    assert data["status"] == "equilibrium"
    assert data["certificate"]["radius"] == 1
    assert isinstance(data["history"][0]["gains"], list)


@pytest.mark.parametrize("limits", [{"signals": [3, 2]}, {"signals": [1, 3]}])
def test_senders_keep_to_their_own_numbers_of_signals(limits):
    """In a few seconds: the time is not spread over starts and margins until no response has enough."""
    game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]], [[1, 0], [1, 0]]], **limits)
    found = nash(game, time_limit=6)
    assert found[0].status == EQUILIBRIUM
    for entry in found:
        check_policies(game, entry.policies)
        values = [brute_force_gain(game, entry.policies, sender) for sender in range(2)]
        assert max(values) <= entry.relative_regret[1] + 1e-6


def test_opponents_with_unequal_signals_find_full_revelation_from_a_random_start():
    """Responses in turn alone end with a regret of 14% and more from here."""
    opposed = [[[0, 1], [0, 1]], [[1, 0], [1, 0]]]
    game = Game([0.5, 0.5], np.eye(2), opposed, signals=[3, 2])
    (found,) = nash(game, starts=["random"], seed=1, time_limit=5)
    assert found.status == EQUILIBRIUM
    np.testing.assert_allclose(found.outcome, np.eye(2) / 2, atol=1e-3)
    assert not found.policies[1, :, 2].any()


def brute_force_gain(game, policies, sender, steps=24):
    """The most that a sender gains over a grid of policies with its first two signals."""
    grid = np.linspace(0, 1, steps + 1)
    first = np.array(list(itertools.product(grid, repeat=game.shape.states)))
    own = np.zeros((len(first), game.shape.states, game.signals))
    count = game.counts[sender]
    own[..., 0], own[..., min(1, count - 1)] = first, np.where(count > 1, 1 - first, 1)
    stay = deviation_utilities(game, policies, sender, policies[sender])
    return float(
        (deviation_utilities(game, policies, sender, own).max() - stay) / game.stakes[sender]
    )


def test_a_lone_chooser_beside_a_public_report_finds_its_best_response():
    report = [[0.8, 0.2], [0.3, 0.7]]
    payoffs = [[[0, 1], [0, 1]], [[0, 0], [0, 0]]]
    game = Game([0.7, 0.3], np.eye(2), payoffs, signals=2, fixed=[None, report])
    (found,) = nash(game, time_limit=5)
    best = best_response(game, no_revelation(game), 0).value
    assert found.utilities[0] == pytest.approx(best, abs=1e-5)
    assert np.array_equal(found.policies[1], report)
    marks = {mark.name: mark for mark in landmarks(game)}
    assert set(marks) == {"no revelation", "full revelation", "sender 0 alone", "collusion"}
    assert marks["sender 0 alone"].utilities[0] == pytest.approx(best, abs=1e-9)
    assert marks["no revelation"].utilities[0] == sender_utilities(game, no_revelation(game))[0]
    assert marks["full revelation"].receiver_utility == pytest.approx(1)


@pytest.mark.parametrize("loss", [1.0, 1e3, 1e6, 1e9])
@pytest.mark.parametrize("ties", ["lowest-index", "sender-0"])
def test_a_lone_sender_reaches_its_optimum_whatever_some_action_would_cost(loss, ties):
    """Margins are shares of the receiver's stake, which a forbidden action makes as large as it likes."""
    game = Game([0.7, 0.3], [[1, 0, 2], [0, 1, -loss]], [[[0, 1, 0], [0, 1, 0]]], signals=2)
    (found,) = nash(game, ties=ties, time_limit=5)
    assert found.status == EQUILIBRIUM
    assert found.utilities == pytest.approx([0.6], abs=1e-6)
    (same,) = nash(
        game, starts=["full revelation"], ties=ties, time_limit=5
    )  # which has no profile
    assert same.utilities == pytest.approx([0.6], abs=1e-6)


def test_landmarks_ignore_limits_on_signals():
    payoffs = [[[0, 1], [0, 1]], [[1, 0], [1, 0]]]
    free, limited = (Game([0.7, 0.3], np.eye(2), payoffs, signals) for signals in (2, [1, 2]))
    for one, other in zip(landmarks(free), landmarks(limited), strict=True):
        assert one.name == other.name
        assert one.utilities.tolist() == other.utilities.tolist()


def obedient_optimum(game: Game, wanted: np.ndarray) -> float:
    """The most that recommendations which the receiver obeys give for ``wanted``, by another solver."""
    shape = game.receiver.shape
    rows = [
        np.outer(game.prior, np.eye(shape[1])[a])
        * (game.receiver[:, b] - game.receiver[:, a])[:, None]
        for a, b in itertools.permutations(range(shape[1]), 2)
    ]
    found = linprog(
        -(game.prior[:, None] * wanted).ravel(),
        A_ub=np.reshape(rows, (-1, wanted.size)),
        b_ub=np.zeros(len(rows)),
        A_eq=np.kron(np.eye(shape[0]), np.ones(shape[1])),
        b_eq=np.ones(shape[0]),
    )
    return -found.fun


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(2, 3), st.integers(2, 3), st.integers(1, 3), st.booleans()
)
def test_no_landmark_beats_its_own_optimum_and_no_unit_changes_one(
    seed, states, actions, senders, reported
):
    """Small whole numbers: receiver and senders are often indifferent."""
    random = np.random.default_rng(seed)
    prior = random.integers(1, 4, states) / 4
    receiver = random.integers(0, 3, (states, actions))
    payoffs = random.integers(0, 3, (senders, states, actions))
    fixed = None
    if reported and senders > 1:
        fixed = [*[None] * (senders - 1), np.eye(states)[:, :2] * 0.5 + [0.25, 0.5]]
        fixed[-1] /= fixed[-1].sum(1, keepdims=True)
    game = Game(prior / prior.sum(), receiver, payoffs, 2, fixed=fixed)
    units = np.array([1, 0.1, 30])[:senders, None, None]
    marks = landmarks(game)
    sums = {}
    for mark, scaled in zip(
        marks, landmarks(Game(game.prior, receiver, units * payoffs, 2, fixed=fixed))
    ):
        assert mark.utilities * units.ravel() == pytest.approx(scaled.utilities, abs=1e-7)
        shares = mark.utilities / game.stakes
        sums[mark.name] = shares[game.choosing].sum()
        if fixed is None:
            for sender in range(senders):
                best = obedient_optimum(game, payoffs[sender])
                assert mark.utilities[sender] <= best + 1e-7
                if mark.name == f"sender {sender} alone":
                    assert mark.utilities[sender] == pytest.approx(best, abs=1e-7)
    assert sums["collusion"] >= max(sums.values()) - 1e-7
    if fixed is None:
        most = obedient_optimum(game, (payoffs / game.stakes[:, None, None]).sum(0))
        assert sums["collusion"] == pytest.approx(most, abs=1e-7)


def test_collusion_counts_shares_of_stakes_where_it_breaks_ties():
    """The sum of utilities would convict both times, for a sender with more at stake; alone one reaches 1."""
    payoffs = np.array([[[0, 1], [0, 1]], [[6, 0], [10, 0]]])
    for unit in (1, 0.1):
        game = Game([0.5, 0.5], np.eye(2), payoffs * np.array([1, unit])[:, None, None], 2)
        marks = {mark.name: mark for mark in landmarks(game)}
        sums = {name: (mark.utilities / game.stakes).sum() for name, mark in marks.items()}
        assert sums["collusion"] >= sums["sender 0 alone"] - 1e-9
        assert sums["collusion"] == pytest.approx(1.0)
        assert marks["collusion"].ties == "shares"


def test_landmarks_of_many_senders_take_no_table_of_joint_signals():
    """12 senders who name 8 states would have 8^12 of them; closed forms, and games of one sender."""
    random = np.random.default_rng(0)
    prior, receiver = random.dirichlet(np.ones(8)), random.normal(size=(8, 2))
    senders = random.normal(size=(12, 8, 2))
    marks = {mark.name: mark for mark in landmarks(Game(prior, receiver, senders, 2))}
    told = senders[:, np.arange(8), receiver.argmax(1)] @ prior
    assert marks["full revelation"].utilities == pytest.approx(told)
    assert marks["full revelation"].policies.shape == (12, 8, 8)
    assert marks["no revelation"].utilities == pytest.approx(
        (prior @ senders)[:, (prior @ receiver).argmax()]
    )
    for sender in (0, 11):
        _, _, alone, _ = landmarks(Game(prior, receiver, senders[[sender]], 2))
        found = marks[f"sender {sender} alone"].utilities[sender]
        assert found == pytest.approx(alone.utilities[0])


@pytest.mark.parametrize("sizes", [(6, 6, 4), (4, 10, 8)])
def test_landmarks_of_priors_at_which_a_solver_gives_up(sizes):
    """Priors of 1e-16 beside 1: HiGHS ends without a status at its first settings, which asked for ever again."""
    parameters = dict(zip(("states", "actions", "signals"), sizes), senders=2, logit_scale=10.0)
    identity = {"family": "synthetic", "parameters": parameters, "index": 0, "seed": 0}
    game = build_game(identity)
    for mark in landmarks(game):
        if mark.name.endswith("alone"):
            sender = int(mark.name.split()[1])
            most = most_by_persuasion(game, game.senders[sender])
            assert mark.utilities[sender] == pytest.approx(most, abs=1e-7 * game.stakes[sender])


def test_when_no_solver_answers_it_is_said(monkeypatch):
    nothing = highs.Solution(None, -np.inf, np.inf, np.zeros(0), "kUnknown")
    monkeypatch.setattr(highs, "run", lambda *_: nothing)
    with pytest.raises(ArithmeticError, match="HiGHS says kUnknown"):
        landmarks(example("two-lawyers"))


def test_a_lone_sender_has_full_revelation_to_compare_with():
    game = Game([0.7, 0.3], np.eye(2), [[[0, 1], [0, 1]]], signals=2)
    marks = {mark.name: mark.utilities.tolist() for mark in landmarks(game)}
    assert marks["full revelation"] == [0.3]


def test_certificates_are_about_any_number_of_signals_unless_limited():
    """With a signal for every state there is a gain; with the game's two there is none."""
    game = synthetic(2, states=4, actions=3, signals=2, logit_scale=1.0, seed=5)
    for entry in nash(game, time_limit=3):
        assert entry.certificate.game["signals"] >= 4
        assert entry.policies.shape[-1] >= 4
    for entry in nash(game, time_limit=3, limited=True):
        assert entry.certificate.game["signals"] == entry.policies.shape[-1] == 2


def test_where_no_start_stands_for_a_profile_silence_does():
    tables = [[1, 1, 0], [0, 0, 1]], np.ones((3, 2, 3)) * np.arange(3)
    found = nash(Game([0.5, 0.5], *tables, 2), starts=["full revelation"], time_limit=2)
    assert [entry.start for entry in found] == ["silence"]
