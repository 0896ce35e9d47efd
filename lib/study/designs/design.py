"""The jobs of a preset, in an order that makes partial runs useful: one game of every size comes first."""

import functools
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from persuasion.learn.recipes import apply_recipe
from persuasion.learn.training import Training
from study.designs import atlas, certificates, plausible, recipes, sensitivity
from study.designs.settings import Preset, Size, game_of, to_dict
from study.designs.training import fit_job, training_cost
from study.records.job import Job

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
    return lambda preset: _search_jobs(preset, games(preset, experiment))


def games(preset: Preset, experiment: str) -> list[dict[str, Any]]:
    """The game configurations of one experiment, the first game of every size before the second of any."""
    if experiment in ("table-1", "scenarios"):
        constants = plausible.INFERRED if experiment == "table-1" else {}
        return [
            game_of(family, constants.get(family, {}), index, preset.seed)
            for index in range(preset.instances)
            for family in preset.scenarios
        ]
    benchmark = preset.synthetic if experiment == "synthetic" else preset.second
    return [
        game_of("synthetic", to_dict(size), index, preset.seed)
        for index in range(benchmark.games)
        for sizes in benchmark.sizes()
        for senders in benchmark.senders
        for size in [Size(senders, *sizes, benchmark.logit_scale)]
    ]


def _search_jobs(preset: Preset, configurations: list[dict[str, Any]]) -> list[Job]:
    """Per game its reference and a search per network; what these have in common is written once."""
    starts = max(search.starts for search in preset.searches)
    searches = [to_dict(search) for search in preset.searches]
    common = {"searches": searches, "tolerances": list(preset.tolerances)}
    found = []
    trained = {method: _training(preset, "training", method) for method in preset.methods}
    for game in configurations:
        senders = game["parameters"].get("senders") or SCENARIO_SENDERS[game["family"]]
        found.append(Job({"kind": "reference", "game": game, "starts": starts}, 0.1))
        for method, training in trained.items():
            settings = {"kind": "solve", "game": game, "method": method, "training": training}
            found.append(Job(settings | common, senders * training_cost(training, method)))
    return found


def _training(preset: Preset, where: str, method: str) -> dict[str, Any]:
    """The training of that dotted name in the preset, after the recipe."""
    training: Training = operator.attrgetter(where)(preset)
    fixed = [name.rpartition(".")[2] for name in preset.overridden if name.startswith(f"{where}.")]
    return to_dict(apply_recipe(training, preset.recipe, method, fixed))


def _didactic(preset: Preset, method: str) -> Job:
    training = _training(preset, "didactic.training", method)
    settings = {
        "kind": "didactic",
        "method": method,
        "training": training,
        "resolution": preset.didactic.resolution,
        "seed": preset.seed,
    }
    return Job(settings, DIDACTIC_SENDERS * training_cost(training, method))


def _didactic_seeds(preset: Preset) -> list[Job]:
    """Every network once with the first seed, then with the second, and so on: errors alone, no surfaces."""
    shorter = {"epochs": preset.didactic.seed_epochs}
    return [
        fit_job(game_of("didactic", {}, 0, seed), method, training | shorter, DIDACTIC_SENDERS)
        for seed in range(preset.seed, preset.seed + preset.didactic.seeds)
        for method in preset.methods
        for training in [_training(preset, "didactic.training", method)]
    ]


def _benchmark_jobs(preset: Preset) -> list[Job]:
    return [*_planned(preset, "second"), *_planned(preset, "synthetic")]


def _scenario_certificates(preset: Preset, experiment: str) -> list[Job]:
    settings = preset.certificates
    largest = settings.global_senders if settings.scenario_global else 0
    return certificates.shown_jobs(preset, _planned(preset, experiment), 1, largest)


def _figure_certificates(preset: Preset) -> list[Job]:
    """Two senders first: exact in a moment; with four, in larger games, an interval after the time limit."""
    searches = [job for job in _benchmark_jobs(preset) if job.config["kind"] == "solve"]
    searches.sort(key=lambda job: job.config["game"]["parameters"]["senders"])
    return certificates.shown_jobs(preset, searches, len(preset.searches))


def _sensitivity(preset: Preset) -> list[Job]:
    study = preset.sensitivity
    searches = tuple(replace(s, starts=study.starts) for s in preset.searches[: study.searches])
    reduced = replace(preset, searches=searches)
    return _search_jobs(reduced, sensitivity.games(preset))


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
    "certificates": lambda preset: certificates.certify_jobs(preset, _benchmark_jobs(preset)),
    "baseline-certificates": lambda preset: certificates.certify_jobs(
        preset, _planned(preset, "baselines")
    ),
    "figure-certificates": _figure_certificates,
    "table-1-certificates": lambda preset: _scenario_certificates(preset, "table-1"),
    "scenario-certificates": lambda preset: _scenario_certificates(preset, "scenarios"),
    "kinks": certificates.kinks_jobs,
    "dynamics": lambda preset: certificates.dynamics_jobs(preset, _both_benchmarks(preset)),
    "atlas": lambda preset: atlas.jobs(preset, _both_benchmarks(preset)),
}
EXPERIMENTS = tuple(STUDIES)
