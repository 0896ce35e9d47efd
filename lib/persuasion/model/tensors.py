"""Policies and other arrays as tensors, read in the one way of the package."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch

from persuasion.model.checks import clean_rows, double, is_coarse, numeric_array
from persuasion.model.game import Game
from persuasion.model.restrictions import check_restrictions

Array = TypeVar("Array", np.ndarray, torch.Tensor)


def policy_tensor(game: Game, policies: Any) -> torch.Tensor:
    """:func:`persuasion.model.policies.as_policies` as a float64 tensor; tensors keep device and gradient."""
    shape = game.shape
    tensor = as_tensor("policies", policies)
    if tuple(tensor.shape[-3:]) != (shape.senders, shape.states, shape.signals):
        raise ValueError(
            f"policies must have shape (..., senders={shape.senders}, states={shape.states}, "
            f"signals={shape.signals}), got {tuple(tensor.shape)}"
        )
    cleaned = clean_tensor("policies", tensor, (game.names.sender, game.names.state))
    if game.restricted:
        check_restrictions(game, cleaned)
    return cleaned


def clean_tensor(
    name: str, rows: torch.Tensor, axes: tuple[Callable[[int], str], ...] = ()
) -> torch.Tensor:
    """:func:`persuasion.model.checks.clean_rows` of a tensor, in float64."""
    coarse = rows.is_floating_point() and rows.dtype.itemsize < 8
    cleaned: torch.Tensor = clean_rows(name, rows.double(), coarse, axes)
    return cleaned


def as_tensor(name: str, values: Any) -> torch.Tensor:
    """A tensor as it is, anything else as one in float64, or float32 if it came in less than double precision.

    ``ValueError`` as :func:`persuasion.model.checks.real_array`, but entries may be infinite or not numbers.
    """
    if isinstance(values, torch.Tensor):
        if values.dtype == torch.bool or values.is_complex() or values.layout != torch.strided:
            raise ValueError(f"{name} must be a dense tensor of real numbers, not {values.dtype}")
        return values
    array = numeric_array(name, values)
    return torch.from_numpy(double(array)).to(
        torch.float32 if is_coarse(array.dtype) else torch.float64
    )
