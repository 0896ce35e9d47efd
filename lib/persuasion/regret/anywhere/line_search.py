"""Where improving signals hide: the kinks of the receiver's utility along random lines.

Along a line through the simplex every action's utility is linear, so the receiver changes its mind at
computable points, and there the tie goes to the deviator: the best of these kinks are good starts. With a
margin the kinks lie where the best action leads another one by just that much.
"""

import numpy as np

from persuasion.model.tolerances import TIE_TOLERANCE
from persuasion.regret.margin import keeping
from persuasion.regret.problem import Problem

CONCENTRATIONS = (0.1, 0.3, 1.0)
MAX_LINES = 50
MAX_TABLE = 4_000_000


class LineSearch:
    """Samples lines and ranks their kinks by ``f(x) - prices @ x``; deterministic given its generator."""

    def __init__(self, problem: Problem, generator: np.random.Generator) -> None:
        self.problem = problem
        self.generator = generator
        columns, actions, states = problem.gains.shape
        self.utilities = np.einsum("tw,wa->taw", problem.relative, problem.game.receiver)
        game = problem.game  # what is never taken does not count, however little it pays
        self.slack = TIE_TOLERANCE * np.abs(game.receiver[game.possible]).max()
        apart = ~np.eye(actions, dtype=bool)  # with a margin it matters which of the two leads
        self.pairs = np.nonzero(apart if problem.margin > 0 else np.triu(apart))
        self.lines = int(np.clip(MAX_TABLE // (columns * actions**2 * states), 1, MAX_LINES))
        self.points = max(MAX_TABLE // (columns * actions), 16)

    def starts(self, prices: np.ndarray, count: int) -> np.ndarray:
        """The best kink of each of the ``count`` best lines, ``(at most count, states)``.

        Two states have one line: the best of all kinks that keep the margin then, so that nothing else which keeps
        it is worth more than the first.
        """
        if len(prices) == 2:
            points, _ = self._kinks(*np.eye(2)[:, None])
            if self.problem.margin > 0:
                points = points[keeping(self.problem, points.T, self.problem.allowed[:1])]
            worth = self._favourable(points) - points @ prices
            return points[np.argsort(-worth)[:count]]
        spread = np.full(len(prices), self.generator.choice(CONCENTRATIONS))
        ends = self.generator.dirichlet(spread, (2, self.lines))
        points, line = self._kinks(*ends)
        worth = self._favourable(points) - points @ prices
        order = np.argsort(-worth)
        best = order[np.unique(line[order], return_index=True)[1]]
        return points[best[np.argsort(-worth[best])][:count]]

    def _kinks(self, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points where two actions tie for the best in some column, and each one's line; ends included."""
        first, second = self.pairs
        table = [np.einsum("taw,lw->lta", self.utilities, ends) for ends in (start, end)]
        units = self.problem.margin * self.problem.relative.T
        lead = [(ends @ units)[..., None] for ends in (start, end)]
        gaps = [values[..., first] - values[..., second] - m for values, m in zip(table, lead)]
        line, column, pair = np.nonzero(gaps[0] * gaps[1] < 0)
        before, after = (gap[line, column, pair] for gap in gaps)
        step = (before / (before - after))[:, None]
        points = (1 - step) * start[line] + step * end[line]
        values = (1 - step) * table[0][line, column] + step * table[1][line, column]
        tied = values[np.arange(len(line)), first[pair]]
        top = np.flatnonzero(tied >= values.max(1) - self.slack)
        if len(top) > self.points:
            top = self.generator.choice(top, self.points, replace=False)
        lines = np.arange(len(start))
        return np.vstack([points[top], start, end]), np.concatenate([line[top], lines, lines])

    def _favourable(self, points: np.ndarray) -> np.ndarray:
        """``f`` at many points."""
        values = np.einsum("taw,nw->nta", self.utilities, points)
        mass = points @ self.problem.relative.T
        tied = values >= values.max(-1, keepdims=True) - self.slack * mass[..., None]
        worth = np.einsum("taw,nw->nta", self.problem.gains, points)
        tied &= self.problem.allowed[0]
        return np.where(tied, worth, -np.inf).max(-1, initial=-1e300).sum(-1)
