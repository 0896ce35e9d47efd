"""Jobs in their order, each of them only when what it needs is done."""

import heapq
from collections.abc import Sequence
from graphlib import TopologicalSorter

from study.records.job import Job
from study.records.store import Record


class JobQueue:
    """Hands out jobs, first those that come first; a job with needs among the jobs waits until all are done."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = {job.key: job for job in jobs}
        self._ranks = {key: rank for rank, key in enumerate(self._jobs)}
        needs = {job.key: {n.key for n in job.needs} & self._jobs.keys() for job in jobs}
        self._waiting = TopologicalSorter(needs)
        self._waiting.prepare()
        self._ready: list[tuple[int, str]] = []
        self._start()

    def _start(self) -> None:
        for key in self._waiting.get_ready():
            heapq.heappush(self._ready, (self._ranks[key], key))

    def rank(self, job: Job) -> int:
        """The job's place in the order."""
        return self._ranks[job.key]

    def pop(self) -> Job | None:
        """The first job that can start; None if there is none now."""
        return self._jobs[heapq.heappop(self._ready)[1]] if self._ready else None

    def finish(self, record: Record) -> None:
        """Note that a job ended. What needs it can start, if it is done, and never starts, if it failed."""
        if record.done:
            self._waiting.done(record.key)
            self._start()
