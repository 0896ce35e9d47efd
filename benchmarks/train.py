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
    training = Training(epochs=1)
    ours, baseline = [], []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        fit(build_network(name, INPUTS), inputs, targets[:, None], training)
        middle = time.perf_counter()
        naive.train_epoch(obvious, optimiser, inputs, targets)
        ours.append(middle - begin)
        baseline.append(time.perf_counter() - middle)
    return {
        "name": f"train-{name}",
        "baseline_seconds": min(baseline),
        "seconds": min(ours),
        "ratio": min(baseline) / min(ours),
        "samples": SAMPLES,
        "inputs": INPUTS,
        "threads": 1,
        "includes": "setting up the data and the error after training, which the baseline does not",
    }
