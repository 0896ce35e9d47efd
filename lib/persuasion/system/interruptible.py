"""Long calls into compiled code that Ctrl-C can end."""

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
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
    result: Future[Result] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    thread = threading.Thread(target=run, name=NAME, daemon=True)
    thread.start()
    try:
        return result.result()
    except KeyboardInterrupt:
        _stop(thread, cancel)
        raise


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
