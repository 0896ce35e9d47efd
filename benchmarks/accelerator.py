"""Many networks at once on a GPU: networks per second, share of its peak, and the paper's benchmark extrapolated.

Games of one size are trained as one stack (``fit_games``), their data drawn and simulated on the way: the time is
that of the whole. There is no naive baseline to compare with; the ratio is that to one thread of the processor.
"""

import dataclasses
import time
from typing import Any

import torch

from persuasion.games import synthetic
from persuasion.learn.batch import Task, fit_games
from persuasion.learn.flops import training_flops
from persuasion.learn.training import Training
from persuasion.model.seeds import integer_seed, seed_sequence
from persuasion.networks import ARCHITECTURES, member_seeds
from study.designs.design import jobs
from study.designs.presets import preset


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much is measured: games at once, of so many senders and so many signals, states and actions."""

    games: int = 32
    senders: int = 4
    size: int = 10
    samples: int = 50_000
    epochs: int = 3


FAST = Effort(games=2, senders=2, size=2, samples=2_000, epochs=1)


def run(effort: Effort = Effort(), device: str = "cuda") -> list[dict[str, Any]]:
    """One object per architecture; none without the device."""
    if device == "cuda" and not torch.cuda.is_available():
        print("no GPU here: the benchmark of one is left out")
        return []
    peak = _peak(device)
    return [_measure(name, effort, device, peak) for name in ARCHITECTURES]


def _measure(name: str, effort: Effort, device: str, peak: float) -> dict[str, Any]:
    training = Training(samples=effort.samples, epochs=effort.epochs, held_out=0)
    tasks = [_task(effort, name, index) for index in range(effort.games)]
    # the first call compiles and allocates
    fit_games(tasks[:1], name, dataclasses.replace(training, epochs=1), device)
    seconds = _seconds(lambda: fit_games(tasks, name, training, device), device)
    one = dataclasses.replace(training, samples=max(1, effort.samples // 10), epochs=1)
    alone = (
        10 * effort.epochs * effort.games * _seconds(lambda: fit_games(tasks[:1], name, one), "cpu")
    )
    networks = effort.games * effort.senders
    operations = networks * training_flops(name, tasks[0].inputs, training)
    paper = sum(
        training_flops(
            name, _inputs(job.config["game"]["parameters"]), Training(**job.config["training"])
        )
        * job.config["game"]["parameters"]["senders"]
        for job in jobs(preset("paper"), "synthetic")
        if job.config["kind"] == "solve" and job.config["method"] == name
    )
    return {
        "name": f"accelerator-{name}",
        "baseline_seconds": alone,
        "seconds": seconds,
        "ratio": alone / seconds,
        "networks": networks,
        "network_epochs_per_second": networks * effort.epochs / seconds,
        "gflop_per_second": 1e-9 * operations / seconds,
        "peak_gflop_per_second": 1e-9 * peak,
        "share_of_peak": operations / seconds / peak,
        "hours_of_the_synthetic_benchmark": paper * seconds / operations / 3600,
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
    }


def _task(effort: Effort, method: str, index: int) -> Task:
    game = synthetic(
        effort.senders, effort.size, effort.size, effort.size, logit_scale=1.0, seed=index
    )
    identity = {"benchmark": "accelerator", "index": index}
    seeds = member_seeds(integer_seed("network", identity, method), effort.senders)
    draws = [seed_sequence(purpose, identity) for purpose in ("training", "held-out")]
    return Task(game, *draws, seeds, index)


def _inputs(sizes: dict[str, Any]) -> int:
    return sizes["senders"] * sizes["states"] * sizes["signals"]


def _peak(device: str, size: int = 4096) -> float:
    """Operations per second of a product of large square matrices in float32, the best of ten."""
    if device == "cpu":
        size //= 4
    left, right = torch.randn(2, size, size, device=device)
    return 2 * size**3 / min(_seconds(lambda: torch.mm(left, right), device) for _ in range(10))


def _seconds(function: Any, device: str) -> float:
    """By the clock, the device's queue emptied before and after."""
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    wait()
    begin = time.perf_counter()
    function()
    wait()
    return time.perf_counter() - begin
