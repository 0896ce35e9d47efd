"""Progress of a long loop: a bar in a terminal, else a line now and then, both with the time left."""

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
    """Pass the items on and show how many are done and how long the rest will take.

    Parameters
    ----------
    cost : relative cost of an item; the costs of all items sum to ``work``
    missing : number of items
    total : number of items with those that were done before, default ``missing``
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
    timed: Iterator[tuple[Item, float]], missing: int, total: int, unit: str
) -> Iterator[Item]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=Console()) as bar:
        task = bar.add_task(unit, total=total, completed=total - missing, left="")
        for item, left in timed:
            bar.update(task, advance=1, left=f"{clock(left)} left")
            yield item


def _with_lines(
    timed: Iterator[tuple[Item, float]], missing: int, total: int, unit: str
) -> Iterator[Item]:
    print(f"{missing} of {total} {unit} to run", flush=True)
    shown = time.monotonic()
    for count, (item, left) in enumerate(timed, total - missing + 1):
        if time.monotonic() - shown > LINE_EVERY or count == total:
            shown = time.monotonic()
            print(f"{count} of {total} {unit}, {clock(left)} left", flush=True)
        yield item


def _timed(
    items: Iterable[Item], cost: Callable[[Item], float], work: float
) -> Iterator[tuple[Item, float]]:
    """Each item with the seconds left, judged by the relative costs."""
    started, done = time.monotonic(), 0.0
    for item in items:
        done += cost(item)
        yield item, (time.monotonic() - started) * max(0.0, work - done) / max(done, 1e-12)


def clock(seconds: float) -> str:
    """Seconds as ``h:mm:ss`` or ``m:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
