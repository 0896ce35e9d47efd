r"""Training a stack of networks on exact utilities (the paper's Eq. 2, mean squared error).

The loss is the *sum* over the networks of each one's mean squared error, so no network feels the others. The
data set is one tensor, shuffled once per epoch; there is no loader between it and the arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from persuasion.learn.model import UtilityModel
from persuasion.learn.training import Training
from persuasion.networks import StackedNetwork

EVALUATION_ROWS = 4096


class DivergenceError(ArithmeticError):
    """Training produced a loss that is not finite; the message names epoch and networks."""


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class _Data:
    inputs: torch.Tensor
    targets: torch.Tensor

    def rows(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        axis = self.inputs.ndim - 2
        return self.inputs.index_select(axis, index), self.targets.index_select(1, index)


def fit(
    network: StackedNetwork,
    inputs: Any,
    targets: Any,
    training: Training,
    held_out: tuple[Any, Any] | None = None,
    seed: int = 0,
    progress: Callable[[int, np.ndarray], None] | None = None,
) -> Fit:
    """Train ``network`` in place, on its device, with Adam.

    Parameters
    ----------
    network : stack, initialised
    inputs : (samples, inputs), shared by the networks, or (networks, samples, inputs)
    targets : (samples, networks) utilities
    training : the recipe; its ``samples`` and ``held_out`` counts are for whoever draws the data
    held_out : a pair like ``(inputs, targets)`` for the held-out error
    seed : of the shuffles, drawn on the CPU and shared by the networks
    progress : called after each epoch with its number (from 0) and its losses ``(networks,)``

    Raises
    ------
    ValueError
        Shapes that do not fit together, or data that is not finite.
    DivergenceError
        A loss was not finite: no model is returned.
    """
    network = network.to(training.dtype)
    data = _data("training", network, inputs, targets)
    check = None if held_out is None else _data("held-out", network, *held_out)
    model = _untrained_model(network, data, training)
    losses = _train(model, data, training, seed, progress)
    errors = [_raw_error(model, part) for part in (data, check)]
    if not np.isfinite(errors[0]).all():
        raise DivergenceError(f"the trained networks {_bad(errors[0])} predict non-finite values")
    variance = data.targets.double().var(1, correction=0)
    return Fit(model, errors[0], errors[1], variance.cpu().numpy(), losses)


def _data(name: str, network: StackedNetwork, inputs: Any, targets: Any) -> _Data:
    like = next(network.parameters())
    x, y = torch.as_tensor(inputs).to(like), torch.as_tensor(targets).to(like)
    network.check_inputs(x)
    if tuple(y.shape) != (x.shape[-2], network.networks) or not len(y):
        raise ValueError(
            f"{name} targets must be (samples, networks) = ({x.shape[-2]}, {network.networks}) and "
            f"not empty, got {tuple(y.shape)}"
        )
    for kind, values in (("inputs", x), ("targets", y)):
        if not torch.isfinite(values).all():
            raise ValueError(f"{name} {kind} have a non-finite entry")
    return _Data(x, y.T.contiguous())


def _untrained_model(network: StackedNetwork, data: _Data, training: Training) -> UtilityModel:
    targets = data.targets.double()
    mean, scale = targets.new_zeros(()), targets.new_ones(())
    if training.target_scaling == "standardise":
        mean, scale = targets.mean(1), targets.std(1, correction=0)
        # constant up to rounding: nothing to scale
        scale = torch.where(scale > 1e-6 * targets.abs().amax(1), scale, 1)
    shift, width = _input_scaling(data.inputs, training.input_scaling)
    return UtilityModel(network, mean, scale, shift, width)


def _input_scaling(inputs: torch.Tensor, name: str) -> tuple[Any, Any]:
    if name == "probability":
        return 0.0, 1.0
    if name == "symmetric":
        return 0.5, 0.5
    width = inputs.std((-2, -1), correction=0)
    return inputs.mean((-2, -1)), torch.where(width > 0, width, 1)


def _train(
    model: UtilityModel,
    data: _Data,
    training: Training,
    seed: int,
    progress: Callable[[int, np.ndarray], None] | None,
) -> np.ndarray:
    network = model.network.requires_grad_(True)
    scaled = _scaled(model, data)
    optimiser = torch.optim.Adam(network.parameters(), lr=training.learning_rate, fused=True)
    shuffle = torch.Generator().manual_seed(seed)
    losses = np.zeros((training.epochs, network.networks))
    for epoch in range(training.epochs):
        order = torch.randperm(scaled.targets.shape[1], generator=shuffle)
        batches = order.to(scaled.targets.device).split(training.batch_size)
        mean = _epoch(network, optimiser, scaled, batches, _rates(training, epoch, len(batches)))
        losses[epoch] = (mean * model.target_scale.square()).cpu().numpy()
        if not np.isfinite(losses[epoch]).all():
            raise DivergenceError(
                f"epoch {epoch}: the loss of networks {_bad(losses[epoch])} is not finite"
            )
        if progress is not None:
            progress(epoch, losses[epoch])
    network.requires_grad_(False)
    return losses


def _epoch(
    network: StackedNetwork,
    optimiser: torch.optim.Optimizer,
    data: _Data,
    batches: tuple[torch.Tensor, ...],
    rates: list[float],
) -> torch.Tensor:
    """One pass; each network's mean loss over the samples."""
    total = torch.zeros_like(data.targets[:, 0])
    for index, rate in zip(batches, rates):
        optimiser.param_groups[0]["lr"] = rate
        x, y = data.rows(index)
        loss = (network(x) - y).square().mean(1)
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        total += loss.detach() * len(index)
    return total / data.targets.shape[1]


def _rates(training: Training, epoch: int, batches: int) -> list[float]:
    """The learning rate of every step of an epoch."""
    if training.schedule == "constant":
        return [training.learning_rate] * batches
    shares = [(epoch * batches + step) / (training.epochs * batches) for step in range(batches)]
    return [training.learning_rate * (1 + math.cos(math.pi * share)) / 2 for share in shares]


def _scaled(model: UtilityModel, data: _Data) -> _Data:
    shift, scale = model.input_shift, model.input_scale
    if data.inputs.ndim == 3:
        shift, scale = shift[:, None, None], scale[:, None, None]
    else:  # shared inputs have one scaling
        shift, scale = shift[0], scale[0]
    targets = (data.targets - model.target_mean[:, None]) / model.target_scale[:, None]
    return _Data((data.inputs - shift) / scale, targets)


def _raw_error(model: UtilityModel, data: _Data | None) -> np.ndarray:
    """Mean squared error ``(networks,)`` in utility units, NaN without data."""
    if data is None:
        return np.full(model.network.networks, np.nan)
    total = torch.zeros(model.network.networks, dtype=torch.float64, device=data.targets.device)
    samples = data.targets.shape[1]
    with torch.no_grad():
        for index in torch.arange(samples, device=total.device).split(EVALUATION_ROWS):
            inputs, targets = data.rows(index)
            total += (model.evaluate(inputs) - targets).double().square().sum(1)
    return (total / samples).cpu().numpy()


def _bad(values: np.ndarray) -> str:
    return ", ".join(map(str, np.flatnonzero(~np.isfinite(values))))
