"""Where jobs run: in this process, on a local dask cluster, or on an existing one.

Every executor takes jobs and yields their records as they finish, in any order. Only the caller writes.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from persuasion.system.spawning import require_guard, require_loopback
from study.records.job import Job
from study.records.provenance import provenance
from study.records.store import Record
from study.run.job import run_job
from study.run.job_queue import JobQueue

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
    from distributed import as_completed

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with _client(workers, scheduler) as client:
        running: dict[Any, Job] = {}
        finished = as_completed()
        ahead = max(AHEAD, 2 * sum(client.nthreads().values()))

        def submit() -> None:
            while len(running) < ahead and (job := queue.pop()):
                name, rank = (GROUP, job.key), queue.rank(job)
                future = client.submit(
                    run_job, job, given(job), key=name, priority=-rank, pure=False
                )
                running[future] = job
                finished.add(future)

        submit()
        for future in finished:
            record = _record(future, running.pop(future))
            future.release()
            yield record
            queue.finish(record)
            submit()


@contextlib.contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    import dask
    from distributed import Client, LocalCluster

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
        metrics = {"error": f"{type(error).__name__}: {error}", "traceback": ""}
        return Record(
            job.key, job.config, "failed", metrics, {}, provenance(job.config["kind"]), 0.0
        )
