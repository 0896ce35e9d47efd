"""The same jobs with one worker and with two, one after the other on the same machine, by the clock.

Where something else keeps a core busy the second worker gains less, hence the machine's load before the run.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from study import preset, produce

SETTINGS = {
    "methods": ["relu", "dnl"],
    "training.samples": 50_000,
    "training.epochs": 6,
    "synthetic.levels": [4, 6],
}
FAST = {"training.samples": 512, "training.epochs": 1, "synthetic.levels": [2]}


def run(overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    """Seconds of the jobs with one worker (the baseline) and with two."""
    load = os.getloadavg()[0]
    settings = preset("smoke", SETTINGS | (overrides or {}))
    with tempfile.TemporaryDirectory() as folder:
        timed = [_timed(settings, Path(folder, f"{count}.sqlite"), count) for count in (1, 2)]
    (alone, first), (together, second) = timed
    return {
        "name": "two-workers",
        "baseline_seconds": alone,
        "seconds": together,
        "ratio": alone / together,
        "jobs": len(first),
        "computing_seconds": sum(record.seconds for record in first),
        "computing_seconds_two_workers": sum(record.seconds for record in second),
        "cores": os.cpu_count(),
        "load_before": load,
    }


def _timed(settings: Any, store: Path, workers: int) -> tuple[float, list[Any]]:
    begin = time.perf_counter()
    records = produce(settings, "synthetic", store, workers, quiet=True)
    return time.perf_counter() - begin, records
