"""Best responses in turn with a falling margin.

Without a margin play stops early, mostly at profiles whose ties both senders claim; with a small one they undercut
each other in steps of its size. A large margin makes these steps long; from where it stops, smaller ones have
little left to do, and a last play without a margin takes up the ties on which all agree.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from persuasion.equilibria.dynamics import best_response_dynamics
from persuasion.equilibria.record import Dynamics
from persuasion.model.game import Game

SHARES = (0.1, 0.03, 0.01, 0.0)


def annealed_dynamics(
    game: Game, start: np.ndarray, margins: Sequence[float] | None = None, **options: Any
) -> list[Dynamics]:
    """One record per margin, each play starting where the one before ended.

    The last record is the answer if it is an equilibrium; else an earlier one may have less regret.

    Parameters
    ----------
    start : (senders, states, signals), one profile
    margins : in the receiver's utility units; None: 0.1, 0.03, 0.01 and 0 times ``game.receiver_stake``
    options : of :func:`best_response_dynamics`, for every play; so limits are per play

    Raises
    ------
    ValueError
        If there are no margins, or as :func:`best_response_dynamics`.
    """
    chosen = [share * game.receiver_stake for share in SHARES] if margins is None else list(margins)
    if not chosen:
        raise ValueError("margins is empty: at least one is needed")
    records: list[Dynamics] = []
    for margin in chosen:
        records.append(best_response_dynamics(game, start, margin=margin, **options))
        start = records[-1].policies
    return records
