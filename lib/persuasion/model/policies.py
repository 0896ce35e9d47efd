"""Signaling policies: checks, samples, projections, and the two extreme profiles.

A joint policy is an array ``(..., senders, states, signals)`` whose rows (last axis) sum to 1:
``policies[..., i, w, s]`` is the probability that sender ``i`` sends signal ``s`` in state ``w``.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import torch

from persuasion.model.checks import (
    PROBABILITY_TOLERANCE,
    SINGLE_PRECISION_TOLERANCE,
    clean_rows,
    double,
    is_coarse,
    numeric_array,
    whole_number,
)
from persuasion.model.game import Game

Array = TypeVar("Array", np.ndarray, torch.Tensor)


def check_policies(game: Game, policies: Any) -> None:
    """Raise ``ValueError`` unless :func:`as_policies` accepts ``policies``; the message names the first bad row."""
    policy_tensor(game, policies)


def as_policies(game: Game, policies: Any) -> np.ndarray:
    """A new float64 array of policies ``(..., senders, states, signals)``, read in the one way of the package.

    Anything that holds real numbers is read, see :func:`~persuasion.model.checks.real_array`. Rows must sum to 1
    within 1e-9 (1e-5 for inputs of lower precision than float64) and are then cleaned, see
    :func:`persuasion.model.checks.clean_rows`. ``ValueError`` names the first offending row.
    """
    return policy_tensor(game, policies).numpy(force=True).copy()


def one_profile(game: Game, policies: Any, name: str = "policies") -> np.ndarray:
    """:func:`as_policies` of exactly one profile, ``(senders, states, signals)``."""
    profile = as_policies(game, policies)
    if profile.ndim != 3:
        raise ValueError(f"{name} must be one profile with 3 axes, got shape {profile.shape}")
    return profile


def policy_tensor(game: Game, policies: Any) -> torch.Tensor:
    """:func:`as_policies` as a float64 tensor; tensors keep device and gradient."""
    shape = game.shape
    tensor = as_tensor("policies", policies)
    if tuple(tensor.shape[-3:]) != (shape.senders, shape.states, shape.signals):
        raise ValueError(
            f"policies must have shape (..., senders={shape.senders}, states={shape.states}, "
            f"signals={shape.signals}), got {tuple(tensor.shape)}"
        )
    return clean_tensor("policies", tensor, ("sender", "state"))


def clean_tensor(name: str, rows: torch.Tensor, axes: tuple[str, ...] = ()) -> torch.Tensor:
    """:func:`persuasion.model.checks.clean_rows` of a tensor, in float64."""
    coarse = rows.is_floating_point() and rows.dtype.itemsize < 8
    tolerance = SINGLE_PRECISION_TOLERANCE if coarse else PROBABILITY_TOLERANCE
    cleaned: torch.Tensor = clean_rows(name, rows.double(), tolerance, axes)
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


def uniform_policies(
    game: Game, count: int | tuple[int, ...] = (), seed: int | np.random.Generator | None = None
) -> np.ndarray:
    """Joint policies whose rows are independent and uniform on the simplex (Dirichlet(1, ..., 1)).

    Returns ``(*count, senders, states, signals)`` float64. Drawn with numpy on every device, so that a
    seed means the same policies on CPU and GPU.
    """
    generator = np.random.default_rng(seed)
    leading = count if isinstance(count, tuple) else (whole_number("count", count),)
    size = (*leading, game.shape.senders, game.shape.states, game.shape.signals)
    draws = generator.standard_exponential(size)
    draws /= draws.sum(-1, keepdims=True)
    return draws


def no_revelation(game: Game) -> np.ndarray:
    """Every sender sends signal 0 in every state; ``(senders, states, signals)``."""
    policies = np.zeros((game.shape.senders, game.shape.states, game.shape.signals))
    policies[..., 0] = 1
    return policies


def state_revelation(game: Game) -> np.ndarray:
    """Every sender names the state, signal ``w`` in state ``w``; ``(senders, states, signals)``.

    Raises ``ValueError`` if there are fewer signals than states.
    """
    shape = game.shape
    if shape.signals < shape.states:
        raise ValueError(
            f"naming the state needs {shape.states} signals, the game has {shape.signals}"
        )
    identity = np.eye(shape.states, shape.signals)
    return np.broadcast_to(identity, (shape.senders, *identity.shape)).copy()


def full_revelation(game: Game) -> np.ndarray:
    r"""The equilibrium of Theorem 4: the joint signal reveals the receiver's optimal action.

    Each optimal action gets a word of the parity code :math:`\{s:\sum_i s_i\equiv0 \bmod |S|\}`. Any two words
    differ in at least two places, so no sender can pass off one action as another. Returns
    ``(senders, states, signals)``.

    Raises ``ValueError`` if a state has several optimal actions, or (with the number needed) if there
    are too few signals.

    >>> game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]] * 2, signals=2)
    >>> full_revelation(game)[0].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    shape = game.shape
    optimal = optimal_action_by_state(game)
    actions, word_of_state = np.unique(optimal, return_inverse=True)
    needed = signals_needed(len(actions), shape.senders)
    if shape.signals < needed:
        raise ValueError(
            f"revealing {len(actions)} optimal actions against unilateral deviations needs "
            f"{needed} signals with {shape.senders} senders, the game has {shape.signals}"
        )
    words = parity_code(len(actions), shape.senders, shape.signals)
    return np.eye(shape.signals)[words[word_of_state]].transpose(1, 0, 2)


def optimal_action_by_state(game: Game) -> np.ndarray:
    """The receiver's optimal action in each state ``(states,)``; ``ValueError`` where it is not unique.

    In a state of probability 0, where nothing is at stake, that of the first state that occurs.
    """
    receiver, occurs = game.standard.receiver, game.prior > 0
    tied = occurs & ((receiver == 0).sum(1) > 1)
    if tied.any():
        state = int(tied.argmax())
        several = np.flatnonzero(receiver[state] == 0).tolist()
        raise ValueError(f"state {state} has several optimal actions {several}; one is required")
    actions = receiver.argmax(1)
    return np.where(occurs, actions, actions[occurs.argmax()])


def signals_needed(actions: int, senders: int) -> int:
    """Least ``|S|`` with ``|S|**(senders - 1) >= actions`` (Theorem 4); raises for a lone sender."""
    if actions <= 1:
        return 1
    if senders < 2:
        raise ValueError("full revelation as an equilibrium needs at least two senders")
    signals = 2
    while signals ** (senders - 1) < actions:
        signals += 1
    return signals


def parity_code(words: int, senders: int, signals: int) -> np.ndarray:
    """The first ``words`` strings over ``range(signals)`` with digit sum 0 mod ``signals``.

    Returns ``(words, senders)``; the first ``senders - 1`` digits count up, the last is the check digit.
    """
    digits = np.arange(words)[:, None] // signals ** np.arange(senders - 1) % signals
    return np.hstack([digits, -digits.sum(1, keepdims=True) % signals]).astype(int)


def softmax(parameters: torch.Tensor) -> torch.Tensor:
    """Rows of free parameters to rows of the simplex; never reaches the boundary."""
    return torch.softmax(parameters, dim=-1)


def project_to_simplex(values: Array) -> Array:
    """Euclidean projection of every row (last axis) onto the simplex (Duchi et al., 2008).

    >>> project_to_simplex(np.array([2.0, 0.0, 0.0])).tolist()
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
    sums = _clip(values.unsqueeze(-2) - knots.unsqueeze(-1), lower, upper).sum(-1)
    right = (sums > 1).sum(-1, keepdim=True).clamp(1, knots.shape[-1] - 1)
    left = right - 1
    height = sums.gather(-1, left) - sums.gather(-1, right)
    share = ((sums.gather(-1, left) - 1) / height.clamp(min=1e-300)).clamp(0, 1)
    shift = knots.gather(-1, left) * (1 - share) + knots.gather(-1, right) * share
    return torch.minimum(torch.maximum(values - shift, lower), upper)


def _clip(values: torch.Tensor, lower: torch.Tensor, upper: torch.Tensor) -> torch.Tensor:
    return torch.minimum(torch.maximum(values, lower.unsqueeze(-2)), upper.unsqueeze(-2))
