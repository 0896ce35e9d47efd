"""From free parameters to policies: softmax, and Euclidean projections."""

import torch

from persuasion.model.tensors import Array, as_tensor
from persuasion.model.tolerances import VANISHING


def softmax(parameters: torch.Tensor) -> torch.Tensor:
    """Rows of free parameters to rows of the simplex; never reaches the boundary."""
    return torch.softmax(parameters, dim=-1)


def project_to_simplex(values: Array) -> Array:
    """Euclidean projection of every row (last axis) onto the simplex (Duchi et al., 2008).

    >>> import numpy
    >>> project_to_simplex(numpy.array([2.0, 0.0, 0.0])).tolist()
    [1.0, 0.0, 0.0]
    """
    tensor = as_tensor("values", values)
    ordered = tensor.sort(dim=-1, descending=True).values
    counts = torch.arange(1, tensor.shape[-1] + 1, device=tensor.device, dtype=tensor.dtype)
    thresholds = (ordered.cumsum(-1) - 1) / counts
    support = (ordered > thresholds).sum(-1, keepdim=True)
    projected = (tensor - thresholds.gather(-1, support - 1)).clamp(min=0)
    return projected if isinstance(values, torch.Tensor) else projected.numpy()


def project_to_box(values: torch.Tensor, centre: torch.Tensor, radius: float) -> torch.Tensor:
    """Euclidean projection of every row onto the simplex within ``radius`` (max norm) of ``centre``.

    ``centre`` must be a policy, so the set is never empty. Broadcasts ``centre`` over leading axes.
    """
    lower = (centre - radius).clamp(min=0).expand_as(values)
    upper = (centre + radius).clamp(max=1).expand_as(values)
    # sum(clip(values - shift, lower, upper)) falls in the shift and is linear between these knots
    knots = torch.cat([values - upper, values - lower], -1).sort(-1).values
    moved = values.unsqueeze(-2) - knots.unsqueeze(-1)
    sums = moved.clamp(lower.unsqueeze(-2), upper.unsqueeze(-2)).sum(-1)
    right = (sums > 1).sum(-1, keepdim=True).clamp(1, knots.shape[-1] - 1)
    left = right - 1
    height = sums.gather(-1, left) - sums.gather(-1, right)
    share = ((sums.gather(-1, left) - 1) / height.clamp(min=VANISHING)).clamp(0, 1)
    shift = knots.gather(-1, left) * (1 - share) + knots.gather(-1, right) * share
    return (values - shift).clamp(lower, upper)
