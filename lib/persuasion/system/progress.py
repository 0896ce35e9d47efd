"""Progress of a whole run: a bar in a terminal, else a line now and then; how much is done and the time left."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

LINE_EVERY = 30.0
Item = TypeVar("Item")


class Progress:
    """How much of a run is done, what it does now, and how long the rest will take.

    A context, entered once or several times, within which the line is shown; ``quiet`` shows nothing. Work is
    counted in any unit that is about proportional to time: the time left is judged by it.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self._before = self._work = self._done = 0.0
        self._text = ""
        self._started = time.monotonic()
        self._depth = 0
        self._shown: Any = None

    def expect(self, work: float, before: float = 0.0) -> None:
        """Add work that is to be done, and work that was done ``before``, which counts but took no time here."""
        self._work += work
        self._before += before

    def advance(self, work: float, text: str) -> None:
        """Some of the work is done; ``text`` says where the run is."""
        self._done += work
        self.say(text)

    def say(self, text: str) -> None:
        """Change what the line says of the moment."""
        self._text = text
        if self._shown:
            self._shown.update()

    def share(self) -> float:
        """Between 0 and 1, what was done before included."""
        return (self._before + self._done) / max(self._before + self._work, 1e-12)

    def line(self) -> str:
        """What is shown: the share that is done, where the run is, the time left."""
        seconds = time.monotonic() - self._started
        left = f", {time_left(seconds, self._done, self._work)} left" if self._done else ""
        percent = int(100 * min(1.0, self.share()) + 1e-9)  # 100 only when nothing is left
        return f"{percent:3}% done, {self._text}{left}"

    def __enter__(self) -> Progress:
        self._depth += 1
        if self._depth == 1 and not self.quiet:
            self._shown = _Bar(self) if sys.stdout.isatty() else _Lines(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0 and self._shown:
            self._shown.close()
            self._shown = None


class _Bar:
    def __init__(self, progress: Progress) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._progress = progress
        columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._bar = RichProgress(*columns, console=Console())
        self._task = self._bar.add_task("", total=1.0)
        self._bar.start()

    def update(self) -> None:
        self._bar.update(
            self._task, description=self._progress.line(), completed=self._progress.share()
        )

    def close(self) -> None:
        self.update()
        self._bar.stop()


class _Lines:
    """A line every half minute, also while nothing ends, and one at the end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._thread.start()

    def _tick(self) -> None:
        while not self._over.wait(LINE_EVERY):
            print(self._progress.line(), flush=True)

    def update(self) -> None:
        """The next line will say it."""

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        print(self._progress.line(), flush=True)


def watched(
    items: Iterable[Item],
    cost: Callable[[Item], float],
    work: float,
    total: int,
    before: int = 0,
    quiet: bool = False,
    unit: str = "jobs",
) -> Iterator[Item]:
    """Pass the items on and show how many are done and how long the rest will take.

    Parameters
    ----------
    cost : relative cost of an item; the costs of all items sum to ``work``
    total : number of items, with those that were done ``before``
    unit : what the items are called
    """
    progress = Progress(quiet)
    progress.expect(work, before=work * before / max(total - before, 1))
    with progress:
        progress.say(f"{before} of {total} {unit}")
        for count, item in enumerate(items, before + 1):
            progress.advance(cost(item), f"{count} of {total} {unit}")
            yield item


def time_left(seconds: float, done: float, work: float) -> str:
    """The time that the rest of the work takes, ``h:mm:ss`` or ``m:ss``, if ``done`` of it took some seconds.

    >>> time_left(90.0, 1.0, 3.0)
    '3:00'
    """
    seconds *= max(0.0, work - done) / max(done, 1e-12)
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
