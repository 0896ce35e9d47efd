r"""Training a stack of networks on exact utilities (the paper's Eq. 2, mean squared error).

Every network minimises its own mean squared error; no network feels the others. The data set is one tensor,
shuffled once per epoch; there is no loader between it and the arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from persuasion.learn.engine import Trainer
from persuasion.learn.model import UtilityModel
from persuasion.learn.samples import Samples
from persuasion.learn.training import Training
from persuasion.networks import StackedNetwork

Progress = Callable[[int, np.ndarray], None]


class DivergenceError(ArithmeticError):
    """Training produced a loss that is not finite; the message names epoch and networks."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained stack and its errors, all mean squared errors in squared utility units."""

    model: UtilityModel
    training_error: np.ndarray
    """``(networks,)`` over the training samples, after training."""
    held_out_error: np.ndarray
    """``(networks,)`` over the held-out samples; NaN without any."""
    target_variance: np.ndarray
    """``(networks,)`` of the training targets: the error of the best constant."""
    losses: np.ndarray
    """``(epochs, networks)`` mean over the epoch's batches, while the weights moved."""
    diverged: np.ndarray
    """``(networks,)`` true where a loss or error was not finite: such a network is of no use."""

    def subset(self, members: Sequence[int]) -> Fit:
        """Some networks of the stack, in the order given."""
        index = list(members)
        arrays = {key: value[..., index] for key, value in vars(self).items() if key != "model"}
        return Fit(self.model.subset(index), **arrays)


def fit(
    network: StackedNetwork,
    inputs: Any,
    targets: Any,
    training: Training,
    held_out: tuple[Any, Any] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    on_divergence: str = "raise",
) -> Fit:
    """Train ``network`` in place, on its device, with Adam.

    Parameters
    ----------
    network : stack, initialised
    inputs : (samples, inputs), shared by the networks, or (networks, samples, inputs)
    targets : (samples, networks) utilities; what is large against their differences is lost in single precision,
        so those of ``game.standard`` are better
    training : the recipe; its ``samples`` and ``held_out`` counts are for whoever draws the data
    held_out : a pair like ``(inputs, targets)`` for the held-out error
    seed : of the shuffles, drawn on the CPU and shared by the networks
    progress : called after each epoch with its number (from 0) and its losses ``(networks,)``
    on_divergence : ``raise`` an error as soon as a loss is not finite, or ``flag`` the network in
        ``Fit.diverged`` and go on with the others

    Raises ``ValueError`` for shapes that do not fit together or data that is not finite, and
    :class:`DivergenceError` for a loss that is not finite, with ``on_divergence="raise"``: no model is returned.
    """
    network = network.to(training.dtype)
    data = Samples.of("training", network, inputs, targets)
    check = None if held_out is None else Samples.of("held-out", network, *held_out)
    seeds = [seed] * len(data.inputs)
    return fit_samples(network, data, check, training, seeds, progress, on_divergence)


def fit_samples(
    network: StackedNetwork,
    data: Samples,
    held_out: Samples | None,
    training: Training,
    seeds: Sequence[int],
    progress: Progress | None = None,
    on_divergence: str = "raise",
    together: bool | None = None,
) -> Fit:
    """:func:`fit` on prepared data, with one shuffle seed per group of it.

    ``together`` as in :class:`~persuasion.learn.engine.Trainer`.
    """
    if on_divergence not in ("raise", "flag"):
        raise ValueError(f"on_divergence must be raise or flag, got {on_divergence!r}")
    model = untrained_model(network, data, training)
    unit = model.target_scale.square().cpu().numpy()
    trainer = Trainer(network, data.scaled(model), training, seeds, together)
    losses = np.zeros((training.epochs, network.networks))

    def in_units(errors: np.ndarray, what: str) -> np.ndarray:
        errors = errors * unit
        if on_divergence == "raise" and not np.isfinite(errors).all():
            bad = ", ".join(map(str, np.flatnonzero(~np.isfinite(errors))))
            raise DivergenceError(f"{what} of networks {bad} is not finite")
        return errors

    def after_epoch(epoch: int, mean: np.ndarray) -> None:
        losses[epoch] = in_units(mean, f"epoch {epoch}: the loss")
        if progress is not None:
            progress(epoch, losses[epoch])

    trainer.run(after_epoch)
    error = in_units(trainer.squared_error(trainer.samples), "the training error")
    unseen = np.full(network.networks, np.nan)
    if held_out is not None:
        unseen = in_units(trainer.squared_error(held_out.scaled(model)), "the held-out error")
    network.zero_grad()
    finite = np.isfinite(error) & np.isfinite(losses).all(0)
    finite &= np.isfinite(unseen) | (held_out is None)
    variance = data.targets.double().var(1, correction=0).cpu().numpy()
    return Fit(model, error, unseen, variance, losses, ~finite)


def untrained_model(network: StackedNetwork, data: Samples, training: Training) -> UtilityModel:
    """The model of a network yet to be trained: its scalings, taken from the training data."""
    targets = data.targets.double()
    mean, scale = targets.new_zeros(()), targets.new_ones(())
    if training.target_scaling == "standardise":
        mean, scale = targets.mean(1), targets.std(1, correction=0)
        # constant up to rounding: nothing to scale
        rounding = 8 * torch.finfo(data.targets.dtype).eps
        scale = torch.where(scale > rounding * targets.abs().amax(1), scale, 1)
    shift, width = _input_scaling(data, training.input_scaling)
    return UtilityModel(network, mean, scale, shift, width)


def _input_scaling(data: Samples, name: str) -> tuple[Any, Any]:
    if name == "probability":
        return 0.0, 1.0
    if name == "symmetric":
        return 0.5, 0.5
    groups = list(data.groups)
    width = data.inputs.std((-2, -1), correction=0)
    width = torch.where(width > 0, width, 1)
    return data.inputs.mean((-2, -1))[groups], width[groups]
