"""Killed drivers leave no workers behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from persuasion.system.end_with_parent import end_with_parent

# two workers that say who they are and then sleep
SCRIPT = """
import os, time
from study.run.executors import workers_for

def work(item):
    os.write(1, f"{os.getpid()}\\n".encode())  # a whole line, whoever else writes
    time.sleep(300)

if __name__ == "__main__":
    with workers_for(2) as run:
        list(run(work, [1, 2]))
"""


def gone(pid):
    """Whether the process has ended; one that nobody has waited for yet has."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
@pytest.mark.parametrize(
    "how", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.stress)]
)
def test_workers_end_with_a_killed_parent(tmp_path, how):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    driver = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    workers = {int(driver.stdout.readline()) for _ in range(2)}
    assert len(workers) == 2
    assert not any(map(gone, workers))
    driver.send_signal(how)
    driver.wait()
    driver.stdout.close()
    until = time.monotonic() + 20
    while not all(map(gone, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    left = [pid for pid in workers if not gone(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def test_in_a_process_that_nobody_started_it_does_nothing(monkeypatch):
    monkeypatch.setattr("threading.Thread.start", None)
    end_with_parent()
