"""Scenario 1, advertising of quality (paper, Section 5.3, after Gentzkow and Kamenica, 2017)."""

import itertools

import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.game import Game


def quality_advertising(
    firms: int = 7,
    high: float = 1.0,
    low: float = -1.0,
    probability_high: float = 0.3,
    shock: float = 0.1,
    signals: int = 2,
    seed: int | np.random.Generator | np.random.SeedSequence | None = None,
) -> Game:
    """Firms with products of high or low quality court one consumer.

    The state is the vector of qualities (``2**firms`` states, firm 0 the most significant bit, 1 = high).
    Action ``i`` buys from firm ``i`` for the quality's value plus shock [R]; the last action buys nothing and is
    worth 0 [R]. A firm gets 1 if bought from, else 0 [P].

    Parameters
    ----------
    firms : number of firms, 7 [R]
    high, low : the consumer's value of a high and a low quality product [C]
    probability_high : prior probability of high quality, independent across firms [C]
    shock : standard deviation of each firm's zero-mean Gaussian shock, drawn once per instance [C]
    signals : signals of each firm [C]
    seed : anything ``numpy.random.default_rng`` accepts; it draws the shocks only

    Raises ``ValueError`` if there is no firm.
    """
    firms = whole_number("firms", firms, 1)
    shocks = np.random.default_rng(seed).normal(0, shock, firms)
    qualities = np.array(list(itertools.product([0, 1], repeat=firms)))
    prior = np.where(qualities == 1, probability_high, 1 - probability_high).prod(1)
    bought = np.where(qualities == 1, high, low) + shocks
    receiver = np.hstack([bought, np.zeros((len(qualities), 1))])
    gains = np.eye(firms, firms + 1)
    senders = np.broadcast_to(gains[:, None, :], (firms, len(qualities), firms + 1))
    return Game(
        prior / prior.sum(), receiver, senders, signals, f"quality advertising, {firms} firms"
    )
