"""A run that is over in seconds and has every kind of job, and a part of it for the tests of every day."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from study import EXPERIMENTS, Store, preset, produce
from study.records.store import Record

OVERRIDES = {
    "methods": ["relu", "dnl"],
    "scenarios": ["ride-hailing"],
    "instances": 1,
    "synthetic.senders": [2],
    "synthetic.levels": [2],
    "second.levels": [2],
    "kinks.steps": [0, 1],
    "dynamics.starts": 1,
    "dynamics.rounds": 2,
    "dynamics.margins": [0.01],
    "atlas.seconds": 60.0,
    "certificates.polish_rounds": 1,
    "training.samples": 64,
    "training.held_out": 32,
    "recipes.instances": 1,
    "recipes.curve": [[64, 1]],
    "didactic.training.samples": 64,
    "didactic.training.epochs": 1,
}
SET = [f"--set={name}={json.dumps(value)}" for name, value in OVERRIDES.items()]
SETTINGS = preset("smoke", OVERRIDES)


# few jobs, but some that need others
BRIEF = ("didactic", "synthetic", "second", "certificates")


def undisturbed(path: Path, experiments: Sequence[str] = EXPERIMENTS) -> list[Record]:
    """The records of a run in one process that nothing interrupts."""
    return produce(SETTINGS, experiments, path, workers=1, quiet=True)


def same(first: Iterable[Record], second: Iterable[Record]) -> bool:
    """Whether two runs have the same results, to the bit."""
    first, second = list(first), list(second)
    return len(first) == len(second) and all(a.same_result(b) for a, b in zip(first, second))


def command(workers: int = 1, experiments: Sequence[str] = EXPERIMENTS) -> list[str]:
    """The run as a user starts it."""
    chosen = [f"--experiment={name}" for name in experiments]
    run = ["run", "--preset", "smoke", "--workers", str(workers), *chosen]
    return [sys.executable, "-m", "study", *run, *SET]


def start(
    store: Path, workers: int = 1, experiments: Sequence[str] = EXPERIMENTS, **options
) -> subprocess.Popen:
    """Start it."""
    return subprocess.Popen(
        command(workers, experiments),
        env={**os.environ, "PERSUASION_STORE": str(store)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def stored(path: Path) -> dict[str, Record]:
    """What a store holds; nothing if there is none yet."""
    if not path.exists():
        return {}
    with Store(path) as store:
        return {record.key: record for record in store}
