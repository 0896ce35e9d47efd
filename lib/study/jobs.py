"""Jobs: one configuration in, one record out, a pure function of the configuration.

A job may need the records of other jobs (a certificate needs the profile that it is about); these are
named by its ``needs`` and handed to it. What a kind of job does is in :mod:`study.kinds`.
"""

from __future__ import annotations

import functools
import hashlib
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from persuasion.model.seeds import canonical
from study.kinds import Payload, run_kind
from study.records.provenance import code_version, provenance
from study.records.store import Record


@dataclass(frozen=True)
class Job:
    """A unit of work.

    ``config`` is JSON-able and, with the jobs in ``needs``, says everything that the result depends on;
    ``cost`` is relative, for the progress bar only.
    """

    config: dict[str, Any]
    cost: float = 1.0
    needs: tuple[Job, ...] = ()

    @functools.cached_property
    def key(self) -> str:
        """Hash of the full-precision configuration, the code version and the keys of what it needs."""
        content = {"config": self.config, "code": code_version(self.config["kind"])}
        if self.needs:
            content["needs"] = [job.key for job in self.needs]
        return hashlib.sha256(canonical(content).encode()).hexdigest()

    @property
    def label(self) -> str:
        """Short human name for progress and error lists."""
        game = self.config.get("game", {})
        sizes = "x".join(str(v) for v in game.get("parameters", {}).values())
        parts = [game.get("family", "didactic"), sizes, f"#{game.get('index', 0)}"]
        return (
            f"{self.config['kind']} {self.config.get('method', '')} {' '.join(filter(None, parts))}"
        )


def run_job(job: Job, given: Sequence[Record] = ()) -> Record:
    """Run one job in one thread, given the records of its ``needs`` in order; see :func:`record_of`."""
    return record_of(job, lambda: run_kind(job.config, tuple(given)))


def record_of(
    job: Job, work: Callable[[], Payload], device: str = "cpu", seconds_before: float = 0.0
) -> Record:
    """The record of a job whose metrics and arrays ``work`` returns, run in one thread.

    An exception becomes a record of status "failed", never a lost result. ``device`` and ``seconds_before`` are
    those of work done for the job elsewhere.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    started = time.perf_counter()
    try:
        metrics, arrays = work()
        status = "done"
    except Exception as error:
        metrics = {
            "error": f"{type(error).__name__}: {error}",
            "traceback": traceback.format_exc(),
        }
        arrays, status = {}, "failed"
    seconds = seconds_before + time.perf_counter() - started
    source = provenance(job.config["kind"], device)
    torch.set_num_threads(threads)
    return Record(job.key, job.config, status, metrics, arrays, source, seconds)
