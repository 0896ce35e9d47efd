"""Solve a game of your own: full revelation, best responses, certified local equilibria, a report.

>>> from persuasion.games.examples import example
>>> solution = solve(example("two-lawyers"), Request(starts=60, steps=20, candidates=1))
>>> solution.revelation.verdict
'equilibrium'
>>> [entry.certified for entry in solution.equilibria]
[True]
"""

from __future__ import annotations

from persuasion.own_game.page import report_page
from persuasion.own_game.profile import named_profile, profile_from, profile_to_dict, read_profile
from persuasion.own_game.request import METHODS, Request
from persuasion.own_game.size import check_size, evaluation_cost
from persuasion.own_game.solution import Equilibrium, Examined, Revelation, Solution
from persuasion.own_game.solve import solve

__all__ = [
    "METHODS",
    "Equilibrium",
    "Examined",
    "Request",
    "Revelation",
    "Solution",
    "check_size",
    "evaluation_cost",
    "named_profile",
    "profile_from",
    "profile_to_dict",
    "read_profile",
    "report_page",
    "solve",
]
