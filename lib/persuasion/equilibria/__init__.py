"""Equilibria by best responses in turn, global and local, each with its certificate."""

from persuasion.equilibria.anneal import annealed_dynamics
from persuasion.equilibria.dynamics import best_response_dynamics
from persuasion.equilibria.polish import polish
from persuasion.equilibria.record import Dynamics, Move, Polished
from persuasion.equilibria.tie_map import common_tie_map

__all__ = [
    "Dynamics",
    "Move",
    "Polished",
    "annealed_dynamics",
    "best_response_dynamics",
    "common_tie_map",
    "polish",
]
