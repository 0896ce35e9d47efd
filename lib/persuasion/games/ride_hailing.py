"""Scenario 3, two ride-hailing platforms and one driver (paper, Section 5.3)."""

import numpy as np

from persuasion.model.checks import sizes
from persuasion.model.game import Game

DRIVER_READINGS = ("payment", "price")


def ride_hailing(
    platforms: int = 2,
    orders: int = 4,
    cost_states: int = 16,
    signals: int = 4,
    prices: tuple[float, float] = (10.0, 30.0),
    payment_share: tuple[float, float] = (0.6, 0.9),
    costs: tuple[float, float] = (0.0, 30.0),
    idle: float = -1.0,
    driver: str = "payment",
    seed: int | np.random.Generator | np.random.SeedSequence | None = None,
) -> Game:
    """Platforms with several orders each persuade a driver to take one.

    The state is the vector of the orders' hidden costs. Action ``k`` takes order ``k`` (platform 0's
    orders first); the last action takes none. A platform gains price minus payment of its order that is
    taken [P], else 0 [R].

    Parameters
    ----------
    platforms : number of platforms, 2 [P]
    orders : orders of each platform, 4 [P]
    cost_states : cost vectors drawn per instance, equally likely [C]
    signals : signals of each platform [C]
    prices : range of the uniform user prices [C]
    payment_share : range of the driver's uniform share of the price [C]
    costs : range of the uniform hidden costs [C]
    idle : the driver's utility of taking no order, -1 [P]
    driver : ``"payment"``: the driver gets payment minus cost [R]; ``"price"``: price minus cost, as
        the paper's text has it
    seed : anything ``numpy.random.default_rng`` accepts

    Raises ``ValueError`` for an unknown ``driver`` reading, or no platform, order or cost vector.
    """
    if driver not in DRIVER_READINGS:
        raise ValueError(f"driver must be one of {DRIVER_READINGS}, got {driver!r}")
    platforms, orders, cost_states = sizes(
        platforms=platforms, orders=orders, cost_states=cost_states
    )
    generator = np.random.default_rng(seed)
    count = platforms * orders
    price = generator.uniform(*prices, count)
    payment = price * generator.uniform(*payment_share, count)
    cost = generator.uniform(*costs, (cost_states, count))
    income = payment if driver == "payment" else price
    receiver = np.hstack([income - cost, np.full((cost_states, 1), idle)])
    owner = np.repeat(np.arange(platforms), orders)
    margin = np.where(np.arange(platforms)[:, None] == owner, price - payment, 0.0)
    gains = np.hstack([margin, np.zeros((platforms, 1))])
    senders = np.broadcast_to(gains[:, None, :], (platforms, cost_states, count + 1))
    prior = np.full(cost_states, 1 / cost_states)
    return Game(prior, receiver, senders, signals, f"ride hailing, {platforms} platforms")
