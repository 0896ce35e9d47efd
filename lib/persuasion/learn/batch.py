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
    together: bool | None = None,
    on_divergence: str = "flag",
) -> list[Fit]:
    """Networks of the architecture ``method`` on uniform joint policies and their exact utilities, as one stack.

    The games must have inputs of one length; their data take ``4 * samples * inputs`` bytes each. A task takes the
    steps of training it alone, up to rounding, which long trainings of networks with jumps amplify.

    Parameters
    ----------
    together : whether the networks of a stack take their steps together; default: what is faster on ``device``
    on_divergence : as in :func:`persuasion.fit`

    Returns one :class:`Fit` per task, in their order, with models on ``device``. Raises ``ValueError`` for an
    unknown ``method`` or inputs of several lengths, and ``DivergenceError`` as :func:`persuasion.fit`.
    """
    lengths = {task.inputs for task in tasks}
    if len(lengths) != 1:
        raise ValueError(f"a stack has inputs of one length, got {sorted(lengths)}")
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
    device: torch.device | str,
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
