r"""The training step on a processor: the arithmetic of ``propagate`` and ``backward`` in few and large operations.

At batches of a hundred or so, calls and fresh memory cost as much as the arithmetic. Here every value has its
place in memory from the start, a bias is one more row of its weights,

.. math:: xW+b=\begin{pmatrix}x&1\end{pmatrix}\begin{pmatrix}W\\b\end{pmatrix},

so that one product serves both and their gradients, products are numpy's (its calls cost a third of torch's), and
DNL leaves out what is zero for a whole batch. Tested equal to automatic differentiation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from persuasion.networks.delu import DeLU
from persuasion.networks.dnl import DNL
from persuasion.networks.generated import GeneratedLinear
from persuasion.networks.layers import StackedLinear
from persuasion.networks.relu import ReLU
from persuasion.networks.stack import StackedNetwork


def fastest(
    network: StackedNetwork, values: torch.Tensor, gradients: torch.Tensor
) -> FastErrors | StackedNetwork:
    """What computes the network's errors and their gradients fastest where its parameters are.

    ``values`` and ``gradients`` as in :class:`FastErrors`.
    """
    alone = network.networks == 1 or not network.BY_MEMBER
    if values.device.type == "cpu" and alone and type(network) in PASSES:
        return FastErrors(network, values, gradients)
    return network


class FastErrors:
    """Mean squared errors of a stack on a processor, and their gradients.

    ``values`` and ``gradients`` are what :meth:`StackedNetwork.flatten` returned, or rows of them: the memory in
    which ``network`` has its parameters and their gradients. A stack of DNL networks must have one member.
    """

    def __init__(
        self, network: StackedNetwork, values: torch.Tensor, gradients: torch.Tensor
    ) -> None:
        self.network, self.gradients = network, gradients
        self.layers = _layers(network, values.numpy(), gradients.numpy())
        self.passes: dict[tuple[int, int], Any] = {}

    def squared_error(
        self, x: torch.Tensor, targets: torch.Tensor, gradients: bool = False
    ) -> torch.Tensor:
        """As :meth:`StackedNetwork.squared_error`, except that gradients replace what was there."""
        batch, rows = targets.shape[1], self.network.CACHE_ROWS
        if batch <= rows:
            return self._part(x, targets, batch, gradients)
        total, added = torch.zeros_like(targets[:, 0]), torch.zeros_like(self.gradients)
        for part, wanted in zip(x.split(rows, -2), targets.split(rows, 1)):
            total += self._part(part, wanted, batch, gradients)
            added += self.gradients
        if gradients:
            self.gradients.copy_(added)
        return total

    def _part(
        self, x: torch.Tensor, targets: torch.Tensor, batch: int, gradients: bool
    ) -> torch.Tensor:
        """The share of some of the batch's samples."""
        size = (len(x) if x.ndim == 3 else 1, targets.shape[1])
        if size not in self.passes:
            self.passes[size] = PASSES[type(self.network)](self.layers, *size)
        one = self.passes[size]
        with np.errstate(all="ignore"):  # a network that diverges is noticed by its loss
            one.x.units[...] = x
            residual = one.forward()
            residual -= targets.numpy()[..., None]
            error = np.vecdot(residual[..., 0], residual[..., 0]) / batch
            if gradients:
                residual *= 2 / batch
                one.backward(residual)
        return torch.from_numpy(error)


class _Affine:
    """One layer's weights over its biases, and the gradient in them: ``(networks, inputs + 1, outputs)`` each."""

    def __init__(self, matrix: np.ndarray, grad: np.ndarray, generated: bool) -> None:
        self.matrix, self.grad, self.generated = matrix, grad, generated
        self.back = np.multiply if matrix.shape[2] == 1 else np.matmul

    def backward(self, x: np.ndarray, grad: np.ndarray, before: np.ndarray | None = None) -> None:
        """From ``grad`` in the output to the weights' and, into ``before``, that in the input."""
        np.matmul(x.mT, grad, out=self.grad)
        if before is not None:
            self.back(grad, self.matrix.mT, out=before)


def _layers(
    network: StackedNetwork, values: np.ndarray, gradients: np.ndarray
) -> dict[str, _Affine]:
    """Every layer's place in the flat parameters, in which its bias follows its weights."""
    layers, start = {}, 0
    for name, layer in network.named_modules():
        if isinstance(layer, (StackedLinear, GeneratedLinear)):
            rows, outputs = layer.weight.shape[1] + (layer.bias is not None), layer.weight.shape[2]
            place = slice(start, start := start + rows * outputs)
            shape = (len(values), rows, outputs)
            matrix, grad = (flat[:, place].reshape(shape) for flat in (values, gradients))
            layers[name] = _Affine(matrix, grad, isinstance(layer, GeneratedLinear))
    return layers


class _Values:
    """Values of a layer's units and, after them, the constant 1: ``(networks, samples, units + 1)``."""

    def __init__(self, networks: int, rows: int, units: int, like: np.ndarray) -> None:
        self.all = np.ones((networks, rows, units + 1), like.dtype)
        self.units, self.tensor = self.all[..., :-1], torch.from_numpy(self.all)


class _Hidden(_Values):
    r"""A hidden layer, :math:`o=\max(xW+b,0)`: its units' values, which of them are on, the gradients in them."""

    def __init__(self, networks: int, rows: int, units: int, like: np.ndarray) -> None:
        super().__init__(networks, rows, units, like)
        self.bits, self.grad = np.ones_like(self.all), np.zeros_like(self.all)
        self._bits, self._grad = torch.from_numpy(self.bits), torch.from_numpy(self.grad)
        self._each = np.ones(rows, like.dtype)

    def rectify(self) -> None:
        """From the units' inputs, which lie in ``units``, to their values and bits."""
        torch.sign(self.tensor.relu_(), out=self._bits)

    def in_use(self) -> np.ndarray:
        """Indices of the units that are on for some sample, and of the constant; in a stack of one."""
        return np.flatnonzero(self._each @ self.all[0])  # a value that is not a number counts

    def through_relu(self) -> np.ndarray:
        """``grad``, in the values, becomes that in the units' inputs, which it returns."""
        self._grad.mul_(self._bits)
        return self.grad[..., :-1]


class _Chain:
    """Hidden layers one after the other."""

    def __init__(self, layers: list[_Affine], rows: int) -> None:
        self.layers = layers
        self.hidden = [
            _Hidden(len(m), rows, m.shape[2], m) for m in (layer.matrix for layer in layers)
        ]
        self.last = self.hidden[-1]

    def forward(self, x: np.ndarray) -> np.ndarray:
        for layer, hidden in zip(self.layers, self.hidden):
            np.matmul(x, layer.matrix, out=hidden.units)
            hidden.rectify()
            x = hidden.all
        return x

    def backward(self, x: np.ndarray) -> None:
        """From the gradient in the last values, which lies in ``last.grad``."""
        for index in range(len(self.layers) - 1, 0, -1):
            grad, below = self.hidden[index].through_relu(), self.hidden[index - 1]
            self.layers[index].backward(below.all, grad, below.grad)
        self.layers[0].backward(x, self.hidden[0].through_relu())


class _ReLUPass:
    """Forward and backward through a stack of ReLU networks, for one number of samples."""

    def __init__(self, layers: dict[str, _Affine], groups: int, rows: int) -> None:
        first, self.output = layers["hidden.0"].matrix, layers["output"]
        self.x = _Values(groups, rows, first.shape[1] - 1, first)
        self.chain = _Chain([layers[f"hidden.{k}"] for k in range(3)], rows)

    def forward(self) -> np.ndarray:
        """Predictions ``(networks, samples, 1)`` at ``x``."""
        return np.matmul(self.chain.forward(self.x.all), self.output.matrix)

    def backward(self, grad: np.ndarray) -> None:
        """All parameters' gradients, from ``grad`` in the predictions."""
        last = self.chain.last
        self.output.backward(last.all, grad, last.grad)
        self.chain.backward(self.x.all)


class _DeLUPass:
    """The same for DeLU."""

    def __init__(self, layers: dict[str, _Affine], groups: int, rows: int) -> None:
        first, zeta = layers["hidden.0"].matrix, layers["zeta_hidden.0"].matrix
        self.output, self.zeta_output = layers["output"], layers["zeta_output"]
        self.x = _Values(groups, rows, first.shape[1] - 1, first)
        self.chain = _Chain([layers[f"hidden.{k}"] for k in range(3)], rows)
        self.pattern = _Values(len(zeta), rows, zeta.shape[1] - 1, zeta)
        self.zeta = _Chain([layers[f"zeta_hidden.{k}"] for k in range(2)], rows)

    def forward(self) -> np.ndarray:
        self.chain.forward(self.x.all)
        bits = [hidden.bits[..., :-1] for hidden in self.chain.hidden]
        np.concatenate(bits, -1, out=self.pattern.units)
        value = np.matmul(self.chain.last.units, self.output.matrix)
        value += np.matmul(self.zeta.forward(self.pattern.all), self.zeta_output.matrix)
        return value

    def backward(self, grad: np.ndarray) -> None:
        last, zeta = self.chain.last, self.zeta.last
        self.output.backward(last.units, grad, last.grad[..., :-1])
        self.zeta_output.backward(zeta.all, grad, zeta.grad)
        self.chain.backward(self.x.all)
        self.zeta.backward(self.pattern.all)


class _Static:
    """A higher layer of a DNL network whose weights are its own."""

    def __init__(self, layer: _Affine, below: _Hidden) -> None:
        self.layer, self.below = layer, below

    def forward(self, out: np.ndarray) -> None:
        np.matmul(self.below.all, self.layer.matrix, out=out)

    def backward(self, grad: np.ndarray, above: _Hidden | None) -> None:
        self.layer.backward(self.below.all, grad, self.below.grad)


class _GeneratedOutput:
    r"""A generated layer with one output, :math:`y=\sum_kc_k(xW)_k`."""

    def __init__(self, layer: _Affine, below: _Hidden, code: _Hidden) -> None:
        self.layer, self.below, self.code = layer, below, code

    def forward(self, out: np.ndarray) -> None:
        self.products = np.matmul(self.below.all, self.layer.matrix)
        np.vecdot(self.code.all, self.products, out=out[..., 0])

    def backward(self, grad: np.ndarray, above: _Hidden | None) -> None:
        self.code.grad += grad * self.products
        self.layer.backward(self.below.all, grad * self.code.all, self.below.grad)


class _GeneratedHidden:
    r"""A generated hidden layer, :math:`y_o=\sum_kc_k(xW)_{ko}`; its weights are rows of pairs :math:`(i,k)`.

    Inputs :math:`i`, code entries :math:`k` and outputs :math:`o` whose ReLU is off throughout the batch have no
    effect and no gradient, and are left out: most outputs and half of the code in the course of training.
    """

    def __init__(self, layer: _Affine, below: _Hidden, code: _Hidden) -> None:
        self.below, self.code, self.codes = below, code, code.all.shape[2]
        self.outputs = layer.matrix.shape[2] // self.codes
        self.weights = layer.matrix.reshape(-1, self.outputs)
        self.grad = layer.grad.reshape(-1, self.outputs)
        self.memory = np.empty_like(self.weights)
        self.large = np.empty((below.all.shape[1], self.codes * self.outputs), self.memory.dtype)

    def forward(self, out: np.ndarray) -> None:
        self.i, self.k = self.below.in_use(), self.code.in_use()
        self.pairs = (self.i[:, None] * self.codes + self.k).ravel()
        self.x, self.c = _columns(self.below.all[0], self.i), _columns(self.code.all[0], self.k)
        weights = self.memory[: len(self.pairs)]
        self.weights.take(self.pairs, 0, out=weights, mode="clip")
        products = _part(self.large, len(self.k) * self.outputs)
        np.matmul(self.x, weights.reshape(len(self.i), -1), out=products)
        self.products = products.reshape(*self.c.shape, self.outputs)
        np.vecmat(self.c, self.products, out=out[0])

    def backward(self, grad: np.ndarray, above: _Hidden) -> None:
        self.code.grad[0][:, self.k] += np.matvec(self.products, grad[0])
        o = above.in_use()[:-1]
        place = (self.pairs[:, None] * self.outputs + o).ravel()
        weighted = _part(self.large, len(self.k) * len(o))
        c, g, product = map(torch.from_numpy, (self.c, grad[0][:, o], weighted))
        torch.mul(c.unsqueeze(2), g.unsqueeze(1), out=product.view(*c.shape, len(o)))
        self.grad.fill(0)
        self.grad.reshape(-1)[place] = np.matmul(self.x.T, weighted).ravel()
        weights = self.weights.reshape(-1).take(place).reshape(len(self.i), weighted.shape[1])
        self.below.grad[0][:, self.i] = np.matmul(weighted, weights.T)


class _DNLPass:
    """The same for one DNL network."""

    def __init__(self, layers: dict[str, _Affine], groups: int, rows: int) -> None:
        first = layers["lower.0"].matrix
        self.x = _Values(groups, rows, first.shape[1] - 1, first)
        self.lower = _Chain([layers["lower.0"]], rows)
        self.hyper = _Chain([layers[f"hyper.{k}"] for k in range(2)], rows)
        units, code = self.lower.last.units.shape[2], self.hyper.last
        self.values = [self.lower.last, *(_Hidden(1, rows, units, first) for _ in range(2))]
        self.layers = [
            _higher(layers[name], below, code)
            for name, below in zip(("hidden2", "hidden3", "output"), self.values)
        ]
        self.value = np.empty((1, rows, 1), first.dtype)

    def forward(self) -> np.ndarray:
        self.lower.forward(self.x.all)
        self.hyper.forward(self.lower.last.bits)
        for layer, above in zip(self.layers, self.values[1:]):
            layer.forward(above.units)
            above.rectify()
        self.layers[-1].forward(self.value)
        return self.value

    def backward(self, grad: np.ndarray) -> None:
        self.hyper.last.grad.fill(0)
        self.layers[2].backward(grad, None)
        for layer, above in zip(self.layers[1::-1], self.values[:0:-1]):
            layer.backward(above.through_relu(), above)
        self.lower.backward(self.x.all)
        self.hyper.backward(self.lower.last.bits)


def _higher(layer: _Affine, below: _Hidden, code: _Hidden) -> Any:
    if not layer.generated:
        return _Static(layer, below)
    single = layer.matrix.shape[2] == code.all.shape[2]
    return (_GeneratedOutput if single else _GeneratedHidden)(layer, below, code)


def _columns(values: np.ndarray, index: np.ndarray) -> np.ndarray:
    return values if len(index) == values.shape[1] else values.take(index, 1)


def _part(memory: np.ndarray, columns: int) -> np.ndarray:
    """The start of some memory as an array of fewer columns."""
    return memory.reshape(-1)[: len(memory) * columns].reshape(len(memory), columns)


PASSES: dict[type, Any] = {ReLU: _ReLUPass, DeLU: _DeLUPass, DNL: _DNLPass}
"""By architecture: built from its layers, groups of inputs and the number of samples."""
