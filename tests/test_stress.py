"""The stress tests at a size that a continuous test can afford; `make stress` runs them at full size."""

import ast
import json
import sys
from pathlib import Path

import pytest

from stress import determinism, fuzz, fuzz_json, invariances, mutation, numerics, rays
from study.figures import stress as report
from study.run.job import run_job

ROOT = Path(__file__).resolve().parents[1]
SEED = 7


def test_committed_records_come_out_again():
    """Exact evaluations agree to rounding; training agrees to the bit on one type of processor only."""
    found = determinism.rerun(ROOT / "results" / "paper", count=8, longest=1.0, seed=SEED)
    assert sum(entry["records"] for entry in found.values()) == 8
    assert all(entry["failed"] == 0 for entry in found.values())
    reference = found["reference"]
    assert reference["identical"] + reference["close"] == reference["records"] > 0


def test_a_job_gives_the_same_record_twice():
    _, pairs = determinism.committed(ROOT / "results" / "paper", longest=1.0)
    slowest_first = sorted(pairs, key=lambda pair: -pair[1].seconds)
    jobs = {job.config["kind"]: job for job, _ in slowest_first}  # the quickest of each kind
    assert {"fit", "baseline", "reference"} <= jobs.keys()
    for job in jobs.values():
        assert run_job(job).same_result(run_job(job))


def test_training_does_not_depend_on_the_number_of_threads():
    assert determinism.threads()["largest relative difference"] <= 1e-9


def test_malformed_input(tmp_path, monkeypatch):
    monkeypatch.setenv("PERSUASION_STORE", str(tmp_path / "store.sqlite"))
    for kind, found in fuzz.fuzz(150, SEED, tmp_path).items():
        assert found["failures"] == [], kind
        assert found["refused"] > 0, kind


def test_a_watch_reports_what_is_no_clean_refusal():
    def action(value):
        if value == "crash":
            raise KeyError(value)
        if value == "silent":
            raise ValueError

    watch = fuzz.Watch(action)
    for value in ("fine", "crash", "silent"):
        watch(value)
    assert watch.counts()["refused"] == 1
    assert [text.split(":")[0] for text in watch.failures] == ["'crash'", "'silent'"]


@pytest.mark.skipif(sys.platform != "linux", reason="atheris is installed on Linux only")
def test_malformed_games_found_by_coverage():
    found = fuzz_json.fuzz(5000, SEED)
    assert found["failures"] == []
    assert found["inputs"] >= 5000


def test_a_game_of_a_million_states_is_refused_with_its_cost(tmp_path):
    found = fuzz.refused_for_its_size(tmp_path)
    assert found["code"] == 2
    assert "1000000 states" in found["message"]
    assert "multiplications" in found["message"]


def test_extreme_numbers_against_exact_arithmetic():
    for family, found in numerics.measure(1, SEED).items():
        assert found["outside"] == 0, family
        assert max(found["worst"].values()) <= 1e-9, family


def test_what_does_not_change_a_game_changes_no_answer():
    found = invariances.measure(1, SEED).values()
    assert all(entry["different"] == entry["refused"] == 0 for entry in found)
    assert sum(entry["compared"] for entry in found) >= 20


def test_nothing_is_unpickled_or_evaluated():
    """Numpy and torch unpickle unless told not to; ruff's rules S102 to S605 look for the rest."""
    for path in sorted((ROOT / "lib").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if name in ("np.load", "numpy.load"):
                assert given.get("allow_pickle") == "False", (path, node.lineno)
            if name == "torch.load":
                assert given.get("weights_only") == "True", (path, node.lineno)
            assert not name.startswith(("pickle.", "cloudpickle.", "marshal.", "shelve."))


def test_games_of_few_states_make_a_table():
    found = rays.measure(4)
    table = report.rays_table({"rays": {"found": found}})
    assert table["games"].sum() == 4
    assert (table["contradictions"] == 0).all()


# --- mutants


def test_every_committed_survivor_has_its_reason_and_every_reason_a_survivor():
    measured = report.read_measured(ROOT / "tests" / "stress" / "measured.json")
    reasons = report.read_reasons(ROOT / "tests" / "stress" / "survivors.yml")
    survivors = report.survivors_table(measured, reasons)
    assert set(survivors["reason"]) == {entry["reason"] for entry in reasons}


@pytest.mark.parametrize("part", ["invariances", "mutation"])
def test_a_part_that_was_not_run_is_named(part, tmp_path):
    measured = report.read_measured(ROOT / "tests" / "stress" / "measured.json")
    path = tmp_path / "measured.json"
    path.write_text(json.dumps({name: measured[name] for name in measured if name != part}))
    with pytest.raises(ValueError, match=f"lacks {part}"):
        report.read_measured(path)


def mutated(survivors: list[dict[str, str]]) -> dict:
    modules = {
        "game": {"mutants": 100, "tried": 10, "killed": 9},
        "certify.box": {"mutants": 50, "tried": 5, "killed": 5},
        "certify": {"mutants": 5, "tried": 5, "killed": 4},
    }
    return {"mutation": {"found": {"modules": modules, "survivors": survivors}}}


def test_mutants_are_counted_by_part_with_an_interval():
    table = report.mutation_table(mutated([])).set_index("part")
    assert table.loc["certify", ["mutants", "tried", "killed"]].tolist() == [55, 10, 9]
    assert table.loc["all", ["mutants", "tried", "killed"]].tolist() == [155, 20, 18]
    assert table.loc["all", "share killed"] == "90.0%"
    assert table.loc["all", "95% interval"] == "69.9% to 97.2%"  # Wilson


def test_a_survivor_without_a_reason_is_named():
    survivor = {"module": "game", "function": "Game.shape", "before": "x = 1", "after": "x = 2"}
    reasons = [
        {"reason": "another", "which": ["^ties"]},
        {"reason": "no matter", "which": ["never", r"^game\.Game\.shape: x = 1 -> x = 2$"]},
    ]
    table = report.survivors_table(mutated([survivor]), reasons)
    assert table["reason"].tolist() == ["no matter"]
    with pytest.raises(ValueError, match=r"no reason for these mutants:\ngame\.Game\.shape: x = 2"):
        report.survivors_table(mutated([survivor]), reasons[:1])


def test_mutants_are_named_as_in_the_source():
    assert mutation._plain("x_climb__mutmut_3") == "climb"
    assert mutation._plain("xǁGameǁfrom_dict__mutmut_12") == "Game.from_dict"
    shares = [mutation._hundredth(f"module.x_f__mutmut_{n}") for n in range(2000)]
    assert set(shares) == set(range(100))
