r"""DeLU: piecewise linear and discontinuous (Wang et al. 2023, *Deep contract design via discontinuous networks*).

:math:`f(x)=w\cdot o^{(3)}(x)+\zeta(r(x))`: a ReLU network without output bias, plus a bias that a small network
:math:`\zeta` computes from the whole activation pattern :math:`r(x)`. No gradient flows through :math:`r`.
"""

from __future__ import annotations

import torch

from persuasion.networks.layers import (
    Seed,
    StackedLinear,
    StackedNetwork,
    pattern,
    relu_layers,
    run_relu,
)


class DeLU(StackedNetwork):
    r"""A stack of DeLU networks with three hidden layers.

    Parameters
    ----------
    inputs : length of one input
    networks : number of independent networks in the stack
    hidden : units of each hidden layer (paper: 64)
    hyper : units of each of the two hidden layers of :math:`\zeta` (our choice: 32, as in DNL)
    seed : one seed, or one per network

    ``network(x)`` maps ``(batch, inputs)``, shared by the members, or ``(networks, batch, inputs)`` to
    ``(networks, batch)``.
    """

    def __init__(
        self, inputs: int, networks: int = 1, hidden: int = 64, hyper: int = 32, seed: Seed = 0
    ) -> None:
        super().__init__(inputs, networks, hidden=hidden, hyper=hyper)
        self.hidden = relu_layers(networks, inputs, [hidden] * 3)
        self.output = StackedLinear(networks, hidden, 1, gain=1, bias=False)
        self.zeta_hidden = relu_layers(networks, 3 * hidden, [hyper] * 2)
        self.zeta_output = StackedLinear(networks, hyper, 1, gain=1)
        self.initialise(seed)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions ``(networks, batch)``."""
        outputs = run_relu(self.hidden, self.check_inputs(x))
        bits = pattern(outputs).to(outputs[-1].dtype)
        jump = self.zeta_output(run_relu(self.zeta_hidden, bits)[-1])
        return (self.output(outputs[-1]) + jump).squeeze(-1)

    def activation_pattern(self, x: torch.Tensor) -> torch.Tensor:
        """Boolean ``(networks, batch, 3 * hidden)``; inside one piece the network is affine."""
        return pattern(run_relu(self.hidden, self.check_inputs(x)))
