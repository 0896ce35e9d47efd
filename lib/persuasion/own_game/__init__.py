"""Solve a game of your own: full revelation, best responses, certified local equilibria, a report.

>>> from persuasion import Request, solve
>>> from persuasion.games.examples import example
>>> solution = solve(example("didactic"), Request(starts=10, steps=20, candidates=1))
>>> solution.revelation.verdict
'equilibrium'
>>> [entry.certified for entry in solution.local]
[True]

Names are imported on first use, so that the command line's short answers do without torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
