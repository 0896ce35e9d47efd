"""The game of an independent set: no revelation is an equilibrium of it iff no independent set is larger than D."""

from __future__ import annotations

import numpy as np

from persuasion import Game, no_revelation


def independent_set_game(edges: list[tuple[int, int]], vertices: int, price: int):
    """Two senders, two actions; sender 0 reveals nothing. Returns the game and the profile."""
    neighbours = [[b if v == a else a for a, b in edges if v in (a, b)] for v in range(vertices)]
    degree = max(map(len, neighbours))
    q, h, w = 1 / (vertices + price), 1 / (2 * degree), 1 / (4 * (vertices + 1))
    plus, minus = range(2, vertices + 2), range(vertices + 2, 2 * vertices + 2)
    prior = np.repeat([1, 2, 1 / vertices, 4 * degree / vertices], [1, 1, vertices, vertices])
    utilities = np.zeros(
        (3, 2 * vertices + 2, 2)
    )  # receiver, sender 0, sender 1; action 0 pays nothing
    for table, values in zip(utilities, [(-1, 1, 1, -1), (1, -1, -w, 0), (0, 0, -1, -1)]):
        table[:, 1] = np.repeat(values, [1, 1, vertices, vertices])
    switch, stay = range(1, vertices + 1), range(vertices + 1, 2 * vertices + 1)
    policy = np.zeros((2 * vertices + 2, 2 * vertices + 1))
    policy[:2, 0], policy[:2, 1 : vertices + 1] = price * q, q
    for v in range(vertices):
        policy[plus[v], [switch[v], stay[v]]] = w, 1 - w
        policy[minus[v], [switch[u] for u in neighbours[v]]] = h
        policy[minus[v], stay[v]] = 1 - h * len(neighbours[v])
    game = Game(prior / prior.sum(), utilities[0], utilities[1:], 2 * vertices + 1)
    return game, np.stack([no_revelation(game)[0], policy])
