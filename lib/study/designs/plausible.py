"""Table 1's lost constants: the candidates for them, jobs that say what welfare each leaves room for, a choice.

A candidate names what differs from the constants that were chosen first.
"""

from typing import Any

from study.designs.settings import Preset, game_of
from study.records.job import Job

PROFILES = 200
SHARES = ((0.5, 1.0), (0.7, 0.9), (0.75, 0.95), (0.8, 0.95))
PRICES = ((10.0, 20.0), (5.0, 25.0), (1.0, 30.0), (20.0, 40.0))
SAMPLED = (8, 12, 16, 32, 64)

INFERRED: dict[str, dict[str, Any]] = {
    "quality-advertising": {"probability_high": 0.2, "shock": 0.01},
    "product-advertising": {"states": 12},
    "ride-hailing": {"payment_share": [0.5, 1.0]},
}
"""Table 1's constants [C]: of the candidates that are left, the nearest to the paper's numbers by
:func:`study.figures.plausible.most_plausible`, before any network was trained with them; a test compares."""


def candidates() -> dict[str, list[dict[str, Any]]]:
    """Per scenario the candidates, each a dictionary of generator parameters; the first is empty."""
    ride = [{"prices": list(p)} for p in PRICES] + [{"payment_share": list(s)} for s in SHARES]
    return {
        "quality-advertising": [
            {},
            *({"shock": s} for s in (0.01, 1.0)),
            *(
                {"probability_high": p, "shock": s}
                for p in (0.1, 0.15, 0.2, 0.25, 0.5)
                for s in (0.01, 0.1)
            ),
            *({"probability_high": 0.2, name: v} for name, v in (("low", -0.5), ("low", -2.0))),
            *({"probability_high": 0.2, "firms": n} for n in (2, 4)),
        ],
        "product-advertising": [
            {},
            *({"states": n} for n in SAMPLED),
            *({"states": n, "prices_in_state": True} for n in SAMPLED),
            *({"states": 12, "prices_in_state": own, "firms": 3} for own in (False, True)),
            *({"states": 12, "prices_in_state": own, "signals": 4} for own in (False, True)),
            *({"states": 12, "products": draw} for draw in range(5)),
        ],
        "ride-hailing": [
            {},
            *({"cost_states": n} for n in (4, 64)),
            *({"signals": n} for n in (2, 8)),
            *ride,
            {"driver": "price"},
            *({"driver": "price"} | changed for changed in ride),
        ],
    }  # fmt: skip


def jobs(preset: Preset) -> list[Job]:
    """A job per candidate, over the preset's number of instances."""
    return [
        Job(
            {
                "kind": "reach",
                "game": game_of(family, changed, 0, preset.seed),
                "instances": preset.instances,
                "profiles": PROFILES,
            },
            preset.instances / 20,
        )
        for family in preset.scenarios
        for changed in candidates()[family][: preset.sensitivity.candidates]
    ]
