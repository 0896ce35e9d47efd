r"""Stacks of independent layers: the parts the three architectures share.

A *stack* holds ``networks`` independent networks of one shape; every parameter has that leading axis and
every product is a batched matrix product, so one pass evaluates the networks of all senders (or of many games).
Member ``k`` is initialised from its own seed, drawn on the CPU, and so does not depend on the device or on
the other members.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

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
        self.memory = _Workspace()

    def initialise(self, member: int, generator: torch.Generator) -> None:
        """Draw one member's :math:`W_k`; the constant part stays zero."""
        weight = self.weight.data.view(self.shape)[member, :, :-1]
        weight.copy_(torch.empty(weight.shape).normal_(0, self.deviation, generator=generator))

    def forward(self, x: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
        """``x`` (networks, batch, inputs), ``code`` (networks, batch, hyper + 1) ending in ones."""
        return _Bilinear.apply(x, code, self.weight, self.memory) + torch.bmm(code, self.bias)


class _Bilinear(torch.autograd.Function):
    """``y[n,b,o] = sum_{i,k} x[n,b,i] code[n,b,k] weight[n,i,k,o]``; differentiable once, backward runs once.

    By hand for speed: automatic differentiation contracts the code's gradient as thousands of tiny products, and
    allocates four arrays of the size of ``products`` where one, kept between the steps, is enough.
    """

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, code: torch.Tensor, weight: torch.Tensor, memory: _Workspace
    ) -> Any:
        products = memory.take((*x.shape[:2], weight.shape[2]), x)
        torch.bmm(x, weight, out=products)
        split = products.unflatten(2, (code.shape[2], -1))
        value = torch.matmul(code.unsqueeze(2), split).squeeze(2)
        if any(ctx.needs_input_grad):
            ctx.save_for_backward(x, code, weight)
            ctx.products, ctx.memory = products, memory
        else:
            memory.give(products)
        return value

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        x, code, weight = ctx.saved_tensors
        products, ctx.products = ctx.products, None
        if products is None:
            raise RuntimeError("a generated layer's graph cannot be walked twice")
        grad, split = grad.unsqueeze(2), products.unflatten(2, (code.shape[2], -1))
        needs_x, needs_code, needs_weight, _ = ctx.needs_input_grad
        code_grad = split.mul_(grad).sum(-1) if needs_code else None
        torch.mul(code.unsqueeze(-1), grad, out=split)
        x_grad = torch.bmm(products, weight.mT) if needs_x else None
        weight_grad = torch.bmm(x.mT, products) if needs_weight else None
        ctx.memory.give(products)
        return x_grad, code_grad, weight_grad, None


class _Workspace:
    """One array that survives between the steps: fresh pages cost as much as the arithmetic.

    ``take`` hands it out, or a new one while it is out; ``give`` returns it.
    """

    def __init__(self) -> None:
        self.free: torch.Tensor | None = None

    def take(self, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        size = math.prod(shape)
        flat, self.free = self.free, None
        if (
            flat is None
            or (flat.dtype, flat.device) != (like.dtype, like.device)
            or len(flat) < size
        ):
            flat = like.new_empty(size)
        return flat[:size].view(shape)

    def give(self, array: torch.Tensor) -> None:
        whole = array._base if array._base is not None else array
        self.free = whole.view(-1)


class StackedNetwork(nn.Module):
    """Base of the architectures: sizes, input check, seeds and the options that rebuild a network."""

    def __init__(self, inputs: int, networks: int, **options: Any) -> None:
        super().__init__()
        sizes = {"inputs": inputs, "networks": networks} | {
            key: options[key] for key in ("hidden", "hyper") if key in options
        }
        for key, size in sizes.items():
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
                raise ValueError(f"{key} must be a positive whole number, got {size!r}")
        self.inputs, self.networks, self.options = int(inputs), int(networks), options

    def initialise(self, seed: Seed) -> None:
        """Draw every member's weights from its own seed (see :func:`member_seeds`)."""
        layers = [m for m in self.modules() if isinstance(m, (StackedLinear, GeneratedLinear))]
        for member, own_seed in enumerate(member_seeds(seed, self.networks)):
            generator = torch.Generator().manual_seed(own_seed)
            for layer in layers:
                layer.initialise(member, generator)

    def subset(self, members: Sequence[int]) -> StackedNetwork:
        """A new stack of copies of some members, in the order given."""
        index = [range(self.networks)[k] for k in members]
        other = type(self)(self.inputs, len(index), seed=0, **self.options)
        state = {key: value[index].clone() for key, value in self.state_dict().items()}
        other.load_state_dict(state, assign=True)
        return other

    def activation_pattern(self, x: torch.Tensor) -> torch.Tensor:
        """Which ReLU units are on, boolean ``(networks, batch, units)``: equal patterns, same piece."""
        raise NotImplementedError

    def check_inputs(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` unchanged; ``ValueError`` unless it is ``([networks,] batch, inputs)``."""
        stacked = x.ndim == 3 and x.shape[0] == self.networks
        if x.shape[-1:] != (self.inputs,) or not (x.ndim == 2 or stacked):
            raise ValueError(
                f"x must have shape (batch, {self.inputs}) or ({self.networks}, batch, "
                f"{self.inputs}), got {tuple(x.shape)}"
            )
        return x


def relu_layers(networks: int, inputs: int, sizes: Sequence[int]) -> nn.ModuleList:
    """Stacked hidden layers of the given sizes."""
    widths = [inputs, *sizes]
    return nn.ModuleList(StackedLinear(networks, i, o) for i, o in pairwise(widths))


def run_relu(layers: nn.ModuleList, x: torch.Tensor) -> list[torch.Tensor]:
    """The output of every hidden layer, ``(networks, batch, units)`` each."""
    outputs = []
    for layer in layers:
        x = torch.relu(layer(x))
        outputs.append(x)
    return outputs


def pattern(outputs: Sequence[torch.Tensor]) -> torch.Tensor:
    """The activation pattern of ReLU outputs, boolean; carries no gradient."""
    return torch.cat([output.detach() for output in outputs], -1) > 0
