"""For workers of a process pool: when the process that started them is killed, they end as well.

A killed parent cannot tell its workers to stop, and those of ``concurrent.futures`` wait for work for ever.
"""

import multiprocessing
import os
import threading


def end_with_parent() -> None:
    """Call in a worker: a thread ends this process as soon as its parent has ended. Elsewhere it does nothing."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()
