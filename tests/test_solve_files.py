"""What `solve` reads and writes: standard input, whole files, and no file of the user's lost."""

import io
import json
import os
import resource
import subprocess
import sys

import jsonschema
import pytest

from persuasion.__main__ import main
from persuasion.games.examples import example
from persuasion.model.game import Game
from persuasion.own_game import (
    Request,
    named_profile,
    profile_to_dict,
    report_page,
    solutions,
    solve,
)
from persuasion.own_game.command import schema_text
from persuasion.system.own_folder import MARKER, emptied_folder
from persuasion.system.write_whole import write_whole

FAST = ["--starts", "12", "--steps", "10", "--candidates", "1", "--time-limit", "5"]
FAST += ["--search-limit", "0.5", "--quiet"]
FILES = ["policies.csv", "report.html", "solution.json", "tables.tex"]


@pytest.fixture
def game_file(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    path = tmp_path / "mine.json"
    example("didactic").to_json(path)
    return path


def written(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != MARKER)


def test_a_game_from_standard_input_is_solved_in_the_working_folder(
    game_file, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(game_file.open("rb")))
    assert main(["solve", "-", *FAST]) == 0
    assert written(tmp_path / "work" / "stdin-solution") == FILES
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    assert main(["solve", "-", *FAST]) == 2
    assert "standard input: is not UTF-8 text" in capsys.readouterr().err


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="needs /dev/stdin")
def test_a_device_as_input_puts_nothing_beside_the_device(game_file, tmp_path):
    command = [sys.executable, "-m", "persuasion", "solve", "/dev/stdin", *FAST]
    with game_file.open("rb") as file:  # a regular file behind the device
        done = subprocess.run(command, stdin=file, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert written(tmp_path / "work" / "stdin-solution") == FILES
    assert not os.path.exists("/dev/stdin-solution")


def test_files_that_differ_in_their_ending_have_folders_of_their_own(game_file, tmp_path):
    other = game_file.with_suffix(".txt")
    other.write_bytes(game_file.read_bytes())
    for file in (game_file, other):
        assert main(["solve", str(file), *FAST]) == 0
    assert {folder.name for folder in tmp_path.glob("*-solution")} == {
        "mine-solution",
        "mine.txt-solution",
    }


def test_a_name_that_is_not_text_is_refused_before_anything_is_written(game_file, capsys):
    game = json.loads(game_file.read_text())
    game_file.write_text(json.dumps({**game, "name": "half \ud800"}))
    assert main(["solve", str(game_file), *FAST]) == 2
    assert "name is not printable text: 'half " in capsys.readouterr().err
    assert not game_file.with_name("mine-solution").exists()


def test_a_profile_whose_file_name_is_not_text_can_be_used(game_file, tmp_path, capsys):
    profile = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.json")
    with open(profile, "w") as file:
        policies = named_profile(example("didactic"), "random")
        json.dump(profile_to_dict(policies), file)
    assert main(["solve", str(game_file), "--profile", profile, *FAST]) == 0
    assert "?.json: sender 0 has" in capsys.readouterr().out
    assert written(tmp_path / "mine-solution") == FILES


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # a disk that fills up
    try:
        with pytest.raises(OSError, match="large"):
            write_whole({old: b"short", new: b"long" * 1000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert old.read_text() == "old"
    assert written(tmp_path) == ["old"]
    write_whole({old: b"short", new: b"long"})
    assert (old.read_text(), new.read_text()) == ("short", "long")
    assert written(tmp_path) == ["new", "old"]


def test_files_of_the_users_are_not_overwritten_and_our_own_are(game_file, tmp_path, capsys):
    out = tmp_path / "work"
    (out / "report.html").write_text("mine")
    assert main(["solve", str(game_file), "--out", str(out), *FAST]) == 2
    assert str(out) in capsys.readouterr().err
    assert (out / "report.html").read_text() == "mine"
    assert written(out) == ["report.html"]
    for _ in range(2):  # a folder that we made
        assert main(["solve", str(game_file), "--out", str(out / "new"), *FAST]) == 0
    assert written(out / "new") == FILES
    # one of the user's in which nothing is in the way
    assert main(["solve", str(game_file), "--out", str(tmp_path), *FAST]) == 0
    assert {*FILES, "mine.json"} <= set(written(tmp_path))
    assert sorted((tmp_path / MARKER).read_text().split()) == FILES
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "policies.csv").write_text("mine")
    # again: these four files are ours now, and nothing else is
    assert main(["solve", str(game_file), "--out", str(tmp_path), *FAST]) == 0
    assert (tmp_path / "mine.json").is_file()
    assert (tmp_path / "more" / "policies.csv").read_text() == "mine"
    with pytest.raises(ValueError, match="is not overwritten"):
        emptied_folder(tmp_path)
    # a folder that we only made a way through
    assert main(["solve", str(game_file), "--out", str(tmp_path / "way" / "run"), *FAST]) == 0
    (tmp_path / "way" / "report.html").write_text("mine")
    assert main(["solve", str(game_file), "--out", str(tmp_path / "way"), *FAST]) == 2
    assert "report.html in it away" in capsys.readouterr().err
    assert (tmp_path / "way" / "report.html").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    for _ in range(2):
        assert main(["solve", str(game_file), "--out", str(tmp_path / "empty"), *FAST]) == 0


@pytest.fixture
def unsolved(monkeypatch):
    """Nothing is computed: what is wrong is found before."""
    monkeypatch.setattr(sys.modules["persuasion.own_game.solve"], "find_equilibria", None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "/proc/nothing/here"], "/proc/nothing/here: cannot be made or written (No such"),
        (["--out", "../blocked"], "blocked/tables.tex: is a folder, where a file is to be written"),
        (["--out", "../mine.json/below"], "mine.json/below: cannot be made or written (Not a dir"),
        (["--ties", "sender-9"], "favours sender 9"),
        (["--profile", "x" * 300], "xxx: no such file; by name there are no-revelation, full-rev"),
        (
            ["--profile", "ful-revelation"],
            "no such file; by name there are no-revelation, full-rev",
        ),
        (["--profile", "../work"], "work: cannot be read (Is a directory)"),
        (["--starts", "1000000000000"], "starts: 1,000,000,000,000 profiles of"),
    ],
)
def test_what_cannot_be_done_is_said_at_once_and_leaves_nothing(
    game_file, tmp_path, unsolved, arguments, message, capsys
):
    (tmp_path / "blocked" / "tables.tex").mkdir(parents=True)
    (tmp_path / "blocked" / MARKER).touch()
    before = sorted(tmp_path.rglob("*"))
    assert main(["solve", str(game_file), *FAST, *arguments]) == 2
    output = capsys.readouterr()
    assert message in output.err
    assert not output.out
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted; nothing was written"),
        (MemoryError(), 1, "there is not enough memory; nothing was written"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 1, "not enough memory"),
        (ArithmeticError("a certificate is wrong"), 1, "a certificate is wrong"),
    ],
)
def test_a_run_that_ends_early_leaves_nothing(
    game_file, tmp_path, monkeypatch, failure, code, message, capsys
):
    def end(*_):
        raise failure

    monkeypatch.setattr(sys.modules["persuasion.own_game.solve"], "certificate", end)
    before = sorted(tmp_path.rglob("*"))
    assert main(["solve", str(game_file), *FAST, "--out", str(tmp_path / "a" / "b")]) == code
    assert message in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), MemoryError(), ArithmeticError("wrong")])
def test_what_was_found_before_a_run_ended_is_kept(
    game_file, tmp_path, monkeypatch, failure, capsys
):
    solver = sys.modules["persuasion.own_game.solve"]
    whole = solver.find_equilibria

    def end(*given):
        yield next(whole(*given))
        raise failure

    monkeypatch.setattr(solver, "find_equilibria", end)
    out = tmp_path / "kept"
    methods = ["--method", "exact-gradient", "--method", "dnl"]
    assert main(["solve", str(game_file), *FAST, *methods, "--out", str(out)]) in (1, 130)
    missing = ["local search: dnl", "certificates of local equilibria against any deviation"]
    said = capsys.readouterr()
    assert "; ".join(missing) in said.out
    if not isinstance(failure, ArithmeticError):
        assert f"what was found before is in {out}" in said.err
    kept = json.loads((out / "solution.json").read_text())
    jsonschema.validate(kept, json.loads(schema_text("solution")))
    assert kept["missing"] == missing
    assert kept["found"]
    assert kept["landmarks"]
    assert kept["local"]
    assert all(name in (out / "report.html").read_text() for name in missing)


def test_every_step_adds_to_what_is_known(game_file):
    request = Request(starts=4, steps=2, candidates=1, search_limit=1)
    game = Game.from_json(game_file)
    steps = list(solutions(game, request))
    local = ["local search: exact-gradient", steps[0].missing[-1]]
    assert [list(step.missing) for step in steps[2:]] == [local, local[1:], []]
    assert [len(step.missing) for step in steps] == [4, 3, 2, 1, 0]
    assert steps[0].outcomes == "1 proven; not searched for yet", "full revelation is certified"
    assert not any(step.landmarks for step in steps[:2])
    assert not any(step.local for step in steps[:3])
    assert "yet" not in "".join(step.outcomes for step in steps[1:])
    assert solve(game, request).missing == ()
    for step in steps:
        jsonschema.validate(step.to_dict(), json.loads(schema_text("solution")))
        assert all(name in report_page(step) for name in step.missing)


@pytest.mark.parametrize(
    ("given", "rule"),
    [("prosecutor", "sender-0"), ("welfare", "welfare"), ("sender-1", "sender-1")],
)
def test_ties_go_to_a_sender_by_its_name(tmp_path, given, rule):
    """A name that is the rule of another sender is taken as the rule."""
    example("two-lawyers").to_json(tmp_path / "game.json")
    if given == "sender-1":
        text = (tmp_path / "game.json").read_text()
        (tmp_path / "game.json").write_text(text.replace("prosecutor", given))
    assert main(["solve", str(tmp_path / "game.json"), *FAST, "--ties", given]) in (0, 1)
    written = json.loads((tmp_path / "game-solution" / "solution.json").read_text())
    assert written["request"]["ties"] == rule


def test_any_other_error_keeps_its_traceback(game_file, monkeypatch):
    def end(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(sys.modules["persuasion.own_game.solve"], "find_equilibria", end)
    with pytest.raises(RuntimeError, match="a bug"):
        main(["solve", str(game_file), *FAST])


@pytest.mark.parametrize(
    "arguments", [["solve", "GAME", "--out", ""], ["solve", ""], ["solve", "GAME", "--out=~nouser/x"]]
)  # fmt: skip
def test_a_path_that_is_none_is_refused_with_its_reason(game_file, tmp_path, arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main([str(game_file) if a == "GAME" else a for a in arguments])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert "an empty path names nothing" in error or "~nouser/x: Could not determine" in error
    assert written(tmp_path / "work") == []


def test_nothing_is_replaced_where_a_folder_is_in_the_way(tmp_path):
    (tmp_path / "one").write_text("old")
    (tmp_path / "two").mkdir()
    with pytest.raises(IsADirectoryError, match="two"):
        write_whole({tmp_path / "one": b"new", tmp_path / "two": b"new"})
    assert (tmp_path / "one").read_text() == "old"
    assert written(tmp_path) == ["one", "two"]


def test_what_a_killed_process_with_our_number_left_is_not_in_the_way(tmp_path):
    (tmp_path / f".file.{os.getpid()}.new").touch()
    write_whole({tmp_path / "file": b"whole"})
    assert (tmp_path / "file").read_bytes() == b"whole"
    assert (tmp_path / "file").stat().st_mode == (
        tmp_path / f".file.{os.getpid()}.new"
    ).stat().st_mode


def test_files_that_cannot_be_written_after_all_take_no_result_away(
    game_file, tmp_path, monkeypatch, capsys
):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("persuasion.own_game.command.write_whole", full)
    assert main(["solve", str(game_file), *FAST]) == 2
    output = capsys.readouterr()
    assert "cannot be written (No space left on device)" in output.err
    assert "full revelation: equilibrium" in output.out


def test_a_terminal_that_lacks_a_letter_shows_an_escape(game_file, tmp_path):
    game = json.loads(game_file.read_text())
    game_file.write_text(json.dumps({**game, "names": {"senders": ["Zoë", "東京"]}}))
    done = subprocess.run(
        [sys.executable, "-m", "persuasion", "solve", str(game_file), *FAST],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no revelation: Zo\\xeb has" in done.stdout
    assert written(tmp_path / "mine-solution") == FILES


def test_a_tilde_in_a_path_is_the_home_folder(game_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    policies = named_profile(example("didactic"), "random")
    (tmp_path / "p.json").write_text(json.dumps(profile_to_dict(policies)))
    assert main(["solve", "~/mine.json", "--out=~/there", "--profile=~/p.json", *FAST]) == 0
    assert "p.json: sender 0 has" in capsys.readouterr().out
    assert written(tmp_path / "there") == FILES
    assert not (tmp_path / "work" / "~").exists()
