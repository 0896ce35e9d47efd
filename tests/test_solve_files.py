"""What `solve` reads and writes: standard input, whole files, and no file of the user's lost."""

import io
import json
import os
import resource
import subprocess
import sys

import pytest

from persuasion.__main__ import main
from persuasion.games.examples import example
from persuasion.own_game import named_profile, profile_to_dict
from persuasion.system.own_folder import MARKER
from persuasion.system.write_whole import write_whole

FAST = ["--starts", "12", "--steps", "10", "--candidates", "1", "--time-limit", "5", "--quiet"]
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
    assert not (tmp_path / MARKER).exists()
    # once more: what is there is ours
    assert main(["solve", str(game_file), "--out", str(tmp_path), *FAST]) == 0
    (tmp_path / FILES[FILES.index("solution.json")]).write_text("{}")
    assert main(["solve", str(game_file), "--out", str(tmp_path), *FAST]) == 2
    (tmp_path / "empty").mkdir()
    for _ in range(2):
        assert main(["solve", str(game_file), "--out", str(tmp_path / "empty"), *FAST]) == 0


def test_a_tilde_in_a_path_is_the_home_folder(game_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["solve", "~/mine.json", "--out=~/there", *FAST]) == 0
    assert written(tmp_path / "there") == FILES
    assert not (tmp_path / "work" / "~").exists()
