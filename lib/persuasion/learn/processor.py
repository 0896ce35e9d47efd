"""How a processor computes a training step: in one thread, and without the smallest numbers."""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import torch


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Matrix products and torch's operations run in this thread alone.

    The products of a step take a few microseconds: to share one among threads costs more than it saves, and
    hundreds of times more on a machine that is busy, where each waits for the other to get a turn.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _libraries().limit(limits=1, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@functools.cache
def _libraries() -> Any:
    # here, because a stack on a GPU needs nothing but numpy and torch
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextlib.contextmanager
def denormals_flushed() -> Iterator[None]:
    """Numbers below about 1e-38 count as 0 on this thread.

    Adam's averages for units that are off decay to such denormal numbers and stay there; processors handle them
    many times slower than others. Losses and weights do not notice: the averages are divided by at least 1e-8.
    """
    before = not torch.tensor(1e-40).mul(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
