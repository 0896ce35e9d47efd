"""Running one job: its record, whatever happens."""

import functools
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace

from study.kinds import run_kind
from study.records.job import Job
from study.records.provenance import code_version, provenance
from study.records.rows import Result
from study.records.store import Record


def run_job(job: Job, given: Sequence[Record] = ()) -> Record:
    """Run one job in one thread, given the records of its ``needs`` in order; see :func:`record_of`."""
    return record_of(job, lambda: run_kind(job.config, tuple(given)))


def record_of(
    job: Job, work: Callable[[], Result], device: str = "cpu", seconds_before: float = 0.0
) -> Record:
    """The record of a job, of what ``work`` returns, run in one thread.

    An exception becomes a record of status "failed", never a lost result. ``device`` and ``seconds_before`` are
    those of work done for the job elsewhere.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    started = time.perf_counter()
    try:
        if not _as_planned(job):
            raise RuntimeError("the code has changed since the run was started; start it again")
        found, status, errors = work(), "done", ("", "")
    except Exception as error:
        found, status = Result(), "failed"
        errors = (f"{type(error).__name__}: {error}", traceback.format_exc())
    seconds = seconds_before + time.perf_counter() - started
    source = provenance(job.config["kind"], device)
    torch.set_num_threads(threads)
    what = found.facts, found.rows, found.arrays
    return Record(job.key, job.config, status, *what, source, seconds, *errors)


def _as_planned(job: Job) -> bool:
    """Whether the code is that of the job's key: workers start later, and modules are imported on first use."""
    kind = job.config["kind"]
    return _imported(kind) == code_version(kind) and replace(job).key == job.key


@functools.cache
def _imported(kind: str) -> str:
    """The version that the files have when the first job of the kind imports them, whatever was planned with."""
    return code_version.__wrapped__(kind)
