"""JSON that people wrote: the schemas and the program give one verdict, and files say what is wrong with them."""

import json
from pathlib import Path

import jsonschema
import pytest

from persuasion import Game
from persuasion.__main__ import main
from persuasion.model.json_text import parse_json, read_text
from persuasion.own_game.command import read_game, schema_text
from persuasion.own_game.profile import profile_from, read_profile
from problems import prosecutor

GAME = prosecutor().to_dict()
ROWS = [[[1, 0], [0.5, 0.5]]]

# names: the first ones are good, the others are no line, or nothing can be seen in them
LINES = ("می\u200cخواهم", "क्\u200dष", "東京\u3000大学", "a\u00a0b", "👩\u200d⚖️", "\ufeffx", "<b>")
BREAKS = ("n\n", "\n", "a\0", "a\tb", "\x7f", "\x85a", "a\u2028", "\u202eb", "\ud800", "a\udfff")
UNSEEN = ("", " ", "\u3000", "\u00a0\u2003", "\u200b", "\ufeff", "\u200d ")
GOOD_GAMES = {
    "as written": {},
    "whole float": {"signals": 2.0},
    "name": {"name": "Ä ☃"},
    "schema": {"schema": "persuasion/game/1"},
    "integers": {"receiver": [[1, 0], [0, 1]]},
    "large": {"receiver": [[1e300, 0], [0, -1e300]]},
    "prior that is barely negative": {"prior": [1 + 1e-10, -1e-10]},
    "most signals": {"signals": 1_000_000},
    "big integer": {"receiver": [[10**25, 0], [0, 1]]},
    "no names": {"names": None},
    "no names of states": {"names": {"states": [], "signals": []}},
    "all choose": {"fixed": []},
    "none but all choose": {"fixed": None},
    **{f"name {n!a}": {"name": n} for n in ("", " ", "\u200d")},
    **{f"named {n!a}": {"names": {"states": [n, "b"]}} for n in LINES},
}
BAD_GAMES = {
    "half a signal": {"signals": 1.5},
    "signals as text": {"signals": "2"},
    "signals true": {"signals": True},
    "no signals": {"signals": 0},
    "too many signals": {"signals": 1_000_001},
    "signals null": {"signals": None},
    "name a number": {"name": 3},
    "name null": {"name": None},
    "name a list": {"name": ["a"]},
    "true as a utility": {"receiver": [[True, 0], [0, 1]]},
    "only truth values": {"receiver": [[True, False], [False, True]]},
    "text as a utility": {"receiver": [["1", 0], [0, 1]]},
    "null as a utility": {"senders": [[[0, None], [0, 1]]]},
    "true as a probability": {"prior": [True, 0]},
    "text as a probability": {"prior": ["0.5", 0.5]},
    "negative probability": {"prior": [1.5, -0.5]},
    "negative beyond dust": {"prior": [1, -2e-9]},
    "no states": {"prior": []},
    "no actions": {"receiver": [[], []]},
    "no senders": {"senders": []},
    "a table for senders": {"senders": [[1, 2], [3, 4]]},
    "a row for receiver": {"receiver": [1, 2]},
    "an object for receiver": {"receiver": {"0": [1, 2]}},
    "another schema": {"schema": "persuasion/game/2"},
    "schema null": {"schema": None},
    "unknown key": {"colour": "red"},
    "names a list": {"names": []},
    "names of states null": {"names": {"states": None}},
    "unknown key in names": {"names": {"state": ["a", "b"]}},
    "a number as a name": {"names": {"states": ["a", 1]}},
    "a name twice": {"names": {"states": ["a", "a"]}},
    "fixed an object": {"fixed": {}},
    **{f"name {n!a}": {"name": n} for n in BREAKS},
    **{f"named {n!a}": {"names": {"states": [n, "b"]}} for n in (*BREAKS, *UNSEEN)},
}
GOOD_PROFILES = {
    "list": ROWS,
    "object": {"policies": ROWS},
    "schema": {"policies": ROWS, "schema": "persuasion/profile/1"},
    "dust": [[[1 + 1e-10, -1e-10], [0.5, 0.5]]],
    "integers": [[[1, 0], [0, 1]]],
}
BAD_PROFILES = {
    "text": [[["1", "0"], [0.5, 0.5]]],
    "one text": [[[1, "0"], [0.5, 0.5]]],
    "truth values": [[[True, False], [0.5, 0.5]]],
    "one truth value": [[[True, 0], [0.5, 0.5]]],
    "null": [[[1, None], [0.5, 0.5]]],
    "negative": [[[1.5, -0.5], [0.5, 0.5]]],
    "beyond dust": [[[1, -2e-9], [0.5, 0.5]]],
    "two axes": [[1, 0], [0, 1]],
    "empty": [],
    "empty rows": [[[], []]],
    "no policies": {},
    "unknown key": {"policies": ROWS, "more": 1},
    "another schema": {"policies": ROWS, "schema": "x"},
    "schema null": {"policies": ROWS, "schema": None},
    "text alone": "policies",
    "null alone": None,
    "number alone": 1,
}


def verdicts(kind, data, read):
    """Whether the schema and whether the program accepts a document, after a way through text."""
    data = json.loads(json.dumps(data))
    schema = jsonschema.Draft202012Validator(json.loads(schema_text(kind)))
    try:
        read(data)
    except ValueError:
        return schema.is_valid(data), False
    return schema.is_valid(data), True


@pytest.mark.parametrize("name", [*GOOD_GAMES, *BAD_GAMES])
def test_schema_and_program_agree_on_games(name):
    change = {**GOOD_GAMES, **BAD_GAMES}[name]
    expected = name in GOOD_GAMES
    assert verdicts("game", {**GAME, **change}, Game.from_dict) == (expected, expected)


@pytest.mark.parametrize("key", ["prior", "receiver", "senders", "signals"])
def test_schema_and_program_agree_on_what_is_missing(key):
    data = {k: v for k, v in GAME.items() if k != key}
    assert verdicts("game", data, Game.from_dict) == (False, False)


@pytest.mark.parametrize("name", [*GOOD_PROFILES, *BAD_PROFILES])
def test_schema_and_program_agree_on_profiles(name):
    data = {**GOOD_PROFILES, **BAD_PROFILES}[name]
    expected = name in GOOD_PROFILES
    found = verdicts("profile", data, lambda value: profile_from(prosecutor(), value))
    assert found == (expected, expected)


TEXT = json.dumps(GAME)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (TEXT[:-1] + ', "signals": 1}', "signals"),
        ('{"prior": [1], "prior": [1]}', "prior"),
        ('[{"a": {"b": 1, "b": 1}}]', "b"),
    ],
)
def test_a_key_that_occurs_twice_is_named(text, key):
    with pytest.raises(ValueError, match=f"the key '{key}' occurs twice"):
        parse_json("game", text)
    with pytest.raises(ValueError, match="occurs twice"):
        Game.from_json(text)


def test_a_profile_with_a_key_twice_is_refused(tmp_path):
    path = tmp_path / "p.json"
    path.write_text('{"policies": [[[1, 0], [1, 0]]], "policies": [[[0, 1], [0, 1]]]}')
    with pytest.raises(ValueError, match=r"p\.json: profile is not valid JSON: the key 'policies'"):
        read_profile(prosecutor(), path)


def test_a_byte_order_mark_is_read_over(tmp_path):
    path = tmp_path / "game.json"
    path.write_text(TEXT, encoding="utf-8-sig")
    assert Game.from_json(path) == read_game(path) == prosecutor()
    assert Game.from_json("\ufeff" + TEXT) == prosecutor()
    path.write_text(json.dumps(ROWS), encoding="utf-8-sig")
    assert read_profile(prosecutor(), path).tolist() == ROWS


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_another_encoding_is_named(tmp_path, encoding, capsys):
    path = tmp_path / "game.json"
    path.write_bytes(TEXT.encode(encoding))
    with pytest.raises(ValueError, match=f"looks like {encoding[:6].upper()}; save it as UTF-8"):
        Game.from_json(path)
    assert main(["solve", str(path)]) == 2
    assert "save it as UTF-8" in capsys.readouterr().err


def test_what_is_no_text_is_said_to_be_none(tmp_path):
    path = tmp_path / "game.json"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    for read in (Game.from_json, read_text):
        with pytest.raises(ValueError, match="not UTF-8 text"):
            read(path)
    with pytest.raises(ValueError, match=r"game\.json: the file is not UTF-8 text"):
        read_profile(prosecutor(), path)


@pytest.mark.parametrize("name", ["g.json", "folder/g.json", "C:\\games\\g.json"])
def test_a_path_given_as_text_is_recognised(name):
    with pytest.raises(ValueError, match="reads a file") as raised:
        Game.from_json(name)
    assert repr(Path) not in str(raised.value)
    assert f"Path({name!r})" in str(raised.value)


@pytest.mark.parametrize("text", ["", " ", "{", "[1,", TEXT[:-1]])
def test_other_text_is_no_path(text):
    with pytest.raises(ValueError, match="not valid JSON") as raised:
        Game.from_json(text)
    assert "Path(" not in str(raised.value)
