"""A folder that several programs write into, one after the other."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from persuasion.system.own_folder import absolute, make_folder


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait until no other process is within this context for the folder, which need not be there yet.

    The lock is the system's, on the folder above, which is made if it is missing: no file is left, and a killed
    process holds none.
    """
    import fcntl  # only systems that have it reproduce anything

    # the same one for all: it must not come into being while somebody waits
    place = os.open(make_folder(absolute(folder).parent), os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)
