"""Certificates of many profiles, on several processes if wanted, with progress."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.game import Game
from persuasion.model.ties import LOWEST_INDEX
from persuasion.regret.certificate import Certificate
from persuasion.regret.certify import certify
from persuasion.system.end_with_parent import end_with_parent
from persuasion.system.spawning import require_guard


def certify_many(
    profiles: Iterable[tuple[Game, np.ndarray]],
    radius: float,
    *,
    ties: Any = LOWEST_INDEX,
    time_limit: float = 60.0,
    workers: int = 1,
    progress: bool = True,
) -> list[Certificate]:
    """Certificates in the order of ``profiles``, pairs of a game and one profile of it.

    Parameters
    ----------
    radius, ties, time_limit : as in :func:`certify`, for every profile
    workers : processes; with more than one, a script needs the usual ``if __name__ == "__main__"`` guard
    progress : show a bar in a terminal, else a line now and then

    Raises
    ------
    ValueError
        For fewer than one worker, for several without that guard, or as :func:`certify` does for the first
        profile that is wrong.
    """
    from persuasion.system.progress import watched

    workers = whole_number("workers", workers, 1)
    pairs = list(profiles)
    task = partial(_certify_pair, radius=radius, ties=ties, time_limit=time_limit)
    found = _run(task, pairs, min(workers, len(pairs)))
    count = len(pairs)
    return list(watched(found, lambda _: 1.0, count, count, quiet=not progress, unit="profiles"))


def _certify_pair(
    pair: tuple[Game, np.ndarray], radius: float, ties: Any, time_limit: float
) -> Certificate:
    return certify(*pair, radius=radius, ties=ties, time_limit=time_limit)


def _run(task: Any, pairs: list[tuple[Game, np.ndarray]], workers: int) -> Iterator[Certificate]:
    if workers <= 1:
        yield from map(task, pairs)
        return
    require_guard()
    # fresh processes: threads of numerical libraries do not survive a fork
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_begin) as pool:
        yield from pool.map(task, pairs)


def _begin() -> None:
    import torch

    torch.set_num_threads(1)
    end_with_parent()
