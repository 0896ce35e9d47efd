"""How long independent jobs take on many workers: a simulation of the scheduler's rule."""

import heapq
from collections.abc import Sequence


def makespan(seconds: Sequence[float], workers: int) -> float:
    """Time until the last job ends if every free worker takes the next job in order.

    >>> makespan([3, 1, 1, 1], 2)
    3.0
    >>> makespan([1, 1, 1, 3], 2)
    4.0

    Raises ``ValueError`` for fewer than one worker.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    free = [0.0] * workers
    for duration in seconds:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)
