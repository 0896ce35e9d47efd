"""Games to start from: ``python -m persuasion example``, and the files in ``examples/``."""

from __future__ import annotations

from collections.abc import Callable

from persuasion.games.bertrand_advertising import bertrand_advertising
from persuasion.games.didactic import didactic
from persuasion.games.product_advertising import product_advertising
from persuasion.games.quality_advertising import quality_advertising
from persuasion.games.ride_hailing import ride_hailing
from persuasion.games.two_lawyers import two_lawyers
from persuasion.model.game import Game

SEED = 0
EXAMPLES: dict[str, Callable[[], Game]] = {
    "two-lawyers": two_lawyers,
    "bertrand-advertising": bertrand_advertising,
    "didactic": didactic,
    "quality-advertising": lambda: quality_advertising(seed=SEED),
    "product-advertising": lambda: product_advertising(seed=SEED),
    "ride-hailing": lambda: ride_hailing(seed=SEED),
}


def example(name: str) -> Game:
    """The example of that name. ``ValueError``, listing the names, if there is none.

    >>> example("two-lawyers").shape
    GameShape(senders=2, states=3, actions=3, signals=3)
    """
    if name not in EXAMPLES:
        raise ValueError(f"there is no example {name!r}; there are {', '.join(EXAMPLES)}")
    return EXAMPLES[name]()
