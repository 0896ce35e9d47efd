r"""A receiver who nearly optimises: actions by softmax of the posterior expected utility, the temperature annealed.

With temperature :math:`\tau` action :math:`a` is taken at joint signal :math:`\mathbf s` with probability
proportional to :math:`\exp(\bar u(a\mid\mathbf s)/\tau)`, where :math:`\bar u` is the receiver's posterior expected
utility. The senders' utilities are then smooth in their policies; as :math:`\tau\to 0` they tend to the exact ones
wherever the receiver is not indifferent.
"""

import functools

import numpy as np
import torch

from persuasion.learn.baselines.exact_gradient import own_gradients
from persuasion.learn.extragradient import extragradient
from persuasion.model.checks import positive_number, whole_number
from persuasion.model.game import Game
from persuasion.model.restrictions import refuse_restrictions
from persuasion.model.tensors import Array

CHUNK_BYTES = 32_000_000
STAGES = 5
HOTTEST, COLDEST = 0.1, 0.01


def smoothed_utilities(game: Game, policies: torch.Tensor, temperature: float) -> torch.Tensor:
    """Ex-ante utilities ``(batch, senders)`` with the softmax receiver, differentiable.

    Parameters
    ----------
    policies : (batch, senders, states, signals) tensor
    temperature : in units of the receiver's utility range; positive, else ``ValueError``
    """
    temperature = positive_number("temperature", temperature)
    receiver, senders = (torch.tensor(a).to(policies) for a in (game.receiver, game.senders))
    scale = temperature * max(float(np.ptp(game.receiver)), np.finfo(float).tiny)
    prior = torch.tensor(game.prior).to(policies)
    values = []
    for part in _parts(game, policies):
        joint = prior.expand(len(part), -1).unsqueeze(-1)
        for policy in part.unbind(1):
            joint = (joint.unsqueeze(-1) * policy.unsqueeze(-2)).flatten(2)
        mass = joint.sum(1, keepdim=True).clamp(min=torch.finfo(joint.dtype).tiny)
        chosen = torch.softmax(receiver.T @ (joint / mass) / scale, 1)
        outcomes = torch.einsum("bws,bas->bwa", joint, chosen)
        values.append(torch.einsum("bwa,iwa->bi", outcomes, senders))
    return torch.cat(values)


def _parts(game: Game, policies: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """As many profiles at a time as the memory that is set aside for their joint signals holds."""
    senders, states, actions, signals = game.shape
    bytes_per_profile = 8 * signals**senders * (2 * states + 4 * actions)
    return policies.split(max(1, CHUNK_BYTES // bytes_per_profile))


def smoothed_search(
    game: Game,
    starts: Array,
    steps: int,
    step_size: float = 0.1,
    projection: str = "softmax",
) -> Array:
    """Extra-gradient with the temperature lowered in ``STAGES``, geometrically from ``HOTTEST`` to ``COLDEST``.

    The steps are shared out evenly among the stages, each with a fresh Adam; fewer steps than stages leave out the
    hottest.
    """
    refuse_restrictions(game, "smoothed search")
    policies, steps = starts, whole_number("steps", steps)
    parts = [len(part) for part in np.array_split(np.arange(steps), STAGES)][::-1]
    for temperature, count in zip(np.geomspace(HOTTEST, COLDEST, STAGES), parts):
        gradient = functools.partial(_own_gradients, game, float(temperature))
        if count:
            policies = extragradient(gradient, policies, count, step_size, projection)
    return policies


def _own_gradients(game: Game, temperature: float, policies: torch.Tensor) -> torch.Tensor:
    # chunk by chunk, so that one chunk's graph is held at a time
    return torch.cat(
        [
            own_gradients(lambda p: smoothed_utilities(game, p, temperature), part)
            for part in _parts(game, policies)
        ]
    )
