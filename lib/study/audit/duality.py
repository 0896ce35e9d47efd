r"""Upper bounds on what a deviation is worth, from multipliers alone: weak duality, rounded outwards.

At a joint signal :math:`k=(s,t)` let :math:`q_a=g_{ta}+\sum_{a'}m_{aa'}h_{taa'}` with :math:`m\ge0`: where the
receiver takes :math:`a`, the rows :math:`h` are not negative, so the deviator's gain there is at most
:math:`q_a\cdot x_s`. For any :math:`d_k`, whatever action is taken,

.. math:: \text{gain at }k\le d_k\cdot x_s+\max_a\max_{l_s\le x\le u_s}(q_a-d_k)\cdot x .

The second term is a number, the first ones add up to a linear function of the policy, and its maximum under
:math:`\sum_sx_s=1` is bounded by any price of a state's probability. Where every policy is in reach, the signals
are alike, and linear functions above the gain at one of them, one per leaf of a tree, bound it at all: by the sum
over the states of their largest coefficients. No solver is asked, and any numbers will do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from study.audit.deviator import Deviator
from study.audit.proof import LEAF, SHARES, Leaf, SenderProof


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
    split = split_of(problem, worth, leaf)
    rest = np.maximum(extremes(problem, worth)[0] - split, 0)
    size = extremes(problem, size)[0] + np.abs(split)
    return np.asarray((split + rest + 2 * problem.rounding * size).sum((0, 1)))


def leaf_bound(problem: Deviator, leaf: Leaf) -> float:
    """The bound of one leaf's multipliers, in shares of the problem's unit."""
    worth, size = weighted(problem, leaf)
    split = split_of(problem, worth, leaf)
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


def split_of(problem: Deviator, worth: np.ndarray, leaf: Leaf) -> np.ndarray:
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
    states = np.arange(linear.shape[1])
    return np.asarray(linear[order[last, states], states])
