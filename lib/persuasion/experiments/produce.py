"""Produce or load: run the jobs of a preset that the store lacks, then hand out all its records.

>>> import tempfile
>>> from persuasion.experiments import preset
>>> tiny = preset("smoke", {"methods": ["relu"], "didactic.training.epochs": 1})
>>> with tempfile.TemporaryDirectory() as folder:
...     records = produce(tiny, "didactic", f"{folder}/store.sqlite", workers=1, quiet=True)
>>> [record.status for record in records]
['done']
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from persuasion.experiments import design
from persuasion.experiments.config import Preset
from persuasion.experiments.executors import default_workers, execute
from persuasion.experiments.jobs import Job
from persuasion.experiments.store import Record, Store

DEFAULT_STORE = Path("_build/store.sqlite")
LINE_EVERY = 15.0


class JobsFailed(RuntimeError):
    """Some jobs failed; the others are in the store. The message lists the failed ones with their errors."""


def default_store() -> Path:
    """``PERSUASION_STORE``, or ``_build/store.sqlite`` of the checkout (of the working folder if installed)."""
    if path := os.environ.get("PERSUASION_STORE"):
        return Path(path)
    root = Path(__file__).resolve().parents[3]
    return (root if (root / "_toc.yml").exists() else Path.cwd()) / DEFAULT_STORE


def produce(
    preset: Preset,
    experiment: str | Sequence[str],
    store: str | Path | None = None,
    workers: int | None = None,
    quiet: bool = False,
) -> list[Record]:
    """All records of one or several experiments, in design order; what is missing is computed first.

    Parameters
    ----------
    preset : see :func:`persuasion.experiments.preset`
    experiment : "didactic", "synthetic", "second" or "scenarios", or several of them
    store : path of the result store, default :func:`default_store`
    workers : processes, default one per core; ``SCHEDULER`` in the environment names a running cluster
    quiet : no progress

    Raises
    ------
    JobsFailed
        after all other jobs have run and are stored
    StoreError
        if the path is not a result store
    """
    names = [experiment] if isinstance(experiment, str) else experiment
    jobs = [job for name in names for job in design.jobs(preset, name)]
    with Store(store or default_store()) as opened:
        run_missing(jobs, opened, workers, quiet)
        records = [opened.get(job.key) for job in jobs]
    return [record for record in records if record is not None]


def run_missing(
    jobs: Sequence[Job], store: Store, workers: int | None = None, quiet: bool = False
) -> None:
    """Run the jobs without a finished record and store each as it ends; see :func:`produce`."""
    finished = store.finished(job.key for job in jobs)
    missing = [job for job in jobs if job.key not in finished]
    if not missing:
        return
    by_key = {job.key: job for job in missing}
    failures = []
    records = execute(missing, workers or default_workers(), os.environ.get("SCHEDULER") or None)
    for record in _watched(records, by_key, len(jobs), quiet):
        store.put(record)
        if not record.done:
            failures.append(f"{by_key[record.key].label}: {record.metrics['error']}")
    if failures:
        raise JobsFailed(
            f"{len(failures)} of {len(missing)} jobs failed (a rerun retries them):\n  "
            + "\n  ".join(failures)
        )


def _watched(
    records: Iterator[Record], jobs: dict[str, Job], total: int, quiet: bool
) -> Iterator[Record]:
    """Pass the records on and show progress: a bar in a terminal, else a line now and then."""
    work = sum(job.cost for job in jobs.values())
    if quiet:
        yield from records
    elif sys.stdout.isatty():
        yield from _with_bar(records, jobs, total, work)
    else:
        yield from _with_lines(records, jobs, total, work)


def _with_bar(
    records: Iterator[Record], jobs: dict[str, Job], total: int, work: float
) -> Iterator[Record]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=Console()) as bar:
        done = total - len(jobs)
        task = bar.add_task("jobs", total=total, completed=done, left="")
        for record, left in _timed(records, jobs, work):
            bar.update(task, advance=1, left=f"{_clock(left)} left")
            yield record


def _with_lines(
    records: Iterator[Record], jobs: dict[str, Job], total: int, work: float
) -> Iterator[Record]:
    print(f"{len(jobs)} of {total} jobs to run", flush=True)
    shown = time.monotonic()
    for count, (record, left) in enumerate(_timed(records, jobs, work), total - len(jobs) + 1):
        if time.monotonic() - shown > LINE_EVERY or count == total:
            shown = time.monotonic()
            print(f"{count} of {total} jobs, {_clock(left)} left", flush=True)
        yield record


def _timed(
    records: Iterator[Record], jobs: dict[str, Job], work: float
) -> Iterator[tuple[Record, float]]:
    """Each record with the seconds left, judged by the jobs' relative costs."""
    started, done = time.monotonic(), 0.0
    for record in records:
        done += jobs[record.key].cost
        yield record, (time.monotonic() - started) * (work - done) / done


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
