r"""DNL, the paper's discontinuous non-linear network (Section 4).

The first hidden layer is the *lower* part. Its activation pattern :math:`r(x)` (64 bits) is the input of a
hyper-network with two hidden layers of 32 units, whose output is the weights and biases of higher layers. These
act on the lower part's output with ReLU between them: inside one piece the function is non-linear, between pieces
it jumps. No gradient flows through :math:`r`; it flows through the lower part's output. The arithmetic is in
:class:`~persuasion.networks.generated.GeneratedLinear`.
"""

from typing import Any, NamedTuple

import torch

from persuasion.model.checks import positive_number, sizes
from persuasion.networks.generated import GeneratedLinear, Kept
from persuasion.networks.layers import (
    StackedLinear,
    back_relu,
    pattern,
    relu_layers,
    run_relu,
    through_relu,
)
from persuasion.networks.stack import Seed, StackedNetwork
from persuasion.networks.variants import GENERATED


class _Kept(NamedTuple):
    bits: torch.Tensor
    hyper: list[torch.Tensor]
    values: list[torch.Tensor]
    """Outputs of hidden layers 1 to 3."""
    generated: list[Kept | None]
    """Of hidden 2, hidden 3 and output, where they are generated."""


class DNL(StackedNetwork):
    """A stack of DNL networks with three hidden layers.

    Parameters
    ----------
    hidden : units of each hidden layer (paper: 64)
    hyper : units of each of the hyper-network's two hidden layers (paper: 32)
    variant : which layers are generated; the text leaves it open

        - ``"hidden"`` (default, the literal reading): hidden 2 and 3; the output layer is static;
        - ``"all"``: hidden 2, hidden 3 and the output;
        - ``"hidden-output"``: hidden 2 and the output; hidden 3 is static.
    inputs, networks, seed : as for every :class:`StackedNetwork`
    hyper_scale : multiplies the initial standard deviation of the generated weights (1: He scale)
    """

    CACHE_ROWS = 512
    BY_MEMBER = True
    PIECES = "lower"

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
        inputs, networks, hidden, hyper = sizes(
            inputs=inputs, networks=networks, hidden=hidden, hyper=hyper
        )
        hyper_scale = positive_number("hyper_scale", hyper_scale)
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

    def propagate(self, x: torch.Tensor) -> tuple[torch.Tensor, _Kept]:
        """Predictions ``(networks, batch, 1)``, and all intermediate values."""
        values = run_relu(self.lower, x)
        bits = pattern(values)
        hyper = run_relu(self.hyper, bits)
        code = torch.cat([hyper[-1], torch.ones_like(hyper[-1][..., :1])], -1)
        generated = []
        for layer in (self.hidden2, self.hidden3, self.output):
            value, own = _apply(layer, values[-1], code)
            generated.append(own)
            values.append(value if layer is self.output else value.relu_())
        return values.pop(), _Kept(bits, hyper, values, generated)

    def backward(self, x: torch.Tensor, kept: _Kept, grad: torch.Tensor) -> None:
        """Add the parameters' gradients to their ``grad``, from ``grad`` in the predictions."""
        code_grad: Any = 0
        layers: list[Any] = [self.hidden2, self.hidden3, self.output]
        for index in (2, 1, 0):
            value, own = kept.values[index], kept.generated[index]
            if own is None:
                grad = layers[index].backward(value, grad)
            else:
                grad, part = layers[index].backward(own, grad)
                code_grad = part + code_grad
            if index:
                through_relu(grad, value)
        back_relu(self.lower, x, kept.values[:1], grad)
        back_relu(self.hyper, kept.bits, kept.hyper, code_grad[..., :-1])


def _apply(layer: Any, x: torch.Tensor, code: torch.Tensor) -> tuple[torch.Tensor, Kept | None]:
    if isinstance(layer, GeneratedLinear):
        return layer.propagate(x, code)
    return layer(x), None
