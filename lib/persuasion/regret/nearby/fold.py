"""Joint signals too rare to matter: folded into the linear part, at the best or the worst they could bring.

At a folded joint signal every state gets the best surviving action for the deviator (an upper bound on what the
receiver's one choice is worth) or the worst (a lower bound). The two differ by no more than its *spread*, so rare
joint signals can be folded at next to no loss, and a large problem at a known one.
"""

import numpy as np

from persuasion.regret.nearby.box import Box
from persuasion.regret.problem import Problem


def extreme_gains(problem: Problem, best: bool) -> np.ndarray:
    """The deviator's best or worst gain over the surviving actions, if any, ``(signals, columns, states)``."""
    allowed, sign = problem.allowed[..., None], 1 if best else -1
    gains = sign * np.where(allowed, sign * problem.gains, -np.inf).max(2)
    return np.where(allowed.any(2), gains, 0.0)


def spreads(problem: Problem, box: Box) -> np.ndarray:
    """What folding a joint signal may cost at most anywhere in the box, ``(signals, columns)``."""
    between = extreme_gains(problem, best=True) - extreme_gains(problem, best=False)
    return np.asarray((between @ box.upper[..., None])[..., 0])


def choose_folded(problem: Problem, spread: np.ndarray, budget: float, most: float) -> np.ndarray:
    """Which joint signals to fold, ``(signals, columns)``, those of least ``spread`` first.

    As many as cost no more than ``budget`` together, and more until at most ``most`` choices are left. None are
    folded with a margin, which restricts the policy at rare joint signals too.
    """
    if problem.margin > 0:
        return np.zeros(spread.shape, bool)
    order = np.argsort(spread, axis=None)
    choices = (problem.allowed.sum(-1) - 1).ravel()[order]
    left = np.cumsum(choices[::-1])[::-1]  # if none from here on are folded
    cheap = np.cumsum(spread.ravel()[order]) <= budget
    excess = left > most
    folded = np.zeros(spread.size, bool)
    folded[order[cheap | excess]] = True
    return folded.reshape(spread.shape)


def statewise_bound(problem: Problem, box: Box) -> float:
    """The most that the deviator earns in the box if it picks the surviving action in every state and column."""
    worth = extreme_gains(problem, best=True).sum(1)
    total = float((worth * box.lower).sum())
    # the rest of every state's probability goes to its best signals first
    for state, missing in enumerate(box.missing):
        order = np.argsort(-worth[:, state])
        width = box.width[order, state]
        before = np.concatenate([[0.0], np.cumsum(width)[:-1]])
        total += float(worth[order, state] @ np.clip(missing - before, 0, width))
    return total
