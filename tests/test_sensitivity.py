"""Variations of Table 1's constants: every open constant is moved, and the table reads orders rightly."""

import inspect

import numpy as np
import pandas as pd
import pytest

from persuasion.games import GENERATORS
from persuasion.games.seeded import build_game
from study import preset
from study.designs import design, plausible, sensitivity
from study.designs.settings import METHODS
from study.figures import tables


@pytest.mark.parametrize("family", sensitivity.VARIATIONS)
def test_variations_are_parameters_that_differ_from_the_default(family):
    known = inspect.signature(GENERATORS[family]).parameters
    for name, values in sensitivity.VARIATIONS[family].items():
        assert all(value != known[name].default for value in values)
    # [P] in the docstring marks what the paper states; everything else that can vary is moved
    text = inspect.getdoc(GENERATORS[family])
    choices = {
        name
        for line in text.splitlines()
        if "[C]" in line and " : " in line
        for name in line.split(" : ")[0].replace(" ", "").split(",")
    } & set(known)
    tried = {name for changed in plausible.candidates()[family] for name in changed}
    assert choices - set(sensitivity.VARIATIONS[family]) - tried <= {"firms", "idle"}


def test_every_varied_game_can_be_built_and_differs():
    games = sensitivity.games(preset("smoke"))
    assert len({str(game) for game in games}) == len(games)
    for game in games:
        built = build_game(game)
        assert np.isfinite(built.senders).all()


def test_the_study_has_its_own_searches():
    settings = preset("paper", {"sensitivity.instances": 1, "sensitivity.starts": 7})
    jobs = [job.config for job in design.jobs(settings, "sensitivity")]
    searches = [config["searches"] for config in jobs if config["kind"] == "solve"]
    assert {len(s) for s in searches} == {1}
    assert {s[0]["starts"] for s in searches} == {7}


def selections(values):
    rows = [
        {
            "game": f"g{k}", "family": "f", "method": method, "welfare": value,
            "degenerate": k == 0,
        }
        for method, column in values.items()
        for k, value in enumerate(column)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ({"relu": [1, 1], "delu": [2, 2], "dnl": [3, 3]}, "DNL > DeLU > ReLU"),
        ({"relu": [3, 3], "delu": [2, 2], "dnl": [3, 3]}, "DNL = ReLU > DeLU"),
        ({"relu": [1, 1], "delu": [1, 1], "dnl": [1, 1]}, "DNL = DeLU = ReLU"),
        ({"relu": [np.nan] * 2, "delu": [1, 1], "dnl": [2, 2]}, "DNL > DeLU"),
        # ReLU solved only the game in which there is more to be had, and is behind in it
        ({"relu": [np.nan, 5], "delu": [1, 6], "dnl": [2, 7]}, "DNL > DeLU > ReLU"),
        ({"relu": [np.nan, 5], "delu": [1, np.nan], "dnl": [2, 7]}, "–"),
        ({"relu": [np.nan] * 2, "delu": [np.nan] * 2, "dnl": [np.nan] * 2}, "–"),
    ],
)
def test_orders_are_read_from_means_over_the_same_games(values, order):
    table = tables.sensitivity_table(selections(values), {"g0": "x = 1", "g1": "x = 1"}, METHODS)
    assert table["order"].tolist() == [order]
    assert table["degenerate"].tolist() == [1]


def test_rows_that_lack_a_network_are_left_out():
    found = selections({"relu": [1, 1], "delu": [2, 2]})
    assert tables.sensitivity_table(found, {"g0": "x = 1", "g1": "x = 1"}, METHODS).empty
    assert (
        len(tables.sensitivity_table(found, {"g0": "x = 1", "g1": "x = 1"}, ["relu", "delu"])) == 1
    )


def test_a_scenario_of_ones_own_stands_in_table_1_beside_a_dash():
    found = selections({"relu": [1, 1], "dnl": [2, 2]}).assign(solved=True)
    assert tables.table_1(found)["paper"].tolist() == ["–", "–"]
    paper = tables.table_1(found.assign(family="ride-hailing"))["paper"].tolist()
    assert paper == ["3.216 ± 0.790", "4.344 ± 0.885"]
