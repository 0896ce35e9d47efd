"""Preloaded by every local dask worker: Ctrl-C in the terminal is for the driver, which ends the workers."""

import logging
import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
logging.getLogger("distributed").setLevel(logging.CRITICAL)
