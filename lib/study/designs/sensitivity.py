"""Table 1 again with its lost constants changed, one at a time: the variations and their games.

Seeds are hashes of a game's whole configuration, so that every variation draws its instances, starts and training
samples anew: it differs from the first by the constant and by the draw.
"""

from collections.abc import Iterator
from typing import Any

from study.designs.settings import Preset, game_of

# constants that the paper leaves open, below and above our reading where that makes sense; sizes are in `plausible`
VARIATIONS: dict[str, dict[str, tuple[Any, ...]]] = {
    "quality-advertising": {
        "firms": (2, 4),
        "high": (0.5, 2.0),
        "low": (-2.0, -0.5),
        "probability_high": (0.1, 0.5),
        "shock": (0.01, 0.5),
        "signals": (3,),
    },
    "product-advertising": {"shock": (0.01, 1.0), "signals": (3, 4)},
    "ride-hailing": {
        "cost_states": (4, 32),
        "signals": (2, 8),
        "prices": ((10.0, 20.0), (20.0, 40.0)),
        "payment_share": ((0.4, 0.6), (0.8, 0.95)),
        "costs": ((0.0, 15.0), (0.0, 60.0)),
        "driver": ("price",),
    },
}


def variations(preset: Preset) -> Iterator[tuple[str, dict[str, Any]]]:
    """Scenario and changed constant: none first, then one at a time."""
    for family in preset.scenarios:
        yield family, {}
        for name, values in VARIATIONS[family].items():
            for value in values[: preset.sensitivity.values]:
                yield family, {name: list(value) if isinstance(value, tuple) else value}


def games(preset: Preset) -> list[dict[str, Any]]:
    """The game configurations, one instance of every variation first."""
    return [
        game_of(family, changed, index, preset.seed)
        for index in range(preset.sensitivity.instances)
        for family, changed in variations(preset)
    ]
