"""The same records again: committed ones recomputed from scratch, and training on more threads."""

import math
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from persuasion.learn.fit import fit
from persuasion.learn.training import Training
from persuasion.networks import build_network
from study import EXPERIMENTS, preset
from study.designs import design
from study.records.job import Job
from study.records.results import Results
from study.records.rows import plain
from study.records.store import Record
from study.run.job import run_job

# a wall clock decides where these stop
TIMED = ("certify", "kinks", "dynamics", "atlas")
CLOSE = 1e-9


def rerun(folder: Path, count: int, longest: float, seed: int) -> dict[str, dict]:
    """Recompute a random sample of the committed records that took less than ``longest`` seconds, per kind of job.

    ``identical``: to the bit; ``close``: the others of which no number differs by more than 1e-9. What remains are
    searches and trainings: in these a difference in the last digit, from another processor or other code, can grow.
    """
    results, pairs = committed(folder, longest)
    chosen = np.random.default_rng(seed).permutation(len(pairs))[:count]
    found: dict[str, dict] = {}
    for job, record in (pairs[k] for k in chosen):
        given = [results.find(needed) for needed in job.needs]
        entry = found.setdefault(
            job.config["kind"], {"records": 0, "identical": 0, "close": 0, "failed": 0}
        )
        again = run_job(job, given)
        difference = largest_difference(record, again)
        entry["records"] += 1
        entry["identical"] += difference == 0
        entry["close"] += 0 < difference <= CLOSE
        entry["failed"] += not again.done
    return found


@cache
def committed(folder: Path, longest: float) -> tuple[Results, list[tuple[Job, Record]]]:
    """The results, and those of their jobs and records that took less than ``longest`` seconds by no clock."""
    results, settings = Results(folder), preset(folder.name)
    jobs = {job.key: job for name in EXPERIMENTS for job in design.jobs(settings, name)}
    pairs = [(job, results.find(job)) for job in jobs.values() if job.config["kind"] not in TIMED]
    return results, [(job, record) for job, record in pairs if record and record.seconds <= longest]


def largest_difference(committed: Record, again: Record) -> float:
    """Over all numbers that the committed record keeps; infinite if the two do not even have the same form."""
    if again.status != "done":
        return math.inf
    # exports leave arrays out
    kept = committed.arrays.keys() & again.arrays.keys()
    arrays = [
        _apart(committed.arrays[name], again.arrays[name].astype(committed.arrays[name].dtype))
        for name in kept
    ]
    found = [[plain(r.facts), [plain(row) for row in r.rows]] for r in (committed, again)]
    return max([0.0, *arrays, *_differences(*found)])


def _apart(first: np.ndarray, second: np.ndarray) -> float:
    if first.shape != second.shape:
        return math.inf
    if first.tobytes() == second.tobytes():
        return 0.0
    apart = np.abs(first.astype(float) - second.astype(float))
    return float(np.where(np.isnan(first.astype(float)), 0.0, apart).max())


def _differences(first: Any, second: Any) -> Iterator[float]:
    if isinstance(first, dict) and isinstance(second, dict):
        for name in first.keys() | second.keys():
            yield from _differences(first.get(name), second.get(name))
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for a, b in zip(first, second):
            yield from _differences(a, b)
    elif isinstance(first, float) and isinstance(second, (int, float)):
        yield abs(first - second)
    else:
        yield 0.0 if first == second else math.inf


def threads(counts: Sequence[int] = (1, 2, 4)) -> dict:
    """Train the same network with several numbers of threads; how far the training losses lie apart."""
    recipe = Training(samples=2000, epochs=3, precision="float64")
    inputs = np.random.default_rng(0).uniform(0, 1, (recipe.samples, 16))
    targets = np.sin(inputs[:, :1] * 5) + (inputs[:, 1:2] > inputs[:, 2:3])
    before, losses = torch.get_num_threads(), []
    try:
        for count in counts:
            torch.set_num_threads(count)
            losses.append(fit(build_network("dnl", 16, 1, seed=1), inputs, targets, recipe).losses)
    finally:
        torch.set_num_threads(before)
    apart = max(float(np.abs(other / losses[0] - 1).max()) for other in losses[1:])
    return {"threads": list(counts), "largest relative difference": apart}
