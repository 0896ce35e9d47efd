"""Small games with known answers, and strategies that draw random ones, shared by the tests."""

import itertools
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from persuasion import Game


def brute_force_utilities(game: Game, policies: np.ndarray, ties: str = "lowest-index"):
    """Ex-ante utilities and action map by plain loops over joint signals, written from Definition 1."""
    n, states, actions, signals = game.shape
    utilities = np.zeros(n)
    action_map = np.zeros((signals,) * n, dtype=int)
    bound = 1e-9 * np.abs(game.receiver).max()
    for joint in itertools.product(range(signals), repeat=n):
        weights = [
            game.prior[w] * np.prod([policies[i, w, joint[i]] for i in range(n)])
            for w in range(states)
        ]
        payoff = [
            sum(weights[w] * game.receiver[w, a] for w in range(states)) for a in range(actions)
        ]
        optimal = [a for a in range(actions) if payoff[a] >= max(payoff) - bound * sum(weights)]
        worth = [
            [sum(weights[w] * game.senders[i, w, a] for w in range(states)) for i in range(n)]
            for a in range(actions)
        ]
        action_map[joint] = _choose(optimal, worth, ties, sum(weights), game)
        utilities += worth[action_map[joint]]
    return utilities, action_map


def _choose(optimal, worth, ties, mass, game):
    if ties == "lowest-index":
        return optimal[0]
    if ties == "welfare":
        score = {a: sum(worth[a]) for a in optimal}
        scale = np.abs(game.senders.sum(0)).max()
    else:
        sender = int(ties.removeprefix("sender-"))
        score = {a: worth[a][sender] for a in optimal}
        scale = np.abs(game.senders[sender]).max()
    best = max(score.values())
    return next(a for a in optimal if score[a] >= best - 1e-9 * scale * mass)


@st.composite
def games(draw, max_senders=4, max_size=4, integer=None):
    """Random games; with integer utilities and coarse priors half of the time, so that ties occur."""
    senders = draw(st.integers(1, max_senders))
    states, actions, signals = (draw(st.integers(1, max_size)) for _ in range(3))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()) if integer is None else integer:
        receiver = generator.integers(-1, 2, (states, actions))
        values = generator.integers(-2, 3, (senders, states, actions))
        prior = generator.multinomial(8, np.full(states, 1 / states)) / 8
    else:
        receiver = generator.normal(0, 10, (states, actions))
        values = generator.normal(0, 10, (senders, states, actions))
        prior = generator.dirichlet(np.ones(states))
    return Game(prior, receiver, values, signals)


@st.composite
def games_with_policies(draw, **kwargs):
    """A game and one joint policy, of dyadic entries half of the time (exact ties, zero-mass signals)."""
    game = draw(games(**kwargs))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (game.shape.senders, game.shape.states)
    if draw(st.booleans()):
        counts = generator.multinomial(
            4, np.full(game.shape.signals, 1 / game.shape.signals), shape
        )
        return game, counts / 4
    policies = generator.dirichlet(np.ones(game.shape.signals), shape)
    # of a single signal that is 1 up to rounding, which decides an exact tie
    return game, policies if game.shape.signals > 1 else np.ones_like(policies)


def prosecutor() -> Game:
    """Kamenica and Gentzkow's prosecutor and judge: prior 0.3 guilty, optimum 0.6 convictions."""
    return Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2, name="prosecutor")


def non_unique() -> tuple[Game, np.ndarray]:
    """Theorem 4's non-uniqueness: both senders get 3/10 against 1/5 under full revelation."""
    game = Game(
        [0.2, 0.3, 0.2, 0.3],
        np.diag([1, 2, 1, 2]),
        np.stack([np.tile(np.eye(4)[0], (4, 1)), np.tile(np.eye(4)[2], (4, 1))]),
        signals=3,
        name="non-unique",
    )
    third = 1 / 3
    first = [[1, 0, 0], [third, 0, 1 - third], [0, 1, 0], [0, 1, 0]]
    second = [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, third, 1 - third]]
    return game, np.array([first, second])


THIRD = Fraction(1, 3)
