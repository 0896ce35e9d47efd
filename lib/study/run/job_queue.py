"""Jobs in their order, each of them only when what it needs is done."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from study.records.job import Job
from study.records.store import Record


class JobQueue:
    """Hands out jobs, first those that come first; a job with needs among the jobs waits until all are done."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = list({job.key: job for job in jobs}.values())
        self._ranks = {job.key: rank for rank, job in enumerate(self._jobs)}
        self._pending = [{n.key for n in job.needs} & self._ranks.keys() for job in self._jobs]
        self._waiting: dict[str, list[int]] = {}
        for rank, keys in enumerate(self._pending):
            for key in keys:
                self._waiting.setdefault(key, []).append(rank)
        self._ready = [rank for rank, keys in enumerate(self._pending) if not keys]

    def rank(self, job: Job) -> int:
        """The job's place in the order."""
        return self._ranks[job.key]

    def pop(self) -> Job | None:
        """The first job that can start; None if there is none now."""
        return self._jobs[heapq.heappop(self._ready)] if self._ready else None

    def finish(self, record: Record) -> None:
        """Note that a job ended. What needs it can start, if it is done, and never starts, if it failed."""
        if not record.done:
            return
        for rank in self._waiting.pop(record.key, ()):
            self._pending[rank].discard(record.key)
            if not self._pending[rank]:
                heapq.heappush(self._ready, rank)
