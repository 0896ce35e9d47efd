import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pytest

from persuasion import full_revelation, sender_utilities
from persuasion.equilibria.nash.starts import STARTS
from persuasion.games.seeded import build_game, starts_of
from persuasion.learn.sampled_check import sample_deviations
from stress.faults import workers_of
from stress.small import BRIEF, SET, SETTINGS, command, same, undisturbed
from study import EXPERIMENTS, JobsFailed, Store, preset, produce
from study.__main__ import _assignment, coverage, main
from study.designs import design
from study.designs.limits import CHOICES
from study.designs.settings import Benchmark
from study.figures.artefacts import covered_games
from study.records.job import Job
from study.records.rows import ProfileRow, Result
from study.records.store import Record
from study.run.executors import default_workers, execute
from study.run.job import run_job
from study.run.produce import run_missing

pytestmark = pytest.mark.slow
AUTOGROUP = Path("/proc/self/autogroup")


@pytest.fixture(scope="module")
def tiny():
    return SETTINGS


@pytest.fixture(scope="module")
def serial(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "serial.sqlite"
    return path, produce(tiny, EXPERIMENTS, path, workers=1, quiet=True)


def test_paper_preset_is_the_papers_protocol():
    paper = preset("paper")
    assert len(design.games(paper, "synthetic")) == 1250
    assert len(design.games(paper, "scenarios")) == 60
    assert (paper.training.samples, paper.training.epochs, paper.training.learning_rate) == (
        50_000,
        30,
        0.01,
    )
    assert [(s.radius, s.iterations, s.starts) for s in paper.searches] == [
        (0.005, 20, 300),
        (0.01, 30, 300),
    ]
    assert (paper.didactic.training.samples, paper.didactic.training.epochs) == (500_000, 200)


def test_partial_runs_cover_every_size_first():
    first = design.games(preset("paper"), "synthetic")[:250]
    assert {g["index"] for g in first} == {0}
    assert len({json.dumps(g["parameters"], sort_keys=True) for g in first}) == 250


def test_partial_runs_have_every_level_for_both_numbers_of_senders():
    first = [g["parameters"] for g in design.games(preset("paper"), "synthetic")[:50]]
    for axis in ("signals", "states", "actions"):
        counts = Counter((p["senders"], p[axis]) for p in first)
        assert len(counts) == 10
        assert set(counts.values()) == {5}


def test_latin_square_is_balanced():
    sizes = Benchmark(balanced=True).sizes()
    assert len(sizes) == 25
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert len({(s[i], s[j]) for s in sizes}) == 25


def test_quick_games_are_the_papers_games():
    paper = {json.dumps(g, sort_keys=True) for g in design.games(preset("paper"), "synthetic")}
    assert all(
        json.dumps(g, sort_keys=True) in paper for g in design.games(preset("quick"), "synthetic")
    )


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("huge", {}, "unknown preset 'huge'; known: smoke, quick, paper"),
        (
            "smoke",
            {"training.sample": 5},
            "unknown setting 'training.sample' at 'sample'; known: samples",
        ),
        ("smoke", {"searches.7.starts": 5}, "unknown setting 'searches.7.starts' at '7'"),
        ("smoke", {"training.samples": "many"}, "takes int, got str 'many'"),
        ("smoke", {"training.epochs": -1}, "epochs must be a whole number"),
        ("smoke", {"methods": ["rbf"]}, r"unknown methods \['rbf'\]"),
        ("smoke", {"scenarios": ["law"]}, r"unknown scenarios \['law'\]"),
        ("smoke", {"headline": 0.5}, "headline 0.5 is not among tolerances"),
        ("smoke", {"searches": []}, "^searches must be one or more, got none"),
        (
            "smoke",
            {"sensitivity.searches": 0},
            "^sensitivity.searches must be a whole number of at least 1",
        ),
        ("smoke", {"recipes.curve": [[5]]}, r"^recipes.curve.0 must be two numbers, got \(5,\)"),
        (
            "smoke",
            {"recipes.curve": [[5, 0]]},
            "^recipes.curve.0.1 must be a whole number of at least 1",
        ),
        ("smoke", {"synthetic.games": -1}, "^synthetic.games must be a whole number of at least 1"),
        ("smoke", {"synthetic.levels": []}, "^synthetic.levels must be one or more"),
        ("smoke", {"synthetic.levels": [2, 2]}, "^synthetic.levels must be one or more, each once"),
        ("smoke", {"kinks.games": []}, "^kinks.games must be one or more"),
        ("smoke", {"kinks.games.0.signals": 0}, "^kinks.games.0.signals must be a whole number"),
        ("smoke", {"kinks.movers": ["both"]}, "^kinks.movers.0 must be one of one, turns"),
        ("smoke", {"kinks.samples": [10, True]}, "'kinks.samples' takes int, got bool True"),
        ("smoke", {"dynamics.margins": []}, "^dynamics.margins must be one or more"),
        (
            "smoke",
            {"dynamics.margins": [-1]},
            "^dynamics.margins.0 must be a finite number of at least 0",
        ),
        ("smoke", {"searches.1.radius": 0}, "^searches.1.radius must be a finite positive number"),
        (
            "smoke",
            {"searches.0.projection": "none"},
            "^searches.0.projection must be one of softmax",
        ),
        ("smoke", {"seed": -1}, "^seed must be a whole number of at least 0"),
    ],
)
def test_bad_settings_are_named(name, overrides, message):
    with pytest.raises(ValueError, match=message):
        preset(name, overrides)


@pytest.mark.parametrize(
    ("name", "overrides"),
    [("smoke", {}), ("paper", {}), ("quick", {"recipes.candidates": 40, "atlas.games": 9})],
)
def test_no_job_is_planned_twice(name, overrides):
    """More candidates than there are combinations are the same combinations again."""
    for experiment in EXPERIMENTS:
        jobs = design.jobs(preset(name, overrides), experiment)
        assert len({job.key for job in jobs}) == len(jobs), experiment


def test_keys_tell_full_precision_apart():
    keys = {
        design.jobs(preset("smoke", {"training.learning_rate": rate}), "synthetic")[1].key
        for rate in (0.1, 0.1 + 2e-17, 0.1 + 1e-18)
    }
    assert len(keys) == 2  # the last differs from 0.1 by less than its precision


def test_a_finished_run_is_loaded_not_repeated(tiny, serial, monkeypatch):
    path, records = serial
    assert all(record.done for record in records)

    def refuse(job):
        raise AssertionError("a finished job ran again")

    monkeypatch.setattr("study.run.executors.run_job", refuse)
    assert same(produce(tiny, EXPERIMENTS, path, workers=1), records)


@pytest.fixture(scope="module")
def brief(tmp_path_factory):
    """A run short enough to be repeated."""
    return undisturbed(tmp_path_factory.mktemp("store") / "brief.sqlite", BRIEF)


def test_two_workers_and_reverse_order_give_the_same_records(tiny, brief):
    planned = [job for name in BRIEF for job in design.jobs(tiny, name)]
    needed = [need for job in planned for need in job.needs]
    found = {}

    def given(job):
        return [found[need.key] for need in job.needs]

    for record in execute([*planned[::-1], *needed], workers=2, given=given):
        found[record.key] = record
    assert same([found[job.key] for job in planned], brief)


def test_workers_take_the_jobs_in_their_order_whatever_these_take(monkeypatch):
    planned = [job for job in design.jobs(preset("paper"), "synthetic") if not job.needs][:40]

    def uneven(job, given):
        """Every other job takes its time, so that a worker with the others would run far ahead."""
        time.sleep(0.2 if places[job.key] % 2 else 0)
        return Record(job.key, job.config, "done")

    places = {job.key: place for place, job in enumerate(planned)}
    monkeypatch.setattr("study.run.executors.run_job", uneven)
    finished = [places[record.key] for record in execute(planned, workers=2)]
    assert sorted(finished) == list(range(40))
    assert max(place - rank for rank, place in enumerate(finished)) <= 6


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="needs priorities of processes")
def test_workers_compute_in_the_background_in_one_thread(monkeypatch):
    planned = [job for job in design.jobs(preset("smoke"), "synthetic") if not job.needs][:2]

    def report(job, given):
        import os

        import torch

        found = {"priority": os.getpriority(os.PRIO_PROCESS, 0), "threads": torch.get_num_threads()}
        if AUTOGROUP.exists():
            found["session"] = int(AUTOGROUP.read_text().rsplit(maxsplit=1)[1])
        return Record(job.key, job.config, "done", provenance=found)

    monkeypatch.setattr("study.run.executors.run_job", report)
    before = os.getpriority(os.PRIO_PROCESS, 0)
    session = AUTOGROUP.read_text() if AUTOGROUP.exists() else ""
    nice = max(before, 10)
    expected = {"priority": nice, "threads": 1} | ({"session": nice} if session else {})
    for record in execute(planned, workers=2):
        assert record.provenance == expected
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    assert not session or AUTOGROUP.read_text() == session


@pytest.mark.parametrize(
    "stop", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.stress)]
)
def test_killed_and_resumed_gives_the_same_records(tiny, brief, tmp_path, stop):
    path, records = tmp_path / "killed.sqlite", brief
    environment = {**os.environ, "PERSUASION_STORE": str(path)}
    run = subprocess.Popen(
        command(1, BRIEF),
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # a shell's background jobs ignore Ctrl-C, and so would their children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and run.poll() is None and _rows(path) < 3:
        time.sleep(0.01)
    run.send_signal(stop)
    _, error = run.communicate(timeout=60)
    assert 3 <= _rows(path) < len(records), "stopped after some and before all of the jobs"
    if stop == signal.SIGINT:
        said = "study: interrupted; what a run has finished is stored, run it again\n"
        # the signal itself if it came within an eval of a string, which CPython remembers; a shell says 130 of both
        assert run.returncode in (130, -signal.SIGINT)
        assert error == said
    assert same(produce(tiny, BRIEF, path, workers=1, quiet=True), records)


def test_killed_workers_and_a_killed_driver_cost_nothing(tiny, brief, tmp_path):
    """Two workers on loopback: one is killed, then the driver; what a second driver completes is the serial run."""
    path, records = tmp_path / "cluster.sqlite", brief
    environment = {**os.environ, "PERSUASION_STORE": str(path)}
    driver = subprocess.Popen(command(2, BRIEF), env=environment, stderr=subprocess.DEVNULL)
    _until(lambda: _rows(path) >= 2 or driver.poll() is not None)
    _until(lambda: _kill_one(workers_of(driver)) or driver.poll() is not None)
    assert driver.poll() is None, "a worker was killed during the run"
    reached = _rows(path) + 1
    _until(lambda: _rows(path) >= reached or driver.poll() is not None)
    driver.kill()
    driver.wait(timeout=60)
    assert reached <= _rows(path) < len(records), "stopped before all of the jobs"
    assert same(produce(tiny, BRIEF, path, workers=2, quiet=True), records)
    with Store(path) as store:
        assert len(store) == len(records)


def _kill_one(workers):
    for worker in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()
            return True
    return False


def _until(condition, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.01)


def _rows(path):
    if not path.exists():
        return 0
    try:
        with Store(path) as store:
            return len(store)
    except ValueError:
        return 0  # the other process is creating it


def test_a_failure_says_how_many_jobs_it_left_out():
    game = {"family": "none", "parameters": {}, "index": 0, "seed": 0}
    failing = Job({"kind": "reference", "game": game, "starts": 1})
    needing = Job({"kind": "reach", "game": game}, needs=(failing,))
    last = Job({"kind": "reach", "game": game, "profiles": 1}, needs=(needing,))
    with (
        Store(":memory:") as store,
        pytest.raises(JobsFailed, match="1 of 2 jobs failed, and 2 that need them were left out"),
    ):
        run_missing([needing, last], store, workers=1)


def test_a_failing_job_is_recorded_and_the_run_goes_on(tiny, tmp_path, monkeypatch):
    def poisoned(job):
        if job["method"] == "dnl":
            raise ArithmeticError("poison")
        return Result()

    monkeypatch.setattr("study.kinds.didactic.run", poisoned)
    path = tmp_path / "s.sqlite"
    with pytest.raises(
        JobsFailed, match=r"1 of 2 jobs failed.*\n.*didactic dnl.*ArithmeticError: poison"
    ):
        produce(tiny, "didactic", path, workers=1, quiet=True)
    monkeypatch.undo()
    with Store(path) as store:
        assert sorted(record.status for record in store) == ["done", "failed"]
        assert "poisoned" in next(r for r in store if not r.done).traceback
    assert [r.status for r in produce(tiny, "didactic", path, workers=1, quiet=True)] == [
        "done",
        "done",
    ]


def test_reported_utilities_follow_from_the_reported_policies(tiny, serial):
    checked = 0
    for record in serial[1]:
        if record.config["kind"] != "solve":
            continue
        game = build_game(record.config["game"])
        for row in record.rows_of(ProfileRow):
            if row.profile is not None:
                found = sender_utilities(game, row.policies.reshape(row.shape))
                np.testing.assert_allclose(found, row.utilities, atol=1e-12)
                checked += 1
    assert checked > 10


def test_reference_jobs_report_full_revelation_or_why_not(tiny, serial):
    seen = set()
    for record in serial[1]:
        if record.config["kind"] == "reference":
            game = build_game(record.config["game"])
            revealed = record.facts.full_revelation
            seen.add(revealed is None)
            if revealed is None:
                assert "needs" in record.facts.obstacle
                with pytest.raises(ValueError, match="needs"):
                    full_revelation(game)
            else:
                np.testing.assert_allclose(sender_utilities(game, full_revelation(game)), revealed)
    assert False in seen


def refuted(record):
    """Tolerances whose selected profile somebody leaves for a fresh deviation that gains half as much again."""
    game = build_game(record.config["game"])
    return [
        row.tolerance
        for row in record.rows_of(ProfileRow)
        if row.search == 0
        and row.profile is not None
        and fresh_gain(game, row.policies.reshape(row.shape), row.radius) > 1.5 * row.tolerance
    ]


def fresh_gain(game, profile, radius):
    """The largest gain over 50 new deviations of every sender, a share of the game's utility range."""
    gains = []
    for sender, now in enumerate(sender_utilities(game, profile)):
        generator = np.random.default_rng([1, sender])
        whole = np.repeat(profile[None], 50, 0)
        whole[:, sender] = sample_deviations(profile[sender], radius, 50, generator)
        gains.append((sender_utilities(game, whole)[:, sender] - now).max())
    return max(gains) / game.utility_range


def test_accepted_profiles_pass_an_independent_check(tiny, serial):
    """At every tolerance, and a profile that is none of those accepted does not pass at the small ones."""
    experiments = ("synthetic", "second", "scenarios")
    keys = {job.key for name in experiments for job in design.jobs(tiny, name)}
    solved = [r for r in serial[1] if r.config["kind"] == "solve" and r.key in keys]
    assert len(solved) >= 6
    assert [refuted(record) for record in solved] == [[]] * len(solved)
    record = next(r for r in solved if r.config["game"]["family"] == "ride-hailing")
    game = build_game(record.config["game"])
    starts = starts_of(game, record.config["game"], 8)
    worst = max(starts, key=lambda start: fresh_gain(game, start, 0.005))
    planted = [dataclasses.replace(row, policies=worst.ravel()) for row in record.rows]
    assert min(refuted(dataclasses.replace(record, rows=planted))) < 1e-6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--preset", "huge"], "unknown preset 'huge'"),
        (["run", "--set", "training.samples"], "--set takes NAME=VALUE"),
        (["run", "--set", "a.b=1"], "unknown setting 'a.b'"),
        (["run", "--set", "headline=1e400"], "setting 'headline' must be finite, got inf"),
        (["run", "--set", "headline=2e-3"], "headline 0.002 is not among tolerances"),
        (["run", "--set", "headline='1e-3'"], "setting 'headline' takes float, got str '1e-3'"),
        (["run", "--workers", "0"], "--workers must be at least 1"),
        (["export", "--workers", "2"], "--workers is for --compute"),
    ],
)
def test_command_line_errors_end_with_2(arguments, message, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["reproduce"], "--set"), (["book"], "--set"), (["page", "theory/ppad"], "--set"),
        (["page", "theory/ppad"], "--workers"), (["status"], "--workers"),
    ],
)  # fmt: skip
def test_an_option_that_would_do_nothing_is_not_offered(command, option, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*command, f"{option}=1"])
    assert ended.value.code == 2
    assert f"unrecognized arguments: {option}=1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3), ("-1E+2", -100.0), ("1.e3", 1e3), (".5e1", 5.0), ("5", 5), ("0.25", 0.25),
        ("[1e-3, 1e-2]", [1e-3, 1e-2]), ("'1e-3'", "1e-3"), ("e3", "e3"), ("1e", "1e"), ("true", True),
    ],
)  # fmt: skip
def test_a_setting_is_read_as_the_number_that_python_reads(text, value):
    name, found = _assignment(f"a.b={text}")
    assert (name, found, type(found)) == ("a.b", value, type(value))


def test_the_starts_of_the_atlas_are_those_of_the_library():
    assert set(CHOICES["starts"]) == set(STARTS)


def test_command_line_refuses_a_file_that_is_no_store(tmp_path, monkeypatch, capsys):
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"nonsense" * 1000)
    monkeypatch.setenv("PERSUASION_STORE", str(path))
    assert main(["run", "--preset", "smoke"]) == 2
    assert "x.sqlite: is not a result store" in capsys.readouterr().err


def test_a_game_is_covered_when_all_of_its_jobs_have_ended(tiny, serial):
    records = produce(tiny, "synthetic", serial[0], quiet=True)
    games = len(design.games(tiny, "synthetic"))
    assert covered_games(records, tiny, "synthetic") == (games, games)
    assert covered_games(records[:-1], tiny, "synthetic") == (games - 1, games)
    assert covered_games([], tiny, "synthetic") == (0, games)
    assert covered_games(records, tiny, "synthetic", senders=3) == (0, 0)


def test_there_is_a_worker_per_core_that_the_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert default_workers() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert default_workers() == 7


def test_status_counts_games(serial, monkeypatch, capsys):
    monkeypatch.setenv("PERSUASION_STORE", str(serial[0]))
    assert main(["status", "--preset", "smoke", "--json", *SET]) == 0
    counts = json.loads(capsys.readouterr().out)["smoke"]
    assert counts["scenarios"] == {"games": 1, "committed": 0, "design": 1}
    assert all(count["games"] == count["design"] for count in counts.values())
    # what the book's page on the status asks, without naming a store
    assert coverage(SETTINGS)["scenarios"] == {"games": 1, "design": 1}
    assert main(["status", "--preset", "quick", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)["quick"]
    assert counts["synthetic"] == {"games": 0, "committed": 0, "design": 18}


def test_no_job_of_a_run_is_computed_twice(tiny, tmp_path, monkeypatch):
    ran = []

    def count(job, given=()):
        ran.append(job.key)
        return run_job(job, given)

    monkeypatch.setattr("study.run.executors.run_job", count)
    produce(tiny, ("didactic", "second", "certificates"), tmp_path / "s.sqlite", 1, quiet=True)
    assert len(ran) == len(set(ran))
