r"""Which actions the receiver may still take at each joint signal, anywhere in the box.

Action :math:`a` is out at :math:`(s,t)` if some :math:`a'` is better everywhere in the box: if the maximum of
:math:`\sum_\omega W_{\omega t}x_\omega[u(a,\omega)-u(a',\omega)]` over :math:`lower\le x\le upper` is negative, in
closed form by the sign of each term. The simulator calls actions within its tolerance tied, so the differences
are raised by that tolerance first: what is eliminated here, it never takes.
"""

from dataclasses import replace

import numpy as np

from persuasion.model.tolerances import TIE_TOLERANCE
from persuasion.regret.nearby.box import Box, linear_range
from persuasion.regret.problem import Problem

BEATEN = 1e-15


def eliminate(problem: Problem, box: Box) -> Problem:
    """The problem whose ``allowed`` holds only the actions that may be taken somewhere in the box."""
    _, largest = linear_range(problem.rows, box.lower.T, box.upper.T)
    beaten = np.asarray(largest < -BEATEN)
    if problem.preference is None:
        # an action that loses the tie must be strictly better somewhere
        strict = np.moveaxis(problem.strict, 0, -1)
        beaten = beaten | (strict & (largest <= 0))
    survives = ~np.moveaxis(np.asarray(beaten.any(2)), -1, 0)
    return replace(problem, allowed=problem.allowed & survives)


def tolerant(problem: Problem) -> Problem:
    """The problem with every row raised by the simulator's tie tolerance, a share of the row's entries."""
    return replace(problem, rows=problem.rows + TIE_TOLERANCE * np.abs(problem.rows))
