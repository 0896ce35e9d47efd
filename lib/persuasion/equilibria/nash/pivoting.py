r"""Equilibria of a polytope game: two senders that mix finitely many directions, by complementary pivoting.

Sender 1 chooses :math:`\mu\ge0` with :math:`X^\top\mu=\mathbf 1`, sender 2 :math:`\nu\ge0` with
:math:`Y^\top\nu=\mathbf 1`, for :math:`\mu^\top A\nu` and :math:`\mu^\top B\nu`. The linear tracing procedure of
van den Elzen and Talman (1991; for linearly constrained strategies von Stengel, van den Elzen and Talman, 2002)
starts at a prior profile :math:`(\mu_0,\nu_0)`: with weight :math:`1-t` each sender faces the other's prior, with
weight :math:`t` what the other does. From the best responses to the prior at :math:`t=0` a path of equilibria
leads to :math:`t=1`. Its points satisfy, with prices :math:`p,q` of the states,

.. math:: Xp-A(\nu+(1-t)\nu_0)=r\ge0\perp\mu\ge0,\quad X^\top\mu=t\mathbf 1,

and likewise for sender 2. Lemke's pivoting follows it; other priors may lead to other equilibria. Polytopes are
bounded, and, the unit vectors being among the directions, so are prices: the path ends.
"""

from typing import NamedTuple

import highspy
import numpy as np
from scipy.linalg import block_diag

from persuasion.regret import highs

REFRESH = 25
MOST_PIVOTS = 3000
PIVOT = 1e-9
TIED = 1e-10
# of what mixtures sum to, against degenerate first bases
PERTURBATION = 1e-5
NO_GAIN = 1e-7
# what mixtures may miss of summing to 1 in a state; rounding in the pivots of a bad basis can make it anything
FEASIBLE = 1e-6


class PolytopeGame(NamedTuple):
    """Directions ``(k, states)`` and ``(m, states)``, and the senders' utilities ``(k, m)`` of each pair."""

    x: np.ndarray
    y: np.ndarray
    a: np.ndarray
    b: np.ndarray

    @property
    def payoffs(self) -> np.ndarray:
        """What every direction earns by every one of the other sender, ``(k + m, k + m)``."""
        k, m = self.a.shape
        return np.block([[np.zeros((k, k)), self.a], [self.b.T, np.zeros((m, m))]])

    @property
    def directions(self) -> np.ndarray:
        """Those of both senders, ``(k + m, 2 * states)``."""
        return np.asarray(block_diag(self.x, self.y))

    def feasible(self, mu: np.ndarray, nu: np.ndarray) -> bool:
        """Whether both are mixtures, up to rounding; what is not finite is none."""
        off = np.append(mu @ self.x, nu @ self.y) - 1
        return bool(np.abs(off).max() <= FEASIBLE)

    def gains(self, mu: np.ndarray, nu: np.ndarray) -> np.ndarray:
        """What each sender gains at most by another mixture, ``(2,)``; two linear programs."""
        ones = np.ones((self.x.shape[1],))
        best = _respond(self.x, self.a @ nu, ones)[1], _respond(self.y, mu @ self.b, ones)[1]
        return np.array(best) - (mu @ self.a @ nu, mu @ self.b @ nu)


def equilibrium(
    game: PolytopeGame, prior: tuple[np.ndarray, np.ndarray], generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray] | None:
    """The equilibrium ``(k,), (m,)`` to which the path from the prior leads; None if rounding made it fail."""
    states = game.x.shape[1]
    total = 1 + PERTURBATION * generator.uniform(size=(states,))
    first = _respond(game.x, game.a @ prior[1], total)[0]
    second = _respond(game.y, prior[0] @ game.b, total)[0]
    if len(first) != states or len(second) != states:
        return None
    try:
        found = _Path(game, prior, first, second, generator).follow()
    except np.linalg.LinAlgError:
        return None
    if found is None or not game.feasible(*found) or (game.gains(*found) > NO_GAIN).any():
        return None
    return found


def _respond(
    directions: np.ndarray, worth: np.ndarray, total: np.ndarray
) -> tuple[np.ndarray, float]:
    """The basic directions of the best mixture that sums to ``total`` ``(states,)``, and the sum of its prices."""
    program = highs.LinearProgram(worth, directions.T, total, total, upper=np.inf)
    solver = highs.load(program, presolve="off")
    solution = highs.run(solver)
    status = np.array([s == highspy.HighsBasisStatus.kBasic for s in solver.getBasis().col_status])
    return np.flatnonzero(status), float(solution.duals.sum())


class _Path:
    """Variables ``mu, nu, r, s, p, q, t``; the inverse of the basis is updated and now and then computed afresh."""

    def __init__(
        self,
        game: PolytopeGame,
        prior: tuple[np.ndarray, np.ndarray],
        first: np.ndarray,
        second: np.ndarray,
        generator: np.random.Generator,
    ) -> None:
        (k, m), states = game.a.shape, game.x.shape[1]
        self.k, self.pairs = k, k + m
        self.t = 2 * (k + m) + 2 * states
        against = np.append(game.a @ prior[1], prior[0] @ game.b)
        directions, none = game.directions, np.zeros(2 * states)
        self.matrix = np.block(
            [
                [-game.payoffs, -np.eye(self.pairs), directions, against[:, None]],
                [directions.T, np.zeros((2 * states, self.t - self.pairs)), none[:, None] - 1],
            ]
        )
        self.right = np.append(against, none)
        strategies = np.append(first, k + second)
        slacks = self.pairs + np.setdiff1d(np.arange(self.pairs), strategies)
        prices = 2 * self.pairs + np.arange(2 * states)
        self.basis = np.concatenate([strategies, slacks, prices])
        self.free = np.isin(self.basis, prices)
        # an infinitesimal perturbation, feasible at the start, makes every pivot unique
        shift = generator.uniform(0.5, 1.5, len(self.basis)) * ~self.free
        self.right = np.stack([self.right, self.matrix[:, self.basis] @ shift], 1)
        self.refresh()

    def refresh(self) -> None:
        """The inverse of the basis, and the basic variables with their perturbation."""
        self.inverse = np.linalg.inv(self.matrix[:, self.basis])
        self.values = self.inverse @ self.right

    def follow(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Pivot until ``t`` is 1; None if it does not get there."""
        entering = self.t
        for count in range(1, MOST_PIVOTS):
            direction = self.inverse @ self.matrix[:, entering]
            row = self.leaving(direction)
            step = self.to_the_end(entering, direction)
            if row is None or step <= self.values[row, 0] / direction[row]:
                return None if np.isinf(step) else self.profile(entering, step, direction)
            leaving = self.basis[row]
            if leaving == self.t:
                return None
            self.pivot(row, entering, direction)
            if count % REFRESH == 0:
                self.refresh()
            entering = leaving + (self.pairs if leaving < self.pairs else -self.pairs)
        return None

    def leaving(self, direction: np.ndarray) -> int | None:
        """The row that is first to reach zero, ties by the perturbation; None if there is none."""
        rows = np.flatnonzero((direction > PIVOT * np.abs(direction).max()) & ~self.free)
        if not len(rows):
            return None
        ratios = np.maximum(self.values[rows, 0], 0.0) / direction[rows]
        tied = rows[ratios <= ratios.min() + TIED]
        return int(tied[np.argmin(self.values[tied, 1] / direction[tied])])

    def to_the_end(self, entering: int, direction: np.ndarray) -> float:
        """How far the entering variable can go before ``t`` is 1."""
        if entering == self.t:
            return 1.0
        (row,) = np.flatnonzero(self.basis == self.t)
        rise = -direction[row]
        return (1 - self.values[row, 0]) / rise if rise > PIVOT else np.inf

    def pivot(self, row: int, entering: int, direction: np.ndarray) -> None:
        """Exchange the row's variable for the entering one."""
        for table in (self.inverse, self.values):
            pivot = table[row] / direction[row]
            table -= np.outer(direction, pivot)
            table[row] = pivot
        self.basis[row] = entering

    def profile(
        self, entering: int, step: float, direction: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The mixtures once the entering variable has gone up by ``step``."""
        weights = np.zeros(self.matrix.shape[1])
        weights[self.basis] = np.maximum(self.values[:, 0] - step * direction, 0.0)
        weights[entering] = step
        return weights[: self.k], weights[self.k : self.pairs]
