"""Planted faults: one line of a copy of the library is broken, and a test has to notice.

``make test`` runs all of these tests, so a fault that one of them notices makes it fail.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Fault:
    """What is broken: in a file, a piece of text that occurs once; and the test that must fail."""

    what: str
    file: str
    right: str
    wrong: str
    test: str


FAULTS = tuple(
    Fault(**entry)
    for entry in yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
)


def noticed_by(fault: Fault, folder: Path) -> str | None:
    """The fault's test if it fails on a copy of the library with the fault in it; None if it passes.

    Raises ``ValueError`` if the text to break is not there exactly once, or if the tests did not run on the copy.
    """
    copy = folder / "lib"
    shutil.copytree(ROOT / "lib", copy, ignore=shutil.ignore_patterns("__pycache__"))
    path = copy / fault.file
    source = path.read_text(encoding="utf-8")
    if source.count(fault.right) != 1:
        raise ValueError(f"{fault.what}: {fault.right!r} must occur once in {fault.file}")
    path.write_text(source.replace(fault.right, fault.wrong), encoding="utf-8")
    run = _run(["-m", "pytest", "-q", "-x", "-rf", "-p", "no:cacheprovider", fault.test], copy)
    if run.returncode == 0:
        return None
    failed = re.search(r"^FAILED (\S+)", run.stdout, re.MULTILINE)
    if run.returncode != 1 or failed is None:
        raise ValueError(
            f"{fault.what}: the tests did not run: {run.stdout[-500:]}{run.stderr[-500:]}"
        )
    where = "import importlib.util as util; print(util.find_spec('persuasion').origin)"
    if str(copy) not in _run(["-c", where], copy).stdout:
        raise ValueError("the tests did not use the copy")
    return failed[1]


def _run(arguments: list[str], library: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT / "tests",
        env={**os.environ, "PYTHONPATH": str(library)},
        capture_output=True,
        text=True,
        timeout=900,
    )
