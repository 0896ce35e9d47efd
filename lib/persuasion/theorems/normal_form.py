r"""Any normal-form game whose players have equally many strategies inside multi-sender persuasion.

(Where they have not, copies of a strategy make them equal in number and change nobody's payoffs.)

The receiver is indifferent and, by the tie rule, answers a joint signal with the action that names the players'
payoffs there; senders earn them in state 1 and nothing in state 2. So :math:`V_i(\pi)=\frac12U_i(x)` with
:math:`x_i=\pi_i(\cdot\mid\omega_1)`. Theorem 5 is the case of two players and payoffs 0 and 1
(:mod:`persuasion.theorems.win_lose`).

>>> game, ties = embedding([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])  # a prisoners' dilemma
>>> game.shape
GameShape(senders=2, states=2, actions=4, signals=2)
"""

import numpy as np
from numpy.typing import ArrayLike

from persuasion.model.checks import real_array
from persuasion.model.game import Game
from persuasion.model.ties import TieRule


def embedding(payoffs: ArrayLike) -> tuple[Game, TieRule]:
    """The persuasion game and the tie rule of a normal-form game.

    Parameters
    ----------
    payoffs : (players, strategies, ..., strategies), one axis of strategies per player, all of one length

    Raises ``ValueError`` if there is not one axis per player, or they differ in length.
    """
    table = real_array("payoffs", payoffs)
    if table.ndim != len(table) + 1 or len(set(table.shape[1:])) != 1:
        raise ValueError(
            f"payoffs must be (players, m, ..., m) with one m per player, got {table.shape}"
        )
    outcomes, action = np.unique(table.reshape(len(table), -1), axis=1, return_inverse=True)
    senders = np.stack([outcomes, np.zeros_like(outcomes)], axis=1)
    receiver = np.zeros(senders.shape[1:])
    game = Game([0.5, 0.5], receiver, senders, table.shape[1], name="normal-form")
    return game, TieRule.parse(action.reshape(table.shape[1:]))


def pure_gains(payoffs: np.ndarray, strategies: np.ndarray) -> np.ndarray:
    """What each player gains by its best pure strategy, ``(players,)``; ``strategies`` are ``(players, m)``."""
    gains = []
    for player in range(len(payoffs)):
        worth = np.moveaxis(payoffs[player], player, -1)
        for other in np.delete(strategies, player, axis=0):
            worth = np.tensordot(other, worth, 1)
        gains.append(worth.max() - strategies[player] @ worth)
    return np.array(gains)
