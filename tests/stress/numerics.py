"""Extreme games against exact rational arithmetic: the simulator, best responses, certificates.

Every number of these games is a dyadic rational that a float holds exactly, so the game that is solved exactly is
the game that was given, ties included. Errors are relative to the largest absolute utility of the sender.
"""

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from persuasion import Game, certify, sender_utilities
from persuasion.model.exact import RationalGame, exact_utilities, extreme_rays, rationals
from persuasion.regret.best_response import best_response

OWN = "sender-0"
RULES = ("lowest-index", "welfare", OWN)
STATES, ACTIONS, SIGNALS = 3, 2, 3
Draw = Callable[[np.random.Generator], tuple[Game, np.ndarray]]


def measure(games: int, seed: int, time_limit: float = 60.0) -> dict[str, dict]:
    """Per family of games the worst errors of everything that is computed in floats."""
    return {
        name: _measure(draw, games, np.random.default_rng([seed, number]), time_limit)
        for number, (name, draw) in enumerate(FAMILIES.items())
    }


def _measure(draw: Draw, games: int, random: np.random.Generator, time_limit: float) -> dict:
    worst = {"simulator": 0.0, "milp": 0.0, "column-generation": 0.0, "certificate": 0.0}
    outside = open_ended = 0
    for _ in range(games):
        game, policies = draw(random)
        worst["simulator"] = max(worst["simulator"], _simulator_error(game, policies))
        scale = float(np.abs(game.senders[0]).max()) or 1.0
        exact = exact_best_response(game, policies)
        for method in ("milp", "column-generation"):
            found = best_response(game, policies, 0, method=method, time_limit=time_limit)
            if found.upper_bound < np.inf and found.status == "optimal":
                error = abs(Fraction(found.value) - exact) / Fraction(scale)
                worst[method] = max(worst[method], float(error))
            else:
                open_ended += 1
            outside += not _between(found.value, exact, found.upper_bound, scale)
        entry = certify(game, policies, 1.0, ties=OWN, time_limit=time_limit, senders=[0]).senders[
            0
        ]
        regret = exact - exact_utilities(RationalGame.of(game), policies, ties=OWN)[0]
        error = max(Fraction(entry.gain) - regret, regret - Fraction(entry.bound), Fraction(0))
        worst["certificate"] = max(worst["certificate"], float(error / Fraction(scale)))
    return {"games": games, "worst": worst, "outside": int(outside), "open": open_ended}


def _between(value: float, exact: Fraction, bound: float, scale: float) -> bool:
    """Whether an interval holds the exact value, up to the solvers' tolerance."""
    slack = 1e-6 * scale
    return value - slack <= exact and (bound == np.inf or exact <= bound + slack)


def _simulator_error(game: Game, policies: np.ndarray) -> float:
    worst = 0.0
    for rule in RULES:
        exact = exact_utilities(RationalGame.of(game), policies, ties=rule)
        found = sender_utilities(game, policies, ties=rule)
        for sender, values in enumerate(game.senders):
            scale = Fraction(float(np.abs(values).max()) or 1.0)
            worst = max(worst, float(abs(Fraction(float(found[sender])) - exact[sender]) / scale))
    return worst


def exact_best_response(game: Game, policies: np.ndarray) -> Fraction:
    """Sender 0's best value under ties in its favour, with at least as many signals as states.

    A signal is a point of a cone on which one action per signal of the others is optimal; the value is linear on
    each cone, so a best policy is a basic mixture of extreme rays that sums to 1 in every state.
    """
    exact = RationalGame.of(game)
    weights = exact.prior[:, None] * _joint(rationals(policies[1:]))
    rays, gains = _rays(exact, weights)
    ones = np.array([Fraction(1)] * len(exact.prior), dtype=object)
    best = None
    for basis in itertools.combinations(range(len(rays)), len(ones)):
        amounts = _solve([rays[k] for k in basis], ones)
        if amounts is not None and min(amounts) >= 0:
            value = sum((a * gains[k] for a, k in zip(amounts, basis)), Fraction(0))
            best = value if best is None else max(best, value)
    assert best is not None
    return best


def _joint(policies: np.ndarray) -> np.ndarray:
    table = np.array([[Fraction(1)]] * policies.shape[1], dtype=object)
    for policy in policies:
        table = (table[:, :, None] * policy[:, None, :]).reshape(len(policy), -1)
    return table


def _rays(exact: RationalGame, weights: np.ndarray) -> tuple[list[np.ndarray], list[Fraction]]:
    """Extreme rays of all cones, and what one unit of each earns."""
    states, columns = weights.shape
    nonnegative = np.array(
        [[Fraction(int(i == j)) for j in range(states)] for i in range(states)], dtype=object
    )
    earned: dict[tuple, Fraction] = {}
    for actions in itertools.product(range(exact.receiver.shape[1]), repeat=columns):
        obey = [
            weights[:, t] * (exact.receiver[:, a] - exact.receiver[:, other])
            for t, a in enumerate(actions)
            for other in range(exact.receiver.shape[1])
            if other != a
        ]
        gain = sum(weights[:, t] * exact.senders[0][:, a] for t, a in enumerate(actions))
        for ray in extreme_rays(np.vstack([nonnegative, *obey])):
            unit = tuple(ray / sum(ray))
            earned[unit] = max(earned.get(unit, gain @ np.array(unit)), gain @ np.array(unit))
    return [np.array(ray, dtype=object) for ray in earned], list(earned.values())


def _solve(columns: Sequence[np.ndarray], right: np.ndarray) -> list[Fraction] | None:
    """Gauss's elimination in fractions; None for a singular system."""
    size = len(right)
    rows = [[columns[j][i] for j in range(size)] + [right[i]] for i in range(size)]
    for k in range(size):
        pivot = next((r for r in range(k, size) if rows[r][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for r in range(size):
            if r != k and rows[r][k] != 0:
                rows[r] = [a - rows[r][k] * b for a, b in zip(rows[r], rows[k])]
    return [row[-1] for row in rows]


def _policy(random: np.random.Generator, signals: int = SIGNALS) -> np.ndarray:
    """(states, signals) in 64ths."""
    cuts = np.sort(random.integers(0, 65, (STATES, signals - 1)), axis=1)
    edges = np.hstack([np.zeros((STATES, 1)), cuts, np.full((STATES, 1), 64)])
    return np.diff(edges) / 64


def _ordinary(random: np.random.Generator) -> tuple[Game, np.ndarray]:
    prior = np.diff([0, *np.sort(random.choice(np.arange(1, 64), STATES - 1, False)), 64]) / 64
    receiver = random.integers(-64, 65, (STATES, ACTIONS)) / 64
    senders = random.integers(-64, 65, (2, STATES, ACTIONS)) / 64
    policies = np.stack([_policy(random), _policy(random)])
    return Game(prior, receiver, senders, SIGNALS), policies


def _tiny_prior(random: np.random.Generator) -> tuple[Game, np.ndarray]:
    """A state of probability 2^-50, about 1e-15."""
    game, policies = _ordinary(random)
    rare = 2.0**-50
    prior = np.array([rare, 0.25, 0.75 - rare])
    return Game(prior, game.receiver, game.senders, SIGNALS), policies


def _scaled(exponent: int) -> Draw:
    def draw(random: np.random.Generator) -> tuple[Game, np.ndarray]:
        game, policies = _ordinary(random)
        factor = 2.0**exponent
        return Game(game.prior, game.receiver * factor, game.senders * factor, SIGNALS), policies

    return draw


def _mixed_scales(random: np.random.Generator) -> tuple[Game, np.ndarray]:
    """Receiver in millionths, sender 0 in millions."""
    game, policies = _ordinary(random)
    senders = game.senders * np.array([2.0**20, 2.0**-20])[:, None, None]
    return Game(game.prior, game.receiver * 2.0**-20, senders, SIGNALS), policies


def _duplicated(random: np.random.Generator) -> tuple[Game, np.ndarray]:
    """Two actions that are the same to the receiver, not to the senders."""
    game, policies = _ordinary(random)
    receiver = game.receiver[:, [0, 1, 1]]
    extra = random.integers(-64, 65, (2, STATES, 1)) / 64
    return Game(game.prior, receiver, np.concatenate([game.senders, extra], 2), SIGNALS), policies


def _ties_everywhere(random: np.random.Generator) -> tuple[Game, np.ndarray]:
    """An indifferent receiver."""
    game, policies = _ordinary(random)
    receiver = np.repeat(game.receiver[:, :1], ACTIONS, axis=1)
    return Game(game.prior, receiver, game.senders, SIGNALS), policies


def _proportional(random: np.random.Generator) -> tuple[Game, np.ndarray]:
    """Signals of the same likelihood ratio: the posteriors coincide."""
    game, _ = _ordinary(random)
    first = random.integers(0, 65, (STATES, 1)) / 64
    row = np.hstack([first / 2, first / 2, 1 - first])
    return game, np.stack([row, row[:, ::-1]])


def _deterministic(random: np.random.Generator) -> tuple[Game, np.ndarray]:
    game, policies = _ordinary(random)
    return game, np.stack([policies[0], np.eye(SIGNALS)[random.integers(0, SIGNALS, STATES)]])


FAMILIES: dict[str, Draw] = {
    "ordinary": _ordinary,
    "a state of probability 1e-15": _tiny_prior,
    "utilities around 1e-6": _scaled(-20),
    "utilities around 1e6": _scaled(20),
    "receiver 1e-6, sender 1e6": _mixed_scales,
    "duplicated actions": _duplicated,
    "ties everywhere": _ties_everywhere,
    "proportional signals": _proportional,
    "deterministic opponent": _deterministic,
}
