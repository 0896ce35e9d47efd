"""Ctrl-C while the command line is still importing: a short message and exit code 130, no traceback."""

import multiprocessing
import os
import signal
import sys
from pathlib import Path
from types import FrameType

INTERRUPTED = 130
# how `python -m persuasion` and the installed program look while the package is imported
PROGRAM = ("-m", "persuasion")


def leave_quietly() -> None:
    """Until :func:`listen` is called, end this process at Ctrl-C if it is the command line's."""
    program = Path(sys.argv[0]).name in PROGRAM if sys.argv else False
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if program and heard and multiprocessing.parent_process() is None:
        signal.signal(signal.SIGINT, _leave)


def listen() -> None:
    """From now on Ctrl-C raises ``KeyboardInterrupt`` again."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(number: int, frame: FrameType | None) -> None:
    # some imports would swallow an exception, and nothing is open yet
    os.write(2, b"persuasion: interrupted before anything was done\n")
    os._exit(INTERRUPTED)
