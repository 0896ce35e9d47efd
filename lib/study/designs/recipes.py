"""The study of training recipes: what the paper leaves open, searched on games that no benchmark uses.

Every architecture gets the same candidates (batch size, schedule, scalings), the same games and the same
number of sample visits; DNL's own choices are drawn besides. Learning rates other than the paper's 0.01
are searched too, and reported apart.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from persuasion.learn.recipes import RECIPES
from persuasion.learn.training import Training
from persuasion.model.seeds import seed_sequence
from study.designs.settings import Preset, RecipeStudy, game_of, to_dict
from study.designs.training import fit_job
from study.records.job import Job

SHARED = {
    "batch_size": (128, 512, 2048),
    "schedule": ("constant", "cosine"),
    "input_scaling": ("probability", "symmetric", "standardise"),
    "target_scaling": ("standardise", "none"),
}
DNL_ONLY = {
    "dnl_variant": ("hidden", "all", "hidden-output"),
    "hyper_scale": (1.0, 0.3),
}


def candidates(study: RecipeStudy, method: str) -> list[dict[str, Any]]:
    """The recipes to try: the literal reading first, then random ones, alike for all architectures.

    >>> from study import preset
    >>> first, second = candidates(preset("paper").recipes, "relu")[:2]
    >>> first
    {}
    >>> sorted(second)
    ['batch_size', 'input_scaling', 'schedule', 'target_scaling']
    """
    drawn = _combinations(SHARED, study.candidates - 1)
    if method == "dnl":
        own = _combinations(DNL_ONLY, study.candidates - 1)
        drawn = [shared | extra for shared, extra in zip(drawn, own)]
    return [{}, *drawn]


def _combinations(choices: dict[str, tuple], count: int) -> list[dict[str, Any]]:
    """Combinations in random order, repeated only if there are fewer than ``count``."""
    every = [dict(zip(choices, values)) for values in itertools.product(*choices.values())]
    order = np.random.default_rng(seed_sequence("recipes", sorted(choices))).permutation(len(every))
    return [every[k] for k in itertools.islice(itertools.cycle(order), count)]


def search_jobs(preset: Preset) -> list[Job]:
    """Every candidate at every learning rate, one game after the other, candidates in order."""
    study = preset.recipes
    return [
        _fit(study, game, method, study.training, choices | {"learning_rate": rate})
        for number in range(study.candidates)
        for game, rate in itertools.product(tuning_games(study), study.learning_rates)
        for method in preset.methods
        for choices in [candidates(study, method)[number]]
    ]


def tuning_games(study: RecipeStudy) -> Iterator[dict[str, Any]]:
    """Synthetic games under the study's own seed."""
    for size in study.games:
        yield game_of("synthetic", to_dict(size), 0, study.seed)


def evaluation_jobs(preset: Preset) -> list[Job]:
    """The frozen recipes at the preset's full training, on games that the search has not seen."""
    study = preset.recipes
    return [
        _fit(study, game, method, preset.training, RECIPES[recipe][method])
        for game in fresh_games(study)
        for recipe in RECIPES
        for method in preset.methods
    ]


def fresh_games(study: RecipeStudy) -> list[dict[str, Any]]:
    """Games of the tuning sizes under a seed of their own, the first of every size first."""
    return [
        game_of("synthetic", to_dict(size), index, study.fresh_seed)
        for index in range(study.instances)
        for size in study.games
    ]


def ablation_jobs(preset: Preset) -> list[Job]:
    """The tuned recipe and every change of one of its choices, at the training of the search."""
    study = preset.recipes
    return [
        _fit(study, game, method, study.training, choices)
        for game in tuning_games(study)
        for method in preset.methods
        for choices in ablations(study, method)
    ]


def ablations(study: RecipeStudy, method: str) -> list[dict[str, Any]]:
    """The tuned choices of an architecture, then all that differ from them in one choice."""
    own = DNL_ONLY if method == "dnl" else {}
    options = {**SHARED, **own, "learning_rate": study.learning_rates}
    literal = {name: getattr(Training(), name) for name in options}
    tuned = literal | RECIPES["tuned"][method]
    return [tuned] + [
        tuned | {name: value}
        for name, values in options.items()
        for value in values
        if value != tuned[name]
    ]


def curve_jobs(preset: Preset) -> list[Job]:
    """The tuned recipe against the number of samples and epochs."""
    study = preset.recipes
    return [
        _fit(study, game, method, budget, RECIPES["tuned"][method])
        for samples, epochs in study.curve
        for budget in [replace(study.training, samples=samples, epochs=epochs)]
        for game in fresh_games(study)[:2]
        for method in preset.methods
    ]


def _fit(
    study: RecipeStudy,
    game: dict[str, Any],
    method: str,
    training: Training,
    recipe: dict[str, Any],
) -> Job:
    return fit_job(game, method, to_dict(training) | recipe, study.networks)
