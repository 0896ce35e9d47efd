"""Games to start from: ``python -m persuasion example``, and the files in ``examples/``."""

from collections.abc import Callable
from functools import partial

from persuasion.games import GENERATORS, SCENARIOS, bertrand_advertising, two_lawyers
from persuasion.model.game import Game

SEED = 0
EXAMPLES: dict[str, Callable[[], Game]] = {
    "two-lawyers": two_lawyers,
    "bertrand-advertising": bertrand_advertising,
    **{name: partial(GENERATORS[name], seed=SEED) for name in ("didactic", *SCENARIOS)},
}


def example(name: str) -> Game:
    """The example of that name. ``ValueError``, listing the names, if there is none.

    >>> example("two-lawyers").shape
    GameShape(senders=2, states=3, actions=3, signals=3)
    """
    if name not in EXAMPLES:
        raise ValueError(f"there is no example {name!r}; there are {', '.join(EXAMPLES)}")
    return EXAMPLES[name]()
