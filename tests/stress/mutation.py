"""Mutation: mutmut changes the core in small ways, one at a time, and a test has to fail.

Work lies below ``_build/mutation`` and is continued by the next call as long as the library stays as it is; where
the tests changed, what survived is tried again. Which mutants are tried is decided by a hash of their names.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from persuasion.system.own_folder import emptied_folder

ROOT = Path(__file__).resolve().parents[2]
CORE = (
    "model/game.py",
    "model/ties.py",
    "model/simulate.py",
    "model/standard.py",
    "model/restrictions.py",
    "theorems/*.py",
    "regret/*.py",
    "regret/*/*.py",
)
TESTS = (
    "test_game.py",
    "test_simulate.py",
    "test_policies.py",
    "test_posteriors.py",
    "test_constructions_gray_code.py",
    "test_constructions_public_persuasion.py",
    "test_constructions_win_lose.py",
    "test_effort.py",
    "test_best_response.py",
    "test_best_response_solvers.py",
    "test_certify.py",
    "test_certify_openings.py",
    "test_certify_pieces.py",
    "test_certify_scales.py",
    "test_invariances.py",
    "test_line_sweep.py",
    "test_rays.py",
    "test_restrictions.py",
    "test_verification.py",
    "test_verification_constructions.py",
)
# what tests read beside the library
READ = ("examples", "results")
# mutmut tells modules by their path below src
SETTINGS = {
    "source_paths": ["src"],
    "only_mutate": [f"src/persuasion/{pattern}" for pattern in CORE],
    "also_copy": list(READ),
    "pytest_add_cli_args_test_selection": [f"tests/{name}" for name in TESTS],
    # a failure that hypothesis remembers would count as the death of every mutant after it
    "pytest_add_cli_args": [
        *("-p", "no:cacheprovider", "-p", "no:xdist"),
        "--hypothesis-profile=forgetful",
    ],
    "process_isolation": "forkserver",
    # eight times the processor time that the tests took: mutants that go on for ever are killed by it
    "timeout_multiplier": 4.0,
    "track_dependencies": False,
    "use_git_change_detection": False,
}
# beside the project's packages, not among them: what it needs contradicts theirs
TOOL = "mutmut==3.8.1"
OPEN = None
# exit codes of mutants that survived, and that no test reaches
ALIVE = (0, 33)
IGNORED = shutil.ignore_patterns("__pycache__", "*.egg-info")


def prepare(folder: Path) -> None:
    """A copy of library and tests in the form that mutmut wants; that of another library is thrown away."""
    library, tests = _version(ROOT / "lib"), _version(ROOT / "tests", "*.py")
    if _read(folder / "library") != library:
        emptied_folder(folder)
        shutil.copytree(ROOT / "lib", folder / "src", ignore=IGNORED)
        for name in READ:
            shutil.copytree(ROOT / name, folder / name)
        target = ["--quiet", "--target", str(folder / "tool"), TOOL]
        subprocess.run([sys.executable, "-m", "pip", "install", *target], check=True)
    if _read(folder / "tested") != tests:
        shutil.copytree(ROOT / "tests", folder / "tests", ignore=IGNORED, dirs_exist_ok=True)
        settings = "".join(f"{name} = {json.dumps(value)}\n" for name, value in SETTINGS.items())
        project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        (folder / "pyproject.toml").write_text(
            f"{project}\n[tool.mutmut]\n{settings}", encoding="utf-8"
        )
        _reopen(folder)
    (folder / "library").write_text(library)
    (folder / "tested").write_text(tests)


def _version(folder: Path, pattern: str = "**/*.py") -> str:
    """Hash of the sources; of the library without the study, which the core does not know."""
    sources = sorted(path for path in folder.glob(pattern) if "study" not in path.parts)
    return hashlib.sha256(b"".join(map(Path.read_bytes, sources))).hexdigest()


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _reopen(folder: Path) -> None:
    """Forget which mutants survived."""
    for path in (folder / "mutants").rglob("*.meta"):
        meta = json.loads(path.read_text(encoding="utf-8"))
        codes = meta["exit_code_by_key"]
        meta["exit_code_by_key"] = {k: OPEN if c in ALIVE else c for k, c in codes.items()}
        path.write_text(json.dumps(meta), encoding="utf-8")


def run(folder: Path, hundredths: range, children: int = 1) -> dict[str, Any]:
    """Try the mutants whose hash falls into these hundredths; returns :func:`summary`."""
    prepare(folder)
    if not list(verdicts(folder)):
        _mutmut(folder, "run", "--max-children", str(children), "none.such")
    chosen = {name: code for name, code in verdicts(folder) if _hundredth(name) in hundredths}
    if wanted := [name for name, code in chosen.items() if code is OPEN]:
        said = _mutmut(folder, "run", "--max-children", str(children), *wanted)
        if all(code is OPEN for name, code in verdicts(folder) if name in set(wanted)):
            raise RuntimeError(f"mutmut tried no mutant: {said[-500:]}")
    return summary(folder, hundredths)


def verdicts(folder: Path) -> Iterator[tuple[str, int | None]]:
    """Every mutant's name and the exit code of the tests; None if it has not been tried."""
    for path in sorted((folder / "mutants").rglob("*.meta")):
        yield from json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"].items()


def summary(folder: Path, hundredths: range) -> dict[str, Any]:
    """Per module how many mutants there are, and of those chosen were tried and killed; what survived."""
    modules: dict[str, dict[str, int]] = {}
    survivors = []
    for name, code in verdicts(folder):
        module, _, function = name.removeprefix("persuasion.").rpartition(".")
        counts = modules.setdefault(module, {"mutants": 0, "tried": 0, "killed": 0})
        counts["mutants"] += 1
        if _hundredth(name) not in hundredths:
            continue
        counts["tried"] += code is not OPEN
        counts["killed"] += code not in (OPEN, *ALIVE)
        if code in ALIVE:
            survivors.append(
                {"module": module, "function": _plain(function), **_change(folder, name)}
            )
    return {"modules": modules, "survivors": survivors}


def _hundredth(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % 100


def _plain(function: str) -> str:
    """``climb`` for ``x_climb__mutmut_3``, ``Game.from_dict`` for ``xǁGameǁfrom_dict__mutmut_3``."""
    name = re.sub(r"__mutmut_\d+$", "", function)
    return name.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in name else name.removeprefix("x_")


def _change(folder: Path, name: str) -> dict[str, str]:
    lines = _mutmut(folder, "show", name).splitlines()
    return {
        "before": "\n".join(line[1:].strip() for line in lines if re.match(r"-(?!--)", line)),
        "after": "\n".join(line[1:].strip() for line in lines if re.match(r"\+(?!\+\+)", line)),
    }


def _mutmut(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder / "tool")},
        capture_output=True,
        text=True,
        check=False,  # it fails where no mutant was asked for
    ).stdout
