r"""The sampled check apart from the library's: the same random numbers, another projection, another evaluation.

A sender's utility is a sum over joint signals. With :math:`R_{\omega r}` the prior times the probabilities of the
other senders' signals, what receiver and sender gain from every action are products of the deviation with a table
that is the same for all deviations, so numpy evaluates thousands of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from persuasion.learn.sampled_check import FIRST_BATCH, LARGEST_BATCH
from persuasion.model.game import Game
from study.audit.evaluate import joint_weights, lowered, nearly_optimal, unbeaten, utilities

WORKSPACE = 1_000_000
"""Numbers in a table of values at a time."""


def largest_gain(
    game: Game, policies: np.ndarray, radius: float, samples: int, seeds: Sequence[int]
) -> float:
    """Largest gain of a sender, in utility units, over ``samples`` random deviations of each within ``radius``.

    ``policies`` is one profile ``(senders, states, signals)``. Ties go to the lowest index. The deviations are
    those of :func:`persuasion.learn.sampled_check.sampled_gain` with the same seeds.
    """
    return best_sample(game, policies, radius, samples, seeds)[0]


def best_sample(
    game: Game, policies: np.ndarray, radius: float, samples: int, seeds: Sequence[int]
) -> tuple[float, tuple[int, int, int] | None]:
    """The largest gain, and the sender, batch and row of the deviation that gains it; None if none gains."""
    stay = utilities(game, policies)
    largest, place = 0.0, None
    for sender in range(len(policies)):
        evaluate = deviation_values(game, policies, sender)
        for batch, size in enumerate(_batches(samples)):
            values = evaluate(_deviations(policies[sender], radius, (*seeds, sender, batch), size))
            row = int(values.argmax())
            if values[row] - stay[sender] > largest:
                largest, place = float(values[row] - stay[sender]), (sender, batch, row)
    return largest, place


def gain_at(
    game: Game,
    policies: np.ndarray,
    radius: float,
    seeds: Sequence[int],
    place: Sequence[int] | None,
) -> float:
    """What the deviation at the place that :func:`best_sample` found gains."""
    if place is None:
        return 0.0
    sender, batch, row = place
    # a batch begins in the same way however long it is
    moved = _deviations(policies[sender], radius, (*seeds, sender, batch), row + 1)[-1:]
    value = deviation_values(game, policies, sender)(moved)[0]
    return float(value - utilities(game, policies)[sender])


def _deviations(policy: np.ndarray, radius: float, seeds: Sequence[int], count: int) -> np.ndarray:
    """The first deviations of a batch, ``(count, states, signals)``."""
    generator = np.random.default_rng(list(seeds))
    moved = policy + generator.uniform(-radius, radius, (count, *policy.shape))
    return nearest_in_box(moved, policy, radius)


def deviation_values(
    game: Game, policies: np.ndarray, sender: int
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from deviations ``(count, states, signals)`` of a sender to its utilities ``(count,)``."""
    others = joint_weights(game, np.delete(policies, sender, axis=0))
    actions = game.shape.actions
    losses = lowered(game)
    columns = np.hstack([losses, np.ones((len(others), 1)), game.senders[sender]])
    table = (columns[:, :, None] * others[:, None, :]).reshape(len(others), -1)

    def evaluate(deviations: np.ndarray) -> np.ndarray:
        rows = np.swapaxes(deviations, 1, 2).reshape(-1, len(others))
        values = (rows @ table).reshape(len(rows), columns.shape[1], -1)
        receiver, mass, own = np.split(values.swapaxes(0, 1), [actions, actions + 1])
        near = nearly_optimal(receiver, losses, mass[0])
        row, cell = np.nonzero(near.sum(0) > 1)
        if len(row):
            weights = rows[row].T * others[:, cell]
            near[:, row, cell] &= unbeaten(near[:, row, cell], losses, weights)
        gained = np.take_along_axis(own, near.argmax(0)[None], 0).sum((0, 2))
        return gained.reshape(len(deviations), -1).sum(1)

    portion = max(1, WORKSPACE // (table.shape[1] * policies.shape[2]))
    return lambda deviations: np.concatenate(
        [
            evaluate(deviations[start : start + portion])
            for start in range(0, len(deviations), portion)
        ]
    )


def nearest_in_box(values: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """The nearest rows of sum 1 with entries within ``radius`` of those of ``centre`` and in [0, 1].

    For two signals in closed form; else the shift :math:`t` at which the sum of the clipped entries
    :math:`x-t` is 1, a piecewise linear function that is followed from knot to knot.
    """
    lower, upper = np.maximum(centre - radius, 0), np.minimum(centre + radius, 1)
    if values.shape[-1] == 2:
        least = np.maximum(lower[..., 0], 1 - upper[..., 1])
        most = np.minimum(upper[..., 0], 1 - lower[..., 1])
        first = np.clip((values[..., 0] - values[..., 1] + 1) / 2, least, most)
        return np.stack([first, 1 - first], -1)
    knots = np.concatenate([values - upper, values - lower], -1)
    order = knots.argsort(-1)
    knots = np.take_along_axis(knots, order, -1)
    # an entry starts to fall at its first knot and stops at its second
    slopes = np.where(order < values.shape[-1], -1.0, 1.0).cumsum(-1)
    falls = slopes[..., :-1] * np.diff(knots)
    start = np.broadcast_to(upper.sum(-1)[..., None], (*values.shape[:-1], 1))
    sums = np.concatenate([start, start + falls.cumsum(-1)], -1)
    last = np.maximum((sums >= 1).sum(-1, keepdims=True) - 1, 0)
    height, slope, knot = (np.take_along_axis(x, last, -1) for x in (sums - 1, slopes, knots))
    shift = knot + np.divide(height, -slope, out=np.zeros_like(height), where=slope < 0)
    return np.clip(values - shift, lower, upper)


def _batches(samples: int) -> Iterator[int]:
    """Sizes of the batches, each of which has its own seed."""
    size = FIRST_BATCH
    while samples > 0:
        yield min(size, samples)
        samples -= size
        size = min(2 * size, LARGEST_BATCH)
