"""Competition in information between firms that also compete in prices, as in Bertrand's model."""

import itertools
from collections.abc import Sequence

import numpy as np

from persuasion.model.checks import real_array
from persuasion.model.game import Game


def bertrand_advertising(
    prices: Sequence[float] = (2.0, 3.0),
    cost: float = 1.0,
    value: float = 5.0,
    probability_match: float = 0.4,
    signals: int = 2,
) -> Game:
    """Firms with posted prices tell one consumer how well their products suit it. Our example, not the paper's.

    The state is the vector of matches (``2**firms`` states, firm 0 the most significant bit). A product that
    matches is worth ``value`` to the consumer, any other 0; action ``i`` buys from firm ``i`` at its price, the
    last action buys nothing. A firm's profit is its price less ``cost`` if it sells, else 0.

    Parameters
    ----------
    prices : posted price of every firm
    cost : of producing one unit
    value : of a match, in units of money
    probability_match : prior probability of a match, independent across firms
    signals : signals of each firm

    Raises ``ValueError`` for a probability outside [0, 1] or no firm.
    """
    if not 0 <= probability_match <= 1:
        raise ValueError(f"probability_match must be in [0, 1], got {probability_match}")
    price = real_array("prices", prices, 1)
    firms = len(price)
    matches = np.array(list(itertools.product([0, 1], repeat=firms)))
    prior = np.where(matches == 1, probability_match, 1 - probability_match).prod(1)
    receiver = np.hstack([value * matches - price, np.zeros((len(matches), 1))])
    profits = (price - cost)[:, None] * np.eye(firms, firms + 1)
    senders = np.broadcast_to(profits[:, None, :], (firms, len(matches), firms + 1))
    firm = [f"firm {i}" for i in range(firms)]
    names = {
        "states": [_fitting(firm, match) for match in matches],
        "actions": [*(f"buy from {name}" for name in firm), "buy nothing"],
        "senders": firm,
    }
    name = f"Bertrand advertising, {firms} firms"
    return Game(prior / prior.sum(), receiver, senders, signals, name, names)


def _fitting(firms: list[str], match: np.ndarray) -> str:
    return " and ".join(name for name, fits in zip(firms, match) if fits) or "no match"
