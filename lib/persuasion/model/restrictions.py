"""What a sender may send: fewer signals than others have, or one given policy, as a public report does.

Arrays keep one size, the largest number of signals. A sender's policy is 0 at the signals it does not have; one
that does not choose has its policy, and best responses, searches and certificates leave it there.

>>> from persuasion import Game, no_revelation
>>> game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]] * 2, signals=[3, 2],
...             fixed=[None, [[0.9, 0.1], [0.1, 0.9]]])
>>> no_revelation(game).tolist()
[[[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], [[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]]]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from persuasion.model.checks import distributions, whole_number
from persuasion.model.tolerances import PROBABILITY_TOLERANCE

if TYPE_CHECKING:
    import torch

    from persuasion.model.game import Game

Array = TypeVar("Array", np.ndarray, "torch.Tensor")


def read_counts(signals: Any, senders: int, most: int) -> tuple[int, ...]:
    """Number of signals of every sender, from one number for all or a list; ``ValueError`` names the sender."""
    if not isinstance(signals, (list, tuple, np.ndarray)):
        return (whole_number("signals", signals, 1, most),) * senders
    if len(signals) != senders:
        raise ValueError(f"signals has {len(signals)} numbers for {senders} senders")
    return tuple(whole_number(f"signals[{i}]", n, 1, most) for i, n in enumerate(signals))


def read_fixed(given: Any, counts: Sequence[int], states: int) -> tuple[np.ndarray | None, ...]:
    """Per sender None, or the policy ``(states, max(counts))`` that it has; () if all senders choose.

    ``ValueError`` names the sender and the row, and refuses a game in which nobody chooses.
    """
    if not isinstance(given, (list, tuple, NoneType)):
        raise ValueError(f"fixed must be a list with one entry per sender, got {given!r:.60}")
    listed = tuple(given or ())
    if listed and len(listed) != len(counts):
        raise ValueError(f"fixed has {len(listed)} entries for {len(counts)} senders")
    if all(policy is None for policy in listed):
        return ()
    if all(policy is not None for policy in listed):
        raise ValueError("fixed gives every sender a policy: nobody chooses")
    return tuple(
        None if policy is None else _one(f"fixed[{i}]", policy, counts[i], states, max(counts))
        for i, policy in enumerate(listed)
    )


def _one(where: str, given: Any, count: int, states: int, width: int) -> np.ndarray:
    rows = distributions(where, given, 2)
    if rows.shape[0] != states or rows.shape[1] > width or rows[:, count:].any():
        raise ValueError(
            f"{where} must have {states} rows (states) of at most {count} signals, got {rows.shape}"
        )
    policy = np.zeros((states, width))
    policy[:, : rows.shape[1]] = rows
    policy.setflags(write=False)
    return policy


def restrict(game: Game, policies: Array) -> Array:
    """What comes nearest that the senders may do: missing signals dropped, given policies put in their place.

    ``policies`` ``(..., senders, states, signals)``, numpy or torch, are left alone; a row that has only missing
    signals becomes the first signal. The same array if the game restricts nothing.
    """
    if not game.restricted:
        return policies
    import torch

    result = torch.as_tensor(policies).clone()
    for sender, count in enumerate(game.counts):
        own = result[..., sender, :, :]
        own[..., count:] = 0
        own[..., 0] += own.sum(-1) == 0
        if count < game.signals:
            own /= own.sum(-1, keepdim=True)
        if sender not in game.choosing:
            own[...] = torch.tensor(game.fixed[sender]).to(own)
    return result if isinstance(policies, torch.Tensor) else result.numpy()


def check_restrictions(game: Game, policies: torch.Tensor) -> None:
    """``ValueError`` naming the sender whose policy uses signals that it lacks, or is not the one it is given."""
    import torch

    for sender, count in enumerate(game.counts):
        own = policies[..., sender, :, :]
        if bool((own[..., count:] > PROBABILITY_TOLERANCE).any()):
            raise ValueError(f"policies: {game.names.sender(sender)} has only {count} signals")
    for sender in sorted({*range(len(game.counts))} - {*game.choosing}):
        change = policies[..., sender, :, :] - torch.tensor(game.fixed[sender]).to(policies)
        if bool((change.abs() > PROBABILITY_TOLERANCE).any()):
            raise ValueError(
                f"policies: {game.names.sender(sender)} does not choose, and its policy is not the given one"
            )


def refuse_restrictions(game: Game, what: str) -> None:
    """``ValueError`` for a game that ``what`` would not respect."""
    if game.restricted:
        raise ValueError(f"{what} needs senders that all choose and have equally many signals")


def of_those_who_choose(
    game: Game, gradients: Callable[[torch.Tensor], torch.Tensor]
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The same gradients of policies, 0 for senders that do not choose."""
    if not game.fixed:
        return gradients
    import torch

    mask = torch.tensor([fixed is None for fixed in game.fixed])[:, None, None]
    return lambda policies: gradients(policies) * mask.to(policies)
