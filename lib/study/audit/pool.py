"""A function over many items on all cores, until a deadline."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from typing import Any

from persuasion.system.end_with_parent import end_with_parent
from persuasion.system.spawning import require_guard
from study.run.executors import THREAD_LIMITS

Run = Callable[[Callable[[Any], Any], Sequence[Any], float | None], Iterator[Any]]


@contextlib.contextmanager
def pool(workers: int) -> Iterator[Run]:
    """``run(function, items, deadline)`` yields results as they come, in this process for one worker.

    From the deadline (of ``time.monotonic``, None for none) on no item is begun.
    """
    if workers == 1:
        yield _here
        return
    require_guard()
    for name, limit in THREAD_LIMITS.items():
        os.environ.setdefault(name, limit)
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(workers, context, initializer=end_with_parent)
    try:
        yield lambda function, items, deadline: _there(
            executor, 2 * workers, function, items, deadline
        )
    finally:
        executor.shutdown(cancel_futures=True)


def _here(
    function: Callable[[Any], Any], items: Sequence[Any], deadline: float | None
) -> Iterator[Any]:
    for item in items:
        if _late(deadline):
            return
        yield function(item)


def _there(
    executor: Executor,
    ahead: int,
    function: Callable[[Any], Any],
    items: Sequence[Any],
    deadline: float | None,
) -> Iterator[Any]:
    waiting, running = iter(items), set[Future]()
    while True:
        # few at a time, so that little is left to wait for at the deadline
        while len(running) < ahead and not _late(deadline):
            item = next(waiting, running)
            if item is running:
                break
            running.add(executor.submit(function, item))
        if not running:
            return
        done, running = wait(running, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in done)


def _late(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline
