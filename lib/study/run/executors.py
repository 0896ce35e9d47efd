"""Where work is done: in this process, on a local dask cluster, or on an existing one.

Every executor takes jobs and yields their records, or items and yields what a function makes of them, as they
finish, in any order. Only the caller writes.
"""

import contextlib
import functools
import itertools
import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from persuasion.system.spawning import require_guard, require_loopback
from study.records.job import Job
from study.records.provenance import provenance
from study.records.store import Record
from study.run.job import run_job
from study.run.job_queue import JobQueue

Run = Callable[..., Iterator[Any]]
Lost = Callable[[Any, Exception], Any]

RETRIES = 3
# tasks of one group wait with the scheduler, in their order, until a worker is free; others are dealt out at once
GROUP = "job"
AHEAD = 64  # jobs, with what they need, that wait with the scheduler
THREAD_LIMITS = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def execute(
    jobs: Sequence[Job],
    workers: int = 1,
    scheduler: str | None = None,
    given: Callable[[Job], Sequence[Record]] = lambda job: (),
) -> Iterator[Record]:
    """Records of the jobs as they finish: serial for one worker, else on a dask cluster.

    A job that needs others of the jobs starts when the caller has taken their records and asks for the next; if one
    of them failed, it is left out. ``scheduler`` is the address of a running cluster (``tcp://host:port``);
    ``given`` finds the records that a job needs. ``ValueError`` if the cluster cannot be reached or started, or for
    fewer than one worker.
    """
    check_workers(workers)
    queue = JobQueue(jobs)
    if scheduler is None and (workers == 1 or len(jobs) <= 1):
        return _serial(queue, given)
    return _distributed(queue, workers, scheduler, given)


def _serial(queue: JobQueue, given: Callable[[Job], Sequence[Record]]) -> Iterator[Record]:
    while job := queue.pop():
        record = run_job(job, given(job))
        yield record
        queue.finish(record)


def check_workers(workers: Any) -> None:
    """``ValueError`` unless it is a whole number from 1."""
    if isinstance(workers, bool) or not isinstance(workers, int):
        raise ValueError(f"workers must be a whole number, got {workers!r}")
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")


def default_workers() -> int:
    """One worker per core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _distributed(
    queue: JobQueue,
    workers: int,
    scheduler: str | None,
    given: Callable[[Job], Sequence[Record]],
) -> Iterator[Record]:
    with _client(workers, scheduler) as client:

        def submit(job: Job) -> Any:
            name, rank = (GROUP, job.key), queue.rank(job)
            return client.submit(run_job, job, given(job), key=name, priority=-rank, pure=False)

        ahead = max(AHEAD, 2 * sum(client.nthreads().values()))
        for job, future in _as_they_end(queue.pop, submit, ahead):
            record = _record(future, job)
            future.release()
            yield record
            queue.finish(record)


@contextlib.contextmanager
def workers_for(workers: int, deadline: float = math.inf) -> Iterator[Run]:
    """``run(function, items, lost)`` yields results as they come, from this process for one worker.

    From the deadline (of ``time.monotonic``) on no item is begun. An item that kept killing its workers yields
    ``lost(item, error)``; without ``lost`` the error is raised.
    """

    def begun(items: Iterable[Any]) -> Iterator[Any]:
        return itertools.takewhile(lambda _: time.monotonic() <= deadline, items)

    if workers == 1:
        yield lambda function, items, lost=None: map(function, begun(items))
        return
    from distributed import KilledWorker

    with _client(workers, None) as client:

        def run(
            function: Callable[[Any], Any], items: Iterable[Any], lost: Lost | None = None
        ) -> Iterator[Any]:
            waiting = begun(items)
            submit = functools.partial(client.submit, function, pure=False)
            # few at a time, so that little is left to wait for at the deadline
            for item, future in _as_they_end(lambda: next(waiting, None), submit, 2 * workers):
                try:
                    result = future.result()
                except KilledWorker as error:
                    if lost is None:
                        raise
                    result = lost(item, error)
                future.release()
                yield result

        yield run


def _as_they_end(
    take: Callable[[], Any], submit: Callable[[Any], Any], ahead: int
) -> Iterator[tuple[Any, Any]]:
    """Items with their futures, so many at a time; ``take`` gives the next item, or None if there is none now."""
    from distributed import as_completed

    finished = as_completed()
    running: dict[Any, Any] = {}
    while True:
        while len(running) < ahead and (item := take()) is not None:
            future = submit(item)
            running[future] = item
            finished.add(future)
        if not running:
            return
        future = next(finished)
        yield running.pop(future), future


@contextlib.contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    import dask
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    # a worker killed by the system costs its job only, which is retried
    dask.config.set({"distributed.scheduler.allowed-failures": RETRIES})
    if scheduler is not None:
        try:
            with Client(scheduler, timeout="10s") as client:
                yield client
        except OSError as error:
            raise ValueError(f"no dask scheduler at {scheduler}: {error}") from None
        return
    require_guard()
    require_loopback()
    dask.config.set({"distributed.nanny.pre-spawn-environ": THREAD_LIMITS})
    dask.config.set({"distributed.worker.preload": ["study.run.background"]})
    settings = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": ":0"}
    with _started(LocalCluster, settings) as cluster, Client(cluster) as client:
        yield client


def _started(cluster: Callable[..., Any], settings: dict[str, Any]) -> Any:
    """The cluster; one whose worker was killed before it was ready is started anew."""
    for _ in range(RETRIES):
        with contextlib.suppress(RuntimeError):
            return cluster(**settings)
    try:
        return cluster(**settings)
    except RuntimeError as error:
        raise ValueError(f"local workers do not start ({error}); use one worker") from error


def _record(future: Any, job: Job) -> Record:
    """The future's record; a job that kept killing its workers becomes a failed record."""
    try:
        return future.result()
    except Exception as error:
        source, text = provenance(job.config["kind"]), f"{type(error).__name__}: {error}"
        return Record(job.key, job.config, "failed", provenance=source, error=text)
