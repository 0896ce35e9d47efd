"""The frozen recipes follow from the committed records of the search, and overrides win over them."""

import numpy as np
import pandas as pd
import pytest

from persuasion.learn.recipes import RECIPES
from persuasion.learn.training import Training
from study import preset, produce
from study.designs import design, recipes
from study.designs.settings import METHODS, to_dict
from study.figures.recipes import (
    CHOICES,
    ablation_message,
    ablation_table,
    best,
    comparison_table,
    fits_frame,
    lead_message,
    lead_table,
    ratio_message,
    scores,
)
from study.records.job import Job
from study.records.places import default_results
from study.records.rows import Facts
from study.records.store import Record
from study.run.job import run_job

LITERAL = {name: getattr(Training(), name) for name in ("learning_rate", *CHOICES)}


@pytest.fixture(scope="module")
def searched():
    return fits_frame(produce(preset("paper"), "recipe-search", default_results()))


def test_a_recipe_that_diverges_is_a_result():
    game = {"family": "didactic", "parameters": {}, "index": 0, "seed": 0}
    training = to_dict(Training(samples=64, held_out=0, epochs=1, learning_rate=1e30))
    settings = {"kind": "fit", "game": game, "method": "relu", "networks": 2}
    record = run_job(Job(settings | {"training": training}))
    assert record.done
    assert "not finite" in record.facts.diverged
    assert not record.arrays


@pytest.mark.parametrize("method", METHODS)
def test_the_tuned_recipe_is_the_best_of_the_committed_search(searched, method):
    assert best(searched, method, 0.01) == RECIPES["tuned"][method]


def test_the_search_is_complete_and_alike_for_all(searched):
    study = preset("paper").recipes
    counts = searched.groupby(["method", "game", "learning_rate"]).size()
    assert len(counts) == len(METHODS) * len(study.games) * len(study.learning_rates)
    assert (counts == study.candidates).all()
    shared = searched.groupby("method")[list(recipes.SHARED)].apply(
        lambda part: set(map(tuple, part.to_numpy()))
    )
    assert shared["relu"] == shared["delu"] == shared["dnl"]


def test_no_benchmark_uses_a_tuning_game():
    settings = preset("paper")
    seeds = {game["seed"] for game in recipes.tuning_games(settings.recipes)}
    for experiment in ("synthetic", "second", "scenarios"):
        assert seeds.isdisjoint(game["seed"] for game in design.games(settings, experiment))


def _fits(errors):
    rows = [
        {**LITERAL, "method": "relu", "game": game, "batch_size": batch, "log_training": 0.0}
        | {"log_held_out": np.log(error)}
        for batch, by_game in errors.items()
        for game, error in by_game.items()
    ]
    return pd.DataFrame(rows)


def test_scores_are_geometric_means_over_the_same_games():
    frame = _fits({128: {"a": 0.1, "b": 0.4}, 512: {"a": 0.3, "b": 0.3}, 2048: {"a": 0.01}})
    table = scores(frame)
    assert table["batch_size"].tolist() == [128, 512]  # 2048 left out the hard game
    np.testing.assert_allclose(table["held_out"], [0.2, 0.3])
    assert best(frame, "relu", 0.01) == {"batch_size": 128}


def test_best_names_what_was_not_fitted():
    with pytest.raises(ValueError, match="no fits of 'dnl' at learning rate"):
        best(_fits({128: {"a": 0.1}}), "dnl", 0.01)


def test_jobs_train_with_the_recipe_and_overrides_win():
    def training(overrides, method):
        jobs = design.jobs(preset("smoke", overrides), "second")
        return next(j for j in jobs if j.config.get("method") == method).config["training"]

    assert training({}, "dnl")["dnl_variant"] == "hidden-output"
    assert training({"recipe": "literal"}, "dnl")["dnl_variant"] == "hidden"
    kept = training({"training.batch_size": 64}, "relu")
    assert (kept["batch_size"], kept["input_scaling"]) == (64, "standardise")


@pytest.mark.parametrize("given", ["training", "didactic.training"])
def test_an_override_of_one_training_leaves_the_recipe_of_the_others(given):
    settings = preset("smoke", {f"{given}.batch_size": 64})
    sizes = {
        "training": design.jobs(settings, "second")[1].config["training"]["batch_size"],
        "didactic.training": design.jobs(settings, "didactic")[0].config["training"]["batch_size"],
    }
    assert sizes.pop(given) == 64
    assert list(sizes.values()) == [128]


def test_unknown_recipes_are_named():
    with pytest.raises(ValueError, match="unknown recipe 'best'; known: "):
        preset("smoke", {"recipe": "best"})


def test_ablations_differ_from_the_tuned_recipe_in_one_choice():
    study = preset("paper").recipes
    for method in METHODS:
        tuned, *others = recipes.ablations(study, method)
        differences = [{k for k in tuned if other[k] != tuned[k]} for other in others]
        assert all(len(names) == 1 for names in differences)
        options = recipes.SHARED | (recipes.DNL_ONLY if method == "dnl" else {})
        for name, values in options.items():
            assert sum(names == {name} for names in differences) == len(values) - 1


def test_fresh_games_are_neither_tuned_on_nor_reported():
    study = preset("paper").recipes
    assert study.fresh_seed not in {study.seed, preset("paper").seed, preset("paper").kinks.seed}
    assert len({str(game) for game in recipes.fresh_games(study)}) == 16


def test_paired_ratios_by_hand():
    logs = {("relu", "a"): 0.1, ("relu", "b"): 0.4, ("dnl", "a"): 0.2, ("dnl", "b"): 0.8}
    frame = pd.DataFrame(
        {
            **LITERAL,
            "method": method,
            "game": game,
            "log_held_out": np.log(error),
            "log_training": 0.0,
            "degenerate": False,
        }
        for (method, game), error in logs.items()
    )
    table = comparison_table(frame, {"literal": {"relu": {}, "dnl": {}}})
    assert table["against ReLU"].tolist() == ["–", "2 [2, 2]"]
    assert table["held-out error"][0].startswith("0.2 [")
    both = pd.concat([table, table.assign(recipe="tuned")])
    words = (
        "DNL's held-out error is 2 [2, 2] times ReLU's with the literal recipe, 2 [2, 2] times with"
    )
    assert words in ratio_message(both)


def test_an_ablation_by_hand():
    frame = _fits({512: {"a": 0.1, "b": 0.2}, 128: {"a": 0.05, "b": 0.1}})
    (row,) = ablation_table(frame, {"relu": {"batch_size": 128}}).to_dict("records")
    assert (row["choice"], row["tuned"], row["changed to"], row["games"]) == (
        "batch size",
        128,
        512,
        2,
    )
    assert row["error ratio"] == "2 [2, 2]"


def test_a_change_hurts_only_if_its_interval_excludes_1():
    ratios = ["1.98 [0.62, 6.3]", "1.9 [1.25, 2.9]", "0.5 [0.4, 0.6]", "1.2", "1.2 [1.1, 1.3]"]
    names = {"method": "DNL", "choice": "batch size", "tuned": 128, "changed to": range(5)}
    text = ablation_message(pd.DataFrame({**names, "error ratio": ratios}))
    assert text.startswith("Of 5 changes 2 raise the error and 1 lower it")
    assert "1.9 [1.25, 2.9], for DNL's batch size of 1 in place of 128" in text
    none = ablation_message(pd.DataFrame({**names, "error ratio": ["1.2"] * 5}))
    assert none.startswith("Of 5 changes 0 raise the error and 0 lower it")


def test_errors_are_relative_to_the_variance_of_what_varies():
    errors = {"held_out": [0.2, 0.0], "training": [0.1, 0.0], "variance": [2.0, 0.0]}
    game = {"family": "synthetic", "index": 0, "seed": 1, "parameters": {}}
    config = {"kind": "fit", "game": game, "method": "relu", "training": to_dict(Training())}
    frame = fits_frame(
        [
            Record("1", config, "done", Facts.of_errors(errors)),
            Record("2", config, "done", Facts(diverged="in epoch 1")),
        ]
    )
    np.testing.assert_allclose(np.exp(frame["log_held_out"]), [0.1, np.inf])


def test_leads_name_the_smallest_error_and_the_factor_to_the_next():
    rows = [
        ("a", 2, 4, 100, 1, "relu", np.log(0.5), np.log(0.1)),
        ("a", 2, 4, 100, 1, "delu", np.log(0.25), np.log(0.4)),
        ("a", 2, 4, 100, 1, "dnl", np.log(0.75), np.log(0.3)),
        ("b", 2, 4, 100, 1, "relu", np.log(0.1), 0.0),  # another game of that size
        ("b", 2, 4, 100, 1, "dnl", np.log(0.4), 0.0),
        ("c", 4, 6, 100, 1, "dnl", 0.0, 0.0),
    ]
    names = [
        "game",
        "senders",
        "signals",
        "samples",
        "epochs",
        "method",
        "log_held_out",
        "log_training",
    ]
    table = lead_table(pd.DataFrame(rows, columns=names))
    row, other = table.to_dict("records")
    assert (other["smallest held-out error"], round(other["next, held-out"], 9)) == ("ReLU", 4)
    assert lead_message(table) == (
        "In 2 comparisons, each of a game and a budget, the smallest held-out error belongs to DeLU 1 time, "
        "ReLU 1 time."
    )
    assert (row["senders"], row["samples"]) == (2, 100)
    assert (row["smallest held-out error"], row["smallest training error"]) == ("DeLU", "ReLU")
    assert np.isclose(row["next, held-out"], 2.0)
    assert np.isclose(row["next, training"], 3.0)
