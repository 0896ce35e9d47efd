"""Exact utilities of the largest game of the benchmark: two matrix products against the full joint table."""

import multiprocessing
import resource
import time
from typing import Any

import numpy as np
import torch

from naive_simulator import joint_table_utilities
from persuasion import Game, sender_utilities, uniform_policies
from persuasion.games import synthetic

POLICIES = 50_000
COMPARED = 1_000
CHUNK = 50


def largest_game() -> Game:
    """Four senders, ten states, actions and signals: 10,000 joint signals."""
    return synthetic(4, 10, 10, 10, logit_scale=1.0, seed=0)


def run() -> dict[str, Any]:
    """Ours and naive on the same policies in turn, then ours alone on all 50,000 with its peak memory."""
    game = largest_game()
    ours, naive, worst = 0.0, 0.0, 0.0
    for start in range(0, COMPARED, CHUNK):
        policies = uniform_policies(game, CHUNK, seed=start)
        begin = time.perf_counter()
        fast = sender_utilities(game, policies)
        middle = time.perf_counter()
        slow = joint_table_utilities(game, policies)
        ours, naive = ours + middle - begin, naive + time.perf_counter() - middle
        worst = max(worst, float(np.abs(fast - slow).max()))
    if worst > 1e-9:
        raise AssertionError(f"the two methods differ by {worst:g}")
    seconds, gibibytes = _alone()
    return {
        "name": "simulate-largest",
        "baseline_seconds": naive,
        "seconds": ours,
        "ratio": naive / ours,
        "policies_compared": COMPARED,
        "largest_difference": worst,
        "policies": POLICIES,
        "all_policies_seconds": seconds,
        "peak_memory_gib": gibibytes,
        "threads": torch.get_num_threads(),
    }


def _alone() -> tuple[float, float]:
    """Seconds and peak memory in GiB of all policies, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure)


def _measure() -> tuple[float, float]:
    game = largest_game()
    policies = uniform_policies(game, POLICIES, seed=0)
    begin = time.perf_counter()
    sender_utilities(game, policies)
    seconds = time.perf_counter() - begin
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
