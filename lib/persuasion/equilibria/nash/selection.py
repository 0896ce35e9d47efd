r"""The best equilibrium of a small polytope game, for the sum of the senders' utilities or for one of them.

Complementarity becomes binaries: with utilities between 0 and 1 the prices satisfy :math:`p\ge0`,
:math:`\sum p=V_1\le1`, so every slack is at most the largest entry of its direction :math:`x_k`, and
:math:`\mu_k\le1/\max x_k`. The senders' utilities are :math:`\sum p` and :math:`\sum q`: the objective is linear.
"""

import numpy as np

from persuasion.equilibria.nash.pivoting import NO_GAIN, PolytopeGame
from persuasion.regret import highs


def best_equilibrium(
    game: PolytopeGame, weights: tuple[float, float], time_limit: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """The equilibrium with the largest weighted sum of utilities, each in [0, 1], that the time allows."""
    (k, m), states = game.a.shape, game.x.shape[1]
    pairs, prices = k + m, 2 * states
    # variables mu, nu, p, q, then binaries: 1 where the direction may be used
    directions = game.directions
    top = directions.max(1)
    slack = np.hstack([-game.payoffs, directions])
    matrix = np.block(
        [
            [slack, np.zeros((pairs, pairs))],
            [slack, np.diag(top)],
            [directions.T, np.zeros((prices, prices + pairs))],
            [np.diag(top), np.zeros((pairs, prices)), -np.eye(pairs)],
        ]
    )
    none, ones = np.zeros(pairs), np.ones(prices)
    program = highs.LinearProgram(
        cost=np.concatenate([none, np.repeat(weights, states), none]),
        matrix=matrix,
        row_lower=np.repeat([0.0, -np.inf, 1.0, -np.inf], [pairs, pairs, prices, pairs]),
        row_upper=np.concatenate([none + np.inf, top, ones, none]),
        upper=np.concatenate([1 / top, ones, none + 1]),
        integer=np.repeat([False, True], [pairs + prices, pairs]),
    )
    solution = highs.solve(program, time_limit)
    if solution.x is None:
        return None
    mu, nu = np.maximum(solution.x[:k], 0.0), np.maximum(solution.x[k : k + m], 0.0)
    return (mu, nu) if (game.gains(mu, nu) <= 10 * NO_GAIN).all() else None
