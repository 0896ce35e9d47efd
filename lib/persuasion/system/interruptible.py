"""Long calls into compiled code that Ctrl-C can end."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
PATIENCE = 1.0  # seconds in which a solver that was asked to stop may do so
NAME = "solver"


def interruptible(
    work: Callable[[], Result], cancel: Callable[[], object] = lambda: None
) -> Result:
    """The result of ``work()``, which must release the interpreter's lock; Ctrl-C raises ``KeyboardInterrupt``.

    The work is done in a thread while this one, the only one that hears Ctrl-C, waits. ``cancel()`` asks the
    work to end; without it the work goes on unheeded to its own time limit, or to the end of the program.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    results: list[Result] = []
    errors: list[BaseException] = []
    ended = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=run, name=NAME, daemon=True)
    thread.start()
    try:
        ended.wait()  # an interrupted join would take the thread for ended (python/cpython#90882)
    except KeyboardInterrupt:
        _stop(thread, cancel)
        raise
    if errors:
        raise errors[0]
    return results[0]


def _stop(thread: threading.Thread, cancel: Callable[[], object]) -> None:
    """Ask again and again for a while: a solver that is still setting up may refuse to be asked (SCIP does)."""
    until = time.monotonic() + PATIENCE
    while thread.is_alive() and time.monotonic() < until:
        with contextlib.suppress(Exception):
            cancel()
        thread.join(PATIENCE / 20)


def still_working() -> bool:
    """Whether interrupted work goes on; an orderly end of the program would take away what it stands on."""
    return any(thread.name == NAME for thread in threading.enumerate())
