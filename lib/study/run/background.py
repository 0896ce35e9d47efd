"""Preloaded by every local dask worker: it computes in the background, and leaves Ctrl-C to its driver.

The driver ends the workers; whatever else runs on the machine goes before them. Linux compares processes by their
niceness within a session only: beside another terminal it alone would leave the workers half of the machine.
"""

import contextlib
import logging
import os
import signal
import time
from pathlib import Path

NICENESS = 10
# there where sessions have a niceness; the system takes ten changes a second from all users but root
SESSION = Path("/proc/self/autogroup")
TRIES, PAUSE = 100, 0.05


def stand_back(niceness: int) -> None:
    """Lead a session of its own, so that no other process is slowed, and give it a niceness."""
    with contextlib.suppress(PermissionError):  # it leads a group already
        os.setsid()
    if os.getsid(0) != os.getpid():
        return
    for _ in range(TRIES):
        try:
            SESSION.write_text(str(niceness))
        except BlockingIOError:
            time.sleep(PAUSE)
        except OSError:
            return
        else:
            return


signal.signal(signal.SIGINT, signal.SIG_IGN)
logging.getLogger("distributed").setLevel(logging.CRITICAL)
if hasattr(os, "setpriority"):  # not on Windows
    chosen = max(os.getpriority(os.PRIO_PROCESS, 0), NICENESS)
    os.setpriority(os.PRIO_PROCESS, 0, chosen)
    if SESSION.exists():
        stand_back(chosen)
