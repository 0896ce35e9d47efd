"""A network by its name.

>>> import torch
>>> network = build_network("dnl", inputs=8, networks=2, seed=0)
>>> network(torch.zeros(5, 8)).shape
torch.Size([2, 5])
"""

from typing import Any

from persuasion.networks.delu import DeLU
from persuasion.networks.dnl import DNL
from persuasion.networks.relu import ReLU
from persuasion.networks.stack import Seed, StackedNetwork

ARCHITECTURES: dict[str, type] = {"relu": ReLU, "delu": DeLU, "dnl": DNL}


def build_network(
    name: str, inputs: int, networks: int = 1, seed: Seed = 0, **options: Any
) -> StackedNetwork:
    """A freshly initialised stack of ``networks`` networks of the architecture ``name``.

    ``options`` go to the class. Raises ``ValueError`` for an unknown name, option or a bad size.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"unknown architecture {name!r}: use one of {', '.join(ARCHITECTURES)}")
    try:
        return ARCHITECTURES[name](inputs, networks, seed=seed, **options)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from None
