"""Preloaded by every local dask worker: it computes in the background, and leaves Ctrl-C to its driver.

The driver ends the workers; whatever else runs on the machine goes before them.
"""

import logging
import os
import signal

NICENESS = 10

signal.signal(signal.SIGINT, signal.SIG_IGN)
logging.getLogger("distributed").setLevel(logging.CRITICAL)
if hasattr(os, "setpriority"):  # not on Windows
    own = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, max(own, NICENESS))
