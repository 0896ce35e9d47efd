r"""Extra-gradient: all senders improve at once, each along its own predicted utility (Section 4).

From :math:`\theta_t` look ahead, :math:`\theta_{t+1/2}=\theta_t+\eta G(\theta_t)`, then step from
:math:`\theta_t` with the gradient found there, :math:`\theta_{t+1}=\theta_t+\eta G(\theta_{t+1/2})`. Block
:math:`i` of :math:`G` is the gradient of sender :math:`i`'s own utility in its own parameters. With plain steps
like these the look-ahead damps the cycling of simultaneous ascent (Korpelevich 1976). Our choice where the paper is
silent: the look-ahead is a plain step of length :math:`\eta`, in the utilities' unit, and Adam drives the update,
in none. It need not damp then: in matching pennies both senders become all but certain of a signal.
"""

from collections.abc import Callable
from typing import Any

import torch

from persuasion.learn.adam import Adam
from persuasion.learn.processor import one_thread
from persuasion.model.checks import positive_number, whole_number
from persuasion.model.projections import project_to_simplex, softmax
from persuasion.model.tensors import Array, as_tensor

SMALLEST_PROBABILITY = 1e-12
Gradient = Callable[[torch.Tensor], torch.Tensor]


@one_thread()
def extragradient(
    gradient: Gradient,
    starts: Array,
    steps: int,
    step_size: float = 0.1,
    projection: str = "softmax",
    optimiser: str = "adam",
    look_ahead: bool = True,
) -> Array:
    """Extra-gradient from many starts at once.

    Parameters
    ----------
    gradient : maps policies to each sender's own-utility gradient in its own entries, same shape
    starts : (..., senders, states, signals) policies, numpy or torch; the result is alike
    steps : number of updates, two gradients each
    step_size : look-ahead length, and the rate of the update
    projection : ``softmax`` of free parameters (starts are entered by their logarithm, clamped at 1e-12);
        ``euclidean`` onto the simplex after every move (reaches the boundary); or ``none``, any array
    optimiser : ``adam``, or ``plain`` steps for the update
    look_ahead : without it, simultaneous gradient ascent

    Raises ``ValueError`` for an unknown name, a negative number of steps or a bad step size.
    """
    steps, step_size = whole_number("steps", steps), positive_number("step_size", step_size)
    _check(projection, optimiser)
    given = as_tensor("starts", starts).detach().clone()
    free = given.clamp(min=SMALLEST_PROBABILITY).log() if projection == "softmax" else given
    parameters = _feasible(free, projection)
    update = _updater(parameters, step_size, optimiser)
    for _ in range(steps):
        at = parameters
        if look_ahead:
            step = step_size * _parameter_gradient(gradient, parameters, projection)
            at = _feasible(parameters + step, projection)
        update(_parameter_gradient(gradient, at, projection))
        parameters.copy_(_feasible(parameters, projection))
    policies = softmax(parameters) if projection == "softmax" else parameters
    return policies if isinstance(starts, torch.Tensor) else policies.numpy()


def gradient_ascent(gradient: Gradient, starts: Array, steps: int, **settings: Any) -> Array:
    """Simultaneous gradient ascent, for comparison: :func:`extragradient` without the look-ahead."""
    return extragradient(gradient, starts, steps, look_ahead=False, **settings)


def _feasible(parameters: torch.Tensor, projection: str) -> torch.Tensor:
    return project_to_simplex(parameters) if projection == "euclidean" else parameters


def _parameter_gradient(
    gradient: Gradient, parameters: torch.Tensor, projection: str
) -> torch.Tensor:
    """The policies' gradient, pulled back through the softmax where there is one."""
    if projection != "softmax":
        return gradient(parameters)
    policies = softmax(parameters)
    weighted = policies * gradient(policies)
    return weighted - policies * weighted.sum(-1, keepdim=True)


def _updater(
    parameters: torch.Tensor, step_size: float, optimiser: str
) -> Callable[[torch.Tensor], Any]:
    if optimiser == "plain":
        return lambda direction: parameters.add_(direction, alpha=step_size)
    downhill = torch.zeros_like(parameters)
    adam = Adam(parameters, downhill)

    def update(direction: torch.Tensor) -> None:
        torch.neg(direction, out=downhill)
        adam.step(step_size)

    return update


def _check(projection: str, optimiser: str) -> None:
    if projection not in ("softmax", "euclidean", "none"):
        raise ValueError(f"unknown projection {projection!r}: use softmax, euclidean or none")
    if optimiser not in ("adam", "plain"):
        raise ValueError(f"unknown optimiser {optimiser!r}: use adam or plain")
