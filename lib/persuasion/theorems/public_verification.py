"""Independent sets inside the question whether telling the public nothing is optimal.

>>> from persuasion.theorems.audience import sender_value
>>> audience = graph_audience(networkx.path_graph(3), bound=1)
>>> sender_value(audience, rationals([[1, 0]] * 4)), sender_value(audience, rationals([[0, 1], [1, 0]] * 2))
(Fraction(1, 4), Fraction(7, 24))
"""

from fractions import Fraction
from typing import Any

import networkx
import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.exact import RationalGame, rational, rationals
from persuasion.theorems.audience import Audience, reduction
from persuasion.theorems.verification import check_graph


def graph_audience(graph: networkx.Graph, bound: int) -> Audience:
    r"""An audience who is best told nothing if and only if at most ``bound`` vertices are independent.

    States: the vertices, each of prior :math:`\frac1{4\nu}`, and :math:`\theta_0`. Receivers: one per vertex of
    weight :math:`\frac1{\nu+D}`, and a dummy of weight :math:`\frac D{\nu+D}` who acts in :math:`\theta_0`.

    Raises ``ValueError`` for fewer than two vertices, a bound outside 1 to their number, or no simple graph.
    """
    check_graph(graph)
    size = len(graph)
    if size < 2:
        raise ValueError("the graph must have two vertices or more")
    bound = whole_number("bound", bound, 1, size)
    edges = networkx.to_numpy_array(graph, dtype=int, weight=None)
    same = np.eye(size, dtype=int)
    apart = 1 - same - edges
    vertices = Fraction(1, 2) * same - edges - Fraction(1, 4 * size) * apart
    acts = [np.append(row, -1) for row in vertices] + [np.append(-np.ones(size, dtype=int), 1)]
    share = Fraction(1, size + bound)
    return Audience(
        rationals([Fraction(1, 4 * size)] * size + [Fraction(3, 4)]),
        rationals([share] * size + [bound * share]),
        [rationals(np.column_stack([0 * row, row])) for row in acts],
        [rationals([[0, 1]] * (size + 1))] * (size + 1),
    )


def reduced_profile(
    audience: Audience, mass: Any, lure: Any, slack: Any, penalty: Any, loss: Any = 0
) -> tuple[RationalGame, np.ndarray]:
    """The reduced game with a first sender who reveals nothing: the game, and policies ``(2, states, signals)``.

    Arguments as for :func:`persuasion.theorems.audience.reduction`. The second sender is indifferent.
    """
    given = {"mass": mass, "lure": lure, "slack": slack, "penalty": penalty, "loss": loss}
    tables = reduction(audience, **{name: rational(name, number) for name, number in given.items()})
    senders = np.stack([tables.payoffs, 0 * tables.payoffs])
    game = RationalGame(tables.prior, tables.receiver, senders, len(audience.weights))
    silent = 0 * tables.opponent
    silent[:, 0] += 1
    return game, rationals(np.stack([silent, tables.opponent]))
