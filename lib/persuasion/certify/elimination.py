r"""Which actions the receiver may still take at each joint signal, anywhere in the box.

Action :math:`a` is out at :math:`(s,t)` if some :math:`a'` is better everywhere in the box: if the maximum of
:math:`\sum_\omega W_{\omega t}x_\omega[u(a,\omega)-u(a',\omega)]` over :math:`lower\le x\le upper` is negative, in
closed form by the sign of each term. The simulator calls actions within its tolerance tied, so the differences
are raised by that tolerance first: what is eliminated here, it never takes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from persuasion.best_response.problem import Problem
from persuasion.certify.box import Box, linear_range
from persuasion.ties import TIE_TOLERANCE

ROUNDING = 1e-15


def eliminate(problem: Problem, box: Box) -> Problem:
    """The problem whose ``allowed`` holds only the actions that may be taken somewhere in the box."""
    _, largest = linear_range(problem.rows, box)
    beaten = np.asarray(largest < -ROUNDING)
    if problem.preference is None:
        # an action that loses the tie must be strictly better somewhere
        strict = np.moveaxis(problem.strict, 0, -1)
        beaten = beaten | (strict & (largest <= 0))
    survives = ~np.moveaxis(np.asarray(beaten.any(2)), -1, 0)
    return replace(problem, allowed=problem.allowed & survives)


def tolerant(problem: Problem) -> Problem:
    """The problem with every obedience row raised by the simulator's tie tolerance."""
    receiver = problem.game.receiver
    difference = np.abs(receiver.T[:, None] - receiver.T[None])
    rows = problem.rows + _slack(problem, difference, np.abs(receiver).max())
    if problem.preference is not None:
        taste = problem.preference
        difference = np.abs(taste.T[:, None] - taste.T[None])
        ranked = problem.rows + _slack(problem, difference, np.abs(taste).max())
        rows = np.where(problem.ranked[..., None], ranked, rows)
    return replace(problem, rows=rows)


def _slack(problem: Problem, difference: np.ndarray, largest: float) -> np.ndarray:
    """The tolerance per unit of mass, in the units of the scaled rows; zero where the row is."""
    weights = problem.weights[:, None, None, :]
    scale = (weights * difference).max(-1, keepdims=True)
    used = problem.rows.any(-1, keepdims=True) & (scale > 0)
    return np.where(used, TIE_TOLERANCE * largest * weights / np.where(scale > 0, scale, 1.0), 0.0)
