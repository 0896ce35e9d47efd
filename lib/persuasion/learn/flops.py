"""Operations of training one network: what its time can be measured against."""

from __future__ import annotations

from persuasion.learn.training import Training
from persuasion.networks.variants import GENERATED


def training_flops(
    method: str, inputs: int, training: Training, hidden: int = 64, hyper: int = 32
) -> float:
    """Floating-point operations (a multiplication and an addition are two) of the matrix products of one network.

    All epochs, and the passes for the errors at the end. DNL on a processor takes fewer: it leaves out units that
    are off. Raises ``ValueError`` for an unknown ``method``.
    """
    forward, step = sample_flops(method, inputs, training.dnl_variant, hidden, hyper)
    visits = training.samples * training.epochs
    return float(visits * step + (training.samples + training.held_out) * forward)


def sample_flops(
    method: str, inputs: int, variant: str = "hidden", hidden: int = 64, hyper: int = 32
) -> tuple[int, int]:
    """Operations per sample of a prediction, and of a training step."""
    first, later, generated = _layers(method, inputs, variant, hidden, hyper)
    once, again = _products(first), _products(later)
    bilinear = _products([(i, (hyper + 1) * o) for i, o in generated])
    # the contraction with the code, or the bias: each costs this much forward, and again for each gradient
    small = _products([(hyper + 1, o) for _, o in generated])
    forward = once + again + bilinear + 2 * small
    # no gradient in the network's input or in the bits
    return forward, 2 * once + 3 * again + 3 * bilinear + 5 * small


Shapes = list[tuple[int, int]]


def _layers(
    method: str, inputs: int, variant: str, hidden: int, hyper: int
) -> tuple[Shapes, Shapes, Shapes]:
    """Shapes (inputs, outputs) of first layers, later layers and generated layers."""
    body = [(hidden, hidden)] * 2 + [(hidden, 1)]
    if method == "relu":
        return [(inputs, hidden)], body, []
    if method == "delu":
        zeta = [(hyper, hyper), (hyper, 1)]
        return [(inputs, hidden), (3 * hidden, hyper)], body + zeta, []
    if method != "dnl":
        raise ValueError(f"unknown architecture {method!r}")
    names = ("hidden2", "hidden3", "output")
    made = [shape for name, shape in zip(names, body) if name in GENERATED[variant]]
    static = [shape for name, shape in zip(names, body) if name not in GENERATED[variant]]
    return [(inputs, hidden), (hidden, hyper)], [(hyper, hyper), *static], made


def _products(shapes: Shapes) -> int:
    """Of one sample's products with matrices ``(inputs, outputs)``."""
    return sum(2 * inputs * outputs for inputs, outputs in shapes)
