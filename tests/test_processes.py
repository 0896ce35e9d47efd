"""Processes that are started by us or by others: no hang, and a reason where there would be one."""

import os
import shutil
import subprocess
import sys

import pytest

from study import preset, produce

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


@pytest.mark.parametrize("given", ["two", 2.0, True])
def test_workers_of_a_wrong_kind_are_named(given, tmp_path):
    with pytest.raises(ValueError, match="workers must be a whole number"):
        produce(preset("smoke"), "didactic", tmp_path / "s.sqlite", workers=given)
    assert not (tmp_path / "s.sqlite").exists()
