"""Names of states, actions, senders and signals: read, refused, kept, and without influence."""

import copy

import numpy as np
import pytest

from persuasion import Game, full_revelation, sender_utilities
from persuasion.games.examples import example
from persuasion.model.names import Names
from persuasion.own_game import Request, solve

GAME = {
    "prior": [0.7, 0.3],
    "receiver": [[1, 0], [0, 1]],
    "senders": [[[0, 1], [0, 1]], [[1, 0], [1, 0]]],
    "signals": [2, 3],
}
NAMES = {
    "states": ["innocent", "guilty"],
    "actions": ["acquit", "convict"],
    "senders": ["prosecutor", "defence"],
    "signals": [["accuse", "rest"], ["deny", "admit", "keep quiet"]],
}


def test_names_are_read_with_defaults_for_what_is_not_named():
    game = Game(**GAME, names={"states": NAMES["states"], "signals": ["a", "b", "c"]})
    assert (game.names.state(1), game.names.action(1), game.names.sender(0)) == (
        "guilty", "action 1", "sender 0",
    )  # fmt: skip
    assert game.names.signals == (("a", "b"), ("a", "b", "c"))
    assert Game(**GAME).names.joint([1, 2]) == "1 2"
    assert Game(**GAME, names=NAMES).names.joint([1, 2]) == "rest, keep quiet"


def test_names_survive_files_and_copies_and_are_no_part_of_equality():
    game = Game(**GAME, names=NAMES)
    for again in (Game.from_json(game.to_json()), copy.deepcopy(game)):
        assert again.names == game.names
    assert game == Game(**GAME)
    assert game.standard.names == game.names
    assert "names" not in Game(**GAME).to_dict()
    assert Game(**GAME, names=game.names).names == game.names
    assert Names(states=("x", "y")).to_dict() == {"states": ["x", "y"]}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "names must be an object"),
        ({"state": []}, "names has unknown keys: state"),
        ({"states": "ab"}, "names.states must be a list"),
        ({"states": ["a"]}, "names.states has 1 names for 2 states"),
        ({"actions": ["a", "b", "c"]}, "names.actions has 3 names for 2 actions"),
        ({"senders": ["a", " "]}, r"names.senders\[1\] is empty"),
        ({"senders": ["a", "a"]}, r"names.senders\[1\] is 'a', as names.senders\[0\] is"),
        ({"senders": ["a", 1]}, r"names.senders\[1\] must be text, got 1"),
        ({"senders": ["a", None]}, r"names.senders\[1\] must be text"),
        ({"senders": ["a", "b\n"]}, r"names.senders\[1\] is not printable"),
        ({"senders": ["a", "\ud800"]}, r"names.senders\[1\] is not printable"),
        ({"senders": ["a", "b\0"]}, r"names.senders\[1\] is not printable"),
        ({"senders": ["a", "b\u2028c"]}, r"names.senders\[1\] is not printable"),
        ({"senders": ["a", "b\u202ec"]}, r"names.senders\[1\] is not printable"),
        ({"senders": ["a", "\u200b\u3000"]}, r"names.senders\[1\] is empty"),
        ({"signals": ["a", "b"]}, "names.signals has 2 names for 3 signals"),
        ({"signals": [["a", "b"]]}, "names.signals has 1 lists for 2 senders"),
        ({"signals": [["a", "b"], ["a", "b"]]}, r"names.signals\[1\] has 2 names for 3 signals"),
        ({"signals": [["a", "b"], []]}, r"names.signals\[1\] has 0 names for 3 signals"),
        ({"signals": [["a", "a"], ["a", "b", "c"]]}, r"names.signals\[0\]\[1\] is 'a'"),
    ],
)
def test_bad_names_are_refused_with_their_place(names, message):
    with pytest.raises(ValueError, match=message):
        Game(**GAME, names=names)


@pytest.mark.parametrize(
    "name",
    [
        "می\u200cخواهم",
        "क्\u200dष",
        "東京\u3000大学",
        "co\u00adop",
        "a\u00a0b",
        "👩\u200d⚖️",
        "\ufeffx",
    ],
)
def test_a_name_may_be_in_any_script(name):
    game = Game(**GAME, name=name, names={"states": [name, "b"]})
    assert Game.from_json(game.to_json()).names.state(0) == game.name == name


@pytest.mark.parametrize("name", ["n\n", "n\0", "\x85", "\udc80", "\u2069"])
def test_the_name_of_a_game_is_a_line_too(name):
    with pytest.raises(ValueError, match="name is not printable text: '"):
        Game(**GAME, name=name)


def test_messages_use_the_names():
    data = {**GAME, "receiver": [[1, 1], [0, 1]], "names": NAMES}
    with pytest.raises(ValueError, match="innocent has several optimal actions acquit, convict"):
        full_revelation(Game(**data))
    profile = np.full((2, 2, 3), 0.4)
    with pytest.raises(ValueError, match=r"policies\[0, 0\] \(prosecutor, innocent\) sums to 1.2"):
        sender_utilities(Game(**GAME, names=NAMES), profile)


def test_names_change_no_answer():
    request = Request(starts=12, steps=10, candidates=1, search_limit=60)  # none ends by the clock
    data = example("didactic").to_dict()
    given = {"states": ["a", "b"], "senders": ["x", "y"]}
    plain, named = (solve(Game.from_dict({**data, **m}), request) for m in ({}, {"names": given}))
    assert plain.certified
    assert len(plain.local) == len(named.local)
    for one, other in zip(plain.local, named.local):
        np.testing.assert_array_equal(one.policies, other.policies)
        assert one.certificate.regret == other.certificate.regret
