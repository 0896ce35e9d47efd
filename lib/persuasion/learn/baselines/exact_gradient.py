"""Extra-gradient on the exact game: the gradient of the current piece, the receiver's actions held fixed."""

import functools
from collections.abc import Callable

import torch

from persuasion.learn.extragradient import extragradient
from persuasion.model.game import Game
from persuasion.model.restrictions import of_those_who_choose, restrict
from persuasion.model.simulate import sender_utilities
from persuasion.model.tensors import Array


def exact_own_gradients(game: Game, policies: torch.Tensor) -> torch.Tensor:
    """Block ``i`` is the gradient of sender ``i``'s exact utility in its own policy's entries.

    ``policies`` and the result are ``(batch, senders, states, signals)``; utility per unit of probability. Blind to
    jumps: at a profile where the receiver is indifferent it is that of the action that the receiver takes there.
    """
    return own_gradients(lambda p: sender_utilities(game, p, validate=False), policies)


def exact_gradient_search(
    game: Game, starts: Array, steps: int, step_size: float = 0.1, projection: str = "softmax"
) -> Array:
    """:func:`~persuasion.learn.extragradient.extragradient` along :func:`exact_own_gradients`.

    Senders that do not choose stay; signals that a sender lacks are dropped at the end. The look-ahead is in the
    utilities' unit, so that the ends depend on it; of ``game.standard`` they do not.
    """
    gradient = of_those_who_choose(game, functools.partial(exact_own_gradients, game))
    return restrict(game, extragradient(gradient, starts, steps, step_size, projection))


def own_gradients(
    utilities: Callable[[torch.Tensor], torch.Tensor], policies: torch.Tensor
) -> torch.Tensor:
    """The own-gradient blocks of any differentiable ``utilities`` (batch, senders)."""
    at = policies.detach().requires_grad_()
    with torch.enable_grad():
        values = utilities(at).sum(0)
        own = [
            torch.autograd.grad(value, at, retain_graph=True)[0][:, sender]
            for sender, value in enumerate(values)
        ]
    return torch.stack(own, 1)
