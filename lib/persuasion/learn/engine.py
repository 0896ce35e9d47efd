r"""The training loop: Adam on the mean squared errors of many independent networks.

The whole stack takes every step together, as batched products and one fused update. Only DNL on a processor goes
member by member, whose weights, gradients and intermediate values then stay in its cache, and leaves out units of
the hyper-network that are off. Both ways compute the same up to rounding: the networks do not depend on each other.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from persuasion.learn.samples import Samples
from persuasion.learn.training import Training
from persuasion.networks import StackedNetwork

ACCELERATOR_ROWS = 4096


@dataclass(frozen=True, eq=False)
class _Part:
    """Networks that take their steps together."""

    network: StackedNetwork
    members: slice
    samples: Samples
    gradients: torch.Tensor
    optimiser: torch.optim.Optimizer

    def epoch(self, orders: torch.Tensor, batch_size: int, rates: Sequence[float]) -> torch.Tensor:
        """One pass in the given orders (groups, samples); each network's mean loss over the samples."""
        total = torch.zeros_like(self.samples.targets[:, 0])
        for index, rate in zip(orders.split(batch_size, 1), rates):
            self.optimiser.param_groups[0]["lr"] = rate
            self.gradients.zero_()
            loss = self.network.squared_error(*self.samples.rows(index), gradients=True)
            self.optimiser.step()
            total += loss * index.shape[1]
        return total / len(self.samples)


class Trainer:
    """Trains ``network`` in place on ``samples`` in the networks' own units.

    Parameters
    ----------
    seeds : of the shuffles, one per group of ``samples``; drawn on the CPU
    together : whether the stack takes its steps together; default: what is faster on the data's device
    """

    def __init__(
        self,
        network: StackedNetwork,
        samples: Samples,
        training: Training,
        seeds: Sequence[int],
        together: bool | None = None,
    ) -> None:
        self.network, self.samples, self.training = network.requires_grad_(False), samples, training
        self.shuffles = [torch.Generator().manual_seed(seed) for seed in seeds]
        faster = samples.inputs.device.type != "cpu" or not network.BY_MEMBER
        self.together = faster if together is None else together
        self.parts = self._parts()

    def _parts(self) -> list[_Part]:
        values, gradients = self.network.flatten()
        rate = self.training.learning_rate
        if self.together:
            whole = slice(0, self.network.networks)
            adam = _adam(values, gradients, rate)
            return [_Part(self.network, whole, self.samples, gradients, adam)]
        members = [slice(k, k + 1) for k in range(self.network.networks)]
        return [
            _Part(
                self.network.member(own.start),
                own,
                self.samples.member(own.start),
                gradients[own],
                _adam(values[own], gradients[own], rate),
            )
            for own in members
        ]

    def run(self, after_epoch: Callable[[int, np.ndarray], None]) -> None:
        """All epochs; after each, its number and its mean losses ``(networks,)``.

        A network whose loss is no longer finite is trained no further where that saves work: its loss is then NaN.
        """
        alive = list(self.parts)
        for epoch in range(self.training.epochs):
            losses = np.full(self.network.networks, np.nan)
            orders = torch.stack(
                [torch.randperm(len(self.samples), generator=g) for g in self.shuffles]
            )
            orders = orders.to(self.samples.targets.device)
            for part in alive:
                own = orders if self.together else orders[[self.samples.groups[part.members.start]]]
                batches = math.ceil(len(self.samples) / self.training.batch_size)
                rates = _rates(self.training, epoch, batches)
                with _denormals_flushed():
                    loss = part.epoch(own, self.training.batch_size, rates)
                losses[part.members] = loss.cpu().numpy()
            alive = [part for part in alive if np.isfinite(losses[part.members]).any()]
            after_epoch(epoch, losses)

    def squared_error(self, samples: Samples) -> np.ndarray:
        """Mean squared errors ``(networks,)`` in the networks' own units."""
        result = np.empty(self.network.networks)
        for part in self.parts:
            own = samples if self.together else samples.member(part.members.start)
            rows = part.network.CACHE_ROWS if own.targets.device.type == "cpu" else ACCELERATOR_ROWS
            total = torch.zeros(len(own.targets), dtype=torch.float64, device=own.targets.device)
            for x, y in own.blocks(rows):
                total += part.network.squared_error(x, y).double() * y.shape[1]
            result[part.members] = (total / len(samples)).cpu().numpy()
        return result


@contextlib.contextmanager
def _denormals_flushed() -> Iterator[None]:
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


def _adam(values: torch.Tensor, gradients: torch.Tensor, rate: float) -> torch.optim.Adam:
    parameter = torch.nn.Parameter(values)
    parameter.grad = gradients
    return torch.optim.Adam([parameter], lr=rate, fused=True)


def _rates(training: Training, epoch: int, batches: int) -> list[float]:
    """The learning rate of every step of an epoch."""
    if training.schedule == "constant":
        return [training.learning_rate] * batches
    shares = [(epoch * batches + step) / (training.epochs * batches) for step in range(batches)]
    return [training.learning_rate * (1 + math.cos(math.pi * share)) / 2 for share in shares]
