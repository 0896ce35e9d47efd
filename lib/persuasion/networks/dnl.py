r"""DNL, the paper's discontinuous non-linear network (Section 4).

The first hidden layer is the *lower* part. Its activation pattern :math:`r(x)` (64 bits) is the input of a
hyper-network with two hidden layers of 32 units, whose output is the weights and biases of higher layers. These
act on the lower part's output with ReLU between them: inside one piece the function is non-linear, between pieces
it jumps. No gradient flows through :math:`r`; it flows through the lower part's output. The arithmetic is in
:class:`~persuasion.networks.layers.GeneratedLinear`.
"""

from __future__ import annotations

from typing import Any

import torch

from persuasion.networks.layers import (
    GeneratedLinear,
    Seed,
    StackedLinear,
    StackedNetwork,
    pattern,
    relu_layers,
    run_relu,
)

GENERATED = {
    "hidden": ("hidden2", "hidden3"),
    "all": ("hidden2", "hidden3", "output"),
    "hidden-output": ("hidden2", "output"),
}


class DNL(StackedNetwork):
    """A stack of DNL networks with three hidden layers.

    Parameters
    ----------
    inputs : length of one input
    networks : number of independent networks in the stack
    hidden : units of each hidden layer (paper: 64)
    hyper : units of each of the hyper-network's two hidden layers (paper: 32)
    variant : which layers are generated; the text leaves it open

        - ``"hidden"`` (default, the literal reading): hidden 2 and 3; the output layer is static;
        - ``"all"``: hidden 2, hidden 3 and the output;
        - ``"hidden-output"``: hidden 2 and the output; hidden 3 is static.
    seed : one seed, or one per network
    hyper_scale : multiplies the initial standard deviation of the generated weights (1: He scale)

    ``network(x)`` maps ``(batch, inputs)``, shared by the members, or ``(networks, batch, inputs)`` to
    ``(networks, batch)``.
    """

    def __init__(
        self,
        inputs: int,
        networks: int = 1,
        hidden: int = 64,
        hyper: int = 32,
        variant: str = "hidden",
        seed: Seed = 0,
        hyper_scale: float = 1.0,
    ) -> None:
        if variant not in GENERATED:
            raise ValueError(f"unknown DNL variant {variant!r}: use one of {', '.join(GENERATED)}")
        options = {"variant": variant, "hyper_scale": hyper_scale}
        super().__init__(inputs, networks, hidden=hidden, hyper=hyper, **options)
        self.lower = relu_layers(networks, inputs, [hidden])
        self.hyper = relu_layers(networks, hidden, [hyper] * 2)
        for name, outputs, gain in (
            ("hidden2", hidden, 2),
            ("hidden3", hidden, 2),
            ("output", 1, 1),
        ):
            layer = (
                GeneratedLinear(networks, hyper, hidden, outputs, gain, hyper_scale)
                if name in GENERATED[variant]
                else StackedLinear(networks, hidden, outputs, gain)
            )
            self.add_module(name, layer)
        self.initialise(seed)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions ``(networks, batch)``."""
        lower = run_relu(self.lower, self.check_inputs(x))[-1]
        code = self.code(lower)
        second = torch.relu(_apply(self.hidden2, lower, code))
        third = torch.relu(_apply(self.hidden3, second, code))
        return _apply(self.output, third, code).squeeze(-1)

    def code(self, lower: torch.Tensor) -> torch.Tensor:
        """The hyper-network's last hidden layer with a final 1, ``(networks, batch, hyper + 1)``."""
        bits = pattern([lower]).to(lower.dtype)
        code = run_relu(self.hyper, bits)[-1]
        return torch.cat([code, torch.ones_like(code[..., :1])], -1)

    def activation_pattern(self, x: torch.Tensor) -> torch.Tensor:
        """Boolean ``(networks, batch, hidden)`` of the lower part: the pieces between which DNL jumps."""
        return pattern(run_relu(self.lower, self.check_inputs(x)))


def _apply(layer: Any, x: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
    return layer(x, code) if isinstance(layer, GeneratedLinear) else layer(x)
