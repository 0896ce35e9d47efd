r"""What a sender can gain at most and at least, from a proof alone: weak duality, rounded outwards.

With the others' policies fixed, a joint signal of theirs is a column :math:`W_{\omega t}`. At its signal :math:`s`
the deviator chooses :math:`x_\omega` within limits; the receiver takes action :math:`a` there only if no rival
:math:`a'` beats it by more than the tie tolerance :math:`\tau`,

.. math:: \sum_\omega W_{\omega t}\,x_\omega\,(u(a,\omega)-u(a',\omega)+\tau\,|u(a,\omega)-u(a',\omega)|)\ge0 .

At a joint signal :math:`k=(s,t)` let :math:`q_a=g_{ta}+\sum_{a'}m_{aa'}h_{taa'}` with :math:`m\ge0`: where the
receiver takes :math:`a`, these rows :math:`h` are not negative, so the deviator's gain there is at most
:math:`q_a\cdot x_s`. For any :math:`d_k`, whatever action is taken,

.. math:: \text{gain at }k\le d_k\cdot x_s+\max_a\max_{l_s\le x\le u_s}(q_a-d_k)\cdot x .

The second term is a number, the first ones add up to a linear function of the policy, and its maximum under
:math:`\sum_sx_s=1` is bounded by any price of a state's probability. Where every policy is in reach, the signals
are alike, and linear functions above the gain at one of them, one per leaf of a tree, bound it at all: by the sum
over the states of their largest coefficients. No solver is asked, and any numbers will do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from persuasion.model.game import Game
from persuasion.model.restrictions import refuse_restrictions
from persuasion.model.ties import LOWEST_INDEX, TieRule
from persuasion.model.tolerances import TIE_TOLERANCE
from study.audit.evaluate import (
    EPSILON,
    above_least,
    joint_weights,
    rounding,
    utility_interval,
)
from study.audit.nearest import nearest
from study.audit.proof import LEAF, SHARES, Leaf, SenderProof, read

LARGEST = 1e150


@dataclass(frozen=True, eq=False)
class Deviator:
    """What the receiver may do where, and what that is worth to the deviator.

    Attributes
    ----------
    gains : (columns, actions, states) weighted utility above its least in the state, in shares of ``unit``
    rows : (columns, actions, actions, states), largest entry 1; action ``a`` needs ``rows[t, a] @ x >= 0``
    lower, upper : (signals, states) limits of ``x``, rounded outwards
    possible : (signals, columns, actions) False for actions that are taken nowhere within the limits
    unit : the sender's stake, in utility units; any other number would do
    """

    gains: np.ndarray
    rows: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    possible: np.ndarray
    unit: float

    @property
    def rounding(self) -> float:
        """Relative error of a sum over any of the axes, generously."""
        return 4 * EPSILON * (sum(self.possible.shape) + self.gains.shape[2] + 16)

    def only(self, place: tuple[int, int], action: int) -> Deviator:
        """The same where the receiver takes ``action`` at the joint signal ``place`` (signal, column)."""
        possible = self.possible.copy()
        possible[place] = False
        possible[(*place, action)] = self.possible[(*place, action)]
        return replace(self, possible=possible)


def deviator(game: Game, policies: np.ndarray, sender: int, radius: float, ties: Any) -> Deviator:
    """The problem of ``sender`` at ``policies`` (senders, states, signals), every entry within ``radius``."""
    weights = joint_weights(game, np.delete(policies, sender, axis=0)).T
    weights = weights[weights.max(1) > 0]
    lead = game.receiver.T[:, None] - game.receiver.T  # (actions, actions, states)
    rows = weights[:, None, None] * (lead + TIE_TOLERANCE * np.abs(lead))
    largest = np.abs(rows).max(-1, keepdims=True)
    own, unit = policies[sender].T, float(game.stakes[sender])
    found = Deviator(
        gains=weights[:, None] * (above_least(game, sender) / unit).T,
        rows=rows / np.where(largest > 0, largest, 1.0),
        lower=np.maximum(np.nextafter(own - radius, -1.0), 0.0),
        upper=np.minimum(np.nextafter(own + radius, 2.0), 1.0),
        possible=np.ones((len(own), len(weights), len(lead)), bool),
        unit=unit,
    )
    # some rival beats the action everywhere within the limits
    most = least_of_rows(found, -1)
    never = most < -found.rounding * (np.abs(found.rows) @ found.upper.T)
    possible = ~np.moveaxis(never.any(2), -1, 0)
    if TieRule.parse(ties).kind == LOWEST_INDEX:
        # nor is it the first with a double before it in all states that occur
        same = ~((lead != 0) & (weights > 0)[:, None, None]).any(-1)
        possible &= ~np.tril(same, -1).any(-1)
    return replace(found, possible=possible)


def least_of_rows(problem: Deviator, sign: int = 1) -> np.ndarray:
    """The rows (columns, actions, actions, signals) within the limits, at least; with ``sign`` -1 at most."""
    lower, upper = (problem.lower.T, problem.upper.T)[::sign]
    return np.asarray(np.maximum(problem.rows, 0) @ lower + np.minimum(problem.rows, 0) @ upper)


def checked_gains(
    game: Game, policies: np.ndarray, radius: float, ties: Any, proof: str
) -> np.ndarray:
    """What every sender can gain within ``radius``, at least and at most, ``(senders, 2)`` in utility units.

    ``policies`` is one profile (senders, states, signals). Both ends are rounded outwards; a deviation is moved
    within its limits first, so that it may be any numbers. ``ValueError`` if the proof does not fit the profile, if
    this is none, or in a game that is not for such proofs.
    """
    _require_game(game)
    _require_rows(game, policies)
    gains = np.zeros((len(policies), 2))
    for sender, own in enumerate(read(proof, policies, radius)):
        stays = utility_interval(game, policies, sender, ties)
        if own.deviation is not None:
            moved = policies.copy()
            moved[sender] = _within(own.deviation, policies[sender], radius)
            _require_rows(game, moved)
            gains[sender, 0] = utility_interval(game, moved, sender, ties)[0] - stays[1]
        gains[sender, 1] = tree_bound(deviator(game, policies, sender, radius, ties), own)
        gains[sender, 1] -= stays[0]
    if not np.isfinite(gains).all():
        raise ValueError("the bounds are beyond the range of double precision")
    return np.maximum(gains, 0.0)


def _require_game(game: Game) -> None:
    """All senders choose among all signals; and no product leaves the range in which rounding is relative."""
    refuse_restrictions(game, "a proof")
    with np.errstate(over="ignore"):
        lead = np.abs(game.receiver[:, :, None] - game.receiver[:, None])
    sizes = np.concatenate([lead[lead > 0], np.abs(game.senders).ravel()])
    if sizes.max(initial=0.0) > LARGEST or lead[lead > 0].min(initial=1.0) < 1 / LARGEST:
        raise ValueError(
            f"payoffs must differ by no more than {LARGEST:g}, nor by less than its inverse"
        )


def _require_rows(game: Game, policies: np.ndarray) -> None:
    """What rows lack to 1 must be rounding: it is an eighth of what the bounds allow for, sender by sender."""
    missing = np.abs(policies.sum(-1) - 1).max()
    if not (missing <= rounding(game) / 8 and policies.min() >= 0):
        raise ValueError("probabilities are negative, or do not add up to 1")


def _within(deviation: np.ndarray, policy: np.ndarray, radius: float) -> np.ndarray:
    """The deviation, moved within limits that are rounded inwards."""
    lower = np.maximum(np.nextafter(policy - radius, 2.0), 0.0)
    upper = np.minimum(np.nextafter(policy + radius, -1.0), 1.0)
    # where the radius is lost in rounding
    limits = np.minimum(lower, policy), np.maximum(upper, policy)
    return nearest(np.clip(deviation, *limits)[None], *limits)[0]


def tree_bound(problem: Deviator, proof: SenderProof) -> float:
    """No deviation within the limits earns more above the least of each state, in utility units.

    ``ValueError`` if a branch is missing or left over, or a leaf does not fit the problem.
    """
    tree, leaves = iter(proof.tree.tolist()), iter(proof.leaves)
    start = one_signal(problem) if proof.alike else problem
    ends = list(_ends(start, tree, leaves))
    if next(tree, None) is not None or next(leaves, None) is not None:
        raise ValueError("the proof has branches left over")
    if proof.alike:
        prices = np.max([leaf_prices(*end) for end in ends], 0)
        total = float(prices.sum() + problem.rounding * np.abs(prices).sum())
    else:
        total = max((leaf_bound(*end) for end in ends), default=-np.inf)
    return total * problem.unit


def _ends(
    problem: Deviator, tree: Iterator[int], leaves: Iterator[Leaf]
) -> Iterator[tuple[Deviator, Leaf]]:
    """Every leaf, and the problem with what its branch has fixed."""
    cell, (signals, columns, _) = next(tree, None), problem.possible.shape
    if cell == LEAF:
        yield problem, next(leaves)
        return
    if cell is None or not 0 <= cell < signals * columns:
        raise ValueError(f"a branch is missing, or about a joint signal that is none: {cell}")
    place = divmod(cell, columns)
    # every action that the receiver may take has a branch of its own
    for action in np.flatnonzero(problem.possible[place]).tolist():
        yield from _ends(problem.only(place, action), tree, leaves)


def one_signal(problem: Deviator) -> Deviator:
    """Any signal of a deviator that may choose every policy. ``ValueError`` if its signals differ."""
    first = problem.possible[:1]
    if problem.lower.any() or (problem.upper != 1).any() or (problem.possible != first).any():
        raise ValueError("the deviator's signals are not alike")
    return replace(problem, lower=problem.lower[:1], upper=problem.upper[:1], possible=first)


def leaf_prices(problem: Deviator, leaf: Leaf) -> np.ndarray:
    """A linear function ``(states,)`` above the deviator's gain at one signal, for all ``x >= 0`` of a branch."""
    if not problem.possible.any(2).all():
        return np.full(problem.gains.shape[2], -np.inf)
    worth, size = weighted(problem, leaf)
    split = _split(problem, worth, leaf)
    rest = np.maximum(extremes(problem, worth)[0] - split, 0)
    size = extremes(problem, size)[0] + np.abs(split)
    return np.asarray((split + rest + 2 * problem.rounding * size).sum((0, 1)))


def leaf_bound(problem: Deviator, leaf: Leaf) -> float:
    """The bound of one leaf's multipliers, in shares of the problem's unit."""
    worth, size = weighted(problem, leaf)
    split = _split(problem, worth, leaf)
    lower, upper = problem.lower[:, None, None], problem.upper[:, None, None]
    rest = worth - split[:, :, None]
    most = np.maximum(rest * lower, rest * upper).sum(-1)
    error = ((size + np.abs(split)[:, :, None]) * upper).sum(-1)
    total = np.where(problem.possible, most, -np.inf).max(2).sum()
    linear = split.sum(1)
    price = _price(problem, linear)
    net = linear - price
    total += price.sum() + np.maximum(net * problem.lower, net * problem.upper).sum()
    errors = np.where(problem.possible, error, 0).max(2).sum()
    errors += (np.abs(split).sum(1) * problem.upper).sum()
    errors += (np.abs(price) * (1 + problem.upper.sum(0))).sum()
    return float(total + problem.rounding * errors)


def weighted(problem: Deviator, leaf: Leaf) -> tuple[np.ndarray, np.ndarray]:
    """Gains plus weighted rows ``(signals, columns, actions, states)``, and the sum of their absolute values."""
    signals, columns, actions = problem.possible.shape
    shape = (signals, columns, actions, actions)
    if len(leaf.values) != len(leaf.places) or (leaf.places >= np.prod(shape)).any():
        raise ValueError("there are no such obedience rows")
    if not ((leaf.values >= 0) & np.isfinite(leaf.values)).all():
        raise ValueError("multipliers must be finite and not negative")
    s, t, a, rival = np.unravel_index(leaf.places, shape)
    terms = leaf.values[:, None].astype(float) * problem.rows[t, a, rival]
    worth = np.repeat(problem.gains[None], signals, 0)
    size = worth.copy()
    np.add.at(worth, (s, t, a), terms)
    np.add.at(size, (s, t, a), np.abs(terms))
    return worth, size


def _split(problem: Deviator, worth: np.ndarray, leaf: Leaf) -> np.ndarray:
    """The linear function ``(signals, columns, states)`` of every joint signal: the largest, less its shares."""
    signals, columns, _ = problem.possible.shape
    largest, least = extremes(problem, worth)
    if (leaf.cells >= signals * columns).any():
        raise ValueError("there are no such joint signals")
    place = np.unravel_index(leaf.cells, (signals, columns))
    largest[place] -= leaf.shares / SHARES * (largest[place] - least[place])
    return largest


def extremes(problem: Deviator, worth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest and least of the possible actions ``(signals, columns, states)``; 0 where none is possible."""
    possible = problem.possible[..., None]
    some = possible.any(2)
    largest = np.where(possible, worth, -np.inf).max(2)
    least = np.where(possible, worth, np.inf).min(2)
    return np.where(some, largest, 0.0), np.where(some, least, 0.0)


def _price(problem: Deviator, linear: np.ndarray) -> np.ndarray:
    """A price per state: what the last signal earns that gets some of its probability, best ones first."""
    order = np.argsort(-linear, axis=0)
    width = np.take_along_axis(problem.upper - problem.lower, order, 0)
    full = width.cumsum(0) < 1 - problem.lower.sum(0)
    last = np.minimum(full.sum(0), len(linear) - 1)
    return np.asarray(np.take_along_axis(linear, np.take_along_axis(order, last[None], 0), 0)[0])
