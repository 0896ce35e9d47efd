"""What a run shows of its progress, and the order in which it takes its jobs."""

import re
import time

import pytest

from persuasion.system import progress
from persuasion.system.progress import Progress, watched
from study import preset
from study.designs.design import EXPERIMENTS, jobs
from study.records.store import Record
from study.run.executors import execute
from study.run.job_queue import JobQueue


@pytest.fixture
def seconds(monkeypatch):
    """A clock that stands still until the test moves it."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_one_line_counts_the_whole_run_and_judges_the_time_by_what_was_done_here(seconds):
    run = Progress()
    run.expect(60)
    run.expect(30, before=10)
    run.say("starting")
    assert run.line() == " 10% done, starting"
    seconds[0] = 20
    run.advance(30, "half of the jobs")
    assert run.line() == " 40% done, half of the jobs, 0:40 left"
    run.advance(59.9, "nearly all")
    assert run.line().startswith(" 99% done")
    run.advance(0.1, "the end")
    assert run.line() == "100% done, the end, 0:00 left"


def test_a_log_has_a_line_now_and_then_also_while_nothing_ends(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY", 0.05)
    run = Progress()
    run.expect(2)
    with run:
        with run:  # a part of the run
            run.advance(1, "half")
            time.sleep(0.3)
        run.advance(1, "all")
    lines = capsys.readouterr().out.splitlines()
    assert 3 <= len(lines) <= 8
    assert all(re.fullmatch(r" 50% done, half, 0:0\d left", line) for line in lines[:-1])
    assert lines[-1] == "100% done, all, 0:00 left"


def test_a_terminal_has_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(progress.sys.stdout, "isatty", lambda: True, raising=False)
    assert list(watched("abc", lambda _: 1.0, 3.0, 3, unit="letters")) == ["a", "b", "c"]
    assert "100% done, 3 of 3 letters" in capsys.readouterr().out


def test_nothing_is_shown_of_a_quiet_run(capsys):
    assert list(watched("abc", lambda _: 1.0, 3.0, 3, quiet=True)) == ["a", "b", "c"]
    assert capsys.readouterr().out == ""


def planned():
    return [job for name in EXPERIMENTS for job in jobs(preset("smoke"), name)]


def ended(job, status="done"):
    return Record(job.key, job.config, status)


def test_jobs_come_in_their_order_and_after_what_they_need():
    every = planned()
    queue, taken = JobQueue(every[::-1]), []
    while job := queue.pop():
        assert {need.key for need in job.needs} <= {before.key for before in taken}
        taken.append(job)
        queue.finish(ended(job))
    assert len(taken) == len({job.key for job in every})
    free = [queue.rank(job) for job in taken if not job.needs]
    assert free == sorted(free)


def test_a_job_whose_need_failed_is_left_out():
    certify = next(job for job in planned() if job.needs)
    (need,) = certify.needs
    queue = JobQueue([need, certify])
    assert queue.pop() is need
    assert queue.pop() is None, "what it needs is still running"
    queue.finish(ended(need, "failed"))
    assert queue.pop() is None
    queue.finish(ended(need))
    assert queue.pop() is certify


def test_a_need_that_is_not_among_the_jobs_is_there_already(monkeypatch):
    monkeypatch.setattr("study.run.executors.run_job", lambda job, given: ended(job, given))
    certify = next(job for job in planned() if job.needs)
    found = list(execute([certify], given=lambda job: f"records of {len(job.needs)}"))
    assert [record.status for record in found] == ["records of 1"]


def test_the_first_page_comes_first():
    """Figure 1 is on it."""
    kinds = [job.config["kind"] for job in planned()]
    assert kinds[:3] == ["didactic"] * 3
