r"""Stacks of independent layers: the parts the three architectures share.

A *stack* holds ``networks`` independent networks of one shape; every parameter has that leading axis and
every product is a batched matrix product, so one pass evaluates the networks of all senders (or of many games).

``forward`` of a layer is differentiable as usual. Training does not record a graph: it calls ``backward``, which
adds to the parameters' ``grad`` in place and returns the gradient in the input.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn


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
    for index in range(len(outputs) - 1, 0, -1):
        through_relu(grad, outputs[index])
        grad = layers[index].backward(outputs[index - 1], grad)
    layers[0].accumulate(x, through_relu(grad, outputs[0]))


def through_relu(grad: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
    """``grad`` where the unit is on, else 0; in place."""
    return torch.ops.aten.threshold_backward.grad_input(grad, output, 0, grad_input=grad)


def pattern(outputs: Sequence[torch.Tensor]) -> torch.Tensor:
    """The activation pattern of ReLU outputs as numbers 0 and 1; carries no gradient."""
    # sign is several times faster than a comparison and its conversion
    signs = [output.detach().sign() for output in outputs]
    return signs[0] if len(signs) == 1 else torch.cat(signs, -1)
