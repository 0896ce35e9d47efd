"""The presets ``smoke``, ``quick`` and ``paper``.

Every field can be overridden by its dotted name; an unknown name is an error.

>>> preset("paper").training.samples
50000
>>> preset("smoke", {"training.samples": 64}).training.samples
64
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from persuasion.learn.training import Training
from study.designs.overrides import override
from study.designs.settings import (
    Atlas,
    BaselineStudy,
    Benchmark,
    Certificates,
    Didactic,
    KinksStudy,
    Preset,
    RecipeStudy,
    Search,
    Sensitivity,
    Size,
)

TUNING_GAMES = (
    Size(2, 4, 4, 4, 1.0),
    Size(4, 6, 6, 6, 10.0),
    Size(2, 8, 8, 8, 10.0),
    Size(4, 4, 4, 4, 1.0),
)


def _paper() -> Preset:
    return Preset(
        name="paper",
        training=Training(),
        searches=(Search(0.005, 20), Search(0.01, 30)),
        synthetic=Benchmark(),
        second=Benchmark(senders=(2,), logit_scale=1.0),
        didactic=Didactic(Training(samples=500_000, held_out=50_000, epochs=200), 121),
        recipes=RecipeStudy(TUNING_GAMES, Training(held_out=10_000, epochs=10)),
    )


def _quick() -> Preset:
    """Enough for every figure and table to be drawn in minutes; too little for any of the paper's conclusions."""
    paper = _paper()
    training = Training(samples=2_000, held_out=1_000, epochs=5)
    # three levels show a trend; a Latin square of them has every pair
    few = Benchmark(levels=(2, 4, 8), games=1, balanced=True)
    return replace(
        paper,
        name="quick",
        training=training,
        searches=tuple(replace(search, starts=40, samples_factor=5) for search in paper.searches),
        synthetic=few,
        second=replace(few, senders=paper.second.senders, logit_scale=paper.second.logit_scale),
        instances=2,
        didactic=Didactic(
            Training(samples=20_000, held_out=5_000, epochs=20), seeds=3, seed_epochs=2
        ),
        recipes=RecipeStudy(
            TUNING_GAMES[:2],
            training,
            candidates=2,
            instances=2,
            curve=((500, 5), (2_000, 5), (8_000, 5)),
        ),
        baselines=BaselineStudy(joint_signals=256),
        sensitivity=Sensitivity(instances=1, values=1, starts=10),
        certificates=Certificates(searches=1, seconds=0.5, every_tolerance=False, polish_rounds=20),
        kinks=replace(paper.kinks, instances=2, starts=1, steps=(0, 2, 6, 20), seconds=2.0),
        dynamics=replace(paper.dynamics, largest=4, starts=2, seconds=5.0),
        atlas=Atlas(largest=4, seconds=5.0),
    )


def _smoke() -> Preset:
    paper = _paper()
    tiny = Benchmark(levels=(2, 3), games=1, balanced=True)
    return replace(
        paper,
        name="smoke",
        training=Training(samples=512, held_out=256, epochs=2, batch_size=128),
        searches=tuple(
            replace(search, starts=8, iterations=3, samples_factor=1) for search in paper.searches
        ),
        synthetic=tiny,
        second=replace(tiny, senders=(2,), logit_scale=1.0),
        instances=2,
        didactic=Didactic(Training(samples=1_000, held_out=500, epochs=3), 21, 2, 1),
        recipes=RecipeStudy(
            TUNING_GAMES[:1],
            Training(256, 128, 1),
            networks=1,
            candidates=2,
            instances=2,
            curve=((128, 1), (256, 2)),
        ),
        sensitivity=Sensitivity(instances=1, values=1, starts=2, candidates=2),
        certificates=Certificates(seconds=20.0, scenario_global=False, polish_rounds=5),
        kinks=KinksStudy((Size(2, 2, 2, 2, 1.0),), 1, starts=1, steps=(0, 2), samples=(50,)),
        dynamics=replace(paper.dynamics, largest=3, starts=2, margins=(0.0, 1e-2), seconds=1.0),
        atlas=Atlas(largest=3, starts=("silence", "random"), seconds=1.0),
    )


PRESETS = {"smoke": _smoke, "quick": _quick, "paper": _paper}


def preset(name: str, overrides: Mapping[str, Any] | None = None) -> Preset:
    """A preset by name, with overrides by dotted field name, for instance ``{"training.epochs": 5}``.

    An index picks from a tuple of settings: ``{"searches.0.starts": 10}``. Raises ``ValueError`` for an
    unknown preset, an unknown field (naming the known ones) or a value of the wrong kind.
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise ValueError(f"unknown preset {name!r}; known: {', '.join(PRESETS)}")
    if overrides is not None and not isinstance(overrides, Mapping):
        raise ValueError(
            f"overrides takes settings by dotted name, e.g. {{'training.epochs': 5}}, got {overrides!r}"
        )
    settings = PRESETS[name]()
    for path, value in (overrides or {}).items():
        if path in ("name", "overridden"):
            raise ValueError(
                f"setting {path!r} says where the settings come from; it is not for you to set"
            )
        settings = override(settings, path, value)
    # fields of trainings, for instance didactic.training.batch_size
    own = tuple(path for path in overrides or {} if "training" in path.split(".")[:-1])
    return replace(settings, overridden=own)
