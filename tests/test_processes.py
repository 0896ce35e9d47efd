"""Processes that are started by us or by others: no hang, and a reason where there would be one."""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import threading

import pytest

from persuasion.system.command_line import run_command
from persuasion.system.one_at_a_time import one_at_a_time
from study import preset, produce
from study.records import provenance
from study.records.job import Job
from study.records.rows import Result
from study.run import job as job_module
from study.run.executors import workers_for
from study.run.job import record_of

RUN = """\
import sys, tempfile
from study import preset
from study import produce
{guard}
    small = preset("smoke", {{"methods": ["relu", "dnl"], "didactic.training.epochs": 1}})
    with tempfile.TemporaryDirectory() as folder:
        print(len(produce(small, "didactic", folder + "/s.sqlite", workers=2, quiet=True)))
"""
FORK = """\
import multiprocessing
import torch
from persuasion import sender_utilities, uniform_policies
from persuasion.games import synthetic
torch.set_num_threads(4)
game = synthetic(2, 8, 8, 8)
profiles = uniform_policies(game, 300, 0)
def total(_):
    return float(sender_utilities(game, profiles).sum())
here = total(0)
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map_async(total, range(2)).get(60) == [here, here]
print("the same")
"""


def run(tmp_path, text, *before):
    script = tmp_path / "script.py"
    script.write_text(text)
    command = [*before, sys.executable, str(script)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_computes_what_its_parent_did(tmp_path):
    done = run(tmp_path, FORK)
    assert done.stdout == "the same\n", done.stderr


@pytest.mark.slow
def test_a_script_without_a_main_guard_is_told_so_at_once(tmp_path):
    done = run(tmp_path, RUN.format(guard="if True:"))
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ValueError")
    assert 'if __name__ == "__main__":' in last
    assert done.stderr.count("Traceback") == 1


@pytest.mark.slow
def test_workers_that_cannot_talk_to_us_are_an_error_at_once(tmp_path):
    alone = ["unshare", "--map-root-user", "--net"]  # a network without a loopback interface
    if (
        not shutil.which("unshare")
        or subprocess.run([*alone, "true"], capture_output=True).returncode
    ):
        pytest.skip("needs unshare and the right to a network of one's own")
    done = run(tmp_path, RUN.format(guard='if __name__ == "__main__":'), *alone)
    assert done.returncode == 1
    assert "local workers talk over 127.0.0.1" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("given", ["text", 3, [("a", 1)]])
def test_overrides_of_a_wrong_kind_are_named(given):
    with pytest.raises(ValueError, match="overrides takes settings by dotted name"):
        preset("smoke", given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "paper"}, "'name' says where the settings come from"),
        ({"overridden": ["a"]}, "'overridden' says where the settings come from"),
        ({"training.learning_rate": float("nan")}, "'training.learning_rate' must be finite"),
        ({"tolerances": [1e-3, float("nan")]}, "'tolerances' must be finite"),
        ({"searches.0.radius": float("inf")}, "'searches.0.radius' must be finite"),
        ({"searches.².starts": 3}, "unknown setting"),
        ({"methods": []}, "methods must be one or more"),
        ({"methods": ["relu", "relu"]}, "methods must be one or more, each once"),
        ({"scenarios": []}, "scenarios must be one or more"),
    ],
)
def test_overrides_that_say_nothing_sensible_are_named(given, says):
    with pytest.raises(ValueError, match=says):
        preset("smoke", given)


def test_what_kills_its_worker_is_lost_and_the_rest_is_not():
    with workers_for(2) as run:
        found = list(run(leave_with, [0, 9, 0], lambda item, error: (item, type(error).__name__)))
    assert sorted(found, key=str) == [(9, "KilledWorker"), 0, 0]


def leave_with(code):
    return os._exit(code) if code else code


def test_a_worker_that_reads_other_code_than_its_driver_makes_a_failed_record():
    job = Job({"kind": "reach", "game": "any"})
    job.__dict__["key"] = "of other code"  # as it was computed before the files changed
    record = record_of(job, Result)
    assert (record.key, record.status) == ("of other code", "failed")
    assert "the code has changed since the run was started" in record.error


def test_code_that_changes_between_planning_and_its_first_import_makes_a_failed_record(
    tmp_path, monkeypatch
):
    """In this process, too: a kind's modules are imported by its first job, which may be hours later."""
    later, other = (Job({"kind": kind, "game": "any"}) for kind in ("kinks", "reach"))
    assert later.key != other.key, "planned"
    shutil.copytree(provenance.LIBRARY, tmp_path / "lib")
    (tmp_path / "lib" / "study" / "kinds" / "kinks.py").write_text("changed = True")
    monkeypatch.setattr(provenance, "LIBRARY", tmp_path / "lib")
    job_module._imported.cache_clear()
    record = record_of(later, Result)
    assert (record.key, record.status) == (later.key, "failed")
    assert "the code has changed since the run was started" in record.error
    assert record_of(other, Result).done
    job_module._imported.cache_clear()


def test_the_version_of_code_is_the_same_under_every_python():
    """Syntax trees are written as 3.11 writes them, and known without running the code."""
    source = '"""Doc."""\nclass A:\n    """Doc."""\n    def f(self, x):\n        return f"{x}"\n'
    assert provenance._syntax(source) == (
        "Module(body=[ClassDef(name='A', bases=[], keywords=[], body=[FunctionDef(name='f', "
        "args=arguments(posonlyargs=[], args=[arg(arg='self'), arg(arg='x')], kwonlyargs=[], kw_defaults=[], "
        "defaults=[]), body=[Return(value=JoinedStr(values=[FormattedValue(value=Name(id='x', ctx=Load()), "
        "conversion=-1)]))], decorator_list=[])], decorator_list=[])], type_ignores=[])"
    )
    code = "import runpy, sys; p = runpy.run_path(sys.argv[1]); "
    command = f"{code}print(p['code_version']('solve'))"
    expected = provenance.code_version("solve")
    for name in ("python3.11", "python3.12", "python3.13"):  # those that are here
        with contextlib.suppress(FileNotFoundError):
            run = subprocess.run(
                [name, "-c", command, provenance.__file__], capture_output=True, text=True
            )
            assert run.returncode or run.stdout.strip() == expected, name


def test_one_process_at_a_time_adds_to_a_folder(tmp_path):
    inside = threading.Event()

    def second():
        with one_at_a_time(tmp_path / "results"):
            inside.set()

    thread = threading.Thread(target=second)
    with one_at_a_time(tmp_path / "results"):
        thread.start()
        assert not inside.wait(0.3)
    thread.join(timeout=60)
    assert inside.is_set()
    assert not list(tmp_path.iterdir())


def test_a_repository_that_is_not_the_checkout_names_no_commit(tmp_path, monkeypatch):
    before = provenance.commit.__wrapped__()
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    assert provenance.commit.__wrapped__() == before
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.setattr(provenance, "LIBRARY", tmp_path / "inside" / "lib")
    provenance.LIBRARY.mkdir(parents=True)
    assert provenance.commit.__wrapped__() == ("unknown", False)


def test_a_reader_that_leaves_is_no_error(tmp_path):
    command = [
        sys.executable,
        "-c",
        "from study.__main__ import main, leave; leave(main(['status']))",
    ]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run.stdout.close()
    assert run.stderr.read() == ""
    assert run.wait(timeout=60) == 1
    run.stderr.close()


def test_a_file_that_cannot_be_read_is_one_line(capsys):
    def fail(options):
        raise PermissionError(13, "Permission denied", "results/paper")

    parser = argparse.ArgumentParser(prog="study")
    parser.set_defaults(command=fail)
    assert run_command(parser, []) == 1
    said = "study: [Errno 13] Permission denied: 'results/paper'; nothing was written\n"
    assert capsys.readouterr().err == said


def test_pages_are_not_run_without_their_checks():
    code = "from study.run.reproduce import kernel_environment; kernel_environment()"
    done = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True)
    assert "run without python -O" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("given", ["two", 2.0, True])
def test_workers_of_a_wrong_kind_are_named(given, tmp_path):
    with pytest.raises(ValueError, match="workers must be a whole number"):
        produce(preset("smoke"), "didactic", tmp_path / "s.sqlite", workers=given)
    assert not (tmp_path / "s.sqlite").exists()
