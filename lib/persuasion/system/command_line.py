"""What every command line of the project does alike: exit codes, and one line for what went wrong."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from persuasion.system.interrupted import INTERRUPTED, listen
from persuasion.system.interruptible import still_working
from persuasion.system.own_folder import absolute

BAD_INPUT, FAILED = 2, 1


def run_command(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    failures: tuple[type[Exception], ...] = (),
    left: Callable[[argparse.Namespace], str] = lambda _: "nothing was written",
) -> int:
    """Run the command that the arguments name.

    Returns the exit code: that of the command, 2 for bad input, 1 for one of the ``failures``, a file that
    cannot be read or written, or too little memory, 130 if interrupted; ``left`` then says what is left behind.
    """
    options = parser.parse_args(arguments)
    name = parser.prog.rpartition(" ")[2]
    try:
        listen()
        code = options.command(options)
        sys.stdout.flush()
        return code
    except failures as error:
        code, said = FAILED, str(error)
    except ValueError as error:
        code, said = BAD_INPUT, str(error)
    except BrokenPipeError:  # whoever read the output has gone, and wants no more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:  # a full disk, a file that may not be written
        code, said = FAILED, f"{error}; {left(options)}"
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not _lacks_memory(error):
            raise
        code, said = FAILED, f"there is not enough memory; {left(options)}"
    except KeyboardInterrupt:
        code, said = INTERRUPTED, f"interrupted; {left(options)}"
    print(f"{name}: {said}", file=sys.stderr)
    return code


def _lacks_memory(error: RuntimeError) -> bool:
    """Whether torch says so: on a processor it does in words only."""
    return "allocate memory" in str(error) or type(error).__name__ == "OutOfMemoryError"


def path_argument(text: str) -> Path:
    """:func:`absolute` as the type of an argument: argparse hides what a ``ValueError`` says."""
    try:
        return absolute(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def say(text: str) -> None:
    """Print text, with escapes for what the terminal cannot show."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def leave(code: int) -> None:
    """End the program with this exit code, also while a solver that hears nothing is still at work."""
    if still_working():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
