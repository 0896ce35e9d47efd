r"""Independent sets inside the question whether a profile is an equilibrium.

A graph with :math:`\nu` vertices, none isolated, and a number :math:`D` become two senders, a receiver with two
actions, and a profile. Sender 1 gains by deviating from it if and only if the graph has more than :math:`D`
vertices without an edge between them, under every tie rule and however small the deviation has to be.

>>> from persuasion.theorems.improving_column import improving_column
>>> path = networkx.path_graph(3)
>>> for bound in (1, 2):
...     instance = verification_game(path, bound)
...     print(bound, improving_column(instance.game, instance.policies, 0) is not None)
1 True
2 False
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import networkx
import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.exact import RationalGame, exact_actions, rational, rationals


@dataclass(frozen=True, eq=False)
class VerificationGame:
    r"""The game of a graph; see :func:`verification_game`.

    States: :math:`\theta_1,\theta_0`, then :math:`v^+` for every vertex, then :math:`v^-`. Signals: :math:`t_0`,
    then :math:`t_v` for every vertex, then :math:`s_v`. Vertices are in the graph's order; ``policies`` is
    ``(2, states, signals)``, and sender 1 (index 0) reveals nothing.
    """

    graph: networkx.Graph
    bound: int
    on: Fraction
    fine: Fraction
    game: RationalGame
    policies: np.ndarray


def verification_game(
    graph: networkx.Graph, bound: int, on: Any = None, fine: Any = None, enforce: bool = True
) -> VerificationGame:
    r"""The game and the profile that ask whether ``graph`` has more than ``bound`` independent vertices.

    Parameters
    ----------
    graph : simple and undirected
    bound : :math:`D`, from 1 to the number of vertices
    on : :math:`w`, how often sender 2 sends :math:`t_v` in :math:`v^+`; default :math:`\frac1{4(\nu+1)}`
    fine : :math:`K`, what action 1 costs sender 1 in :math:`v^+`; default the same
    enforce : refuse numbers outside :math:`w\le\frac1{2\Delta+1}`, :math:`w\le K`, :math:`2K(D+1)<1`, where
        :math:`\Delta` is the largest degree

    ``ValueError`` names the condition that fails.
    """
    check_graph(graph)
    size = len(graph)
    if size < 2 or min(degree for _, degree in graph.degree) < 1:
        raise ValueError("the graph must have two vertices or more, and no isolated one")
    bound = whole_number("bound", bound, 1, size)
    default = Fraction(1, 4 * (size + 1))
    on, fine = (
        default if number is None else rational(name, number)
        for name, number in (("on", on), ("fine", fine))
    )
    largest = max(degree for _, degree in graph.degree)
    if enforce:
        _check_conditions(largest, bound, on, fine)
    odds = rationals([1, 2] + [Fraction(1, size)] * size + [Fraction(4 * largest, size)] * size)
    receiver = _against_nothing([-1, 1] + [1] * size + [-1] * size)
    first = _against_nothing([1, -1] + [-fine] * size + [0] * size)
    second = _against_nothing([0, 0] + [-1] * 2 * size)
    game = RationalGame(odds / odds.sum(), receiver, np.stack([first, second]), 2 * size + 1)
    silent = rationals(np.eye(2 * size + 1)[np.zeros(2 * size + 2, dtype=int)])
    policies = np.stack([silent, _second_sender(graph, bound, on)])
    return VerificationGame(graph, bound, on, fine, game, policies)


def check_graph(graph: networkx.Graph) -> None:
    """``ValueError`` for a graph in which an edge has a direction, occurs twice, or joins a vertex to itself."""
    if graph.is_directed() or graph.is_multigraph() or networkx.number_of_selfloops(graph):
        raise ValueError(
            "the graph must be simple: no directed edge, none that occurs twice, no loop"
        )


def _check_conditions(largest: int, bound: int, on: Fraction, fine: Fraction) -> None:
    conditions = {
        "0 < w <= 1 / (2 Delta + 1)": 0 < on <= Fraction(1, 2 * largest + 1),
        "w <= K": on <= fine,
        "2 K (D + 1) < 1": 2 * fine * (bound + 1) < 1,
    }
    for condition, holds in conditions.items():
        if not holds:
            raise ValueError(f"condition {condition} fails: w = {on}, K = {fine}")


def _against_nothing(worth: list) -> np.ndarray:
    """What two actions are worth in every state, the first of them nothing."""
    return np.column_stack([rationals([0] * len(worth)), rationals(worth)])


def _second_sender(graph: networkx.Graph, bound: int, on: Fraction) -> np.ndarray:
    size, edges = len(graph), networkx.to_numpy_array(graph, dtype=int, weight=None)
    same = np.eye(size, dtype=int)
    share, off = Fraction(1, size + bound), Fraction(1, 2 * int(edges.sum(0).max()))
    policy = rationals(np.zeros((2 * size + 2, 2 * size + 1)))
    policy[:2, 0] = bound * share
    policy[:2, 1 : size + 1] = share
    policy[2 : size + 2, 1:] = np.hstack([on * same, (1 - on) * same])
    policy[size + 2 :, 1:] = np.hstack([off * edges, np.diag(1 - off * edges.sum(1))])
    return policy


def deviation(instance: VerificationGame, vertices: Any, radius: Any = 1) -> np.ndarray:
    """Policies ``(2, states, signals)`` in which sender 1 spends a second signal on a set of vertices.

    No entry moves by more than ``radius`` in (0, 1]. If the ``vertices`` are independent and more than the
    bound, sender 1 gains :func:`deviation_gain`.
    """
    size, order = len(instance.graph), list(instance.graph)
    pull = 2 / ((size + instance.bound) * instance.on)
    column = rationals(np.zeros(2 * size + 2))
    column[0] += 1
    for vertex in map(order.index, vertices):
        column[2 + vertex], column[2 + size + vertex] = pull, 2 * pull
    moved = _scale(instance, radius) * column / (instance.game.prior / instance.game.prior[0])
    policies = instance.policies.copy()
    policies[0, :, 0] -= moved
    policies[0, :, 1] += moved
    return policies


def deviation_gain(instance: VerificationGame, count: int, radius: Any = 1) -> Fraction:
    r"""What ``count`` independent vertices gain, :math:`\frac{\eta q}Z(k(1-2K)-D)`."""
    earned = count * (1 - 2 * instance.fine) - instance.bound
    share = Fraction(1, len(instance.graph) + instance.bound)
    return Fraction(_scale(instance, radius) * instance.game.prior[0] * share * earned)


def most_gain(instance: VerificationGame, count: int) -> Fraction:
    r"""What sender 1 gains at most, :math:`\frac qZ\max(0,k-D)`, if at most ``count`` vertices are independent.

    A column with a lead brings at most that many portions, any other what it did; leads sum to the prior of the
    first state at most.
    """
    share = Fraction(1, len(instance.graph) + instance.bound)
    return Fraction(instance.game.prior[0] * share * max(0, count - instance.bound))


def _scale(instance: VerificationGame, radius: Any) -> Fraction:
    exact = rational("radius", radius)
    if not 0 < exact <= 1:
        raise ValueError(f"radius must lie in (0, 1], got {radius}")
    return instance.on * min(Fraction(1, 4), exact / 2)


def independent_set(instance: VerificationGame, policy: Any, *, ties: Any = "lowest-index") -> set:
    """Independent vertices read off a policy ``(states, signals)`` of sender 1, at most its best signal's.

    At a signal that favours the first state, those vertices ``v`` count at which the receiver takes action 1 after
    ``t_v`` and not after ``s_v``. If the policy gains, they are more than the bound.
    """
    size, order = len(instance.graph), list(instance.graph)
    profile = np.stack([rationals(policy), instance.policies[1]])
    actions = exact_actions(instance.game, profile, ties=ties).reshape(2 * size + 1, -1)
    columns = instance.game.prior[:, None] * profile[0]
    sets = [
        {v for v, t, s in zip(order, row[1 : size + 1], row[size + 1 :]) if t > s}
        for row, x in zip(actions, columns.T)
        if x[0] > x[1]
    ]
    return max(sets, key=len, default=set())
