"""Faults of the machine, small and one of each kind; `make stress` runs the rest, and all at full size."""

from pathlib import Path

import pytest

from stress import faults, small

ROOT = Path(__file__).resolve().parents[1]
SEED = 7
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    path = tmp_path_factory.mktemp("stress") / "undisturbed.sqlite"
    return small.undisturbed(path, small.BRIEF)


@pytest.fixture(scope="module")
def all_records(tmp_path_factory):
    return small.undisturbed(tmp_path_factory.mktemp("stress") / "undisturbed.sqlite")


# one of each is in test_experiments.py
@pytest.mark.stress
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_drivers(all_records, tmp_path, workers):
    found = faults.kill_drivers(tmp_path, all_records, 2, SEED, workers)
    assert (found["faults"], found["survived"], found["lost"], found["wrong"]) == (2, 2, 0, 0)


@pytest.mark.stress
def test_killed_workers(all_records, tmp_path):
    found = faults.kill_workers(tmp_path, all_records, 1, SEED)
    assert found["faults"] >= 1
    assert (found["lost"], found["wrong"]) == (0, 0)


def test_a_full_disk(records, tmp_path):
    found = faults.fill_the_disk(tmp_path, records, 1, SEED, small.BRIEF)
    assert (found["lost"], found["wrong"]) == (0, 0)


def test_two_runs_at_once(records, tmp_path):
    found = faults.run_twice_at_once(tmp_path, records, 1, small.BRIEF)
    assert (found["lost"], found["wrong"]) == (0, 0)


def test_damaged_stores(records, tmp_path):
    found = faults.damage_stores(tmp_path, records, 100, SEED)
    assert found["wrong"] == 0
    assert found["named"] > 50


@pytest.mark.parametrize("times", [6, pytest.param(25, marks=pytest.mark.stress)])
def test_damaged_results(tmp_path, times):
    found = faults.damage_results(tmp_path, ROOT / "results" / "paper", times, SEED)
    assert found["wrong"] == 0
    assert found["named"] == times
