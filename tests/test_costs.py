"""What training costs: the projection against a direct sum, and files that are not measurements."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persuasion.games.examples import EXAMPLES
from study import preset
from study.designs import design
from study.figures import costs
from study.figures.schedule import makespan
from study.records.store import Record

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
MEASURED = {
    f"train-{name}": {"microseconds_per_visit_by_inputs": {"8": cost, "400": cost}}
    for name, cost in (("relu", 1.0), ("delu", 2.0), ("dnl", 8.0))
}


def test_the_projection_is_visits_times_cost_where_the_cost_is_the_same_for_all_sizes():
    smoke = preset("smoke")
    table = costs.experiment_table(smoke, MEASURED).set_index("experiment")
    direct = 0.0
    for job in design.jobs(smoke, "synthetic"):
        if job.config["kind"] == "solve":
            training = job.config["training"]
            visits = training["samples"] * training["epochs"] * costs.networks(job.config)
            direct += visits * {"relu": 1, "delu": 2, "dnl": 8}[job.config["method"]] * 1e-6
    assert np.isclose(table.loc["synthetic", "core-hours"], direct / 3600)


def test_between_measured_lengths_the_cost_is_interpolated():
    config = {
        "kind": "solve",
        "method": "relu",
        "training": {"samples": 1000, "epochs": 1},
        "game": {"family": "synthetic", "parameters": {"senders": 2, "states": 5, "signals": 3}},
    }
    results = {"train-relu": {"microseconds_per_visit_by_inputs": {"20": 1.0, "40": 3.0}}}
    assert np.isclose(costs.seconds(config, results), 1000 * 2.0e-6)


def test_recorded_seconds_are_extended_to_the_planned_jobs_of_the_same_kind():
    planned = design.jobs(preset("smoke"), "synthetic")
    solved = [job for job in planned if job.config["kind"] == "solve"]
    relu, dnl = (
        [job.config for job in solved if job.config["method"] == method and costs.networks(job.config) == 2]
        for method in ("relu", "dnl")
    )  # fmt: skip
    records = [
        Record("a", relu[0], "done", seconds=10.0),
        Record("b", relu[1], "done", seconds=30.0),
    ]
    reference = next(job.config for job in planned if job.config["kind"] == "reference")
    records.append(Record("c", reference, "done", seconds=1e6))
    table = costs.recorded_table(records, planned).set_index(["senders", "network"])
    row = table.loc[2, "ReLU"]
    assert (row["jobs with a record"], row["planned"]) == (2, len(relu))
    assert np.isclose(row["core-hours of all"], 20.0 * len(relu) / 3600)
    assert table.loc[(2, "DNL"), "planned"] == len(dnl)
    assert table.loc[(2, "DNL"), "jobs with a record"] == 0
    assert np.isnan(table.loc[(2, "DNL"), "core-hours of all"])
    assert table["planned"].sum() == len(solved)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.integers(1, 8))
def test_a_schedule_lies_between_its_bounds(seconds, workers):
    """Graham's: at least the mean load and the longest job; at most the mean load and the longest job together."""
    found = makespan(seconds, workers)
    load, longest = sum(seconds) / workers, max(seconds)
    assert max(load, longest) <= found + 1e-9
    assert found <= load + longest + 1e-9
    with pytest.raises(ValueError, match="at least 1"):
        makespan(seconds, 0)


@pytest.mark.stress
def test_two_workers_are_timed_side_by_side():
    command = "import json, scaling as s; print(json.dumps(s.run(s.FAST)))"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=BENCHMARKS, capture_output=True, text=True, check=True
    )
    row = json.loads(done.stdout.splitlines()[-1])
    assert row["jobs"] == 6
    assert row["ratio"] > 0


@pytest.mark.parametrize(
    "content", ["", "[]", '{"machine": {}}', '{"machine": {}, "results": [1]}']
)
def test_what_is_not_a_measurement_is_named(tmp_path, content):
    path = tmp_path / "measured.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"measured\.json: not what `make benchmark` writes"):
        costs.read_measured(path)


@pytest.mark.parametrize("file", ["measured.json", "train.json", "sampled_check.json"])
def test_the_committed_measurements_are_of_a_clean_commit(file):
    machine, results = costs.read_measured(BENCHMARKS / file)
    assert machine["commit"] != "unknown"
    assert machine["dirty"] is False
    for result in results.values():
        assert result["ratio"] > 0


def test_every_architecture_is_measured_by_both_recipes_and_once():
    _, training = costs.read_measured(BENCHMARKS / "train.json")
    names = [f"train-{name}" for name in ("relu", "delu", "dnl")]
    assert set(training) == {*names, *(f"{name}-recipe" for name in names)}
    _, others = costs.read_measured(BENCHMARKS / "measured.json")
    assert not set(training) & set(others)


def test_the_readme_has_the_measured_costs_of_its_commands():
    row = {"seconds": 90.0, "wall_seconds": 48.0, "cores": 2, "pages": 25}
    table = costs.front_door_table({"train-relu": {}, "front-door-book": row})
    assert table.splitlines()[1:-1] == [
        "| command | processor time | time | pages then |",
        "|:--|--:|--:|--:|",
        "| `make book` | 1.5 min | 0.8 min on 2 cores | 25 |",
    ]
    _, results = costs.read_measured(BENCHMARKS / "front_door.json")
    readme = (BENCHMARKS.parent / "README.md").read_text()
    begin, end = "<!-- front-door:begin -->\n", "<!-- front-door:end -->\n"
    assert begin + costs.front_door_table(results) + end in readme, "run benchmarks/front_door.py"


def test_the_benchmark_of_stacks_runs_on_the_processor():
    """The GPU's benchmark, small and without a GPU: what it reports is there and adds up."""
    command = "import json, accelerator as a; print(json.dumps(a.run(a.FAST, 'cpu')))"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=BENCHMARKS, capture_output=True, text=True, check=True
    )
    rows = json.loads(done.stdout.splitlines()[-1])
    assert [row["name"] for row in rows] == [
        "accelerator-relu",
        "accelerator-delu",
        "accelerator-dnl",
    ]
    for row in rows:
        assert np.isclose(
            row["share_of_peak"], row["gflop_per_second"] / row["peak_gflop_per_second"]
        )
        assert row["hours_of_the_synthetic_benchmark"] > 0


def test_rays_beside_column_generation_say_what_was_proved():
    _, results = costs.read_measured(BENCHMARKS / "rays.json")
    table = costs.rays_table(results)
    assert table["states"].tolist() == [2, 2, 2, 3, 3, 3]
    assert table["the others"][2] == "1000 joint signals, 3 actions"
    for row in table.itertuples():
        assert row.ratio == pytest.approx(row[4] / row[3])
    assert costs.rays_table({}).empty


def test_the_sampled_check_finds_the_same_gains_sooner():
    _, results = costs.read_measured(BENCHMARKS / "sampled_check.json")
    table = costs.sampled_check_table(results)
    assert table["joint signals"].tolist() == [size**4 for size in (4, 6, 8, 10)]
    assert (table["ratio"] > 1.5).all()
    assert max(row["largest_difference"] for row in results.values()) < 1e-12
    assert costs.sampled_check_table({}).empty


def test_equilibria_by_size_are_those_measured():
    _, results = costs.read_measured(BENCHMARKS / "nash.json")
    table = costs.equilibria_table(results)
    assert table["size"].is_monotonic_increasing
    for size, games, solved in table[["size", "games", "solved"]].to_numpy().tolist():
        regrets = results[f"nash-{size}"]["regrets"]
        assert games == len(regrets) == 20
        assert solved == f"{np.mean(np.array(regrets) <= 1e-3):.0%}"
        assert all(len(row["commit"]) == 40 for row in results.values())
    assert costs.equilibria_table({}).empty


def test_the_examples_are_solved_in_twenty_seconds():
    _, results = costs.read_measured(BENCHMARKS / "nash.json")
    table = costs.examples_table(results["solve-examples"])
    assert set(table["example"]) == set(EXAMPLES) - {"quality-advertising", "product-advertising"}
    assert table["seconds"].max() <= 20
    assert table["found"].str.contains("outcome").all()
