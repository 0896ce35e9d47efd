"""Global Nash equilibria, found and certified: an exact double oracle for two senders, best responses for others.

>>> from persuasion import Game, nash
>>> game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2, name="prosecutor")
>>> equilibrium, *_ = nash(game)
>>> equilibrium.status, equilibrium.utilities.round(5).tolist()
('equilibrium', [0.6])
"""

from persuasion.equilibria.nash.alone import Landmark, landmarks
from persuasion.equilibria.nash.find import MOST_STATES, SIMILAR_OUTCOME, nash
from persuasion.equilibria.nash.record import Equilibrium, Step
from persuasion.equilibria.record import EQUILIBRIUM

__all__ = [
    "EQUILIBRIUM",
    "MOST_STATES",
    "SIMILAR_OUTCOME",
    "Equilibrium",
    "Landmark",
    "Step",
    "landmarks",
    "nash",
]
