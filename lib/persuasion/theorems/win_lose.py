r"""Win-lose bimatrix games inside multi-sender persuasion (Theorem 5).

Two players with payoff matrices :math:`A,B\in\{0,1\}^{m\times m}` become two senders with :math:`m` signals. The
receiver is indifferent everywhere and, by the tie rule, answers the joint signal :math:`(s_1,s_2)` with the action
that names the two payoffs :math:`(A_{s_1s_2},B_{s_1s_2})`; sender :math:`i` earns the :math:`i`-th of them in
state 1 and nothing in state 2. Hence :math:`V_i(\pi)=\frac12U_i(x_1,x_2)` with
:math:`x_i=\pi_i(\cdot\mid\omega_1)`.

>>> game, ties = persuasion_game([[1, 0], [0, 1]], [[0, 1], [1, 0]])  # matching pennies
>>> sender_utilities(game, policies_from_strategies([1, 0], [0.5, 0.5]), ties=ties).tolist()
[0.25, 0.25]
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from persuasion.model.checks import real_array
from persuasion.model.game import Game
from persuasion.model.simulate import deviation_utilities, sender_utilities
from persuasion.model.ties import TieRule


def persuasion_game(first: ArrayLike, second: ArrayLike) -> tuple[Game, TieRule]:
    """The persuasion game and the tie rule of a win-lose bimatrix game.

    Parameters
    ----------
    first, second : (m, m) arrays of zeros and ones, the players' payoffs; player 1 picks the row

    Returns
    -------
    game : 2 senders, 2 equally likely states, 4 actions, m signals; action ``2 b1 + b2`` names the payoffs
    ties : the explicit rule (joint signal to action) that the construction needs

    Raises ``ValueError`` if the matrices are not square, of one shape, and of zeros and ones.
    """
    payoffs = [real_array("first", first), real_array("second", second)]
    for name, matrix in zip(("first", "second"), payoffs):
        _check_matrix(name, matrix, payoffs[0].shape)
    bits = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    senders = np.stack([bits, np.zeros_like(bits)], axis=1)
    signals = len(payoffs[0])
    game = Game([0.5, 0.5], np.zeros((2, 4)), senders, signals, name="win-lose")
    return game, TieRule.parse((2 * payoffs[0] + payoffs[1]).astype(int))


def _check_matrix(name: str, matrix: np.ndarray, shape: tuple[int, ...]) -> None:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"{name} must be a square matrix, got shape {matrix.shape}")
    if matrix.shape != shape:
        raise ValueError(f"second has shape {matrix.shape}, first has {shape}")
    if not np.isin(matrix, (0, 1)).all():
        where = np.argwhere(~np.isin(matrix, (0, 1)))[0].tolist()
        raise ValueError(f"{name} must hold zeros and ones only, see entry {where}")


def bimatrix_game(game: Game, *, ties: Any) -> tuple[np.ndarray, np.ndarray]:
    """The two payoff matrices ``(m, m)`` of :func:`persuasion_game`, read off the game and its tie rule.

    Raises ``ValueError`` if the receiver is not indifferent or the game is not of that form.
    """
    if game.shape[:2] != (2, 2) or (game.receiver != game.receiver[:, :1]).any():
        raise ValueError("two senders, two states and an indifferent receiver are needed")
    if game.prior[0] != game.prior[1] or game.senders[:, 1].any():
        raise ValueError("equally likely states and no payoff in the second state are needed")
    actions = TieRule.parse(ties).action_map(game)
    if actions is None:
        raise ValueError(f"an explicit tie map is needed, got {TieRule.parse(ties)}")
    return game.senders[0, 0][actions], game.senders[1, 0][actions]


def policies_from_strategies(
    first: ArrayLike, second: ArrayLike, elsewhere: ArrayLike | None = None
) -> np.ndarray:
    """Policies ``(2, 2, m)`` that play mixed strategies ``(m,)`` in state 1 and ``elsewhere`` in state 2.

    ``elsewhere`` (default: uniform) is payoff-irrelevant.
    """
    strategies = np.array([first, second], dtype=float)
    if elsewhere is None:
        elsewhere = np.full(strategies.shape[1], 1 / strategies.shape[1])
    rest = np.broadcast_to(np.asarray(elsewhere, dtype=float), strategies.shape)
    return np.stack([strategies, rest], axis=1)


def strategies_from_policies(policies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mixed strategies ``(m,)`` that two senders play in state 1."""
    return policies[0, 0], policies[1, 0]


def bimatrix_gains(
    first: np.ndarray, second: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """What each player of the bimatrix game gains by its best pure reply, ``(2,)``; zero at equilibrium."""
    rows, columns = first @ y, x @ second
    return np.array([rows.max() - x @ rows, columns.max() - columns @ y])


def sender_gains(game: Game, policies: np.ndarray, *, ties: Any) -> np.ndarray:
    """What each sender gains by its best policy, ``(senders,)``, for an indifferent receiver and two states.

    The tie map alone decides the action, so utility is linear in a sender's policy and some deterministic
    policy is best: all ``m ** 2`` of them are tried.
    """
    pure = np.eye(game.signals)[np.indices((game.signals,) * 2).reshape(2, -1).T]
    now = sender_utilities(game, policies, ties=ties)
    best = [deviation_utilities(game, policies, i, pure, ties=ties).max() for i in range(len(now))]
    return np.array(best) - now
