r"""Stacks of independent layers: the parts the three architectures share.

A *stack* holds ``networks`` independent networks of one shape; every parameter has that leading axis and
every product is a batched matrix product, so one pass evaluates the networks of all senders (or of many games).

``forward`` of a layer is differentiable as usual. Training does not record a graph: it calls ``backward``, which
adds to the parameters' ``grad`` in place and returns the gradient in the input.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn

Units = torch.Tensor | None
"""Indices of some entries of a generated layer's code; None for all of them."""


class StackedLinear(nn.Module):
    r"""``networks`` independent affine layers: ``(networks, batch, inputs) -> (networks, batch, outputs)``.

    Weights start as :math:`N(0, g/\text{inputs})` with ``gain`` :math:`g` (2 before a ReLU, He et al. 2015; 1
    before the output), biases at zero.
    """

    def __init__(
        self, networks: int, inputs: int, outputs: int, gain: float = 2.0, bias: bool = True
    ) -> None:
        super().__init__()
        self.deviation = math.sqrt(gain / inputs)
        self.weight = nn.Parameter(torch.zeros(networks, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(networks, 1, outputs)) if bias else None

    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw one member's weights."""
        self.weight.data[member].normal_(0, self.deviation, generator=generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` is ``(batch, inputs)``, shared by the members, or ``(networks, batch, inputs)``."""
        x = x.expand(self.weight.shape[0], -1, -1)
        if self.bias is None:
            return torch.bmm(x, self.weight)
        return torch.baddbmm(self.bias, x, self.weight)

    def backward(self, x: torch.Tensor, grad: torch.Tensor) -> torch.Tensor:
        """From the gradient ``grad`` in the output to the one in the input."""
        self.accumulate(x, grad)
        return torch.bmm(grad, self.weight.mT)

    def accumulate(self, x: torch.Tensor, grad: torch.Tensor) -> None:
        """The part of ``backward`` that concerns the parameters: all a first layer needs."""
        assert self.weight.grad is not None
        self.weight.grad.baddbmm_(x.expand(self.weight.shape[0], -1, -1).mT, grad)
        if self.bias is not None:
            assert self.bias.grad is not None
            self.bias.grad.add_(grad.sum(1, keepdim=True))


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
        """Training of one network on a processor: ``products`` overwrites its last result, because fresh pages
        cost as much as the arithmetic."""
        self.scratch: torch.Tensor | None = None

    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw one member's :math:`W_k`; the constant part stays zero."""
        weight = self.weight.data.view(self.shape)[member, :, :-1]
        weight.copy_(torch.empty(weight.shape).normal_(0, self.deviation, generator=generator))

    def forward(self, x: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
        """``x`` (networks, batch, inputs), ``code`` (networks, batch, hyper + 1) ending in ones."""
        return self.contract(code, self.products(x))

    def products(self, x: torch.Tensor, units: Units = None) -> torch.Tensor:
        """:math:`W_kx` for the code entries ``units``, ``(networks, batch, units, outputs)``."""
        weight = self.weights_of(units)
        if not self.alone:
            return torch.bmm(x, weight).unflatten(2, (-1, self.shape[3]))
        size = x.shape[1] * weight.shape[2]
        if self.scratch is None or self.scratch.numel() < size:
            self.scratch = x.new_empty(size)
        products = self.scratch[:size].view(1, x.shape[1], -1)
        return torch.bmm(x, weight, out=products).unflatten(2, (-1, self.shape[3]))

    def contract(
        self, code: torch.Tensor, products: torch.Tensor, units: Units = None
    ) -> torch.Tensor:
        """The output ``(networks, batch, outputs)``; ``code`` has the entries ``units`` only."""
        value = torch.bmm(code.reshape(-1, 1, code.shape[2]), products.flatten(0, 1))
        return value.view(*code.shape[:2], self.shape[3]).baddbmm_(
            code, _select(self.bias, 1, units)
        )

    def backward(
        self,
        x: torch.Tensor,
        code: torch.Tensor,
        products: torch.Tensor,
        grad: torch.Tensor,
        units: Units = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The gradients in the input and in the code; overwrites ``products``."""
        code_grad = torch.bmm(grad.reshape(-1, 1, self.shape[3]), products.flatten(0, 1).mT)
        code_grad = code_grad.view(code.shape).baddbmm_(grad, _select(self.bias, 1, units).mT)
        weighted = torch.mul(code.unsqueeze(3), grad.unsqueeze(2), out=products).flatten(2)
        self.accumulate(x, code, weighted, grad, units)
        return torch.bmm(weighted, self.weights_of(units).mT), code_grad

    def accumulate(
        self,
        x: torch.Tensor,
        code: torch.Tensor,
        weighted: torch.Tensor,
        grad: torch.Tensor,
        units: Units,
    ) -> None:
        """The part of ``backward`` that concerns the parameters; ``weighted`` is code times ``grad``."""
        assert self.weight.grad is not None
        assert self.bias.grad is not None
        if units is None:
            self.bias.grad.baddbmm_(code.mT, grad)
            self.weight.grad.baddbmm_(x.mT, weighted)
        else:
            self.bias.grad.index_add_(1, units, torch.bmm(code.mT, grad))
            own = torch.bmm(x.mT, weighted).unflatten(2, (-1, self.shape[3]))
            self.weight.grad.view(self.shape).index_add_(2, units, own)

    def weights_of(self, units: Units) -> torch.Tensor:
        """``(networks, inputs, units * outputs)``."""
        return _select(self.weight.view(self.shape), 2, units).flatten(2)


def _select(tensor: torch.Tensor, axis: int, units: Units) -> torch.Tensor:
    return tensor if units is None else tensor.index_select(axis, units)


def relu_layers(networks: int, inputs: int, sizes: Sequence[int]) -> nn.ModuleList:
    """Stacked hidden layers of the given sizes."""
    widths = [inputs, *sizes]
    return nn.ModuleList(StackedLinear(networks, i, o) for i, o in pairwise(widths))


def run_relu(layers: nn.ModuleList, x: torch.Tensor) -> list[torch.Tensor]:
    """The output of every hidden layer, ``(networks, batch, units)`` each."""
    outputs = []
    for layer in layers:
        x = layer(x).relu_()
        outputs.append(x)
    return outputs


def back_relu(
    layers: Any, x: torch.Tensor, outputs: Sequence[torch.Tensor], grad: torch.Tensor
) -> None:
    """Accumulate the layers' gradients from ``grad``, the gradient in the last output; overwrites it.

    ``x`` and ``outputs`` are what :func:`run_relu` took and returned.
    """
    befores = [x, *outputs[:-1]]
    for index in range(len(outputs) - 1, -1, -1):
        through_relu(grad, outputs[index])
        if index:
            grad = layers[index].backward(befores[index], grad)
        else:
            layers[index].accumulate(x, grad)


def through_relu(grad: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
    """``grad`` where the unit is on, else 0; in place."""
    return torch.ops.aten.threshold_backward.grad_input(grad, output, 0, grad_input=grad)


def pattern(outputs: Sequence[torch.Tensor]) -> torch.Tensor:
    """The activation pattern of ReLU outputs as numbers 0 and 1; carries no gradient."""
    # sign is several times faster than a comparison and its conversion
    signs = [output.detach().sign() for output in outputs]
    return signs[0] if len(signs) == 1 else torch.cat(signs, -1)
