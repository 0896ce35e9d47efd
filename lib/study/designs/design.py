"""The jobs of a preset, in an order that makes partial runs useful: one game of every size comes first."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from persuasion.learn.recipes import apply_recipe
from persuasion.learn.training import Training
from study.designs import atlas, certificates, plausible, recipes, sensitivity
from study.designs.config import Benchmark, Preset, Size, game_of, to_dict
from study.records.job import Job

# costs are for the progress line only: seconds of one processor, roughly; of training, per sample visit and network
SECONDS_PER_VISIT = 6e-6
RELATIVE_COST = {"relu": 1.0, "delu": 1.7, "dnl": 4.8}
BASELINE_COST = {"exact-gradient": 1.0, "smoothed": 4.0, "random-search": 1.0}
DIDACTIC_SENDERS = 2
SCENARIO_SENDERS = {"quality-advertising": 7, "product-advertising": 2, "ride-hailing": 2}


def jobs(preset: Preset, experiment: str) -> list[Job]:
    """All jobs of one experiment of a preset, each once. ``ValueError`` for an unknown experiment."""
    if experiment not in STUDIES:
        raise ValueError(f"unknown experiment {experiment!r}; known: {', '.join(EXPERIMENTS)}")
    return list(_planned(preset, experiment))


@functools.lru_cache(maxsize=64)
def _planned(preset: Preset, experiment: str) -> tuple[Job, ...]:
    """Planned once: a page asks for the same thousands of jobs, and for their keys, many times."""
    return tuple({job.identity: job for job in STUDIES[experiment](preset)}.values())


def _benchmark(experiment: str) -> Callable[[Preset], list[Job]]:
    return lambda preset: [
        job for game in games(preset, experiment) for job in _jobs_of_game(preset, game)
    ]


def games(preset: Preset, experiment: str) -> list[dict[str, Any]]:
    """The game configurations of one experiment, the first game of every size before the second of any."""
    if experiment in ("table-1", "scenarios"):
        constants = plausible.INFERRED if experiment == "table-1" else {}
        return [
            game_of(family, constants.get(family, {}), index, preset.seed)
            for index in range(preset.instances)
            for family in preset.scenarios
        ]
    return list(
        _synthetic(preset, preset.synthetic if experiment == "synthetic" else preset.second)
    )


def _synthetic(preset: Preset, benchmark: Benchmark) -> Iterable[dict[str, Any]]:
    for index in range(benchmark.games):
        for signals, states, actions in benchmark.sizes():
            for senders in benchmark.senders:
                size = Size(senders, signals, states, actions, benchmark.logit_scale)
                yield game_of("synthetic", to_dict(size), index, preset.seed)


def _jobs_of_game(preset: Preset, game: dict[str, Any]) -> list[Job]:
    starts = max(search.starts for search in preset.searches)
    reference = {"kind": "reference", "game": game, "starts": starts}
    senders = game["parameters"].get("senders") or SCENARIO_SENDERS[game["family"]]
    return [Job(reference, 0.1)] + [
        Job({"kind": "solve", "game": game, **settings}, senders * cost)
        for settings, cost in _searches(preset)
    ]


@functools.lru_cache(maxsize=64)
def _searches(preset: Preset) -> list[tuple[dict[str, Any], float]]:
    """What the jobs of all games have in common, with the cost for a sender: one entry per network."""
    return [
        (
            {
                "method": method,
                "training": _training(preset, "training", method),
                "searches": [to_dict(search) for search in preset.searches],
                "tolerances": list(preset.tolerances),
            },
            _training_cost(preset.training, method),
        )
        for method in preset.methods
    ]


def _by_game(preset: Preset, *experiments: str) -> list[list[Job]]:
    """The jobs of some benchmarks game by game: its reference, then its searches."""
    step = 1 + len(preset.methods)
    planned = [job for name in experiments for job in _planned(preset, name)]
    return [planned[start : start + step] for start in range(0, len(planned), step)]


def _training(preset: Preset, where: str, method: str) -> dict[str, Any]:
    """The training of that dotted name in the preset, after the recipe."""
    training: Training = operator.attrgetter(where)(preset)
    fixed = [name.rpartition(".")[2] for name in preset.overridden if name.startswith(f"{where}.")]
    return to_dict(apply_recipe(training, preset.recipe, method, fixed))


def _didactic(preset: Preset, method: str) -> Job:
    settings = {
        "kind": "didactic",
        "method": method,
        "training": _training(preset, "didactic.training", method),
        "resolution": preset.didactic.resolution,
        "seed": preset.seed,
    }
    return Job(settings, DIDACTIC_SENDERS * _training_cost(preset.didactic.training, method))


def _didactic_seeds(preset: Preset) -> list[Job]:
    """Every network once with the first seed, then with the second, and so on: errors alone, no surfaces."""
    epochs = preset.didactic.seed_epochs
    shorter = replace(preset.didactic.training, epochs=epochs)
    return [
        Job(
            {
                "kind": "fit",
                "game": game_of("didactic", {}, 0, seed),
                "method": method,
                "training": _training(preset, "didactic.training", method) | {"epochs": epochs},
                "networks": DIDACTIC_SENDERS,
            },
            DIDACTIC_SENDERS * _training_cost(shorter, method),
        )
        for seed in range(preset.seed, preset.seed + preset.didactic.seeds)
        for method in preset.methods
    ]


def _training_cost(training: Training, method: str) -> float:
    return SECONDS_PER_VISIT * RELATIVE_COST[method] * training.samples * training.epochs


def _certificates(preset: Preset) -> list[Job]:
    return certificates.certify_jobs(preset, _by_game(preset, "second", "synthetic"))


def _scenario_certificates(preset: Preset, experiment: str) -> list[Job]:
    settings = preset.certificates
    largest = settings.global_senders if settings.scenario_global else 0
    return certificates.shown_jobs(preset, _by_game(preset, experiment), 1, largest)


def _figure_certificates(preset: Preset) -> list[Job]:
    """Two senders first: exact in a moment; with four, in larger games, an interval after the time limit."""
    searches = [found[1:] for found in _by_game(preset, "second", "synthetic")]
    searches.sort(key=lambda found: found[0].config["game"]["parameters"]["senders"])
    return certificates.shown_jobs(preset, searches, len(preset.searches))


def _sensitivity(preset: Preset) -> list[Job]:
    study = preset.sensitivity
    searches = tuple(replace(s, starts=study.starts) for s in preset.searches[: study.searches])
    reduced = replace(preset, searches=searches)
    return [job for game in sensitivity.games(preset) for job in _jobs_of_game(reduced, game)]


def _baselines(preset: Preset) -> list[Job]:
    study = preset.baselines
    searches = [to_dict(search) for search in preset.searches[: study.searches]]
    return [
        Job(
            {
                "kind": "baseline",
                "game": game,
                "method": method,
                "searches": searches,
                "tolerances": list(preset.tolerances),
            },
            (0.1 + joint * parameters["states"] * parameters["actions"] / 1e5)
            * BASELINE_COST[method],
        )
        for game in _both_benchmarks(preset)
        for parameters in [game["parameters"]]
        for joint in [parameters["signals"] ** parameters["senders"]]
        if game["index"] < study.games and joint <= study.joint_signals
        for method in study.methods
    ]


def _both_benchmarks(preset: Preset) -> list[dict[str, Any]]:
    return [*games(preset, "second"), *games(preset, "synthetic")]


STUDIES: dict[str, Callable[[Preset], list[Job]]] = {
    "didactic": lambda preset: [_didactic(preset, method) for method in preset.methods],
    "didactic-seeds": _didactic_seeds,
    "recipe-search": recipes.search_jobs,
    "recipe-evaluation": recipes.evaluation_jobs,
    "recipe-ablation": recipes.ablation_jobs,
    "learning-curve": recipes.curve_jobs,
    **{name: _benchmark(name) for name in ("synthetic", "second", "table-1", "scenarios")},
    "plausible": plausible.jobs,
    "sensitivity": _sensitivity,
    "baselines": _baselines,
    "certificates": _certificates,
    "baseline-certificates": lambda preset: certificates.certify_jobs(
        preset, [jobs(preset, "baselines")]
    ),
    "figure-certificates": _figure_certificates,
    "table-1-certificates": lambda preset: _scenario_certificates(preset, "table-1"),
    "scenario-certificates": lambda preset: _scenario_certificates(preset, "scenarios"),
    "kinks": certificates.kinks_jobs,
    "dynamics": lambda preset: certificates.dynamics_jobs(preset, _both_benchmarks(preset)),
    "atlas": lambda preset: atlas.jobs(preset, _both_benchmarks(preset)),
}
EXPERIMENTS = tuple(STUDIES)
