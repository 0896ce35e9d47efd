"""The networks of many games at once: the data simulated on the device, the stack trained together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import torch

from persuasion.learn.fit import Fit, fit_samples
from persuasion.learn.samples import Samples
from persuasion.learn.training import Training
from persuasion.model.game import Game
from persuasion.model.policies import uniform_policies
from persuasion.model.simulate import sender_utilities
from persuasion.networks import build_network

ACCELERATOR_GAMES = 32


@dataclass(frozen=True)
class Task:
    """The networks of one game to be trained, and every seed that this takes.

    One network for each of the first ``len(networks)`` senders. Tasks with the same seeds draw the same data,
    weights and order, whatever else is trained beside them. ``ValueError`` for no network, or for more than the
    game has senders.
    """

    game: Game
    training: Any
    """Seed of the training policies: anything ``numpy.random.default_rng`` takes."""
    held_out: Any
    """Seed of the held-out policies, likewise."""
    networks: Sequence[int]
    """Seeds of the networks' initial weights."""
    shuffle: int
    """Seed of the order of the samples."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.networks) <= self.game.shape.senders:
            raise ValueError(
                f"networks must list between 1 and {self.game.shape.senders} seeds, one for each of "
                f"the first senders, got {len(self.networks)}"
            )

    @property
    def inputs(self) -> int:
        """Length of one network's input."""
        return self.game.shape.senders * self.game.shape.states * self.game.shape.signals


def fit_games(
    tasks: Sequence[Task],
    method: str,
    training: Training,
    device: torch.device | str = "cpu",
    games_at_once: int | None = None,
    together: bool | None = None,
    on_divergence: str = "flag",
) -> list[Fit]:
    """Networks of the architecture ``method`` on uniform joint policies and their exact utilities.

    Games with inputs of one length are trained as one stack. A task takes the steps of training it alone, up
    to rounding, which long trainings of networks with jumps amplify.

    Parameters
    ----------
    games_at_once : games per stack, which bounds memory: a game's data take ``4 * samples * inputs`` bytes;
        default 32 on an accelerator, 1 on the CPU
    together : whether the networks of a stack take their steps together; default: what is faster on ``device``
    on_divergence : as in :func:`persuasion.fit`

    Returns one :class:`Fit` per task, in their order, with models on ``device``. Raises ``ValueError`` for an
    unknown ``method`` or fewer than one game at once, and ``DivergenceError`` as :func:`persuasion.fit`.
    """
    device = torch.device(device)
    size = games_at_once
    if size is None:
        size = 1 if device.type == "cpu" else ACCELERATOR_GAMES
    if size < 1:
        raise ValueError(f"games_at_once must be at least 1, got {size}")
    results: dict[int, Fit] = {}
    for indices in _stacks(tasks, size):
        stack = [tasks[k] for k in indices]
        fitted = _fit_stack(stack, method, training, device, together, on_divergence)
        results |= zip(indices, fitted)
    return [results[k] for k in range(len(tasks))]


def _stacks(tasks: Sequence[Task], size: int) -> list[list[int]]:
    """Indices of tasks with inputs of one length, at most ``size`` together."""
    by_inputs: dict[int, list[int]] = {}
    for index, task in enumerate(tasks):
        by_inputs.setdefault(task.inputs, []).append(index)
    return [
        indices[start : start + size]
        for indices in by_inputs.values()
        for start in range(0, len(indices), size)
    ]


def _fit_stack(
    tasks: Sequence[Task],
    method: str,
    training: Training,
    device: torch.device,
    together: bool | None,
    on_divergence: str,
) -> list[Fit]:
    seeds = list(chain.from_iterable(task.networks for task in tasks))
    options = training.network_options(method)
    network = build_network(method, tasks[0].inputs, len(seeds), seeds, **options)
    network = network.to(device, training.dtype)
    data = _simulate(tasks, [t.training for t in tasks], training.samples, training, device)
    held_out = None
    if training.held_out:
        draws = [task.held_out for task in tasks]
        held_out = _simulate(tasks, draws, training.held_out, training, device)
    shuffles = [task.shuffle for task in tasks]
    whole = fit_samples(network, data, held_out, training, shuffles, None, on_divergence, together)
    ends = np.cumsum([len(task.networks) for task in tasks])
    return [whole.subset(range(end - len(t.networks), end)) for t, end in zip(tasks, ends)]


def _simulate(
    tasks: Sequence[Task],
    seeds: Sequence[Any],
    count: int,
    training: Training,
    device: torch.device,
) -> Samples:
    """Policies drawn on the CPU, so that a seed means the same everywhere; utilities computed on the device."""
    shape = (len(tasks), count, tasks[0].inputs)
    inputs = torch.empty(shape, dtype=training.dtype, device=device)
    targets = []
    for own, task, seed in zip(inputs, tasks, seeds):
        drawn = uniform_policies(task.game, count, np.random.default_rng(seed))
        policies = torch.as_tensor(drawn, device=device)
        values = sender_utilities(task.game, policies, validate=False)
        own.copy_(policies.flatten(1))
        targets.append(values[:, : len(task.networks)].T.to(training.dtype))
    groups = [group for group, task in enumerate(tasks) for _ in task.networks]
    return Samples(inputs, torch.cat(targets), groups)
