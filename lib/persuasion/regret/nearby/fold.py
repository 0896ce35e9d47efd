"""Joint signals too rare to matter: folded into the linear part, at the best or the worst they could bring.

At a folded joint signal every state gets the best surviving action for the deviator (an upper bound on what the
receiver's one choice is worth) or the worst (a lower bound). The two differ by no more than its *spread*, so rare
joint signals can be folded at next to no loss, and a large problem at a known one.
"""

from __future__ import annotations

import numpy as np

from persuasion.regret.nearby.box import Box
from persuasion.regret.problem import Problem


def extreme_gains(problem: Problem, signal: int, best: bool) -> np.ndarray:
    """Per column and state, the deviator's best or worst gain over the surviving actions; 0 where there is none."""
    allowed = problem.allowed[signal][..., None]
    if best:
        gains = np.where(allowed, problem.gains, -np.inf).max(1)
    else:
        gains = np.where(allowed, problem.gains, np.inf).min(1)
    return np.where(allowed.any(1), gains, 0.0)


def spreads(problem: Problem, box: Box) -> np.ndarray:
    """What folding a joint signal may cost at most anywhere in the box, ``(signals, columns)``."""
    return np.array(
        [
            (extreme_gains(problem, signal, True) - extreme_gains(problem, signal, False)) @ upper
            for signal, upper in enumerate(box.upper)
        ]
    )


def choose_folded(problem: Problem, spread: np.ndarray, budget: float, most: float) -> np.ndarray:
    """Which joint signals to fold, ``(signals, columns)``, those of least ``spread`` first.

    As many as cost no more than ``budget`` together, and more until at most ``most`` choices are left. None are
    folded with a margin, which restricts the policy at rare joint signals too.
    """
    if problem.margin > 0:
        return np.zeros(spread.shape, bool)
    order = np.argsort(spread, axis=None)
    choices = (problem.allowed.sum(-1) - 1).ravel()[order]
    left = choices.sum() - np.cumsum(choices)
    cheap = np.cumsum(spread.ravel()[order]) <= budget
    excess = np.concatenate([[choices.sum()], left[:-1]]) > most
    folded = np.zeros(spread.size, bool)
    folded[order[cheap | excess]] = True
    return folded.reshape(spread.shape)


def statewise_bound(problem: Problem, box: Box) -> float:
    """The most that the deviator earns in the box if it picks the surviving action in every state and column."""
    signals = range(len(box.lower))
    worth = np.array([extreme_gains(problem, signal, best=True).sum(0) for signal in signals])
    total = float((worth * box.lower).sum())
    # the rest of every state's probability goes to its best signals first
    for state, missing in enumerate(box.missing):
        order = np.argsort(-worth[:, state])
        width = box.width[order, state]
        before = np.concatenate([[0.0], np.cumsum(width)[:-1]])
        total += float(worth[order, state] @ np.clip(missing - before, 0, width))
    return total
