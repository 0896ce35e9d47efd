"""The base of the architectures: sizes, seeds, single members, and gradients of the squared error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from persuasion.networks.generated import GeneratedLinear
from persuasion.networks.layers import StackedLinear, pattern, run_relu

Seed = int | Sequence[int]


def member_seeds(seed: Seed, networks: int) -> list[int]:
    """One seed per member: derived from an ``int``, or the given sequence itself.

    >>> member_seeds([3, 5], 2), member_seeds(0, 3)[:2] == member_seeds(0, 2)
    ([3, 5], True)
    """
    if isinstance(seed, (int, np.integer)):
        streams = (np.random.SeedSequence([int(seed), k]) for k in range(networks))
        return [int(s.generate_state(1, np.uint64)[0] >> np.uint64(1)) for s in streams]
    if len(seed) != networks:
        raise ValueError(f"seed lists {len(seed)} seeds for {networks} networks")
    return [int(s) for s in seed]


class StackedNetwork(nn.Module):
    """A stack of independent networks of one architecture.

    Parameters
    ----------
    inputs : length of one input
    networks : number of independent networks in the stack
    options : sizes and choices of the architecture; it takes a ``seed`` as well: one, or one per network

    ``network(x)`` maps ``(batch, inputs)``, shared by the members, or ``(networks, batch, inputs)`` to
    ``(networks, batch)``. Member ``k`` is initialised from its own seed, drawn on the CPU, and so does not depend
    on the device or on the other members. A subclass gives ``propagate`` and ``backward``; ``forward`` and the
    training step follow.
    """

    CACHE_ROWS: ClassVar[int] = 1024
    """Samples whose intermediate values fit a processor's cache: the training step takes so many at a time."""
    BY_MEMBER: ClassVar[bool] = False
    """Whether training on a processor is faster network by network than with the whole stack in every step."""
    PIECES: ClassVar[str] = "hidden"
    """The layers whose units tell pieces apart: inside one, ReLU and DeLU are affine, and DNL does not jump."""

    def __init__(self, inputs: int, networks: int, **options: Any) -> None:
        super().__init__()
        self.inputs, self.networks, self.options = inputs, networks, options

    def initialise(self, seed: Seed) -> None:
        """Draw every member's weights from its own seed (see :func:`member_seeds`)."""
        layers = [m for m in self.modules() if isinstance(m, (StackedLinear, GeneratedLinear))]
        for member, own_seed in enumerate(member_seeds(seed, self.networks)):
            generator = torch.Generator().manual_seed(own_seed)
            for layer in layers:
                layer.initialise(member, generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions ``(networks, batch)``."""
        return self.propagate(self.check_inputs(x))[0].squeeze(-1)

    def propagate(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        """Predictions ``(networks, batch, 1)``, and what ``backward`` needs."""
        raise NotImplementedError

    def backward(self, x: torch.Tensor, kept: Any, grad: torch.Tensor) -> None:
        """Add the parameters' gradients to their ``grad``, from ``grad`` in the predictions."""
        raise NotImplementedError

    @torch.no_grad()
    def squared_error(
        self, x: torch.Tensor, targets: torch.Tensor, gradients: bool = False
    ) -> torch.Tensor:
        """Mean squared errors ``(networks,)`` at ``targets`` (networks, batch).

        With ``gradients``, that of each error is added to its parameters' ``grad``, which all must have. By hand
        rather than by automatic differentiation, with the same result: no graph, fewer passes over memory.
        """
        value, kept = self.propagate(x)
        residual = value.sub_(targets.unsqueeze(-1))
        error = residual.square().mean((1, 2))
        if gradients:
            self.backward(x, kept, residual.mul_(2 / targets.shape[1]))
        return error

    def flatten(self) -> tuple[torch.Tensor, torch.Tensor]:
        """All parameters and their (new, zero) gradients, ``(networks, parameters)`` each.

        From here on parameters and gradients are views of these two arrays, one row per member.
        """
        parameters = list(self.parameters())
        values = torch.cat([p.detach().flatten(1) for p in parameters], 1)
        gradients = torch.zeros_like(values)
        sizes = [p[0].numel() for p in parameters]
        for p, own, grad in zip(parameters, values.split(sizes, 1), gradients.split(sizes, 1)):
            p.data, p.grad = own.unflatten(1, p.shape[1:]), grad.unflatten(1, p.shape[1:])
        return values, gradients

    def member(self, index: int) -> StackedNetwork:
        """A stack of one for training, which shares the member's parameters and gradients."""
        other = type(self)(self.inputs, 1, **self.options).requires_grad_(False)
        for own, whole in zip(other.parameters(), self.parameters()):
            own.data = whole.data[index : index + 1]
            own.grad = None if whole.grad is None else whole.grad[index : index + 1]
        return other

    def subset(self, members: Sequence[int]) -> StackedNetwork:
        """A new stack of copies of some members, in the order given."""
        index = [range(self.networks)[k] for k in members]
        other = type(self)(self.inputs, len(index), seed=0, **self.options)
        state = {key: value[index].clone() for key, value in self.state_dict().items()}
        other.load_state_dict(state, assign=True)
        return other

    def activation_pattern(self, x: torch.Tensor) -> torch.Tensor:
        """Which ReLU units are on, boolean ``(networks, batch, units)``: equal patterns, same piece."""
        layers: Any = getattr(self, self.PIECES)
        return pattern(run_relu(layers, self.check_inputs(x))).bool()

    def check_inputs(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` unchanged; ``ValueError`` unless it is ``([networks,] batch, inputs)``."""
        stacked = x.ndim == 3 and x.shape[0] == self.networks
        if x.shape[-1:] != (self.inputs,) or not (x.ndim == 2 or stacked):
            raise ValueError(
                f"x must have shape (batch, {self.inputs}) or ({self.networks}, batch, "
                f"{self.inputs}), got {tuple(x.shape)}"
            )
        return x
