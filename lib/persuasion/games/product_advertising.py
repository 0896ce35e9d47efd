"""Scenario 2, advertising of multiple products (paper, Section 5.3)."""

import itertools

import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.game import Game


def product_advertising(
    firms: int = 2,
    prices: tuple[int, int] = (1, 10),
    qualities: tuple[int, int] = (-8, 12),
    shock: float = 0.1,
    signals: int = 2,
    states: int | None = None,
    prices_in_state: bool = False,
    products: int | None = None,
    seed: int | np.random.Generator | np.random.SeedSequence | None = None,
) -> Game:
    """Firms with posted prices and hidden qualities court one consumer.

    The state is the vector of qualities, uniform over all integer vectors (441 states for two firms) or over a
    sample of them.
    Action ``i`` buys from firm ``i`` for quality minus price plus shock [R]; the last action buys nothing
    and is worth 0 [P]. A firm gets its price if bought from [R], else -1 [P].

    Parameters
    ----------
    firms : number of firms [C]
    prices : inclusive range of the uniform integer prices, drawn once per instance [P]
    qualities : inclusive range of the uniform integer qualities [P]
    shock : standard deviation of each firm's zero-mean Gaussian shock, drawn once per instance [C]
    signals : signals of each firm [C]
    states : number of quality vectors drawn per instance, equally likely; None: all of them [C]
    prices_in_state : every drawn state has its own prices, too, which the consumer does not see [C]
    products : seed of one draw of prices and qualities that all instances share; None: each draws its own [C]
    seed : anything ``numpy.random.default_rng`` accepts; it draws prices, shocks and sampled qualities

    Raises ``ValueError`` if there is no firm, state or quality, or prices are to be in the state but states are not
    sampled.
    """
    firms = whole_number("firms", firms, 1)
    states = None if states is None else whole_number("states", states, 1)
    for name, (low, high) in (("prices", prices), ("qualities", qualities)):
        if low > high:
            raise ValueError(f"{name} must be a range, got {low} to {high}")
    if prices_in_state and states is None:
        raise ValueError("prices_in_state needs a number of states to draw")
    generator = np.random.default_rng(seed)
    goods = generator if products is None else np.random.default_rng(products)
    rows = states if prices_in_state and states else 1
    price = goods.integers(prices[0], prices[1] + 1, (rows, firms)).astype(float)
    shocks = generator.normal(0, shock, firms)
    if states is None:
        levels = range(qualities[0], qualities[1] + 1)
        quality = np.array(list(itertools.product(levels, repeat=firms)), dtype=float)
    else:
        quality = goods.integers(qualities[0], qualities[1] + 1, (states, firms)).astype(float)
    count = len(quality)
    receiver = np.hstack([quality - price + shocks, np.zeros((count, 1))])
    gains = np.where(np.eye(firms, firms + 1)[:, None] == 1, price.T[:, :, None], -1.0)
    senders = np.broadcast_to(gains, (firms, count, firms + 1))
    prior = np.full(count, 1 / count)
    return Game(prior, receiver, senders, signals, f"product advertising, {firms} firms")
