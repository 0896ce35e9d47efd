"""What a sceptic would try before a network: searches on the exact game, from the same starts with the same budget.

A search of ``steps`` extra-gradient steps evaluates every sender's gradient at ``2 * steps`` profiles. The
exact-gradient search and the smoothed one do the same; random search evaluates as many deviations of every sender.
"""

from persuasion.learn.baselines.exact_gradient import exact_gradient_search, exact_own_gradients
from persuasion.learn.baselines.random_search import random_search
from persuasion.learn.baselines.smoothed import smoothed_search, smoothed_utilities

__all__ = [
    "exact_gradient_search",
    "exact_own_gradients",
    "random_search",
    "smoothed_search",
    "smoothed_utilities",
]
