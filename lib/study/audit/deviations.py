"""The sampled check apart from the library's: the same random numbers, another projection, another evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from persuasion.learn.sampled_check import FIRST_BATCH, LARGEST_BATCH
from persuasion.model.game import Game
from study.audit.evaluate import WORKSPACE, expected_at, joint_weights

Place = tuple[int, int, int]
AT_LIMIT = 4 * np.finfo(float).eps
"""What is nearer to a limit is at it: it matters whether a signal excludes a state or all but excludes it."""


def best_sample(
    game: Game, policies: np.ndarray, radius: float, samples: int, seeds: Sequence[int]
) -> tuple[float, Place | None]:
    """The largest gain, in utility units, of a sender over ``samples`` random deviations of each within ``radius``.

    ``policies`` is one profile ``(senders, states, signals)``; ties go to the lowest index. With it sender, batch
    and row of the deviation that gains most, None if none gains. The deviations are those of
    :func:`persuasion.learn.sampled_check.sampled_gain` with the same seeds.
    """
    largest, place = 0.0, None
    for sender in range(len(policies)):
        for batch, size in enumerate(_batches(samples)):
            gains = _gains(game, policies, radius, seeds, (sender, batch), size)
            row = int(gains.argmax())
            if gains[row] > largest:
                largest, place = float(gains[row]), (sender, batch, row)
    return largest, place


def gain_at(
    game: Game, policies: np.ndarray, radius: float, seeds: Sequence[int], place: Place | None
) -> float:
    """What the deviation at the place that :func:`best_sample` found gains."""
    if place is None:
        return 0.0
    sender, batch, row = place
    # a batch begins in the same way however long it is
    return float(_gains(game, policies, radius, seeds, (sender, batch), row + 1, row)[0])


def _gains(
    game: Game, policies: np.ndarray, radius: float, seeds: Sequence[int], batch: tuple[int, int],
    count: int, first: int = 0,
) -> np.ndarray:  # fmt: skip
    """What a sender's deviations of a batch ``(sender, batch)`` gain it, from the ``first`` on."""
    sender, _ = batch
    own, rest = policies[sender], joint_weights(game, np.delete(policies, sender, 0))
    generator = np.random.default_rng([*seeds, *batch])
    moved = generator.uniform(-radius, radius, (count, *own.shape))[first:]
    step = max(1, WORKSPACE // (own.size * rest.shape[1]))
    parts = (own + moved[start : start + step] for start in range(0, len(moved), step))
    tables = (_table(rest, nearest_in_box(part, own, radius)) for part in parts)
    payoff = game.senders[sender : sender + 1]
    values = [expected_at(game, payoff, table)[:, 0] for table in tables]
    return np.asarray(
        np.concatenate(values) - expected_at(game, payoff, _table(rest, own[None]))[0]
    )


def _table(rest: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Weights ``(states, count, joint signals)`` of policies ``(count, states, signals)`` beside the others'."""
    table = np.moveaxis(own, 1, 0)[..., None] * rest[:, None, None, :]
    return table.reshape(*table.shape[:2], -1)


def nearest_in_box(values: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """The nearest rows of sum 1 with entries within ``radius`` of those of ``centre`` and in [0, 1].

    ``values`` is ``(count, states, signals)``, ``centre`` ``(states, signals)``.

    By fixing entries (Bitran and Hax, 1981): all that are free move by the same number until the sum is 1; of those
    that are then beyond a limit, the side that is further off in total stays at its limits for good.
    """
    # signals first, as sums over a short last axis take long
    limits = np.maximum(centre - radius, 0)[None], np.minimum(centre + radius, 1)[None]
    moved, lower, upper = (
        np.ascontiguousarray(np.moveaxis(part, -1, 0)) for part in (values, *limits)
    )
    free, found = np.ones(moved.shape, bool), np.zeros(moved.shape)
    for _ in moved:
        missing = 1 - np.where(free, 0.0, found).sum(0)
        shift = (np.where(free, moved, 0.0).sum(0) - missing) / np.maximum(free.sum(0), 1)
        shifted = moved - shift
        found = np.where(free, np.clip(shifted, lower, upper), found)
        lack, excess = (
            np.where(free, np.maximum(part, 0.0), 0.0)
            for part in (lower - shifted, shifted - upper)
        )
        if not (lack.any() or excess.any()):
            break
        free &= ~np.where(lack.sum(0) >= excess.sum(0), lack > 0, excess > 0)
    found = np.where(found - lower <= AT_LIMIT, lower, found)
    found = np.where(upper - found <= AT_LIMIT, upper, found)
    return np.moveaxis(found, 0, -1)


def _batches(samples: int) -> Iterator[int]:
    """Sizes of the batches, each of which has its own seed."""
    size = FIRST_BATCH
    while samples > 0:
        yield min(size, samples)
        samples -= size
        size = min(2 * size, LARGEST_BATCH)
