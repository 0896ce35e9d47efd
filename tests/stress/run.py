"""All stress tests at full size: ``make stress``, some hours; writes ``_build/stress.json``.

The book's page shows ``tests/stress/measured.json``, a copy; every part says which commit it ran on.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from persuasion.system.own_folder import make_folder  # noqa: E402
from stress import (  # noqa: E402
    determinism,
    faults,
    fuzz,
    fuzz_json,
    invariances,
    mutation,
    numerics,
    planted,
    rays,
    small,
)
from study.records.provenance import provenance  # noqa: E402

TARGET = ROOT / "_build" / "stress.json"
COMMITTED = ROOT / "results" / "paper"
SEED = 20240721
# hundredths of the mutants that are tried: all take many hours. Tests were written against 0 to 14, 50 to 52,
# and 60 to 63 after these were measured
MUTANTS = range(64, 66)
Part = Callable[[Path], dict[str, Any]]


def _faults(folder: Path) -> dict[str, Any]:
    records = small.undisturbed(folder / "undisturbed.sqlite")
    return {
        "records": len(records),
        "driver killed": faults.kill_drivers(folder, records, 50, SEED),
        "driver of two workers killed": faults.kill_drivers(
            _made(folder / "two"), records, 10, SEED, workers=2
        ),
        "worker killed": faults.kill_workers(folder, records, 20, SEED),
        "disk full": faults.fill_the_disk(folder, records, 20, SEED),
        "two runs at once": faults.run_twice_at_once(folder, records, 5),
        "store damaged": faults.damage_stores(folder, records, 5000, SEED),
        "committed results damaged": faults.damage_results(folder, COMMITTED, 300, SEED),
    }


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _input(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = fuzz.fuzz(10_000, SEED, folder)
    found["game as text, guided by coverage"] = fuzz_json.fuzz(300_000, SEED)
    return {"kinds": found, "too large": fuzz.refused_for_its_size(folder)}


def _determinism(_: Path) -> dict[str, Any]:
    return {
        "committed": determinism.rerun(COMMITTED, 200, 30.0, SEED),
        "threads": determinism.threads(),
    }


def _numerics(_: Path) -> dict[str, Any]:
    return numerics.measure(100, SEED)


def _invariances(_: Path) -> dict[str, Any]:
    return invariances.measure(24, SEED)


def _rays(_: Path) -> dict[str, Any]:
    return rays.measure(500)


def _mutation(_: Path) -> dict[str, Any]:
    # not in a temporary folder: it is continued where it ended
    return mutation.run(ROOT / "_build" / "mutation", MUTANTS, os.cpu_count() or 1)


def _planted(folder: Path) -> dict[str, Any]:
    found = {}
    for number, fault in enumerate(planted.FAULTS):
        found[fault.what] = planted.noticed_by(fault, _made(folder / str(number)))
    return found


PARTS: dict[str, Part] = {
    "determinism": _determinism,
    "faults": _faults,
    "input": _input,
    "numerics": _numerics,
    "invariances": _invariances,
    "rays": _rays,
    "planted": _planted,
    "mutation": _mutation,
}


def main() -> int:
    """Run all parts, or those named on the command line, and add them to what is there already."""
    names = sys.argv[1:] or list(PARTS)
    if unknown := sorted(set(names) - set(PARTS)):
        print(f"unknown parts {unknown}; known: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    make_folder(TARGET.parent)
    measured = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.exists() else {}
    for name in names:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = PARTS[name](Path(folder))
        minutes = (time.monotonic() - began) / 60
        measured[name] = {"found": found, "minutes": minutes, "machine": provenance("fit")}
        TARGET.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        print(f"{name}: {minutes:.0f} minutes")
    print(f"written: {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
