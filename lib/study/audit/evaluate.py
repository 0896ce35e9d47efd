r"""Definition 1 written out, apart from the simulator that produced the records: the game as it is written.

Sums are of double precision. A number in these arrays is wrong by a few units in its last place, so a sum of their
products is wrong by no more than a small multiple of that times the sum of the absolute values (Higham, *Accuracy
and Stability of Numerical Algorithms*, Section 3.1). Where this leaves open which actions are optimal, as
:mod:`persuasion.model.ties` defines it, an interval counts all of them, and a value the first one. Payoffs that
only rounding sets apart, which the simulator takes as equal or as the decimals that they are written as, are taken
as the numbers that they are.
"""

from typing import Any

import numpy as np
from scipy.optimize import linprog

from persuasion.model.game import Game
from persuasion.model.ties import LOWEST_INDEX, TieRule
from persuasion.model.tolerances import TIE_TOLERANCE

EPSILON = np.finfo(float).eps
WORKSPACE = 300_000
"""Numbers in a table of weights at a time."""


def joint_weights(game: Game, policies: np.ndarray) -> np.ndarray:
    """Probability of every state and joint signal, ``(states, ..., signals ** senders)``.

    ``policies`` is ``(senders, states, ..., signals)``: other axes follow that of the states.
    """
    weights = np.ones((*policies.shape[1:-1], 1))
    for policy in policies[::-1]:  # the first sender's signal varies slowest
        weights = policy[..., :, None] * weights[..., None, :]
        weights = weights.reshape(*weights.shape[:-2], -1)
    return np.asarray(game.prior.reshape(-1, *(1,) * (weights.ndim - 1)) * weights)


def utilities(game: Game, policies: np.ndarray, ties: Any = LOWEST_INDEX) -> np.ndarray:
    """Ex-ante utilities ``(..., senders)`` of profiles ``(..., senders, states, signals)``."""
    return expected(game, game.senders, policies, ties)


def expected(
    game: Game, payoffs: np.ndarray, policies: np.ndarray, ties: Any = LOWEST_INDEX
) -> np.ndarray:
    """What payoffs ``(k, states, actions)`` are on average at profiles: ``(..., k)``."""
    *_, senders, states, signals = policies.shape
    profiles = policies.reshape(-1, senders, states, signals)
    portion = max(1, WORKSPACE // (states * signals**senders))
    found = np.empty((len(profiles), len(payoffs)))
    for start in range(0, len(profiles), portion):
        part = profiles[start : start + portion]
        weights = joint_weights(game, np.moveaxis(part, 0, 2))
        found[start : start + portion] = expected_at(game, payoffs, weights, ties)
    return found.reshape(*policies.shape[:-3], len(payoffs))


def expected_at(
    game: Game, payoffs: np.ndarray, weights: np.ndarray, ties: Any = LOWEST_INDEX
) -> np.ndarray:
    """The same ``(count, k)`` at weights ``(states, count, joint signals)``."""
    flat = weights.reshape(len(weights), -1)
    chosen = _chosen(game, flat, ties)[None]
    values = [np.take_along_axis(payoff.T @ flat, chosen, 0) for payoff in payoffs]
    return np.stack([value.reshape(weights.shape[1:]).sum(1) for value in values], 1)


def outcome(game: Game, policies: np.ndarray, ties: Any = LOWEST_INDEX) -> np.ndarray:
    """Joint distribution ``(states, actions)`` of state and action at a profile ``(senders, states, signals)``."""
    weights = joint_weights(game, policies)
    return np.asarray(weights @ np.eye(game.shape.actions)[_chosen(game, weights, ties)])


def _chosen(game: Game, weights: np.ndarray, ties: Any) -> np.ndarray:
    """The receiver's action at every joint signal ``(joint signals,)``."""
    possible = may_be_taken(game, weights, ties)
    liked = TieRule.parse(ties).preference(game)
    if liked is None:
        return possible.argmax(0)
    return np.asarray(np.where(possible, liked.T @ weights, -np.inf).argmax(0))


def may_be_taken(game: Game, weights: np.ndarray, ties: Any) -> np.ndarray:
    """Actions ``(actions, joint signals)`` that the receiver may take; all that tie where a sender is favoured."""
    losses = game.receiver - game.receiver.max(1, keepdims=True)
    values = losses.T @ weights
    possible = values >= values.max(0) - 2 * TIE_TOLERANCE * np.ptp(losses) * weights.sum(0)
    (unsettled,) = np.nonzero(possible.sum(0) > 1)
    if len(unsettled):
        possible[:, unsettled] = _tied(game, weights, unsettled, TieRule.parse(ties))
    return np.asarray(possible)


def _tied(game: Game, weights: np.ndarray, cells: np.ndarray, rule: TieRule) -> np.ndarray:
    lead = game.receiver.T[None] - game.receiver.T[:, None]  # (action, rival, states)
    ahead, size = lead @ weights[:, cells], np.abs(lead) @ weights[:, cells]
    excess, error = ahead - TIE_TOLERANCE * size, rounding(game) * size
    optimal, surely = (excess <= error).all(1), (excess <= -error).all(1)
    if rule.kind not in (LOWEST_INDEX, "explicit"):
        return optimal
    # an action after one that is surely optimal is not the first
    first = optimal & (np.cumsum(surely, 0) - surely == 0)
    wanted = rule.action_map(game)
    if wanted is None:
        return first
    named = np.arange(len(optimal))[:, None] == wanted.ravel()[cells % wanted.size]
    return np.where((named & surely).any(0), named, (named & optimal) | first)


def rounding(game: Game) -> float:
    """Relative error of a sum over states of weighted numbers, generously."""
    return 4 * EPSILON * (sum(game.shape[:3]) + 8)


def above_least(game: Game, sender: int) -> np.ndarray:
    """The sender's utility ``(states, actions)`` above its least in the state.

    What a row of a policy lacks to 1 by rounding then pays nothing.
    """
    return np.asarray(game.senders[sender] - game.senders[sender].min(1, keepdims=True))


def utility_interval(
    game: Game, policies: np.ndarray, sender: int, ties: Any = LOWEST_INDEX
) -> tuple[float, float]:
    """The least and the most that the sender's utility above its least in each state can be, in utility units."""
    weights = joint_weights(game, policies)
    taken = may_be_taken(game, weights, ties)
    values = above_least(game, sender).T @ weights
    least = np.where(taken, values, np.inf).min(0).sum()
    most = np.where(taken, values, -np.inf).max(0).sum()
    error = (rounding(game) + EPSILON * weights.shape[1]) * most
    return float(least - error), float(most + error)


def units(game: Game) -> np.ndarray:
    """What differences in each sender's utility are measured in, ``(senders,)``.

    The most that the receiver's action can change in a state that occurs, or the largest absolute payoff if that is
    less or if nothing can change.
    """
    spread = np.ptp(game.senders, axis=2)[:, game.prior > 0].max(1)
    largest = np.maximum(np.abs(game.senders).max((1, 2)), np.finfo(float).tiny)
    return np.where(spread > 0, np.minimum(spread, largest), largest)


def ignores_deviations(game: Game, policies: np.ndarray) -> bool:
    """Whether no sender can change the receiver's action alone: enough for an equilibrium (Theorem 4).

    For profiles without randomness. If all states in which the other senders send the same signals share one
    optimal action, the receiver takes it whatever the remaining sender does.
    """
    words, best = policies.argmax(-1).T, game.receiver.argmax(1)
    others = [np.delete(words, sender, 1) for sender in range(len(policies))]
    settled = all(len({*map(tuple, o)}) == len({(*w, a) for w, a in zip(o, best)}) for o in others)
    return settled and unique_best(game) and bool(np.isin(policies, (0.0, 1.0)).all())


def unique_best(game: Game) -> bool:
    """Whether a single action is optimal in every state."""
    return bool(((game.receiver == game.receiver.max(1, keepdims=True)).sum(1) == 1).all())


def stakes(game: Game) -> np.ndarray:
    """Largest difference ``(senders,)`` that the receiver's action makes to a sender in a state; 1 for none.

    Counted are the actions that are optimal at some belief that the state is part of: beliefs up to a factor, one
    per action, are a cone, and their supports are largest where each number counts for up to 1. Where an action is
    exactly a mixture of others in some states, and worse in the rest, the library counts it in these, too: next to
    the former it is a tie within the tolerance.
    """
    occurs = game.prior > 0
    rows = _obedience(game, occurs.astype(float))
    size = rows.shape[1]
    found = linprog(
        np.repeat([0.0, -1.0], size),
        A_ub=np.block([[rows, np.zeros_like(rows)], [-np.eye(size), np.eye(size)]]),
        b_ub=np.zeros(len(rows) + size),
        bounds=[(0, None)] * size + [(0, 1)] * size,
    )
    if found.x is None:
        raise ArithmeticError(f"the possible outcomes were not found: {found.message}")
    happens = (found.x[size:] > 0.5).reshape(game.receiver.shape)[occurs]
    values = game.senders[:, occurs]
    spread = np.where(happens, values, -np.inf).max(2) - np.where(happens, values, np.inf).min(2)
    return np.where(spread.max(1) > 0, spread.max(1), 1.0)


def most_by_persuasion(game: Game, payoff: np.ndarray) -> float:
    """What ``payoff`` ``(states, actions)`` is at most on average, whoever says what: a bound by weak duality.

    Whatever is told amounts to obedient recommendations (Kamenica and Gentzkow, 2011). A solver of theirs is asked
    for multipliers only; rows of obedience, weighted with any, bound the payoff state by state.
    """
    program = _recommendations(game)
    cost = (game.prior[:, None] * payoff).ravel()
    found = linprog(-cost, **program)
    terms = np.maximum(-found.ineqlin.marginals, 0)[:, None] * program["A_ub"]
    most = (cost - terms.sum(0)).reshape(payoff.shape).max(1).sum()
    size = np.abs(cost) + np.abs(terms).sum(0)
    return float(most + 4 * EPSILON * (len(terms) + payoff.size) * size.sum())


def attained(game: Game, payoffs: np.ndarray, values: np.ndarray, slack: np.ndarray) -> bool:
    """Whether obedient recommendations give all payoffs ``(k, states, actions)`` these values, up to a slack."""
    program = _recommendations(game)
    rows = (game.prior[:, None] * payoffs).reshape(len(payoffs), -1)
    scale = np.maximum(np.abs(rows).max(1), np.finfo(float).tiny)
    limits = np.concatenate([values + slack, slack - values]) / np.tile(scale, 2)
    program["A_ub"] = np.vstack(
        [program["A_ub"], *(sign * rows / scale[:, None] for sign in (1, -1))]
    )
    program["b_ub"] = np.append(program["b_ub"], limits)
    return linprog(np.zeros(rows.shape[1]), **program).status == 0


def _recommendations(game: Game) -> dict[str, Any]:
    """Obedient recommendations ``(states, actions)``, flat, as a linear program's rows and limits."""
    rows, (states, actions) = _obedience(game, game.prior), game.receiver.shape
    sums = np.kron(np.eye(states), np.ones(actions))
    return {
        "A_ub": rows, "b_ub": np.zeros(len(rows)),
        "A_eq": sums, "b_eq": np.ones(states), "bounds": (0, 1),
    }  # fmt: skip


def _obedience(game: Game, weights: np.ndarray) -> np.ndarray:
    """Rows over weighted states and actions, flat, that are not positive where no rival beats the action."""
    states, actions = game.receiver.shape
    pairs = [(a, b) for a in range(actions) for b in range(actions) if a != b]
    rows = np.zeros((len(pairs), states, actions))
    for row, (a, b) in zip(rows, pairs):
        row[:, a] = weights * (game.receiver[:, b] - game.receiver[:, a])
    rows = rows / np.maximum(np.abs(rows).max((1, 2), keepdims=True), np.finfo(float).tiny)
    return rows.reshape(len(pairs), -1)
