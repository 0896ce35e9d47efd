r"""The paper's sampled check for local Nash equilibria, and the selection of the best profile that passes.

A sender's policy is compared with random policies within :math:`\varepsilon` of it (largest absolute change of an
entry); the profile is accepted at tolerance :math:`\delta` if none raises that sender's exact utility by more than
:math:`\delta`. Sampling can only refute: a profile that passes may still have a profitable deviation, and optimised
profiles, which end at kinks, often do. ``persuasion.regret.certify`` computes the exact local regret.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from persuasion.model.checks import positive_number, real_array, whole_number
from persuasion.model.game import Game
from persuasion.model.nearby import Nearby
from persuasion.model.policies import as_policies, one_profile
from persuasion.model.projections import project_to_box
from persuasion.model.simulate import sender_utilities
from persuasion.model.ties import LOWEST_INDEX

FIRST_BATCH = 16
LARGEST_BATCH = 1024


@dataclass(frozen=True, eq=False)
class SampledGain:
    """The largest gains that sampling found: lower bounds of the local regrets, in utility units."""

    gains: np.ndarray
    """``(senders,)``, at least 0 because a sender may stay where it is."""
    samples: np.ndarray
    """``(senders,)`` deviations tried; fewer than asked for if the check stopped early."""


@dataclass(frozen=True)
class Acceptance:
    """The first profile accepted at one tolerance, in order of falling welfare; None if there is none."""

    tolerance: float
    index: int | None = None
    welfare: float | None = None
    gain: float | None = None


@dataclass(frozen=True, eq=False)
class Selection:
    """What :func:`select_local_equilibria` found."""

    accepted: tuple[Acceptance, ...]
    """One entry per tolerance, in the order given."""
    checked: int
    """Number of profiles whose deviations were sampled."""
    gains: np.ndarray
    """``(count,)`` largest gain found per profile, NaN where unchecked; a lower bound where refuted early."""


def samples_per_sender(game: Game, factor: int = 100) -> int:
    """Deviations sampled per sender, ``factor * signals * states`` (our reading of the lost Eq. 19)."""
    return factor * game.shape.signals * game.shape.states


def sample_deviations(
    policy: ArrayLike, radius: float, count: int, generator: np.random.Generator
) -> np.ndarray:
    """``count`` random policies ``(count, states, signals)`` within ``radius`` of ``policy``, entry by entry.

    Each is the point of the simplex within the box that is nearest to a point uniform in the box. (Recentring
    the rows first would change nothing: the projection onto rows of sum 1 ignores a common shift.)
    """
    radius = positive_number("radius", radius)
    centre = real_array("policy", policy)
    moved = centre + generator.uniform(-radius, radius, (count, *centre.shape))
    return project_to_box(torch.as_tensor(moved), torch.as_tensor(centre), radius).numpy()


def sampled_gain(
    game: Game,
    policies: ArrayLike,
    radius: float,
    samples: int,
    *,
    ties: Any = LOWEST_INDEX,
    stop_above: float = math.inf,
    seed: int | Sequence[int] = 0,
) -> SampledGain:
    """Largest gain of each sender over ``samples`` random deviations within ``radius``.

    The senders that choose take turns in growing batches, and everything stops once a gain exceeds ``stop_above``
    (utility units). Every batch has its own seed, so that stopping never changes which deviations are drawn.
    """
    profile, samples = one_profile(game, policies), whole_number("samples", samples, 1)
    listed = seed if isinstance(seed, Sequence) else (seed,)
    seeds = [whole_number("seed", number) for number in listed]
    near = {i: Nearby(game, profile, i, radius, ties) for i in game.choosing}
    stay = {i: float(one.utilities(profile[[i]])[0]) for i, one in near.items()}
    own = [policy[:, :count] for policy, count in zip(profile, game.counts)]
    gains, used = np.zeros(len(own)), np.zeros(len(own), dtype=int)
    for batch, size in enumerate(_batch_sizes(samples)):
        for i in game.choosing:
            generator = np.random.default_rng([*seeds, i, batch])
            deviations = sample_deviations(own[i], radius, size, generator)
            gains[i] = max(gains[i], near[i].utilities(deviations).max() - stay[i])
            used[i] += size
            if gains[i] > stop_above:
                return SampledGain(gains, used)
    return SampledGain(gains, used)


def _batch_sizes(samples: int) -> Iterator[int]:
    size = FIRST_BATCH
    while samples > 0:
        yield min(size, samples)
        samples -= size
        size = min(2 * size, LARGEST_BATCH)


def select_local_equilibria(
    game: Game,
    profiles: ArrayLike,
    radius: float,
    samples: int,
    tolerances: Sequence[float],
    *,
    ties: Any = LOWEST_INDEX,
    seed: int = 0,
) -> Selection:
    """For each tolerance, the profile of highest welfare that the sampled check accepts.

    The profiles are walked once in order of falling welfare (equal welfare: lower index first). A check stops as
    soon as a gain exceeds the largest tolerance still open, the walk once every tolerance has its profile.

    Parameters
    ----------
    profiles : (count, senders, states, signals)
    radius, samples, ties : as in :func:`sampled_gain`
    tolerances : accepted gains, in utility units, non-negative. At 0 rounding decides: even an exact equilibrium
        shows gains near 1e-16 of the utility range.
    seed : profile ``k`` is checked with the seeds ``(seed, k)``, whatever the others do
    """
    tolerances = [positive_number("tolerances", t, zero=True) for t in tolerances]
    if not tolerances:
        raise ValueError("tolerances is empty: at least one is needed")
    batch = as_policies(game, profiles)
    if batch.ndim != 4:
        raise ValueError(f"profiles must be (count, senders, states, signals), got {batch.shape}")
    welfare = sender_utilities(game, batch, ties=ties).sum(1)
    accepted: dict[float, Acceptance] = {}
    gains = np.full(len(batch), np.nan)
    for index in np.argsort(-welfare, kind="stable").tolist():
        still_open = [t for t in tolerances if t not in accepted]
        if not still_open:
            break
        check = sampled_gain(
            game,
            batch[index],
            radius,
            samples,
            seed=(seed, index),
            ties=ties,
            stop_above=max(still_open),
        )
        gain = gains[index] = float(check.gains.max())
        accepted |= {
            t: Acceptance(t, index, float(welfare[index]), gain) for t in still_open if gain <= t
        }
    found = tuple(accepted.get(t, Acceptance(t)) for t in tolerances)
    return Selection(found, int(np.isfinite(gains).sum()), gains)
