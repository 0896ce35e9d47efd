"""The sampled check apart from the library's: the same random numbers, another projection, another evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from persuasion.learn.sampled_check import FIRST_BATCH, LARGEST_BATCH
from persuasion.model.game import Game
from persuasion.model.ties import LOWEST_INDEX
from study.audit.duality import deviator
from study.audit.evaluate import WORKSPACE, above_least, expected_at, joint_weights
from study.audit.nearest import nearest

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
        near = Nearby.of(game, policies, sender, radius)
        for batch, size in enumerate(_batches(samples)):
            gains = _gains(near, seeds, (sender, batch), size)
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
    near = Nearby.of(game, policies, sender, radius)
    # a batch begins in the same way however long it is
    return float(_gains(near, seeds, (sender, batch), row + 1, row)[0])


def _gains(
    near: Nearby, seeds: Sequence[int], batch: tuple[int, int], count: int, first: int = 0
) -> np.ndarray:
    """What a sender's deviations of a batch ``(sender, batch)`` gain it, from the ``first`` on."""
    generator = np.random.default_rng([*seeds, *batch])
    moved = generator.uniform(-near.radius, near.radius, (count, *near.own.shape))[first:]
    step = max(1, WORKSPACE // max(near.own.size, near.table))
    parts = (near.own + moved[start : start + step] for start in range(0, len(moved), step))
    values = [near.worth(nearest_in_box(part, near.own, near.radius)) for part in parts]
    return np.asarray(np.concatenate(values) - near.worth(near.own[None]))


@dataclass(frozen=True, eq=False)
class Nearby:
    """What a sender's policies within ``radius`` are worth.

    Where only one action can be optimal, the worth is linear in the policy; the other joint signals are counted.

    Attributes
    ----------
    own : (states, signals) the policy
    linear : (states, signals) what a unit of probability is worth where the action is settled
    weights : per signal (states, columns) probabilities of the others' joint signals where it is not
    payoff : (1, states, actions) the sender's, above the least in each state
    """

    game: Game
    own: np.ndarray
    radius: float
    linear: np.ndarray
    weights: list[np.ndarray]
    payoff: np.ndarray

    @classmethod
    def of(cls, game: Game, policies: np.ndarray, sender: int, radius: float) -> Nearby:
        """Around ``policies`` (senders, states, signals), with ties to the lowest index."""
        problem = deviator(game, policies, sender, radius, LOWEST_INDEX)
        weights = joint_weights(game, np.delete(policies, sender, axis=0))
        weights = weights[:, weights.max(0) > 0]
        settled = problem.possible.sum(2) == 1
        worth = problem.gains[np.arange(weights.shape[1]), problem.possible.argmax(2)]
        linear = np.where(settled[..., None], worth, 0.0).sum(1).T * problem.unit
        open_ = [weights[:, ~row] for row in settled]
        return cls(game, policies[sender], radius, linear, open_, above_least(game, sender)[None])

    @property
    def table(self) -> int:
        """Numbers that one policy needs."""
        return sum(part.size for part in self.weights)

    def worth(self, policies: np.ndarray) -> np.ndarray:
        """Utilities ``(count,)`` above the least in each state, of policies ``(count, states, signals)``."""
        total = np.einsum("nws,ws->n", policies, self.linear)
        for signal, weights in enumerate(self.weights):
            if weights.size:
                table = policies[:, :, signal].T[:, :, None] * weights[:, None]
                total += expected_at(self.game, self.payoff, table)[:, 0]
        return np.asarray(total)


def nearest_in_box(values: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """The nearest rows of sum 1 with entries within ``radius`` of those of ``centre`` and in [0, 1].

    ``values`` is ``(count, states, signals)``, ``centre`` ``(states, signals)``.
    """
    lower, upper = np.maximum(centre - radius, 0), np.minimum(centre + radius, 1)
    found = nearest(values, lower, upper)
    found = np.where(found - lower <= AT_LIMIT, lower, found)
    return np.where(upper - found <= AT_LIMIT, upper, found)


def _batches(samples: int) -> Iterator[int]:
    """Sizes of the batches, each of which has its own seed."""
    size = FIRST_BATCH
    while samples > 0:
        yield min(size, samples)
        samples -= size
        size = min(2 * size, LARGEST_BATCH)
