"""Stacks of jobs give the records of the jobs alone, up to rounding, wherever the networks are trained."""

import numpy as np
import pytest

from study import preset, produce
from study.designs import design
from study.run.job import run_job
from study.run.stacked import execute_stacked, stacks

TINY = {
    "synthetic.levels": [2, 3],
    "training.samples": 128,
    "training.held_out": 64,
    "methods": ["relu", "dnl"],
}


@pytest.fixture(scope="module")
def jobs():
    return design.jobs(preset("smoke", TINY), "synthetic")


def test_stacks_hold_like_with_like_and_every_job_once(jobs):
    solves = [job for job in jobs if job.config["kind"] == "solve"]
    found = stacks(solves, 2)
    assert sorted(job.key for stack in found for job in stack) == sorted(job.key for job in solves)
    assert max(map(len, found)) == 2
    for stack in found:
        parts = [job.config["game"]["parameters"] for job in stack]
        assert len({p["senders"] * p["signals"] * p["states"] for p in parts}) == 1
        assert len({job.config["method"] for job in stack}) == 1
    assert found[0][0].key == solves[0].key


def test_records_are_those_of_the_jobs_alone(jobs):
    found = {record.key: record for record in execute_stacked(jobs, "cpu", games_at_once=4)}
    assert set(found) == {job.key for job in jobs}
    for job in jobs:
        alone, stacked = run_job(job), found[job.key]
        assert stacked.status == alone.status == "done"
        if job.config["kind"] == "solve":
            for name, values in alone.facts.errors.items():
                assert np.allclose(stacked.facts.errors[name], values, rtol=1e-3)
            assert [row.radius for row in stacked.rows] == [row.radius for row in alone.rows]
            # predictions at the ends of the same search, with networks that are equal up to rounding
            assert np.allclose(
                stacked.arrays["search0/predicted"],
                alone.arrays["search0/predicted"],
                rtol=0.02,
                atol=0.02,
            )


def test_a_network_that_diverges_fails_its_job_and_no_other(jobs, monkeypatch):
    from study.run import stacked

    real, lost = stacked.fit_games, []

    def diverging(tasks, *arguments, **options):
        fits = real(tasks, *arguments, **options)
        if not lost:
            lost.append(fits[0])
            fits[0].diverged[0] = True
        return fits

    monkeypatch.setattr(stacked, "fit_games", diverging)
    solves = [job for job in jobs if job.config["kind"] == "solve"][:4]
    records = list(execute_stacked(solves, "cpu", games_at_once=2))
    failed = [record for record in records if not record.done]
    assert len(records) == len(solves)
    assert len(failed) == 1
    assert "DivergenceError" in failed[0].error


def test_a_stack_that_fails_is_recorded_and_the_others_go_on(jobs, monkeypatch):
    from study.run import stacked

    real, calls = stacked.fit_games, []

    def failing(*arguments, **options):
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("out of memory")
        return real(*arguments, **options)

    monkeypatch.setattr(stacked, "fit_games", failing)
    records = list(execute_stacked(jobs, "cpu", games_at_once=2))
    failed = [record for record in records if record.status == "failed"]
    assert 1 <= len(failed) <= 2
    assert all("its stack failed: RuntimeError: out of memory" in r.error for r in failed)
    assert len(records) == len(jobs)


@pytest.mark.parametrize(
    ("device", "scheduler", "message"),
    [
        ("cuda:99", "", "device 'cuda:99' cannot be used"),
        ("cuda", "tcp://x:1", "not both"),
        ("gpu", "", "'gpu'"),
    ],
)
def test_a_device_that_is_not_there_is_named(tmp_path, monkeypatch, device, scheduler, message):
    monkeypatch.setenv("DEVICE", device)
    monkeypatch.setenv("SCHEDULER", scheduler)
    with pytest.raises(ValueError, match=message):
        produce(preset("smoke", TINY), "synthetic", tmp_path / "s.sqlite", workers=1, quiet=True)
