"""A folder that several programs write into, one after the other."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from persuasion.system.own_folder import absolute


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait until no other process is within this context for the folder, which need not be there yet.

    The lock is the system's, on the nearest folder above that is there: no file is left, and a killed process
    holds none.
    """
    import fcntl  # only systems that have it reproduce anything

    above = next(place for place in absolute(folder).parents if place.is_dir())
    place = os.open(above, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)
