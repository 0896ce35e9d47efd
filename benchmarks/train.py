"""One epoch of training per architecture, one thread: ours through ``fit`` against the obvious modules."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

import naive
from persuasion.learn.fit import fit
from persuasion.learn.training import Training
from persuasion.networks import ARCHITECTURES, build_network

SAMPLES, INPUTS, REPEATS = 50_000, 200, 3


def run() -> list[dict[str, Any]]:
    """Best of three epochs each, taken in turn; float32, batch 512, 200 inputs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rows = [_measure(name) for name in ARCHITECTURES]
    torch.set_num_threads(threads)
    return rows


def _measure(name: str) -> dict[str, Any]:
    generator = np.random.default_rng(0)
    inputs = torch.tensor(generator.random((SAMPLES, INPUTS)), dtype=torch.float32)
    targets = inputs[:, :8].prod(1)
    obvious = naive.NETWORKS[name](INPUTS)
    optimiser = torch.optim.Adam(obvious.parameters(), lr=0.01)
    ours, baseline = [], []
    for _ in range(REPEATS):
        ours.append(_epoch(name, inputs, targets))
        begin = time.perf_counter()
        naive.train_epoch(obvious, optimiser, inputs, targets)
        baseline.append(time.perf_counter() - begin)
    return {
        "name": f"train-{name}",
        "baseline_seconds": min(baseline),
        "seconds": min(ours),
        "ratio": min(baseline) / min(ours),
        "samples": SAMPLES,
        "inputs": INPUTS,
        "threads": 1,
    }


def _epoch(name: str, inputs: torch.Tensor, targets: torch.Tensor) -> float:
    """Seconds of the second epoch of a fit; the first one also sets up the data."""
    ends: list[float] = []
    network = build_network(name, INPUTS)
    fit(
        network,
        inputs,
        targets[:, None],
        Training(epochs=2),
        progress=lambda *_: ends.append(time.perf_counter()),
    )
    return ends[1] - ends[0]
