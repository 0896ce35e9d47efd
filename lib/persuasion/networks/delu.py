r"""DeLU: piecewise linear and discontinuous (Wang et al. 2023, *Deep contract design via discontinuous networks*).

:math:`f(x)=w\cdot o^{(3)}(x)+\zeta(r(x))`: a ReLU network without output bias, plus a bias that a small network
:math:`\zeta` computes from the whole activation pattern :math:`r(x)`. No gradient flows through :math:`r`.
"""

from typing import NamedTuple

import torch

from persuasion.model.checks import sizes
from persuasion.networks.layers import StackedLinear, back_relu, pattern, relu_layers, run_relu
from persuasion.networks.stack import Seed, StackedNetwork


class _Kept(NamedTuple):
    outputs: list[torch.Tensor]
    bits: torch.Tensor
    zeta: list[torch.Tensor]


class DeLU(StackedNetwork):
    r"""A stack of DeLU networks with three hidden layers.

    Parameters
    ----------
    hidden : units of each hidden layer (paper: 64)
    hyper : units of each of the two hidden layers of :math:`\zeta` (our choice: 32, as in DNL)
    inputs, networks, seed : as for every :class:`StackedNetwork`
    """

    def __init__(
        self, inputs: int, networks: int = 1, hidden: int = 64, hyper: int = 32, seed: Seed = 0
    ) -> None:
        inputs, networks, hidden, hyper = sizes(
            inputs=inputs, networks=networks, hidden=hidden, hyper=hyper
        )
        super().__init__(inputs, networks, hidden=hidden, hyper=hyper)
        self.hidden = relu_layers(networks, inputs, [hidden] * 3)
        self.output = StackedLinear(networks, hidden, 1, gain=1, bias=False)
        self.zeta_hidden = relu_layers(networks, 3 * hidden, [hyper] * 2)
        self.zeta_output = StackedLinear(networks, hyper, 1, gain=1)
        self.initialise(seed)

    def propagate(self, x: torch.Tensor) -> tuple[torch.Tensor, _Kept]:
        """Predictions ``(networks, batch, 1)`` and the hidden layers' outputs."""
        outputs = run_relu(self.hidden, x)
        bits = pattern(outputs)
        zeta = run_relu(self.zeta_hidden, bits)
        return self.output(outputs[-1]) + self.zeta_output(zeta[-1]), _Kept(outputs, bits, zeta)

    def backward(self, x: torch.Tensor, kept: _Kept, grad: torch.Tensor) -> None:
        """Add the parameters' gradients to their ``grad``, from ``grad`` in the predictions."""
        grads = [
            layer.backward(outputs[-1], grad)
            for layer, outputs in ((self.output, kept.outputs), (self.zeta_output, kept.zeta))
        ]
        back_relu(self.hidden, x, kept.outputs, grads[0])
        back_relu(self.zeta_hidden, kept.bits, kept.zeta, grads[1])
