"""The Makefile in a folder with a space in its name, with small scripts in place of the programs that it calls."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MARKER = ".made-by-persuasion"
# says when it began and ended, and what it was given
PROGRAM = """#!/bin/sh
echo "begin $(basename "$0") $*" >> log
echo "store $PERSUASION_STORE" >> log
sleep 0.2
echo "end" >> log
"""

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="needs make")


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "a checkout"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / "requirements").mkdir()
    for name in ("requirements/lock.txt", "pyproject.toml"):
        (folder / name).touch()
    (folder / ".venv" / ".ready").touch()
    for name in ("python", "ruff", "mypy", "codespell"):
        program(folder / ".venv" / "bin" / name, PROGRAM)
    shutil.copy(ROOT / "Makefile", folder)
    return folder


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)


def make(checkout, *arguments, path="/usr/bin:/bin"):
    make = shutil.which("make")
    return subprocess.run(
        [make, *arguments], cwd=checkout, env={"PATH": path}, capture_output=True, text=True
    )


def test_the_steps_of_make_test_do_not_run_side_by_side(checkout):
    done = make(checkout, "-j8", "test")
    assert done.returncode == 0, done.stderr
    lines = (checkout / "log").read_text().splitlines()
    order = [line.split()[0] for line in lines if not line.startswith("store")]
    assert order == ["begin", "end"] * (len(order) // 2)
    assert len(order) > 10


def test_a_path_with_a_space_reaches_the_programs_whole(checkout):
    done = make(checkout, "test-book")
    assert done.returncode == 0, done.stderr
    assert f"store {checkout}/_build/smoke/store.sqlite" in (checkout / "log").read_text()


@pytest.mark.parametrize("name", ["python3.11", "python3.12", "python3.13", "python3"])
def test_the_first_suitable_python_makes_the_environment(checkout, name):
    shutil.rmtree(checkout / ".venv")
    names = ["python3.11", "python3.12", "python3.13", "python3"]
    for other in names[: names.index(name)]:  # there, but of another version
        program(checkout / other, "#!/bin/sh\nexit 1\n")
    environment = '[ "$1" = -c ] || { mkdir -p .venv/bin; cp program .venv/bin/python; }\n'
    program(checkout / "program", PROGRAM)
    program(checkout / name, f'#!/bin/sh\necho "$(basename "$0") $2" >> used\n{environment}')
    done = make(checkout, "setup", path=f"{checkout}:/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    assert (checkout / "used").read_text().splitlines()[-1] == f"{name} venv"
    assert (checkout / ".venv" / MARKER).exists()


def test_without_a_suitable_python_the_names_tried_are_listed(checkout):
    shutil.rmtree(checkout / ".venv")
    done = make(checkout, "setup", "PYTHON=no-python")
    assert done.returncode == 2
    assert "none of no-python is a Python 3.11, 3.12 or 3.13" in done.stderr


def test_an_environment_of_the_users_is_neither_installed_into_nor_removed(checkout):
    (checkout / ".venv" / ".ready").unlink()
    for target in ("setup", "clean"):
        done = make(checkout, target)
        assert done.returncode == 2
        assert f"{checkout}/.venv" in done.stderr
    assert not (checkout / "log").exists()
    assert (checkout / ".venv" / "bin" / "python").exists()


def test_clean_removes_only_what_carries_the_marker(checkout):
    (checkout / "_build").mkdir()
    (checkout / "_build" / "mine.txt").touch()
    done = make(checkout, "clean")
    assert done.returncode == 2
    assert f"{checkout}/_build" in done.stderr
    assert (checkout / "_build" / "mine.txt").exists()
    assert (checkout / ".venv").exists()
    (checkout / "_build" / MARKER).touch()
    assert make(checkout, "clean").returncode == 0
    assert not (checkout / "_build").exists()
    assert not (checkout / ".venv").exists()
