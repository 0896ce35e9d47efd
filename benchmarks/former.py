"""The training step before :mod:`persuasion.networks.fast`: its baseline, and a reference for its tests.

The stack's own ``propagate`` and ``backward``, a call for every product, bias and activation, with torch's
optimiser object; DNL by member, where generated layers leave out units that are off.
"""

import math
from collections.abc import Sequence

import torch

from persuasion.learn.engine import _Part
from persuasion.learn.samples import Samples
from persuasion.learn.training import Training
from persuasion.networks import StackedNetwork
from persuasion.networks.generated import GeneratedLinear, Kept

WORTHWHILE = 0.85
Some = torch.Tensor | None


class Adam:
    """Torch's fused optimiser behind the engine's interface."""

    def __init__(self, values: torch.Tensor, gradients: torch.Tensor) -> None:
        parameter = torch.nn.Parameter(values)
        parameter.grad = self.gradients = gradients
        self.optimiser = torch.optim.Adam([parameter], fused=True)

    def step(self, rate: float) -> None:
        self.optimiser.param_groups[0]["lr"] = rate
        self.optimiser.step()


def parts(network: StackedNetwork, samples: Samples) -> list[_Part]:
    """What :class:`persuasion.learn.engine.Trainer` trains on a processor, with the former step."""
    network.requires_grad_(False)
    values, gradients = network.flatten()
    if not network.BY_MEMBER:
        whole = slice(0, network.networks)
        return [_Part(whole, samples, network, Adam(values, gradients))]
    found = []
    for own in (slice(k, k + 1) for k in range(network.networks)):
        member = network.member(own.start)
        for layer in member.modules():
            if isinstance(layer, GeneratedLinear):
                layer.__class__ = Generated
        adam = Adam(values[own], gradients[own])
        found.append(_Part(own, samples.member(own.start), member, adam))
    return found


def train(
    parts: Sequence[_Part], training: Training, orders: torch.Tensor, rates: Sequence[float]
) -> torch.Tensor:
    """An epoch of networks that share their samples, in the given order: their losses."""
    return torch.cat([part.epoch(orders, training.batch_size, rates) for part in parts])


class Generated(GeneratedLinear):
    """Leaves out inputs, code entries and outputs that are zero throughout a batch."""

    scratch: torch.Tensor | None = None

    def propagate(self, x: torch.Tensor, code: torch.Tensor) -> tuple[torch.Tensor, Kept]:
        self.inputs, self.entries = _in_use(x), _in_use(code)
        x, code = _select(x, 2, self.inputs), _select(code, 2, self.entries)
        weight = _select(_select(self.weight.view(self.shape), 1, self.inputs), 2, self.entries)
        products = self.multiply(x, weight.flatten(2)).unflatten(2, (-1, self.shape[3]))
        value = torch.bmm(code.reshape(-1, 1, code.shape[2]), products.flatten(0, 1))
        value = value.view(*code.shape[:2], self.shape[3])
        value.baddbmm_(code, _select(self.bias, 1, self.entries))
        return value, Kept(x, code, products)

    def backward(self, kept: Kept, grad: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, code, products = kept
        if self.entries is None:
            self.bias.grad.baddbmm_(code.mT, grad)
        else:
            self.bias.grad.index_add_(1, self.entries, torch.bmm(code.mT, grad))
        code_grad = torch.bmm(grad.reshape(-1, 1, self.shape[3]), products.flatten(0, 1).mT)
        code_grad = code_grad.view(code.shape)
        code_grad.baddbmm_(grad, _select(self.bias, 1, self.entries).mT)
        outputs = _in_use(grad)
        grad = _select(grad, 2, outputs)
        shape = (*code.shape, grad.shape[2])
        weighted = products.view(-1)[: math.prod(shape)].view(shape)
        torch.mul(code.unsqueeze(3), grad.unsqueeze(2), out=weighted)
        x_grad = self.back(x, weighted.flatten(2), (self.inputs, self.entries, outputs))
        widened = _widen(x_grad, self.inputs, self.shape[1])
        return widened, _widen(code_grad, self.entries, self.shape[2])

    def back(
        self, x: torch.Tensor, weighted: torch.Tensor, part: tuple[Some, Some, Some]
    ) -> torch.Tensor:
        if all(some is None for some in part):
            self.weight.grad.baddbmm_(x.mT, weighted)
            return torch.bmm(weighted, self.weight.mT)
        axes = zip(part, self.shape[1:])
        i, k, o = (torch.arange(size) if some is None else some for some, size in axes)
        place = ((i[:, None, None] * self.shape[2] + k[:, None]) * self.shape[3] + o).flatten()
        self.weight.grad.view(-1).index_add_(0, place, torch.bmm(x.mT, weighted).view(-1))
        weight = self.weight.view(-1).index_select(0, place)
        return torch.bmm(weighted, weight.view(1, len(i), weighted.shape[2]).mT)

    def multiply(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        shape = (1, x.shape[1], weight.shape[2])
        if self.scratch is None or self.scratch.numel() < math.prod(shape):
            self.scratch = x.new_empty(math.prod(shape))
        return torch.bmm(x, weight, out=self.scratch[: math.prod(shape)].view(shape))


def _in_use(values: torch.Tensor) -> Some:
    units = values[0].abs().amax(0).nonzero().squeeze(1)
    return units if len(units) <= WORTHWHILE * values.shape[2] else None


def _select(tensor: torch.Tensor, axis: int, units: Some) -> torch.Tensor:
    return tensor if units is None else tensor.index_select(axis, units)


def _widen(tensor: torch.Tensor, units: Some, size: int) -> torch.Tensor:
    if units is None:
        return tensor
    return tensor.new_zeros((*tensor.shape[:-1], size)).index_copy_(2, units, tensor)
