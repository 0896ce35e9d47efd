r"""The best equilibrium of a small polytope game, for the senders' welfare or for one of them.

Complementarity becomes binaries: with utilities between 0 and 1 the prices satisfy :math:`p\ge0`,
:math:`\sum p=V_1\le1`, so every slack is at most the largest entry of its direction :math:`x_k`, and
:math:`\mu_k\le1/\max x_k`. The senders' utilities are :math:`\sum p` and :math:`\sum q`: the objective is linear.
"""

from __future__ import annotations

import numpy as np

from persuasion.equilibria.nash.pivoting import NO_GAIN, PolytopeGame
from persuasion.regret import highs


def best_equilibrium(
    game: PolytopeGame, weights: tuple[float, float], time_limit: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """The equilibrium with the largest weighted sum of utilities, which must lie in [0, 1]; None if not in time."""
    (k, m), states = game.a.shape, game.x.shape[1]
    # variables mu, nu, p, q, then binaries: 1 where the direction may be used
    eye = np.eye
    top = np.concatenate([game.x.max(1), game.y.max(1)])
    slack = np.block(
        [
            [np.zeros((k, k)), -game.a, game.x, np.zeros((k, states))],
            [-game.b.T, np.zeros((m, m)), np.zeros((m, states)), game.y],
        ]
    )
    sums = np.zeros((2 * states, k + m + 2 * states))
    sums[:states, :k], sums[states:, k : k + m] = game.x.T, game.y.T
    use = np.hstack([eye(k + m) * top[:, None], np.zeros((k + m, 2 * states)), -eye(k + m)])
    matrix = np.vstack(
        [
            np.hstack([slack, np.zeros((k + m, k + m))]),
            np.hstack([slack, np.diag(top)]),
            np.hstack([sums, np.zeros((2 * states, k + m))]),
            use,
        ]
    )
    none, ones = np.zeros(k + m), np.ones(2 * states)
    cost = np.concatenate([none, np.repeat(weights, states), none])
    program = highs.LinearProgram(
        cost=cost,
        matrix=matrix,
        row_lower=np.concatenate([none, np.full(k + m, -np.inf), ones, np.full(k + m, -np.inf)]),
        row_upper=np.concatenate([np.full(k + m, np.inf), top, ones, none]),
        lower=np.zeros(len(cost)),
        upper=np.concatenate([1 / top, ones, np.ones(k + m)]),
        integer=np.repeat([0, 1], [k + m + 2 * states, k + m]).astype(bool),
    )
    solution = highs.solve(program, time_limit)
    if solution.x is None:
        return None
    mu, nu = np.maximum(solution.x[:k], 0.0), np.maximum(solution.x[k : k + m], 0.0)
    return (mu, nu) if (game.gains(mu, nu) <= 10 * NO_GAIN).all() else None
