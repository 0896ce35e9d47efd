"""The training recipes that the experiments use, frozen after the search of :mod:`study.designs.recipes`.

``literal`` is what the paper's words say and, where they say nothing, the defaults of
:class:`persuasion.learn.training.Training`. ``tuned`` is, per architecture, the candidate with the smallest
held-out error at the paper's learning rate over the tuning games; a test derives it again from the committed
records of the search.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from persuasion.learn.training import Training

_SMALL_BATCHES = {"batch_size": 128, "input_scaling": "standardise"}

RECIPES: dict[str, dict[str, dict[str, Any]]] = {
    "literal": {"relu": {}, "delu": {}, "dnl": {}},
    "tuned": {
        "relu": _SMALL_BATCHES,
        "delu": {**_SMALL_BATCHES, "schedule": "cosine"},
        "dnl": {**_SMALL_BATCHES, "schedule": "cosine", "dnl_variant": "hidden-output"},
    },
}


def apply_recipe(
    training: Training, recipe: str, method: str, fixed: Iterable[str] = ()
) -> Training:
    """The training of one architecture under a recipe; fields named in ``fixed`` keep the given value.

    >>> apply_recipe(Training(), "tuned", "relu").batch_size
    128
    >>> apply_recipe(Training(batch_size=64), "tuned", "relu", fixed=["batch_size"]).batch_size
    64
    """
    choices = RECIPES[recipe][method]
    return replace(training, **{name: choices[name] for name in choices.keys() - set(fixed)})
