r"""Layers whose weights a hyper-network generates, without ever building the weights of a sample."""

import math
from typing import NamedTuple

import torch
from torch import nn


class Kept(NamedTuple):
    """What the backward pass of a generated layer needs."""

    x: torch.Tensor
    """Inputs ``(networks, batch, inputs)``."""
    code: torch.Tensor
    """``(networks, batch, hyper + 1)``."""
    products: torch.Tensor
    """``(networks, batch, hyper + 1, outputs)``; the backward pass overwrites them."""


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

    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw one member's :math:`W_k`; the constant part stays zero."""
        weight = self.weight.data.view(self.shape)[member, :, :-1]
        weight.copy_(torch.empty(weight.shape).normal_(0, self.deviation, generator=generator))

    def propagate(self, x: torch.Tensor, code: torch.Tensor) -> tuple[torch.Tensor, Kept]:
        """The output ``(networks, batch, outputs)``, and what ``backward`` needs.

        ``x`` is ``(networks, batch, inputs)``, ``code`` ``(networks, batch, hyper + 1)`` and ends in ones.
        """
        products = torch.bmm(x, self.weight).unflatten(2, self.shape[2:])
        value = torch.bmm(code.reshape(-1, 1, self.shape[2]), products.flatten(0, 1))
        value = value.view(*code.shape[:2], self.shape[3])
        return value.baddbmm_(code, self.bias), Kept(x, code, products)

    def backward(self, kept: Kept, grad: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The gradients in the input and in the code, from ``grad`` in the output; adds the parameters'."""
        x, code, products = kept
        assert self.bias.grad is not None
        assert self.weight.grad is not None
        self.bias.grad.baddbmm_(code.mT, grad)
        code_grad = torch.bmm(grad.reshape(-1, 1, self.shape[3]), products.flatten(0, 1).mT)
        code_grad = code_grad.view(code.shape).baddbmm_(grad, self.bias.mT)
        torch.mul(code.unsqueeze(3), grad.unsqueeze(2), out=products)
        weighted = products.flatten(2)
        self.weight.grad.baddbmm_(x.mT, weighted)
        return torch.bmm(weighted, self.weight.mT), code_grad
