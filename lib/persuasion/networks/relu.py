r"""The plain ReLU network: continuous and piecewise linear (Section 4 of the paper).

:math:`h^{(l)}=W^{(l)}o^{(l-1)}+b^{(l)}`, :math:`o^{(l)}=\max(h^{(l)},0)`, three hidden layers.
"""

import torch

from persuasion.model.checks import sizes
from persuasion.networks.layers import StackedLinear, back_relu, relu_layers, run_relu
from persuasion.networks.stack import Seed, StackedNetwork


class ReLU(StackedNetwork):
    """A stack of ReLU networks with three hidden layers.

    Parameters
    ----------
    hidden : units of each hidden layer (paper: 64)
    inputs, networks, seed : as for every :class:`StackedNetwork`
    """

    def __init__(self, inputs: int, networks: int = 1, hidden: int = 64, seed: Seed = 0) -> None:
        inputs, networks, hidden = sizes(inputs=inputs, networks=networks, hidden=hidden)
        super().__init__(inputs, networks, hidden=hidden)
        self.hidden = relu_layers(networks, inputs, [hidden] * 3)
        self.output = StackedLinear(networks, hidden, 1, gain=1)
        self.initialise(seed)

    def propagate(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Predictions ``(networks, batch, 1)`` and the hidden layers' outputs."""
        outputs = run_relu(self.hidden, x)
        return self.output(outputs[-1]), outputs

    def backward(self, x: torch.Tensor, kept: list[torch.Tensor], grad: torch.Tensor) -> None:
        """Add the parameters' gradients to their ``grad``, from ``grad`` in the predictions."""
        back_relu(self.hidden, x, kept, self.output.backward(kept[-1], grad))
