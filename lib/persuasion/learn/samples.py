"""A data set on one device: what the networks of one game, or of several, are trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from persuasion.learn.model import UtilityModel
from persuasion.model.tensors import as_tensor
from persuasion.networks import StackedNetwork


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs, shared by the networks of a group (the senders of one game), and targets."""

    inputs: torch.Tensor
    """``(groups, samples, inputs)``"""
    targets: torch.Tensor
    """``(networks, samples)``"""
    groups: Sequence[int]
    """The group of every network, ``(networks,)``."""

    @classmethod
    def of(cls, name: str, network: StackedNetwork, inputs: Any, targets: Any) -> Samples:
        """Checked data in the dtype and on the device of ``network``; see :func:`persuasion.fit`.

        Raises ``ValueError``, with ``name`` in it, for shapes that do not fit or entries that are not finite.
        """
        like = next(network.parameters())
        x, y = (
            as_tensor(f"{name} {kind}", values).to(like)
            for kind, values in (("inputs", inputs), ("targets", targets))
        )
        network.check_inputs(x)
        if tuple(y.shape) != (x.shape[-2], network.networks) or not len(y):
            raise ValueError(
                f"{name} targets must be (samples, networks) = ({x.shape[-2]}, {network.networks}) "
                f"and not empty, got {tuple(y.shape)}"
            )
        for kind, values in (("inputs", x), ("targets", y)):
            if not torch.isfinite(values).all():
                raise ValueError(f"{name} {kind} have a non-finite entry")
        shared = x.ndim == 2
        groups = [0] * network.networks if shared else range(network.networks)
        return cls(x.unsqueeze(0) if shared else x, y.T.contiguous(), groups)

    def __len__(self) -> int:
        return self.targets.shape[1]

    def scaled(self, model: UtilityModel) -> Samples:
        """In the networks' own units: what the model makes of its inputs, and must predict."""
        first = [self.groups.index(group) for group in range(len(self.inputs))]
        shift, scale = (s[first, None, None] for s in (model.input_shift, model.input_scale))
        plain = not shift.any() and bool((scale == 1).all())
        inputs = self.inputs if plain else (self.inputs - shift).div_(scale)
        targets = (self.targets - model.target_mean[:, None]) / model.target_scale[:, None]
        return Samples(inputs, targets, self.groups)

    def member(self, index: int) -> Samples:
        """The data of one network; nothing is copied."""
        group = self.groups[index]
        return Samples(self.inputs[group : group + 1], self.targets[index : index + 1], range(1))

    def rows(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs ``(networks or 1, batch, inputs)``, targets ``(networks, batch)`` at ``index`` (groups, batch)."""
        if len(self.inputs) == 1:
            return (
                self.inputs[0].index_select(0, index[0]).unsqueeze(0),
                self.targets.index_select(1, index[0]),
            )
        groups = torch.tensor(self.groups, device=index.device)
        own = index[groups]
        flat = (own + len(self) * groups.unsqueeze(1)).flatten()
        inputs = self.inputs.flatten(0, 1).index_select(0, flat).unflatten(0, own.shape)
        return inputs, self.targets.gather(1, own)

    def blocks(self, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """All samples in order, ``size`` at a time, as from ``rows``."""
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            inputs = self.inputs[:, part]
            if len(inputs) > 1:
                inputs = inputs[list(self.groups)]
            yield inputs, self.targets[:, part]
