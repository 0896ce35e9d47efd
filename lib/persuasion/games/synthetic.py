"""The synthetic benchmark's random games (paper, Section 5.2)."""

import numpy as np

from persuasion.model.checks import sizes
from persuasion.model.game import Game


def synthetic(
    senders: int = 2,
    states: int = 4,
    actions: int = 4,
    signals: int = 4,
    utility_scale: float = 10.0,
    logit_scale: float = 10.0,
    seed: int | np.random.Generator | np.random.SeedSequence | None = None,
) -> Game:
    """A game with independent Gaussian utilities and a SoftMax-of-Gaussian prior.

    Parameters
    ----------
    senders, states, actions, signals : sizes; the paper's grid is 2 or 4 senders and
        {2, 4, 6, 8, 10} for each of the others [P]
    utility_scale : standard deviation of every utility, 10 [P]
    logit_scale : standard deviation of the prior's logits, 10 [P]. It puts most of the mass on one
        state, which makes many games trivial; 1 gives the book's second benchmark
    seed : anything ``numpy.random.default_rng`` accepts

    Raises ``ValueError`` for a size that is no whole number of at least 1.

    >>> synthetic(states=3, seed=1) == synthetic(states=3, seed=1)
    True
    """
    senders, states, actions = sizes(senders=senders, states=states, actions=actions)
    generator = np.random.default_rng(seed)
    receiver = generator.normal(0, utility_scale, (states, actions))
    values = generator.normal(0, utility_scale, (senders, states, actions))
    logits = generator.normal(0, logit_scale, states)
    prior = np.exp(logits - logits.max())
    name = f"synthetic {senders} senders, {states}x{actions}x{signals}"
    return Game(prior / prior.sum(), receiver, values, signals, name)
