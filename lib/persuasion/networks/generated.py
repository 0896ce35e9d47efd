r"""Layers whose weights a hyper-network generates, without ever building the weights of a sample."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import nn

WORTHWHILE = 0.85
"""Largest share of units in use with which leaving out the others saves more than it costs."""
Some = torch.Tensor | None
"""Indices of units along one axis; None for all of them."""


class Kept(NamedTuple):
    """What the backward pass of a generated layer needs."""

    x: torch.Tensor
    """Inputs ``(networks, batch, inputs in use)``."""
    code: torch.Tensor
    """``(networks, batch, code entries in use)``."""
    products: torch.Tensor
    """``(networks, batch, code entries in use, outputs)``; the backward pass overwrites them."""
    inputs: Some
    entries: Some


class GeneratedLinear(nn.Module):
    r"""Affine layers whose weights and biases are affine in a code :math:`c`, sample by sample.

    The generated weight matrix is :math:`W(c)=W_0+\sum_kc_kW_k`, so the layer is bilinear and
    :math:`y=\sum_k\tilde c_k(W_kx+b_k)` with :math:`\tilde c=(c,1)`: one product of ``(batch, inputs)`` with
    ``(inputs, codes * outputs)`` and a contraction with the code. No per-sample matrix is built.

    At the start :math:`W_0` and the biases are zero. Hyper-network units behind a He-scaled ReLU have a mean square
    near ½, so :math:`W_k\sim N(0,\frac{g}{\text{inputs}}\cdot\frac{2}{\text{hyper}})` gives generated weights of
    He scale; ``scale`` multiplies their standard deviation.
    """

    def __init__(
        self,
        networks: int,
        hyper: int,
        inputs: int,
        outputs: int,
        gain: float = 2.0,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        self.deviation = scale * math.sqrt(gain / inputs * 2 / hyper)
        self.shape = (networks, inputs, hyper + 1, outputs)
        self.weight = nn.Parameter(torch.zeros(networks, inputs, (hyper + 1) * outputs))
        self.bias = nn.Parameter(torch.zeros(networks, hyper + 1, outputs))
        self.alone = False
        """One network is trained on a processor, where a look at the values is cheap: inputs, code entries and
        outputs that are zero throughout a batch (their ReLU is off) have no effect and no gradient, and are left
        out. Large results overwrite the last ones, because fresh memory costs as much as the arithmetic."""
        self.scratch: torch.Tensor | None = None

    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw one member's :math:`W_k`; the constant part stays zero."""
        weight = self.weight.data.view(self.shape)[member, :, :-1]
        weight.copy_(torch.empty(weight.shape).normal_(0, self.deviation, generator=generator))

    def forward(self, x: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
        """``x`` (networks, batch, inputs), ``code`` (networks, batch, hyper + 1) ending in ones."""
        return self.propagate(x, code)[0]

    def propagate(self, x: torch.Tensor, code: torch.Tensor) -> tuple[torch.Tensor, Kept]:
        """The output ``(networks, batch, outputs)``, and what ``backward`` needs."""
        inputs, entries = self.in_use(x), self.in_use(code)
        x, code = _select(x, 2, inputs), _select(code, 2, entries)
        weight = _select(_select(self.weight.view(self.shape), 1, inputs), 2, entries)
        products = self.multiply(x, weight.flatten(2)).unflatten(2, (-1, self.shape[3]))
        value = torch.bmm(code.reshape(-1, 1, code.shape[2]), products.flatten(0, 1))
        value = value.view(*code.shape[:2], self.shape[3])
        value.baddbmm_(code, _select(self.bias, 1, entries))
        return value, Kept(x, code, products, inputs, entries)

    def backward(self, kept: Kept, grad: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The gradients in the input and in the code, from ``grad`` in the output; adds the parameters'."""
        x, code, products, inputs, entries = kept
        assert self.bias.grad is not None
        if entries is None:
            self.bias.grad.baddbmm_(code.mT, grad)
        else:
            self.bias.grad.index_add_(1, entries, torch.bmm(code.mT, grad))
        code_grad = torch.bmm(grad.reshape(-1, 1, self.shape[3]), products.flatten(0, 1).mT)
        code_grad = code_grad.view(code.shape).baddbmm_(grad, _select(self.bias, 1, entries).mT)
        outputs = self.in_use(grad)
        grad = _select(grad, 2, outputs)
        shape = (*code.shape, grad.shape[2])
        weighted = products.view(-1)[: math.prod(shape)].view(shape)
        torch.mul(code.unsqueeze(3), grad.unsqueeze(2), out=weighted)
        x_grad = self.back_through_weights(x, weighted.flatten(2), (inputs, entries, outputs))
        return _widen(x_grad, inputs, self.shape[1]), _widen(code_grad, entries, self.shape[2])

    def back_through_weights(
        self, x: torch.Tensor, weighted: torch.Tensor, part: tuple[Some, Some, Some]
    ) -> torch.Tensor:
        """The gradient in ``x`` from that in its products with the weights; ``part`` of the weights is in use."""
        assert self.weight.grad is not None
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
        """The product, in memory that is used again if ``alone``."""
        if not self.alone:
            return torch.bmm(x, weight)
        shape = (1, x.shape[1], weight.shape[2])
        if self.scratch is None or self.scratch.numel() < math.prod(shape):
            self.scratch = x.new_empty(math.prod(shape))
        return torch.bmm(x, weight, out=self.scratch[: math.prod(shape)].view(shape))

    def in_use(self, values: torch.Tensor) -> Some:
        """Units with a value other than zero for some sample, if they are few enough."""
        if not self.alone:
            return None
        units = values[0].abs().amax(0).nonzero().squeeze(1)
        return units if len(units) <= WORTHWHILE * values.shape[2] else None


def _select(tensor: torch.Tensor, axis: int, units: Some) -> torch.Tensor:
    return tensor if units is None else tensor.index_select(axis, units)


def _widen(tensor: torch.Tensor, units: Some, size: int) -> torch.Tensor:
    """Inverse of the selection along the last axis; zero elsewhere."""
    if units is None:
        return tensor
    return tensor.new_zeros((*tensor.shape[:-1], size)).index_copy_(2, units, tensor)
