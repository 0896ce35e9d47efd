"""Scenario 2, advertising of multiple products (paper, Section 5.3)."""

from __future__ import annotations

import itertools

import numpy as np

from persuasion.model.game import Game


def product_advertising(
    firms: int = 2,
    prices: tuple[int, int] = (1, 10),
    qualities: tuple[int, int] = (-8, 12),
    shock: float = 0.1,
    signals: int = 2,
    seed: int | np.random.Generator | np.random.SeedSequence | None = None,
) -> Game:
    """Firms with posted prices and hidden qualities court one consumer.

    The state is the vector of qualities, uniform over all integer vectors (441 states for two firms).
    Action ``i`` buys from firm ``i`` for quality minus price plus shock; the last action buys nothing
    and is worth 0. A firm gets its price if bought from, else -1 [P].

    Parameters
    ----------
    firms : number of firms [C]
    prices : inclusive range of the uniform integer prices, drawn once per instance [P]
    qualities : inclusive range of the uniform integer qualities [P]
    shock : standard deviation of each firm's zero-mean Gaussian shock, drawn once per instance [C]
    signals : signals of each firm [C]
    seed : anything ``numpy.random.default_rng`` accepts; it draws prices and shocks
    """
    generator = np.random.default_rng(seed)
    price = generator.integers(prices[0], prices[1] + 1, firms).astype(float)
    shocks = generator.normal(0, shock, firms)
    levels = range(qualities[0], qualities[1] + 1)
    quality = np.array(list(itertools.product(levels, repeat=firms)), dtype=float)
    states = len(quality)
    receiver = np.hstack([quality - price + shocks, np.zeros((states, 1))])
    gains = np.where(np.eye(firms, firms + 1) == 1, price[:, None], -1.0)
    senders = np.broadcast_to(gains[:, None, :], (firms, states, firms + 1))
    prior = np.full(states, 1 / states)
    return Game(prior, receiver, senders, signals, f"product advertising, {firms} firms")
