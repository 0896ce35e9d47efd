"""Nothing of the user's is removed or overwritten: only folders that carry the marker are ours."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import study
from persuasion.system.own_folder import MARKER, absolute, emptied_folder, make_folder, own_folder
from study import build_folder, default_store, preset
from study.__main__ import main
from study.figures.artefacts import save_figure
from study.run.reproduce import build_book, run_pages

ROOT = Path(__file__).resolve().parents[1]
OUTPUTS = ("book", "notebooks", "artefacts", "pages", "pdf")


def plant(folder):
    """Files of the user's in a folder and in every folder with a name that we use; returns all of them."""
    places = [folder, *(folder / name for name in OUTPUTS)]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
        (place / "mine.txt").write_text("mine")
    return [place / "mine.txt" for place in places]


def intact(files):
    return all(file.read_text() == "mine" for file in files)


@pytest.mark.parametrize("act", [own_folder, emptied_folder])
def test_a_folder_with_other_files_is_refused_by_name_and_left_alone(act, tmp_path):
    files = plant(tmp_path / "theirs")
    with pytest.raises(ValueError, match=str(tmp_path / "theirs")):
        act(tmp_path / "theirs")
    assert intact(files)
    assert not (tmp_path / "theirs" / MARKER).exists()


def test_a_marker_counts_for_its_own_folder_only(tmp_path):
    ours = own_folder(tmp_path / "ours")
    files = plant(ours / "theirs")
    with pytest.raises(ValueError, match="theirs"):
        emptied_folder(ours / "theirs")
    assert intact(files)


def test_a_folder_of_ours_is_emptied_but_for_its_marker_and_links_are_not_followed(tmp_path):
    files = plant(tmp_path / "theirs")
    ours = own_folder(tmp_path / "new" / "ours")
    assert (tmp_path / "new" / MARKER).exists()
    (ours / "sub").mkdir()
    (ours / "sub" / "file").write_text("x")
    (ours / "link").symlink_to(tmp_path / "theirs", target_is_directory=True)
    (tmp_path / "door").symlink_to(ours, target_is_directory=True)
    assert emptied_folder(tmp_path / "door") == ours
    assert [path.name for path in ours.iterdir()] == [MARKER]
    assert intact(files)


def test_a_link_to_the_users_folder_is_refused(tmp_path):
    files = plant(tmp_path / "theirs")
    (tmp_path / "book").symlink_to(tmp_path / "theirs", target_is_directory=True)
    with pytest.raises(ValueError, match="theirs"):
        emptied_folder(tmp_path / "book")
    assert intact(files)


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "book").write_text("mine")
    with pytest.raises(ValueError, match="book: cannot be made"):
        own_folder(tmp_path / "book")
    with pytest.raises(ValueError, match="cannot be made"):
        make_folder(tmp_path / "book" / "below")
    assert (tmp_path / "book").read_text() == "mine"


def test_paths_are_resolved_first(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert absolute("~/a") == absolute("a") == absolute("b/../a") == tmp_path / "a"
    with pytest.raises(ValueError, match="~nobody-of-that-name/a"):
        absolute("~nobody-of-that-name/a")


def test_the_build_folder_is_one_of_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for given, expected in (
        ("", ROOT / "_build"),
        (str(ROOT / "_build" / "smoke" / "store.sqlite"), ROOT / "_build" / "smoke"),
        (str(ROOT / "results"), ROOT / "_build"),
        (str(tmp_path / "s.sqlite"), tmp_path / "persuasion-build"),
        ("~/s.sqlite", tmp_path / "persuasion-build"),
    ):
        monkeypatch.setenv("PERSUASION_STORE", given)
        assert build_folder() == expected
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PERSUASION_STORE", "store.sqlite")
    assert default_store() == ROOT / "store.sqlite"
    assert build_folder() == ROOT / "persuasion-build"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A home folder with files of the user's everywhere, and a store of ours in it, named with a tilde."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PERSUASION_STORE", "~/s.sqlite")
    monkeypatch.delenv("PERSUASION_ARTEFACTS", raising=False)
    monkeypatch.chdir(tmp_path)
    return plant(tmp_path)


def test_commands_leave_what_lies_beside_the_store_alone(elsewhere, tmp_path, capsys):
    small = ["--preset", "smoke", "--set", "methods=[relu]", "--set", "didactic.training.epochs=1"]
    one = ["--workers", "1"]
    assert main(["run", *small, *one, "--experiment", "didactic"]) == 0
    assert main(["status", *small]) == 0
    assert main(["verify", *small, *one, "--store=~/s.sqlite", "--log=~/logs/audit.jsonl"]) == 0
    assert main(["export", *small, "--to=~/committed"]) == 0
    (found,) = study.load(preset("smoke", {"methods": ["relu"], "didactic.training.epochs": 1}))
    assert found.done
    assert (tmp_path / "s.sqlite").is_file()
    assert (tmp_path / "committed" / "smoke" / "manifest.json").is_file()
    assert not (tmp_path / "~").exists()
    assert intact(elsewhere)


def test_results_are_not_exported_among_files_of_the_users(elsewhere, tmp_path, capsys):
    files = plant(tmp_path / "committed" / "smoke")
    small = ["--preset", "smoke", "--set", "methods=[relu]", "--set", "didactic.training.epochs=1"]
    assert main(["run", *small, "--experiment", "didactic", "--workers", "1"]) == 0
    assert main(["export", *small, "--to", str(tmp_path / "committed")]) == 2
    assert str(tmp_path / "committed" / "smoke") in capsys.readouterr().err
    assert intact(files)


def test_a_log_of_something_else_is_neither_read_nor_cut(elsewhere, tmp_path, capsys):
    small = ["--preset", "smoke", "--set", "methods=[relu]", "--set", "didactic.training.epochs=1"]
    assert main(["run", *small, "--experiment", "didactic", "--workers", "1"]) == 0
    assert main(["verify", *small, "--log", str(elsewhere[0])]) == 2
    assert str(elsewhere[0]) in capsys.readouterr().err
    assert intact(elsewhere)


def test_notebooks_and_figures_are_not_written_among_files_of_the_users(tmp_path, monkeypatch):
    files = plant(tmp_path)
    with pytest.raises(ValueError, match=str(tmp_path / "notebooks")):
        run_pages("smoke", tmp_path / "notebooks" / "smoke", tmp_path / "s.sqlite")
    monkeypatch.setenv("PERSUASION_ARTEFACTS", str(tmp_path / "artefacts"))
    with pytest.raises(ValueError, match=str(tmp_path / "artefacts")):
        save_figure(plt.figure(), preset("smoke"), "figure")
    with pytest.raises(ValueError, match=str(tmp_path / "book")):
        build_book("smoke", tmp_path / "book", tmp_path / "s.sqlite", tmp_path / "notebooks")
    assert intact(files)


BUILD = """\
from study import build_folder, default_store
from study.run.reproduce import build_book
folder = build_folder()
print(build_book("smoke", folder / "book", default_store(), folder / "notebooks"))
"""


@pytest.mark.slow
def test_a_book_built_beside_a_store_in_a_checkout_leaves_its_sources(tmp_path):
    checkout = tmp_path / "a checkout"
    shutil.copytree(ROOT / "lib", checkout / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    files = plant(checkout)
    (checkout / "book" / "intro.md").write_text("# Start\n")
    (checkout / "_toc.yml").write_text("format: jb-book\nroot: book/intro\n")
    (checkout / "_config.yml").write_text("title: Small\nonly_build_toc_files: true\n")
    environment = {
        **os.environ,
        "PERSUASION_STORE": "store.sqlite",
        "PYTHONPATH": str(checkout / "lib"),
    }
    for _ in range(2):  # the second build replaces the first
        done = subprocess.run(
            [sys.executable, "-c", BUILD],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        page = Path(done.stdout.splitlines()[-1])
        assert page.is_file()
        assert page.is_relative_to(checkout / "persuasion-build" / "book")
    assert intact(files)
    assert (checkout / "book" / "intro.md").read_text() == "# Start\n"
