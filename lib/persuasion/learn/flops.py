"""Operations of training one network: what its time can be measured against."""

from persuasion.learn.training import Training
from persuasion.networks.variants import GENERATED

HIDDEN, HYPER = 64, 32  # units of a layer and of the hyper-network's, as networks are built


def training_flops(method: str, inputs: int, training: Training) -> float:
    """Floating-point operations (a multiplication and an addition are two) of the matrix products of one network.

    All epochs, and the passes for the errors at the end. DNL on a processor takes fewer: it leaves out units that
    are off. Raises ``ValueError`` for an unknown ``method``.
    """
    forward, step = sample_flops(method, inputs, training.dnl_variant)
    visits = training.samples * training.epochs
    return float(visits * step + (training.samples + training.held_out) * forward)


def sample_flops(method: str, inputs: int, variant: str = "hidden") -> tuple[int, int]:
    """Operations per sample of a prediction, and of a training step."""
    first, later, generated = _layers(method, inputs, variant)
    once, again = _products(first), _products(later)
    bilinear = _products([(i, (HYPER + 1) * o) for i, o in generated])
    # the contraction with the code, or the bias: each costs this much forward, and again for each gradient
    small = _products([(HYPER + 1, o) for _, o in generated])
    forward = once + again + bilinear + 2 * small
    # no gradient in the network's input or in the bits
    return forward, 2 * once + 3 * again + 3 * bilinear + 5 * small


Shapes = list[tuple[int, int]]


def _layers(method: str, inputs: int, variant: str) -> tuple[Shapes, Shapes, Shapes]:
    """Shapes (inputs, outputs) of first layers, later layers and generated layers."""
    body = [(HIDDEN, HIDDEN)] * 2 + [(HIDDEN, 1)]
    if method == "relu":
        return [(inputs, HIDDEN)], body, []
    if method == "delu":
        zeta = [(HYPER, HYPER), (HYPER, 1)]
        return [(inputs, HIDDEN), (3 * HIDDEN, HYPER)], body + zeta, []
    if method != "dnl":
        raise ValueError(f"unknown architecture {method!r}")
    names = ("hidden2", "hidden3", "output")
    made = [shape for name, shape in zip(names, body) if name in GENERATED[variant]]
    static = [shape for name, shape in zip(names, body) if name not in GENERATED[variant]]
    return [(inputs, HIDDEN), (HIDDEN, HYPER)], [(HYPER, HYPER), *static], made


def _products(shapes: Shapes) -> int:
    """Of one sample's products with matrices ``(inputs, outputs)``."""
    return sum(2 * inputs * outputs for inputs, outputs in shapes)
