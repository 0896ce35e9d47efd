"""What callers hand over: every spelling of the same numbers gives the same answer, and what is none is refused."""

import dataclasses
import importlib
import json
import pkgutil
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import persuasion
import study
from persuasion import (
    Game,
    TieRule,
    best_response,
    best_response_dynamics,
    certify,
    check_policies,
    deviation_utilities,
    gain_within_piece,
    likely_joint_signals,
    local_best_response,
    no_revelation,
    outcome_distribution,
    polish,
    project_to_simplex,
    receiver_actions,
    receiver_utility,
    sampled_gain,
    select_local_equilibria,
    sender_utilities,
    solve,
    uniform_policies,
)
from persuasion.learn.extragradient import extragradient
from persuasion.model.checks import clean_rows, positive_number, real_array, whole_number
from persuasion.model.exact import RationalGame, exact_utilities
from persuasion.model.policies import as_policies, one_profile
from persuasion.model.ties import LOWEST_INDEX
from persuasion.own_game import Request, profile_from
from persuasion.own_game.numbers import amount
from persuasion.regret.certificate import SenderCertificate
from persuasion.theorems.win_lose import persuasion_game
from problems import games, prosecutor

LAWYERS = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]], [[1, 0], [1, 0]]], 2)
INFORMATIVE = [[[4 / 7, 3 / 7], [0, 1]], [[1, 0], [1, 0]]]


def spellings(array):
    """The same numbers in every way in which they may come."""
    array = np.asarray(array, dtype=float)
    mirrored = (slice(None, None, -1),) * array.ndim
    yield "list", array.tolist()
    yield "tuple", tuple(array.tolist())
    yield "list of arrays", list(array)
    yield "read-only", np.frombuffer(array.tobytes()).reshape(array.shape)
    yield "Fortran", np.asfortranarray(array)
    yield "reversed view", array[mirrored].copy()[mirrored]
    yield "big-endian", array.astype(">f8")
    yield "longdouble", array.astype(np.longdouble)
    yield "objects", array.astype(object)
    yield "fractions", np.vectorize(Fraction, otypes=[object])(array).tolist()
    yield "decimals", np.vectorize(Decimal, otypes=[object])(array)
    yield "tensor", torch.tensor(array)
    yield "tensor with a gradient", torch.tensor(array, requires_grad=True)
    yield "list of tensors", [torch.tensor(part, requires_grad=True) for part in array]
    if array.ndim == 2:
        yield "frame", pd.DataFrame(array)
        yield "frame of objects", pd.DataFrame(array).astype(object)
    if array.ndim == 3:
        yield "list of frames", [pd.DataFrame(table) for table in array]
    if array.ndim == 1:
        yield "series", pd.Series(array)
    for kind in ("f4", ">f4", "f2", "i8", "u2", "i1"):
        with np.errstate(all="ignore"):
            narrow = array.astype(kind)
        if (narrow.astype(float) == array).all():
            yield kind, narrow


def plainly(result):
    """Arrays of a result as bytes, whatever holds them."""
    if isinstance(result, torch.Tensor):
        result = result.detach().numpy()
    if isinstance(result, np.ndarray):
        return result.dtype.str, result.shape, result.tobytes()
    if isinstance(result, tuple):
        return tuple(map(plainly, result))
    return result


# of the spellings, those that slow functions are tried on
QUICK = ("list", "reversed view", "big-endian", "tensor with a gradient")
FUNCTIONS = {
    "sender_utilities": lambda g, p: sender_utilities(g, p, ties="sender-0"),
    "receiver_utility": receiver_utility,
    "outcome_distribution": outcome_distribution,
    "receiver_actions": receiver_actions,
    "unchecked": lambda g, p: sender_utilities(g, p, validate=False),
    "deviation_utilities": lambda g, p: deviation_utilities(g, p, 0, p[0]),
    "likely_joint_signals": likely_joint_signals,
    "sampled_gain": lambda g, p: dataclasses.astuple(sampled_gain(g, p, 0.1, 5)),
    "as_policies": as_policies,
    "profile": profile_from,
}


@settings(max_examples=15)
@given(st.data())
def test_the_same_numbers_give_the_same_bits(data):
    game = data.draw(games(max_senders=3, max_size=3))
    seed = data.draw(st.integers(0, 2**32 - 1))
    profile = uniform_policies(game, seed=seed)
    if data.draw(st.booleans()):  # numbers that all dtypes hold
        profile = np.random.default_rng(seed).multinomial(
            4, np.full(game.signals, 1 / game.signals), profile.shape[:2]
        ) / 4.0  # fmt: skip
    for name, function in FUNCTIONS.items():
        expected = plainly(function(game, profile))
        for spelling, policies in spellings(profile):
            assert plainly(function(game, policies)) == expected, (name, spelling)


@pytest.mark.parametrize(
    "function",
    [
        lambda p: best_response(LAWYERS, p, 0).policy,
        lambda p: local_best_response(LAWYERS, p, 0, 0.1).policy,
        lambda p: certify(LAWYERS, p, 0.1).regret,
        lambda p: gain_within_piece(LAWYERS, p, 0, 0.1),
        lambda p: polish(LAWYERS, p, 0.1).policies,
        lambda p: best_response_dynamics(LAWYERS, p, rounds=3).policies,
        lambda p: exact_utilities(RationalGame.of(LAWYERS), p).tolist(),
        lambda p: extragradient(lambda x: x, p, 2),
    ],
)
def test_solvers_read_every_spelling(function):
    profile = np.array([[[0.75, 0.25], [0, 1]], [[0.5, 0.5], [1, 0]]])
    expected = plainly(function(profile))
    for spelling, policies in spellings(profile):
        names = function.__code__.co_names
        if spelling in ("f4", ">f4", "f2") and "extragradient" in names:
            continue  # steps in the precision of the starts
        if spelling not in QUICK and {"polish", "best_response_dynamics"} & set(names):
            continue
        assert plainly(function(policies)) == expected, spelling


@settings(max_examples=30)
@given(games(max_senders=2, max_size=3))
def test_a_game_is_the_same_from_every_spelling(game):
    for key in ("prior", "receiver", "senders"):
        for spelling, values in spellings(getattr(game, key)):
            arrays = {"prior": game.prior, "receiver": game.receiver, "senders": game.senders}
            again = Game(**{**arrays, key: values}, signals=game.signals)
            assert again == game, (key, spelling)
            assert hash(again) == hash(game)
            assert again.to_json() == Game(**arrays, signals=game.signals).to_json()
            table = getattr(again, key)
            assert table.dtype == np.float64
            assert table.flags.c_contiguous


def test_lists_are_read_in_double_precision():
    for profile in (INFORMATIVE, np.array(INFORMATIVE)):
        found = sender_utilities(LAWYERS, profile, ties="sender-0")
        assert isinstance(found, np.ndarray)
        np.testing.assert_allclose(found, [0.6, 0.4], atol=1e-12)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.ma.array([0.5, 0.5], mask=[False, True]), "it is masked"),
        ([np.ma.masked, 1.0], "it is masked"),
        ([True, False], "it holds booleans"),
        ([True, 0.0], "it holds booleans"),
        (np.array([True, False]), "it holds booleans"),
        (torch.tensor([True, False]), "it holds booleans"),
        (np.array([True, 0.5], dtype=object), r"its entry \[0\] is True"),
        (["0", "1"], "it holds text"),
        ([0.5, "0.5"], "it holds text"),
        ("01", "it holds text"),
        (np.array(["2020", "2021"], dtype="M8[Y]"), "it holds dates"),
        (pd.Series(pd.to_datetime(["2020-01-01", "2021-01-01"], utc=True)), "entry .* Timestamp"),
        (np.array([1, 2], dtype="m8[s]"), "it holds spans of time"),
        (np.array([np.timedelta64(1), 1], dtype=object), "its entry"),
        ([1 + 0j, 0], "it holds complex numbers"),
        ([0.5, [0.5]], "its rows differ in length"),
        ([None, 1.0], r"its entry \[0\] is None"),
        ({"a": 1.0}, "its entry"),
        ([10**400, 1], "too large"),
        ([Decimal("sNaN"), 1], "not a rectangular array"),
        ([np.nan, 1.0], r"has a non-finite entry at \[0\]"),
        (np.array([np.longdouble("1e4000"), 1]), r"has a non-finite entry at \[0\]"),
        ([], "is empty"),
        ([[0.5, 0.5]], "must have 1 axes"),
        (0.5, "must have 1 axes"),
    ],
)  # fmt: skip
def test_what_holds_no_real_numbers_is_refused_by_name(values, reason):
    with pytest.raises(ValueError, match=rf"^weights .*{reason}"):
        real_array("weights", values, 1)


REFUSED = {
    "masked": np.ma.array([[[1.0, 0], [0, 1]]], mask=False),
    "text": [[["1", "0"], ["0", "1"]]],
    "booleans": [[[True, False], [False, True]]],
    "booleans in a tensor": torch.tensor([[[True, False], [False, True]]]),
    "complex": np.array([[[1 + 0j, 0], [0, 1]]]),
    "sparse": torch.tensor([[[1.0, 0], [0, 1]]]).to_sparse(),
    "not a number": [[[1, 0], [np.nan, 1]]],
    "infinite": [[[1, 0], [np.inf, 1]]],
    "axes": [[1, 0], [0, 1]],
    "ragged": [[[1, 0], [1]]],
    "sum": [[[1, 0], [0.5, 0.5 + 1e-8]]],
    "negative": [[[1, 0], [1 + 2e-9, -2e-9]]],
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize(
    "function",
    [
        lambda p: sender_utilities(prosecutor(), p),
        lambda p: receiver_actions(prosecutor(), p),
        lambda p: deviation_utilities(prosecutor(), p, 0, no_revelation(prosecutor())[0]),
        lambda p: likely_joint_signals(prosecutor(), p),
        lambda p: sampled_gain(prosecutor(), p, 0.1, 5),
        lambda p: best_response(prosecutor(), p, 0),
        lambda p: certify(prosecutor(), p, 0.1),
        lambda p: gain_within_piece(prosecutor(), p, 0, 0.1),
        lambda p: polish(prosecutor(), p, 0.1),
        lambda p: best_response_dynamics(prosecutor(), p),
        lambda p: solve(prosecutor(), Request(), p),
        lambda p: profile_from(prosecutor(), p),
        lambda p: check_policies(prosecutor(), p),
    ],
)
def test_every_function_refuses_the_same_policies(function, kind):
    with pytest.raises(ValueError, match="policies"):
        function(REFUSED[kind])


@pytest.mark.parametrize("kind", ["sum", "negative", "not a number", "text", "masked"])
def test_deviations_are_policies_too(kind):
    with pytest.raises(ValueError, match="deviations"):
        deviation_utilities(prosecutor(), no_revelation(prosecutor()), 0, REFUSED[kind][0])


def test_one_profile_is_one():
    with pytest.raises(ValueError, match="start must be one profile with 3 axes"):
        one_profile(prosecutor(), no_revelation(prosecutor())[None], "start")


@given(st.integers(1, 6), st.integers(0, 2**32 - 1), st.sampled_from([0, 1e-16, 1e-12, 5e-10]))
def test_rows_are_cleaned_once_and_exact_ones_kept(size, seed, error):
    rows = np.random.default_rng(seed).dirichlet(np.ones(size), (2, 3))
    kept = rows.copy()
    rows[0] *= 1 + error
    given_rows = rows.copy()
    clean = clean_rows("rows", rows)
    np.testing.assert_array_equal(rows, given_rows)
    np.testing.assert_array_equal(clean[1], kept[1])
    np.testing.assert_allclose(clean, kept, rtol=1e-14)
    np.testing.assert_array_equal(clean_rows("rows", clean), clean)
    tensor = clean_rows("rows", torch.tensor(rows))
    np.testing.assert_allclose(tensor.numpy(), clean, rtol=1e-15)


def test_dust_below_zero_counts_as_zero_everywhere():
    dusty = np.array([[[1 + 5e-10, -5e-10], [0.5, 0.5]]])
    clean = as_policies(prosecutor(), dusty)
    np.testing.assert_array_equal(clean, [[[1, 0], [0.5, 0.5]]])
    for function in FUNCTIONS.values():
        if function is not FUNCTIONS["unchecked"]:
            assert plainly(function(prosecutor(), dusty)) == plainly(function(prosecutor(), clean))
    np.testing.assert_array_equal(Game([1 - 0.9 - 0.1, 0.9, 0.1], np.eye(3), [np.eye(3)], 2).prior,
                                  [0, 0.9, 0.1])  # fmt: skip


def test_single_precision_is_normalised_alike_everywhere():
    coarse = uniform_policies(LAWYERS, seed=3).astype(np.float32)
    wide = coarse.astype(float)
    expected = wide / wide.sum(-1, keepdims=True)
    np.testing.assert_allclose(as_policies(LAWYERS, coarse), expected, rtol=1e-15)
    for spelling in (coarse, torch.tensor(coarse), list(coarse)):
        found = np.asarray(sender_utilities(LAWYERS, spelling))
        np.testing.assert_array_equal(
            found, sender_utilities(LAWYERS, as_policies(LAWYERS, coarse))
        )
    with pytest.raises(ValueError, match="sums to"):
        check_policies(LAWYERS, wide)
    assert Game(np.float32([0.1, 0.9]), np.eye(2), [np.eye(2)], 2).prior.sum() == 1


def test_a_gradient_passes_through_the_cleaning():
    rows = torch.tensor([[[0.75, 0.25], [0.3, 0.7 + 3e-10]]], requires_grad=True)
    sender_utilities(prosecutor(), rows, ties="sender-0").sum().backward()
    checked = rows.grad.clone()
    rows.grad = None
    sender_utilities(prosecutor(), rows, ties="sender-0", validate=False).sum().backward()
    torch.testing.assert_close(checked, rows.grad)


def test_what_is_read_is_a_copy():
    profile = no_revelation(LAWYERS)
    for given_profile in (profile, torch.from_numpy(profile)):
        as_policies(LAWYERS, given_profile)[:] = 7
    real_array("x", profile)[:] = 7
    np.testing.assert_array_equal(profile, no_revelation(LAWYERS))


# ---- single numbers


@pytest.mark.parametrize(
    "value", [1, 1.0, np.float32(1), np.int8(1), np.uint64(1), Fraction(1), Decimal(1)]
)
def test_numbers_of_all_kinds_are_taken(value):
    assert type(positive_number("x", value)) is float
    if not isinstance(value, Fraction | Decimal):
        assert type(whole_number("x", value)) is int


@pytest.mark.parametrize(
    "value", [True, np.True_, "1", None, [1], 1j, np.timedelta64(1), np.array([1]), np.nan, -1]
)
def test_what_is_no_number_is_refused_by_name(value):
    for check in (positive_number, whole_number):
        with pytest.raises(ValueError, match=r"^margin must be a .*got "):
            check("margin", value)


@pytest.mark.parametrize("value", [np.inf, 10**400])
def test_infinity_needs_leave(value):
    with pytest.raises(ValueError, match="finite positive"):
        positive_number("x", value)
    assert positive_number("x", value, infinite=True) == np.inf


def test_bounds_of_numbers():
    assert positive_number("x", 0, zero=True) == 0
    for bad in (0.5, 11, np.inf, np.float64(2.5)):
        with pytest.raises(ValueError, match="whole number from 0 to 10"):
            whole_number("x", bad, 0, 10)
    with pytest.raises(ValueError, match="finite positive"):
        positive_number("x", 0)
    with pytest.raises(ValueError, match=r"got 1\.5$"):
        whole_number("x", 1.5)
    assert whole_number("x", 0, 0, 0) == 0
    with pytest.raises(ValueError, match="from 0 to 0"):
        whole_number("x", 1, 0, 0)


def test_numbers_of_numpy_survive_into_the_answer():
    start, small = no_revelation(LAWYERS), np.float32(0.1)
    certificate = certify(LAWYERS, start, small, senders=np.arange(1))
    assert persuasion.Certificate.from_json(certificate.to_json()).radius == certificate.radius
    polished = polish(
        LAWYERS,
        start,
        small,
        tolerance=np.float32(1e-5),
        rounds=np.int8(2),
        order=np.array([1, 0]),
        seed=np.int64(3),
    )
    assert '"tolerance": 9.99' in json.dumps(polished.to_dict())
    request = Request(radius=small, seed=np.int64(3), starts=np.int16(2), steps=2, candidates=1)
    assert '"seed": 3' in solve(prosecutor(), request).to_json()
    wide, narrow = (sampled_gain(LAWYERS, start, 0.1, 5, seed=seed) for seed in (np.int64(3), 3))
    np.testing.assert_array_equal(wide.gains, narrow.gains)
    chosen = select_local_equilibria(LAWYERS, start[None], small, 5, [np.float32(1)])
    assert type(chosen.accepted[0].tolerance) is float
    assert Game([1.0], [[1.0]], [[[1.0]]], np.float64(2)).signals == 2
    assert uniform_policies(LAWYERS, np.int64(2), 0).shape == (2, 2, 2, 2)


@pytest.mark.parametrize("sender", [-1, 2, True, 0.5, "0"])
def test_a_sender_is_one_of_the_game(sender):
    start = no_revelation(LAWYERS)
    for call in (
        lambda: deviation_utilities(LAWYERS, start, sender, start[0]),
        lambda: best_response(LAWYERS, start, sender),
        lambda: local_best_response(LAWYERS, start, sender, 0.1),
        lambda: gain_within_piece(LAWYERS, start, sender, 0.1),
        lambda: certify(LAWYERS, start, 0.1, senders=[sender]),
    ):
        with pytest.raises(ValueError, match=r"senders? must be a whole number from 0 to 1"):
            call()


# ---- equality and print


def test_equal_games_have_equal_hashes():
    plus, minus = (Game([1.0], [[zero, 1]], [[[zero, 1]]], 1) for zero in (0.0, -0.0))
    assert plus == minus
    assert hash(plus) == hash(minus)
    assert len({plus, minus}) == 1


def test_records_that_hold_arrays_compare_by_identity():
    """A comparison of arrays entry by entry has no single answer, so ``==`` would raise."""
    seen = 0
    for module in (
        *pkgutil.walk_packages(persuasion.__path__, "persuasion."),
        *pkgutil.walk_packages(study.__path__, "study."),
    ):
        if module.name.endswith(("__main__", "ignore_interrupt")):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if dataclasses.is_dataclass(value) and isinstance(value, type) and any(
                str(field.type).startswith(("np.ndarray", "torch.Tensor"))
                for field in dataclasses.fields(value)
            ):  # fmt: skip
                seen += 1
                assert value.__eq__ is object.__eq__, value
    assert seen > 20
    response = best_response(prosecutor(), no_revelation(prosecutor()), 0)
    again = best_response(prosecutor(), no_revelation(prosecutor()), 0)
    assert response == response
    assert response != again
    assert {response}


def test_no_minus_before_a_zero():
    entry = SenderCertificate(0, -0.0, np.eye(2), -0.0, -0.0, -0.0, 1.0, True, "optimal", "x", 0.0)
    text = str(persuasion.Certificate({"name": ""}, 1.0, LOWEST_INDEX, (entry,), 0.0))
    assert "-0" not in text
    assert amount(-0.0) == amount(0.0) == "0"


def test_tie_maps_of_any_spelling_are_one_rule():
    game, ties = persuasion_game(np.array([[1, 0], [0, 1]], dtype=">f8"), [[0.0, 1.0], [1.0, 0.0]])
    assert game.shape.signals == 2
    assert ties == TieRule.parse([[2, 1], [1, 2]])


def test_the_projection_reads_lists():
    np.testing.assert_array_equal(project_to_simplex([2, 0, 0]), [1, 0, 0])
