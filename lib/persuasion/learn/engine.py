r"""The training loop: Adam on the mean squared errors of many independent networks.

The whole stack takes every step together, as batched products and one update. Only DNL on a processor goes member
by member, whose weights, gradients and intermediate values then stay in its cache, and leaves out units that are
off. All ways take the same steps up to rounding: the networks do not depend on each other.
"""

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from persuasion.learn.adam import Adam
from persuasion.learn.processor import denormals_flushed, one_thread
from persuasion.learn.samples import Samples
from persuasion.learn.training import Training
from persuasion.networks import StackedNetwork
from persuasion.networks.fast import FastErrors, fastest

ACCELERATOR_ROWS = 4096


@dataclass(frozen=True, eq=False)
class _Part:
    """Networks that take their steps together."""

    members: slice
    samples: Samples
    errors: FastErrors | StackedNetwork
    optimiser: Adam

    def epoch(self, orders: torch.Tensor, batch_size: int, rates: Sequence[float]) -> torch.Tensor:
        """One pass in the given orders (groups, samples); each network's mean loss over the samples."""
        total = torch.zeros_like(self.samples.targets[:, 0])
        for index, rate in zip(orders.split(batch_size, 1), rates):
            self.optimiser.gradients.zero_()
            loss = self.errors.squared_error(*self.samples.rows(index), gradients=True)
            self.optimiser.step(rate)
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
        on_processor = samples.inputs.device.type == "cpu"
        self.one_thread = one_thread if on_processor else contextlib.nullcontext
        self.together = not (on_processor and network.BY_MEMBER) if together is None else together
        self.parts = self._parts()

    def _parts(self) -> list[_Part]:
        flat, count = self.network.flatten(), self.network.networks
        if self.together:
            pieces = [(slice(0, count), self.network, self.samples)]
        else:
            pieces = [
                (slice(k, k + 1), self.network.member(k), self.samples.member(k))
                for k in range(count)
            ]
        parts = []
        for own, network, samples in pieces:
            values, gradients = (array[own] for array in flat)
            errors = fastest(network, values, gradients)
            parts.append(_Part(own, samples, errors, Adam(values, gradients)))
        return parts

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
            batches = math.ceil(len(self.samples) / self.training.batch_size)
            rates = _rates(self.training, epoch, batches)
            for part in alive:
                own = orders if self.together else orders[[self.samples.groups[part.members.start]]]
                with self.one_thread(), denormals_flushed():
                    loss = part.epoch(own, self.training.batch_size, rates)
                losses[part.members] = loss.cpu().numpy()
            alive = [part for part in alive if np.isfinite(losses[part.members]).any()]
            after_epoch(epoch, losses)

    def squared_error(self, samples: Samples) -> np.ndarray:
        """Mean squared errors ``(networks,)`` in the networks' own units."""
        result = np.empty(self.network.networks)
        for part in self.parts:
            own = samples if self.together else samples.member(part.members.start)
            rows = self.network.CACHE_ROWS if own.targets.device.type == "cpu" else ACCELERATOR_ROWS
            total = torch.zeros(len(own.targets), dtype=torch.float64, device=own.targets.device)
            with self.one_thread():
                for x, y in own.blocks(rows):
                    total += part.errors.squared_error(x, y).double() * y.shape[1]
            result[part.members] = (total / len(samples)).cpu().numpy()
        return result


def _rates(training: Training, epoch: int, batches: int) -> list[float]:
    """The learning rate of every step of an epoch."""
    if training.schedule == "constant":
        return [training.learning_rate] * batches
    shares = [(epoch * batches + step) / (training.epochs * batches) for step in range(batches)]
    return [training.learning_rate * (1 + math.cos(math.pi * share)) / 2 for share in shares]
