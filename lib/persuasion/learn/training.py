"""The training recipe: every choice that decides how well a network fits, in one record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from persuasion.model.checks import positive_number, whole_number
from persuasion.networks.variants import GENERATED

if TYPE_CHECKING:
    import torch

CHOICES = {
    "schedule": ("constant", "cosine"),
    "input_scaling": ("probability", "symmetric", "standardise"),
    "target_scaling": ("standardise", "none"),
    "precision": ("float32", "float64"),
    "dnl_variant": tuple(GENERATED),
}


@dataclass(frozen=True)
class Training:
    """How the networks of a game are trained (Section 4 and Appendix B of the paper).

    *Paper* marks what the paper states, *ours* what it leaves open. Raises ``ValueError`` naming the field
    if a value is out of range.
    """

    samples: int = 50_000
    """Training policies per game. Paper: 50,000; 500,000 for the didactic example."""
    held_out: int = 5_000
    """Fresh policies on which the error is measured after training. Ours."""
    epochs: int = 30
    """Passes over the training policies. Paper: 30; 200 for the didactic example."""
    batch_size: int = 512
    """Policies per gradient step. Ours."""
    learning_rate: float = 0.01
    """Adam's rate at the start. Paper: 0.01."""
    schedule: str = "constant"
    """The rate over time: ``constant``, or ``cosine`` decay to zero. Ours."""
    input_scaling: str = "probability"
    """Inputs as ``probability`` in [0, 1], ``symmetric`` in [-1, 1], or with ``standardise`` by the mean and
    standard deviation over all training entries. Ours."""
    target_scaling: str = "standardise"
    """Targets with mean 0 and variance 1 per network, or raw with ``none``. Ours. Reported errors are raw."""
    precision: str = "float32"
    """Arithmetic of training: ``float32`` or ``float64``. Ours."""
    dnl_variant: str = "hidden"
    """Which layers DNL generates, see :class:`persuasion.networks.DNL`. Ours: the literal reading."""
    hyper_scale: float = 1.0
    """Initial scale of DNL's generated weights relative to He's. Ours."""

    def __post_init__(self) -> None:
        for name, least in (("samples", 1), ("held_out", 0), ("epochs", 0), ("batch_size", 1)):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), least))
        for name in ("learning_rate", "hyper_scale"):
            object.__setattr__(self, name, positive_number(name, getattr(self, name)))
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}"
                )

    @property
    def dtype(self) -> torch.dtype:
        """The torch dtype of ``precision``."""
        import torch

        return getattr(torch, self.precision)

    def network_options(self, architecture: str) -> dict[str, str | float]:
        """The options of :func:`persuasion.networks.build_network` that this recipe fixes."""
        if architecture != "dnl":
            return {}
        return {"variant": self.dnl_variant, "hyper_scale": self.hyper_scale}
