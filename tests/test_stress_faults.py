"""Faults of the machine, at a size that a continuous test can afford; `make stress` runs them at full size."""

from pathlib import Path

import pytest

from stress import faults, small

ROOT = Path(__file__).resolve().parents[1]
SEED = 7
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return small.undisturbed(tmp_path_factory.mktemp("stress") / "undisturbed.sqlite")


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_drivers(records, tmp_path, workers):
    found = faults.kill_drivers(tmp_path, records, 2, SEED, workers)
    assert (found["faults"], found["survived"], found["lost"], found["wrong"]) == (2, 2, 0, 0)


def test_killed_workers(records, tmp_path):
    found = faults.kill_workers(tmp_path, records, 1, SEED)
    assert found["faults"] >= 1
    assert (found["lost"], found["wrong"]) == (0, 0)


def test_a_full_disk(records, tmp_path):
    found = faults.fill_the_disk(tmp_path, records, 1, SEED)
    assert (found["lost"], found["wrong"]) == (0, 0)


def test_two_runs_at_once(records, tmp_path):
    found = faults.run_twice_at_once(tmp_path, records, 1)
    assert (found["lost"], found["wrong"]) == (0, 0)


def test_damaged_stores(records, tmp_path):
    found = faults.damage_stores(tmp_path, records, 200, SEED)
    assert found["wrong"] == 0
    assert found["named"] > 100


def test_damaged_results(tmp_path):
    found = faults.damage_results(tmp_path, ROOT / "results" / "paper", 25, SEED)
    assert found["wrong"] == 0
    assert found["named"] == 25
