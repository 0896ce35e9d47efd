"""Games from long tables and CSV, policies and LaTeX tables out."""

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from persuasion import Game, solve, uniform_policies
from persuasion.__main__ import main
from persuasion.games.examples import example
from persuasion.own_game import Request, report_page
from persuasion.own_game.tables import (
    from_frame,
    latex_tables,
    outcome_frame,
    policy_frame,
    read_table,
    to_frame,
)
from problems import games

TABLE = """sender,state,action,value
prior,innocent,,0.7
prior,guilty,,0.3
receiver,innocent,acquit,1
receiver,innocent,convict,0
receiver,guilty,acquit,0
receiver,guilty,convict,1
prosecutor,innocent,acquit,0
prosecutor,innocent,convict,1
prosecutor,guilty,acquit,0
prosecutor,guilty,convict,1
"""


@given(games(max_senders=3, max_size=3))
def test_a_game_survives_its_table_whatever_the_order_of_the_rows(game):
    frame = to_frame(game)
    assert from_frame(frame, game.signals) == game
    text = io.StringIO(frame.to_csv(index=False))
    assert read_table(text, [game.signals]) == game
    moved = pd.concat([frame[frame["sender"] != "prior"], frame[frame["sender"] == "prior"]])
    assert from_frame(moved, game.signals) == game


def test_a_table_gives_the_names_and_as_many_signals_as_states():
    game = read_table(io.StringIO(TABLE + "\n,,,\n"))
    assert game == Game([0.7, 0.3], np.eye(2), [[[0, 1], [0, 1]]], 2)
    assert game.names.states == ("innocent", "guilty")
    assert game.names.actions == ("acquit", "convict")
    assert game.names.senders == ("prosecutor",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sender,", "who,", "lacks the column sender"),
        ("prior,guilty,,0.3\n", "", "no row gives prior, guilty a value"),
        ("prior,guilty,,", "prior,guilty,acquit,", "row 3: action must be empty"),
        ("prosecutor,guilty,convict,1", "prosecutor,guilty,,1", "row 11: action is empty"),
        ("prosecutor,guilty,convict,1", "prosecutor,,convict,1", "row 11: state is empty"),
        ("prosecutor,guilty,convict,1", "prosecutor,guilty,convict,one", "row 11: value is no .* 'one'"),
        ("prosecutor,guilty,convict,1", "prosecutor,guilty,acquit,1", "row 11: prosecutor, guilty, acquit has"),
        ("prosecutor,guilty,convict,1\n", "", "no row gives prosecutor, guilty, convict a value"),
        ("prior,guilty,,0.3\n", "prior,guilty,,0.3\nprior,other,,0\n", "'other' has a prior but no payoffs"),
        ("0.3", "0.4", "prior sums to 1.1"),
        ("0.3", "0_3", "row 3: value is no finite number: '0_3'"),
        ("action,value", "action,value,Value", "has the column value more than once"),
        ("action,value", "action,value,value", "has the column value more than once"),
        ("sender,state", "sender,state,State", "has the column state more than once"),
        ("receiver,innocent,acquit", 'receiver,innocent,"acquit', "row 4: unexpected end of data; is a quot"),
        ("receiver,innocent,acquit", 'receiver,"inno"cent,acquit', "row 4: ',' expected after"),
        ("prior,innocent,,0.7", "prior,innocent,,0.7,", "row 2 has more cells than there are columns"),
        (TABLE, "", "it is empty"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_table_is_named(old, new, message):
    assert old in TABLE
    with pytest.raises(ValueError, match=message):
        read_table(io.StringIO(TABLE.replace(old, new)))


def test_a_table_is_read_whatever_its_ends_of_lines_and_its_source(tmp_path):
    expected = read_table(io.StringIO(TABLE))
    spaced = TABLE.replace("prior,guilty,,", 'prior, guilty,"",')
    for text in (TABLE.replace("\n", "\r\n"), spaced, "\ufeff" + TABLE):
        (tmp_path / "table.csv").write_bytes(text.encode())
        with (tmp_path / "table.csv").open("rb") as stream:
            assert read_table(stream) == read_table(tmp_path / "table.csv") == expected
    quoted = TABLE.replace("innocent", '"not, ""guilty"""')
    assert read_table(io.StringIO(quoted)).names.states[0] == 'not, "guilty"'


def test_the_command_reads_and_prints_tables(tmp_path, capsys):
    path = tmp_path / "payoffs.csv"
    path.write_text(TABLE)
    assert main(["game", "--from-csv", str(path), "--signals", "3", "--name", "court"]) == 0
    text = capsys.readouterr().out
    game = Game.from_json(text)
    assert (game.name, game.counts) == ("court", (3,))
    (tmp_path / "game.json").write_text(text)
    assert main(["game", "--to-csv", str(tmp_path / "game.json")]) == 0
    assert read_table(io.StringIO(capsys.readouterr().out)) == read_table(io.StringIO(TABLE))
    path.write_text("nothing")
    assert main(["game", "--from-csv", str(path)]) == 2
    assert f"{path}: the table lacks" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
@pytest.mark.parametrize("way", ["--from-csv", "--to-csv"])
def test_where_nothing_can_be_printed_the_input_is_not_blamed(tmp_path, way):
    path = tmp_path / "game"
    path.write_text(TABLE if way == "--from-csv" else read_table(io.StringIO(TABLE)).to_json())
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "persuasion", "game", way, str(path)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "No space left on device; nothing was written" in done.stderr
    assert str(path) not in done.stderr


def test_policies_and_outcomes_of_a_solution_as_tables():
    found = solve(example("didactic"), Request(starts=12, steps=10, candidates=1))
    frame = policy_frame(found)
    sums = frame.groupby(["profile", "sender", "state"])["probability"].sum()
    np.testing.assert_allclose(sums, 1)
    (label,) = (f.label for f in found.listed if f.entry is found.local[0])
    one = frame[frame["profile"] == f"{label} (exact-gradient)"]["probability"].to_numpy()
    np.testing.assert_array_equal(one, found.local[0].policies.ravel())
    outcomes = outcome_frame(found)
    last = outcomes[outcomes["profile"].str.startswith("local ")].iloc[-1]
    np.testing.assert_array_equal(last[["sender 0", "sender 1"]], found.certified[-1].utilities)
    proof = found.certified[-1]
    assert last["local regret"] == proof.certificate.relative_regret[1]
    assert last["regret"] == proof.anywhere.relative_regret[1]
    marks = {mark.name for mark in found.landmarks}
    assert marks <= set(outcomes["profile"]) & set(frame["profile"])
    failed = tuple(replace(entry, status="not reached: budget") for entry in found.local)
    without = outcome_frame(replace(found, local=failed))
    assert len(without) == len(outcomes) - len(found.certified) < len(outcomes)
    assert not without["profile"].str.startswith("local ").any()


def test_a_profile_with_the_name_of_another_one_is_written_too():
    game, request = (
        example("two-lawyers"),
        Request(starts=2, steps=2, candidates=1, search_limit=0.4),
    )
    given = uniform_policies(game, seed=0)
    found = solve(game, request, given, "full revelation")
    frame = policy_frame(found)
    sizes = frame.groupby("profile").size()
    assert {"full revelation", "full revelation (given)"} <= set(sizes.index)
    marks = {mark.name for mark in found.landmarks} - {"full revelation"}
    assert len(sizes) == 2 + len(found.listed) + len(marks)
    shown = frame[frame["profile"] == "full revelation (given)"]["probability"]
    np.testing.assert_array_equal(shown, given.ravel())


def test_an_equilibrium_with_more_signals_than_the_game_is_written_whole():
    names = {"states": ["low", "middle", "high"], "senders": ["ann", "bob"], "signals": ["x", "y"]}
    match, tables = np.eye(3), [np.eye(3)[[1, 2, 0]], np.eye(3)[[2, 0, 1]]]
    game = Game([0.5, 0.3, 0.2], match, tables, 2, "", names)
    found = solve(game, Request(starts=5, steps=5, time_limit=1, search_limit=1))
    assert all(entry.policies.shape[-1] == 2 for entry in found.proven)
    wide = [f for f in found.listed if f.kind == "equilibrium with more signals"]
    assert wide, "revealing three states takes three signals"
    assert "with more signals than the game has" in found.outcomes
    frame = policy_frame(found)
    sums = frame.groupby(["profile", "sender", "state"])["probability"].sum()
    np.testing.assert_allclose(sums, 1)
    assert frame["profile"].str.startswith("equilibrium with more signals 1").any()
    assert set(frame["signal"]) >= {"x", "y", "signal 2"}
    assert "Equilibrium with more signals 1: policy of ann." in latex_tables(found)
    page = report_page(found)
    first = page[page.index("equilibrium with more signals 1: ann") :].split("</table>")[0]
    assert first.count('<th scope="col">') == 4
    assert "Equilibrium with more signals 1: policy of ann" in page
    assert "ann alone" in page


def test_latex_escapes_names():
    names = {"senders": ["a & b_{1}", "100%"], "states": ["x^2", "~\\"]}
    match, tables = [[1, 0], [0, 1]], [[[0, 1], [0, 1]], [[0, 1], [0, 1]]]
    request = Request(starts=5, steps=5, time_limit=1, search_limit=0.5)
    text = latex_tables(solve(Game([0.7, 0.3], match, tables, 2, "", names), request))
    assert r"a \& b\_\{1\}" in text
    assert r"100\%" in text
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") > 0


def test_no_row_of_latex_begins_with_what_its_neighbour_takes_for_an_argument():
    names = {"senders": ["[s]", "*t"], "states": ["[0, 0.5)", "*"], "signals": ["s<2", "a|b"]}
    match, tables = [[1, 0], [0, 1]], [[[0, 1], [0, 1]], [[1, 0], [1, 0]]]
    request = Request(starts=5, steps=5, time_limit=1, search_limit=0.5)
    text = latex_tables(solve(Game([0.7, 0.3], match, tables, 2, "", names), request))
    assert not [line for line in text.splitlines() if line.lstrip().startswith(("[", "*"))]
    assert "{[}0, 0.5)" in text
    assert r"s\textless{}2" in text
    assert r"a\textbar{}b" in text


def game_of(names=None, **options):
    tables = [[[0, 1], [0, 1]], [[1, 0], [1, 0]]]
    return Game([0.7, 0.3], np.eye(2), tables, options.pop("signals", 2), names=names, **options)


@pytest.mark.parametrize(
    ("game", "message"),
    [
        (game_of({"senders": ["receiver", "defence"]}), "'receiver' would be taken"),
        (game_of({"senders": ["Prior", "defence"]}), "'Prior' would be taken"),
        (game_of({"states": ["  low", "high"]}), "blanks around a name"),
        (game_of(fixed=[None, np.eye(2)]), "no place for the policy"),
    ],
)
def test_a_game_that_a_table_would_change_is_not_written(game, message, tmp_path, capsys):
    with pytest.raises(ValueError, match=message):
        to_frame(game)
    path = tmp_path / "game.json"
    game.to_json(path)
    assert main(["game", "--to-csv", str(path)]) == 2
    assert message.split("'")[-1] in capsys.readouterr().err


def test_the_numbers_of_signals_are_said_beside_the_table(tmp_path, capsys):
    path = tmp_path / "game.json"
    game = game_of(signals=[2, 3])
    game.to_json(path)
    assert main(["game", "--to-csv", str(path)]) == 0
    found = capsys.readouterr()
    assert "--signals 2 3" in found.err
    assert read_table(io.StringIO(found.out), [2, 3]) == game
    assert main(["game", "--to-csv", str(path), "--signals", "2"]) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",", ";", "it has 'sender;state;action;value'; commas separate columns"),
        ("0.7", "0,7", "more cells than there are columns"),
        ("0.7", '"0,7"', "decimal point"),
    ],
)
def test_what_a_spreadsheet_in_another_language_writes_is_named(old, new, message):
    with pytest.raises(ValueError, match=message):
        read_table(io.StringIO(TABLE.replace(old, new)))


def test_capital_letters_in_headings_and_in_receiver_and_prior_do_not_matter():
    text = TABLE.replace("sender,state", "Sender, State").replace("receiver", "Receiver")
    assert read_table(io.StringIO(text.replace("prior", "PRIOR"))) == read_table(io.StringIO(TABLE))


def test_numbers_as_labels_stay_whole():
    frame = to_frame(game_of({"actions": ["10", "20"], "states": ["1", "2"]}))
    numbers = frame.assign(
        action=pd.to_numeric(frame["action"]), state=pd.to_numeric(frame["state"])
    )
    assert from_frame(numbers, 2).names.actions == ("10", "20")
    assert from_frame(numbers, 2) == game_of()


def test_a_table_that_is_no_json_is_told_how_to_become_one(tmp_path, capsys):
    path = tmp_path / "game.csv"
    path.write_text(TABLE)
    assert main(["solve", str(path)]) == 2
    assert "game --from-csv" in capsys.readouterr().err
