"""Families of games. Every generator returns a :class:`persuasion.Game` and names its parameters' source.

Those that the paper does not have say so. In the others' docstrings, [P] marks what the paper states, [R] what
its text implies and [C] what it leaves open and we chose; every [C] is a parameter.
"""

from collections.abc import Callable

from persuasion.games.bertrand_advertising import bertrand_advertising as bertrand_advertising
from persuasion.games.didactic import didactic
from persuasion.games.product_advertising import product_advertising
from persuasion.games.quality_advertising import quality_advertising
from persuasion.games.ride_hailing import ride_hailing
from persuasion.games.synthetic import synthetic
from persuasion.games.two_lawyers import two_lawyers as two_lawyers
from persuasion.model.game import Game

GENERATORS: dict[str, Callable[..., Game]] = {
    "didactic": didactic,
    "synthetic": synthetic,
    "quality-advertising": quality_advertising,
    "product-advertising": product_advertising,
    "ride-hailing": ride_hailing,
}
SCENARIOS = ("quality-advertising", "product-advertising", "ride-hailing")
