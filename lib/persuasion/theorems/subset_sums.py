r"""Counting subset sums by the payoff of one profile, and by asking whether it is an equilibrium.

Sender :math:`i\ge1` sends :math:`\sigma_i=\pm1`, evenly in state 1 and with probability
:math:`\frac12(1-\sigma_ia_i/B)` in state 2. What the receiver then believes depends, for large :math:`B`, on
:math:`\sum_i\sigma_ia_i` alone. With the right prior it takes action 1 exactly where this sum is at least
:math:`K`. Sender 0 reveals nothing.

>>> from persuasion.model.exact import exact_utilities
>>> game, policies = counting_profile([1, 2, 2], threshold=1)
>>> exact_utilities(game, policies)[0] / game.prior[0] * 8 == count_sums([1, 2, 2], 1) == 4
True
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.exact import RationalGame, rationals


def count_sums(integers: Sequence[int], threshold: int) -> int:
    """How many choices of signs give a sum of at least ``threshold``, one by one."""
    signs = product((1, -1), repeat=len(integers))
    return sum(sum(s * a for s, a in zip(row, integers)) >= threshold for row in signs)


def counting_profile(integers: Sequence[int], threshold: int) -> tuple[RationalGame, np.ndarray]:
    """Two states, two actions; sender 0 earns the prior of state 1 times the share of signs that are counted.

    Returns the game and policies ``(1 + len(integers), 2, 2)``; signal 0 is the plus sign. ``ValueError`` if there
    are no integers, or one of them or the threshold is not positive.
    """
    return _profile(integers, threshold, [[0, 1], [0, -1]], [[0, 1], [0, 0]])


def equilibrium_profile(
    integers: Sequence[int], threshold: int, limit: int
) -> tuple[RationalGame, np.ndarray]:
    r"""Two states, three actions; an equilibrium if and only if at most ``limit`` choices of signs are counted.

    ``limit`` is at most half of all choices. Action 2 is the best at the prior nowhere; it pays sender 0
    :math:`-c/2^k` in state 1, where action 1 pays it -1.
    """
    choices = 2 ** len(integers)
    share = Fraction(whole_number("limit", limit, 0, choices // 2), choices)
    return _profile(integers, threshold, [[0, 1, 2], [0, -1, -3]], [[0, -1, -share], [0, 1, -1]])


def _profile(
    integers: Sequence[int], threshold: int, receiver: list, sender: list
) -> tuple[RationalGame, np.ndarray]:
    integers = [whole_number(f"integers[{i}]", a, 1) for i, a in enumerate(integers)]
    threshold = whole_number("threshold", threshold, 1)
    if not integers:
        raise ValueError("integers is empty")
    scale = 100 * sum(integers) ** 2
    odds = 1 - Fraction(2 * threshold - 1, 2 * scale)
    nothing = [[0] * len(receiver[0])] * 2
    senders = [sender] + [nothing] * len(integers)
    prior = rationals([odds / (1 + odds), 1 / (1 + odds)])
    game = RationalGame(prior, rationals(receiver), rationals(senders), 2)
    half = Fraction(1, 2)
    policies: list = [[[1, 0], [1, 0]]]
    for a in integers:
        lean = half * Fraction(a, scale)
        policies.append([[half, half], [half - lean, half + lean]])
    return game, rationals(policies)
