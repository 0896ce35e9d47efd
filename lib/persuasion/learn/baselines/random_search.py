"""Random search: every sender in turn keeps a random change of its policy if its exact utility rises."""

import numpy as np
import torch

from persuasion.model.checks import positive_number, whole_number
from persuasion.model.game import Game
from persuasion.model.projections import project_to_simplex
from persuasion.model.restrictions import refuse_restrictions
from persuasion.model.simulate import sender_utilities
from persuasion.model.tensors import Array, as_tensor


def random_search(
    game: Game, starts: Array, steps: int, step_size: float = 0.1, seed: int = 0
) -> Array:
    """From many starts at once, ``2 * steps`` proposals for every sender: as many evaluations as extra-gradient.

    A proposal moves every entry by at most ``step_size``, uniformly, and is projected onto the simplex. It is kept
    if it raises its sender's utility, the others as they are at that moment.

    Parameters
    ----------
    starts : (batch, senders, states, signals) policies, numpy or torch; the result is alike
    steps : extra-gradient steps that this is to be compared with; non-negative, else ``ValueError``
    step_size : positive, else ``ValueError``
    """
    refuse_restrictions(game, "random search")
    steps = whole_number("steps", steps)
    step_size = positive_number("step_size", step_size)
    generator = np.random.default_rng(whole_number("seed", seed))
    policies = as_tensor("starts", starts).clone()
    values = sender_utilities(game, policies, validate=False)
    for _ in range(2 * steps):
        for sender in range(policies.shape[1]):
            own = policies[:, sender]
            change = torch.as_tensor(generator.uniform(-step_size, step_size, own.shape))
            proposal = policies.clone()
            proposal[:, sender] = project_to_simplex(own + change.to(own))
            found = sender_utilities(game, proposal, validate=False)
            better = found[:, sender] > values[:, sender]
            policies[better], values[better] = proposal[better], found[better]
    return policies if isinstance(starts, torch.Tensor) else policies.numpy()
