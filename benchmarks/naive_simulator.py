"""The obvious simulator: the full joint distribution, argmax, gather. Never imported by the library."""

import numpy as np
import torch

from persuasion import Game


def joint_table_utilities(game: Game, policies: np.ndarray) -> np.ndarray:
    """(batch, senders) utilities from the (batch, joint signals, states) table of weights; ties: lowest index."""
    policies = torch.as_tensor(policies)
    prior, receiver, senders = (
        torch.tensor(array) for array in (game.prior, game.receiver, game.senders)
    )
    weights = prior[None, :, None] * policies[:, 0]
    for sender in range(1, game.shape.senders):
        weights = (weights[..., None] * policies[:, sender][:, :, None, :]).flatten(2)
    weights = weights.transpose(1, 2)
    actions = (weights @ receiver).argmax(-1)
    values = [(weights * table.T[actions]).sum((1, 2)) for table in senders]
    return torch.stack(values, 1).numpy()
