"""Progress of a long loop: a bar in a terminal, else a line now and then, both with the rate and the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

LINE_EVERY = 15.0
Item = TypeVar("Item")


def watched(
    items: Iterable[Item],
    cost: Callable[[Item], float],
    work: float,
    missing: int,
    total: int | None = None,
    quiet: bool = False,
    unit: str = "jobs",
) -> Iterator[Item]:
    """Pass the items on and show how many are done, how many a minute, and how long the rest will take.

    Parameters
    ----------
    cost : relative cost of an item; the costs of all items sum to ``work``
    missing : number of items
    total : number of items with those that were done before, default ``missing``
    unit : what the items are called
    """
    total = missing if total is None else total
    timed = _timed(items, cost, work)
    if quiet:
        yield from items
    elif sys.stdout.isatty():
        yield from _with_bar(timed, missing, total, unit)
    else:
        yield from _with_lines(timed, missing, total, unit)


def _with_bar(
    timed: Iterator[tuple[Item, str]], missing: int, total: int, unit: str
) -> Iterator[Item]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    with Progress(*columns, console=Console()) as bar:
        task = bar.add_task(unit, total=total, completed=total - missing, pace="")
        for item, pace in timed:
            bar.update(task, advance=1, pace=pace)
            yield item


def _with_lines(
    timed: Iterator[tuple[Item, str]], missing: int, total: int, unit: str
) -> Iterator[Item]:
    print(f"{missing} of {total} {unit} to run", flush=True)
    shown = time.monotonic()
    for count, (item, pace) in enumerate(timed, total - missing + 1):
        if time.monotonic() - shown > LINE_EVERY or count == total:
            shown = time.monotonic()
            print(f"{count} of {total} {unit}, {pace}", flush=True)
        yield item


def _timed(
    items: Iterable[Item], cost: Callable[[Item], float], work: float
) -> Iterator[tuple[Item, str]]:
    """Each item with the pace at that moment."""
    started, done = time.monotonic(), 0.0
    for count, item in enumerate(items, 1):
        done += cost(item)
        yield item, pace(count, time.monotonic() - started, done, work)


def pace(count: int, seconds: float, done: float, work: float) -> str:
    """Items a minute, and the time left, judged by the relative costs of what is done and of all the ``work``.

    >>> pace(30, 90.0, 1.0, 3.0)
    '20 per minute, 3:00 left'
    """
    left = seconds * max(0.0, work - done) / max(done, 1e-12)
    return f"{60 * count / max(seconds, 1e-12):.3g} per minute, {clock(left)} left"


def clock(seconds: float) -> str:
    """Seconds as ``h:mm:ss`` or ``m:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
