"""A forked child has none of its parent's threads; torch, which would wait for them, gets along with one there."""

import os
import sys


def _use_one_thread() -> None:
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_use_one_thread)
