"""Best responses: four methods against each other, against brute force, and against the paper's examples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import games_with_policies, non_unique, prosecutor

from persuasion import (
    Game,
    TieRule,
    deviation_utilities,
    full_revelation,
    no_revelation,
    sender_utilities,
    uniform_policies,
)
from persuasion.best_response import METHODS, best_response
from persuasion.best_response import bilinear, milp
from persuasion.best_response.bounds import separate_bound
from persuasion.best_response.opponents import merge_columns, residual_weights
from persuasion.best_response.problem import make_problem
from persuasion.best_response.record import BOUND, OPTIMAL, TIES, TIME_LIMIT

EXACT = ("enumerate", "milp", "bilinear", "column-generation")
KINDS = ("logit scale 1", "logit scale 10", "dyadic")
SIZES = list(itertools.product((2, 3), (1, 2, 3), (1, 2, 3), (1, 2, 3)))
TABLE = [(*sizes, KINDS[k % 3]) for k, sizes in enumerate([*SIZES, *SIZES[1:], SIZES[0]])]
AGREEMENT = 1e-6


def table_game(case: tuple, seed: int) -> tuple[Game, np.ndarray]:
    """One row of the table: a game and the profile to deviate from."""
    n, signals, states, actions, kind = case
    generator = np.random.default_rng(seed)
    if kind == "dyadic":  # exact ties, equal actions and columns, states of probability zero
        prior = generator.multinomial(8, np.full(states, 1 / states)) / 8
        receiver = generator.integers(-1, 2, (states, actions))
        senders = generator.integers(-2, 3, (n, states, actions))
        policies = generator.multinomial(4, np.full(signals, 1 / signals), (n, states)) / 4
        return Game(prior, receiver, senders, signals), policies
    logits = generator.normal(0, float(kind.split()[-1]), states)
    prior = np.exp(logits - logits.max())
    receiver, senders = generator.normal(0, 10, (states, actions)), generator.normal(
        0, 10, (n, states, actions)
    )
    game = Game(prior / prior.sum(), receiver, senders, signals)
    return game, uniform_policies(game, seed=generator)


def scale(game: Game) -> float:
    return max(float(np.abs(game.senders).max()), 1e-12)


# --- an independent reference: the maximum sits at a vertex of the arrangement of indifference planes


def residual(game: Game, policies: np.ndarray, sender: int) -> np.ndarray:
    """W by plain loops, nothing merged."""
    others = [i for i in range(len(policies)) if i != sender]
    columns = []
    for word in itertools.product(range(game.shape.signals), repeat=len(others)):
        column = game.prior.copy()
        for i, s in zip(others, word):
            column = column * policies[i, :, s]
        columns.append(column)
    return np.array(columns)


def indifference(game: Game, weights: np.ndarray) -> np.ndarray:
    """Normals of all planes where the receiver is indifferent or a state drops out, without repeats."""
    pairs = itertools.combinations(range(game.shape.actions), 2)
    normals = [w * (game.receiver[:, a] - game.receiver[:, b]) for a, b in pairs for w in weights]
    normals = [v / np.abs(v).max() for v in normals if np.abs(v).max() > 0]
    return np.unique(np.round([*normals, *np.eye(game.shape.states)], 15), axis=0)


def vertices(normals: np.ndarray, offsets: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Solutions of every square subsystem of ``normals @ x = offsets`` with ``fixed @ x = 1``."""
    size = normals.shape[1]
    chosen = np.array(list(itertools.combinations(range(len(normals)), size - len(fixed))), int)
    systems = np.concatenate(
        [normals[chosen], np.broadcast_to(fixed, (len(chosen), *fixed.shape))], axis=1
    )
    right = np.concatenate([offsets[chosen], np.ones((len(chosen), len(fixed)))], axis=1)
    regular = np.abs(np.linalg.det(systems)) > 1e-13
    found = np.linalg.solve(systems[regular], right[regular][..., None])[..., 0]
    inside = (found > -1e-9).all(1) & (found < 1 + 1e-9).all(1)
    return np.clip(found[inside], 0, 1)


def brute_force(game: Game, policies: np.ndarray, sender: int) -> float:
    """The best response's value with ties in the deviator's favour."""
    _, states, _, signals = game.shape
    weights = residual(game, policies, sender)
    normals = indifference(game, weights)
    if signals >= states:
        points = vertices(normals, np.zeros(len(normals)), np.ones((1, states)))
        worth = [favourable(game, weights, sender, x) for x in points]
        return -scipy.optimize.linprog(-np.array(worth), A_eq=points.T, b_eq=np.ones(states)).fun
    if signals == 1:
        return favourable(game, weights, sender, np.ones(states))
    assert signals == 2
    # x for signal 0 and 1 - x for signal 1: planes of both in the cube
    doubled = np.vstack([normals, normals])
    offsets = np.concatenate([np.zeros(len(normals)), normals.sum(1)])
    points = vertices(doubled, offsets, np.zeros((0, states)))
    return max(
        favourable(game, weights, sender, x) + favourable(game, weights, sender, 1 - x)
        for x in points
    )


def favourable(game: Game, weights: np.ndarray, sender: int, x: np.ndarray) -> float:
    """The deviator's utility from one signal, column by column."""
    total = 0.0
    for w in weights:
        utility = (w * x) @ game.receiver
        tied = utility >= utility.max() - 1e-9 * np.abs(game.receiver).max() * (w @ x)
        total += ((w * x) @ game.senders[sender])[tied].max()
    return total


# --- the table


@pytest.mark.parametrize("method", EXACT)
def test_all_methods_agree_with_brute_force_on_108_games(method):
    assert len(TABLE) >= 100
    unsolved = []
    for seed, case in enumerate(TABLE):
        game, policies = table_game(case, seed)
        sender = seed % game.shape.senders
        expected = brute_force(game, policies, sender)
        response = best_response(game, policies, sender, method, time_limit=1.0 if method == "bilinear" else 20.0)
        tolerance = AGREEMENT * scale(game)
        assert response.upper_bound >= expected - tolerance, case
        assert response.value <= expected + tolerance, case
        short = game.shape.signals < game.shape.states
        if response.status != OPTIMAL and (method == "bilinear" or (short and method.startswith("column"))):
            unsolved.append(case)
            continue
        assert response.status == OPTIMAL, (case, response)
        assert response.value == pytest.approx(expected, abs=tolerance), case
        assert response.gap <= tolerance
        assert response.attained
        exact = deviation_utilities(game, policies, sender, response.policy, ties=f"sender-{sender}")
        assert response.value == exact
    print(method, len(unsolved))
