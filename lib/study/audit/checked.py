"""Proofs and profiles in, intervals out that hold whatever the solvers said."""

from __future__ import annotations

from typing import Any

import numpy as np

from persuasion.model.game import Game
from study.audit.deviator import deviator
from study.audit.duality import tree_bound
from study.audit.interval import gain_of, require_deviation, utility_interval
from study.audit.proof import read


def checked_gains(
    game: Game, policies: np.ndarray, radius: float, ties: Any, proof: str
) -> np.ndarray:
    """What every sender can gain within ``radius``, at least and at most, ``(senders, 2)`` in utility units.

    ``policies`` is one profile (senders, states, signals). Both ends are rounded outwards; a deviation may miss its
    limits by 1e-9. ``ValueError`` if the proof does not fit the profile.
    """
    gains = np.zeros((len(policies), 2))
    for sender, own in enumerate(read(proof, policies, radius)):
        if own.deviation is not None:
            require_deviation(policies[sender], own.deviation, radius)
            gains[sender, 0] = max(0.0, gain_of(game, policies, sender, own.deviation, ties))
        bound = tree_bound(deviator(game, policies, sender, radius, ties), own)
        gains[sender, 1] = max(0.0, bound - utility_interval(game, policies, sender, ties)[0])
    return gains
