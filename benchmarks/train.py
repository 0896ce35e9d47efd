"""Training per architecture, one thread: ours against the obvious modules and our former step; what presets cost.

Seconds are those of the process's one thread: other processes on the machine disturb them less than the clock's.
``python benchmarks/train.py --fast`` measures a tenth of the samples once; `make benchmark` does it in full.
"""

import contextlib
import dataclasses
import functools
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import torch

import former
import naive
from persuasion import sender_utilities, uniform_policies
from persuasion.games import synthetic
from persuasion.learn import engine
from persuasion.learn.engine import Trainer
from persuasion.learn.fit import fit
from persuasion.learn.flops import sample_flops
from persuasion.learn.processor import denormals_flushed, one_thread
from persuasion.learn.recipes import apply_recipe
from persuasion.learn.samples import Samples
from persuasion.learn.training import Training
from persuasion.networks import ARCHITECTURES, StackedNetwork, build_network
from study.designs.design import EXPERIMENTS, jobs
from study.designs.presets import PRESETS, preset
from study.figures import costs

GAMES = (
    (2, 4, 4, 4, 1.0),
    (2, 6, 6, 6, 10.0),
    (4, 6, 6, 6, 1.0),
    (2, 10, 10, 10, 1.0),
    (4, 10, 10, 10, 10.0),
)
"""Senders, signals, states, actions and logit scale: games whose training is projected to the presets."""
COMPARED, LARGEST = GAMES[3], GAMES[4]
TRAINING = Training()
"""The literal recipe, on which the versions are compared; projections use the presets' own."""


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much is measured."""

    samples: int = TRAINING.samples
    repeats: int = 3
    epochs: int = 3


FAST = Effort(5_000, 1, 2)
Data = tuple[torch.Tensor, torch.Tensor]


def run(effort: Effort = Effort()) -> list[dict[str, Any]]:
    """Two objects per architecture, by the literal recipe and by the presets'; float32, one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rows = [
        _compare(name, effort) | _flush(name, effort) | _project(name, effort)
        for name in ARCHITECTURES
    ]
    torch.set_num_threads(threads)
    return rows + [_recipe(name, effort) for name in ARCHITECTURES]


def _compare(name: str, effort: Effort) -> dict[str, Any]:
    """Epochs of the naive version, of ours, and products of large matrices, in turn; the best of each."""
    data = _data(COMPARED, effort.samples)
    length = data[0].shape[1]
    obvious = naive.NETWORKS[name](length)
    optimiser = torch.optim.Adam(obvious.parameters(), lr=TRAINING.learning_rate)
    epoch = functools.partial(naive.train_epoch, obvious, optimiser, *data)
    times = [
        (_seconds(epoch), _trained(name, data, TRAINING, effort), _in_full(name, data), 1 / _peak())
        for _ in range(effort.repeats)
    ]
    baseline, ours, full, product = (min(column) for column in zip(*times, strict=True))
    rate = effort.samples * sample_flops(name, length)[1] / full
    return {
        "name": f"train-{name}",
        "baseline_seconds": baseline,
        "seconds": ours,
        "ratio": baseline / ours,
        "seconds_all_units_on": full,
        "ratio_all_units_on": baseline / full,
        "gflop_per_second_all_units_on": rate / 1e9,
        "peak_gflop_per_second": 1e-9 / product,
        "share_of_peak": rate * product,
        "samples": effort.samples,
        "inputs": length,
        "batch_size": TRAINING.batch_size,
        "threads": 1,
    }


def _recipe(name: str, effort: Effort) -> dict[str, Any]:
    """Epochs of the presets' recipe for a game's networks with the former step and with ours, in turn.

    The ratio is the median of the pairs': the machine's other work disturbs both of a pair alike.
    """
    training = apply_recipe(TRAINING, preset("paper").recipe, name)
    inputs, targets = _data(COMPARED, effort.samples)
    inputs, senders = (inputs - inputs.mean()) / inputs.std(), COMPARED[0]
    trainings = []
    for build in (former.parts, lambda *given: Trainer(*given, training, [0]).parts):
        network = build_network(name, inputs.shape[1], senders, **training.network_options(name))
        data = Samples.of("training", network, inputs, targets[:, None].expand(-1, senders))
        trainings.append(build(network, data))
    rates = [training.learning_rate] * -(-effort.samples // training.batch_size)
    pairs = []
    for _ in range(1 + 2 * effort.repeats):
        order = torch.randperm(effort.samples).unsqueeze(0)
        with one_thread(), denormals_flushed():
            epochs = (functools.partial(former.train, t, training, order, rates) for t in trainings)
            pairs.append([_seconds(epoch) for epoch in epochs])
    before, ours = np.array(pairs[1:]).T
    visits = effort.samples * senders
    return {
        "name": f"train-{name}-recipe",
        "baseline_seconds": float(np.median(before)),
        "seconds": float(np.median(ours)),
        "ratio": float(np.median(before / ours)),
        "baseline_microseconds_per_visit": 1e6 * float(np.median(before)) / visits,
        "microseconds_per_visit": 1e6 * float(np.median(ours)) / visits,
        "samples": effort.samples,
        "networks": senders,
        "inputs": inputs.shape[1],
        "batch_size": training.batch_size,
        "threads": 1,
    }


def _flush(name: str, effort: Effort) -> dict[str, float]:
    """A whole training of one network by the presets' recipe, with denormal numbers and without, in turn.

    They take thousands of steps to appear, more than the epochs of the other comparisons have.
    """
    training, data = apply_recipe(TRAINING, preset("paper").recipe, name), _data(GAMES[0], 20_000)

    def whole() -> float:
        network = build_network(name, data[0].shape[1], **training.network_options(name))
        return float(_epochs(network, data, training).sum())

    def kept() -> float:
        with mock.patch.object(engine, "denormals_flushed", contextlib.nullcontext):
            return whole()

    times = [(kept(), whole()) for _ in range(effort.repeats)]
    with_denormals, flushed = (min(column) for column in zip(*times, strict=True))
    return {
        "seconds_denormals_kept": with_denormals,
        "seconds_denormals_flushed": flushed,
        "gain_by_flushing": with_denormals / flushed,
    }


@functools.lru_cache(len(GAMES))
def _data(size: tuple, samples: int) -> Data:
    """Policies of a game and the first sender's utilities, standardised for those who do not."""
    game = synthetic(*size[:4], logit_scale=size[4], seed=0)
    policies = uniform_policies(game, samples, seed=0)
    utilities = torch.tensor(sender_utilities(game, policies, validate=False)[:, 0]).float()
    inputs = torch.tensor(policies.reshape(samples, -1)).float()
    return inputs, (utilities - utilities.mean()) / utilities.std()


def _trained(name: str, data: Data, training: Training, effort: Effort) -> float:
    """Seconds of an epoch in the course of training, the mean over all but the first."""
    network = build_network(name, data[0].shape[1], **training.network_options(name))
    epochs = _epochs(network, data, dataclasses.replace(training, epochs=effort.epochs))
    return float(epochs[1:].mean())


def _in_full(name: str, data: Data) -> float:
    """Seconds of an epoch in which no unit can be left out: the most work that there can be."""
    network = build_network(name, data[0].shape[1])
    if name == "dnl":
        torch.nn.init.constant_(network.get_parameter("hyper.1.bias"), 10.0)
    still = dataclasses.replace(TRAINING, epochs=2, learning_rate=1e-6)
    return float(_epochs(network, data, still)[1])


def _epochs(network: StackedNetwork, data: Data, training: Training) -> np.ndarray:
    """Seconds of every epoch; the first one also sets up the data."""
    ends = [time.process_time()]
    inputs, targets = data[0], data[1][:, None]
    progress = lambda *_: ends.append(time.process_time())  # noqa: E731
    fit(network, inputs, targets, training, progress=progress)
    return np.diff(ends)


def _peak(size: int = 1024) -> float:
    """Operations per second of a product of large square matrices, the best of ten."""
    left, right, result = torch.randn(size, size), torch.randn(size, size), torch.empty(size, size)
    product = functools.partial(torch.mm, left, right, out=result)
    return 2 * size**3 / min(_seconds(product) for _ in range(10))


def _seconds(function: Callable[[], Any]) -> float:
    begin = time.process_time()
    function()
    return time.process_time() - begin


def _project(name: str, effort: Effort) -> dict[str, Any]:
    """What the presets' training costs on one core, from a few games trained by their recipe."""
    training, visits = apply_recipe(TRAINING, preset("paper").recipe, name), {}
    for size in GAMES:
        data = _data(size, effort.samples)
        visits[data[0].shape[1]] = _trained(name, data, training, effort) / effort.samples
    hours = {
        key: {experiment: _hours(key, experiment, name, visits) for experiment in EXPERIMENTS}
        for key in PRESETS
    }
    per_hour = {}
    for key, parts in hours.items():
        games = [parts[experiment] for experiment in ("synthetic", "second", "scenarios")]
        per_hour[key] = round(sum(map(len, games)) / sum(map(sum, games)), 1)
    return {
        "microseconds_per_visit_by_inputs": {k: round(1e6 * v, 2) for k, v in visits.items()},
        "games_per_hour_and_core": per_hour,
        "paper_core_hours": sum(map(sum, hours["paper"].values())),
        "peak_memory_gib": _memory(name, effort),
    }


def _hours(key: str, experiment: str, name: str, visits: dict[int, float]) -> list[float]:
    """Core-hours of every job of an experiment that trains networks of this architecture."""
    measured = {"microseconds_per_visit_by_inputs": {k: 1e6 * v for k, v in visits.items()}}
    return [
        costs.networks(config) * costs.seconds(config, {f"train-{name}": measured}) / 3600
        for config in (job.config for job in jobs(preset(key), experiment))
        if "training" in config and config["method"] == name
    ]


def _memory(name: str, effort: Effort) -> float:
    """Peak memory in GiB of training the networks of the largest game, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_train_largest, (name, effort.samples))


def _train_largest(name: str, samples: int) -> float:
    senders, signals, states = LARGEST[:3]
    torch.set_num_threads(1)
    policies = np.random.default_rng(0).random((samples, senders * signals * states))
    network = build_network(name, policies.shape[1], senders)
    fit(network, policies, policies[:, :senders], dataclasses.replace(TRAINING, epochs=1))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    print(json.dumps(run(FAST if "--fast" in sys.argv[1:] else Effort()), indent=1))
