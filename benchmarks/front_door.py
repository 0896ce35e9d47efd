"""What the README's commands cost, each in a fresh clone after set-up: processor and wall seconds.

Processor seconds are user and system time of the command and everything that it started, but for the browser's
processes, which nobody waits for. How often every page was executed is counted on the way: once.
``front_door.json`` has what one machine gave, each command at the commit that its row names;
``python benchmarks/front_door.py`` writes it into the README.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from executions import executions, watch  # noqa: E402
from study.figures.costs import front_door_table, read_measured  # noqa: E402
from study.run.pages import notebooks  # noqa: E402

MEASURED = ROOT / "benchmarks" / "front_door.json"
# processor seconds on two cores before every page was executed once and the quick preset became small; of the
# audit, what its certificates alone took according to its log, before they had proofs
BEFORE = {"reproduce": 49 * 60, "test": 29 * 60, "book": 6.9 * 60, "verify": 5644}
BEGIN, END = "<!-- front-door:begin -->\n", "<!-- front-door:end -->\n"


def run(commands: tuple[str, ...] = tuple(BEFORE)) -> list[dict]:
    """One row per command.

    Raises ``subprocess.CalledProcessError`` if one fails, ``RuntimeError`` if it runs a page twice or not at all;
    the audit runs none.
    """
    return [_measure(command) for command in commands]


def _measure(command: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        (clone / ".venv").symlink_to(sys.prefix)
        build = clone / "_build" / ("smoke" if command == "test" else "")
        kernels = build / "kernel" / "ipythondir"
        watch(kernels)
        environment = {**os.environ, "PYTHONPATH": str(clone / "lib")}
        before, started = _processor(), time.monotonic()
        # the environment is there, and is not to be made anew for the clone
        subprocess.run(
            ["make", "-o", ".venv/.ready", command], cwd=clone, env=environment, check=True
        )
        wall, spent = time.monotonic() - started, _processor() - before
        commit = ["git", "-C", str(clone), "rev-parse", "HEAD"]
        version = subprocess.run(commit, check=True, capture_output=True, text=True).stdout.strip()
        times = executions(clone, kernels)
        if times != ({} if command == "verify" else {page: 1 for page, _ in notebooks(clone)}):
            raise RuntimeError(f"make {command} does not execute every page once: {times}")
    return {
        "name": f"front-door-{command}",
        "baseline_seconds": BEFORE[command],
        "seconds": spent,
        "ratio": BEFORE[command] / spent,
        "wall_seconds": wall,
        "cores": len(os.sched_getaffinity(0)),
        "pages": len(times),
        "commit": version,
    }


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_readme() -> None:
    """Put the table between the README's markers."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    _, results = read_measured(MEASURED)
    before, _, rest = text.partition(BEGIN)
    path.write_text(
        before + BEGIN + front_door_table(results) + END + rest.partition(END)[2], encoding="utf-8"
    )


if __name__ == "__main__":
    write_readme()
