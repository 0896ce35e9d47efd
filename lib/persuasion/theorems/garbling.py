r"""An equilibrium that both senders prefer to full revelation, in fractions (the second half of Theorem 4).

Ours: the paper's matrices (16) to (18) are lost. Sender 1 wants action 1 and says whether the state is among the
last two; sender 2 wants action 3 and says whether it is among the first two. Within its own half each mixes as much
of the wrong state into the right one as the receiver just tolerates.

>>> from persuasion.model.exact import exact_utilities, price_bound
>>> game, policies, prices = garbling()
>>> exact_utilities(game, policies)
array([Fraction(3, 10), Fraction(3, 10)], dtype=object)
>>> [price_bound(game, policies, sender, prices[sender]) for sender in range(2)]
[Fraction(3, 10), Fraction(3, 10)]
"""

import numpy as np

from persuasion.model.exact import RationalGame, rationals

REVEALED = rationals(["1/5", "1/5"])
"""The senders' utilities under full revelation, which takes a fourth signal."""


def garbling() -> tuple[RationalGame, np.ndarray, np.ndarray]:
    """The game, policies ``(2, 4 states, 3 signals)``, and prices ``(2, columns, states)`` that prove them best.

    An equilibrium with ties to the lowest index.
    """
    prior, receiver = rationals(["1/5", "3/10", "1/5", "3/10"]), np.diag([1, 2, 1, 2])
    wanted = np.array([[row] * 4 for row in ([1, 0, 0, 0], [0, 0, 1, 0])])
    game = RationalGame(prior, receiver, wanted, signals=3)
    first = [[1, 0, 0], ["1/3", 0, "2/3"], [0, 1, 0], [0, 1, 0]]
    second = [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, "1/3", "2/3"]]
    prices = rationals(np.zeros((2, 3, 4)))
    prices[0, 0, 0] = prices[1, 1, 2] = game.prior[1]
    return game, rationals(np.array([first, second], dtype=object)), prices
