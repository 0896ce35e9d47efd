"""Ctrl-C ends every solver within a moment, and the command line says what became of the work."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from persuasion.games.examples import example
from persuasion.system.interruptible import interruptible, still_working

# says when the solver is about to run; what it is asked takes far longer than the test waits
SOLVE = """\\
import sys, threading, time
import numpy as np
from persuasion import Game, best_response, uniform_policies
method, size = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(0)

def respond(size):
    receiver, senders = random.random((size, size)), random.random((2, size, size))
    game = Game(np.full(size, 1 / size), receiver, senders, size)
    best_response(game, uniform_policies(game, seed=0), 0, method=method, time_limit=120)

respond(2)  # everything is imported then
print("ready", flush=True)
try:
    respond(size)
except KeyboardInterrupt:
    print("interrupted", flush=True)
else:
    print("ended", flush=True)
"""


def hears_interrupts():
    """Also where the tests run in the background of a shell, whose children ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def interrupted(command, wait, stream="stdout", **options):
    """The line that follows Ctrl-C, the seconds until then, the rest of the error output, and the exit code.

    It is sent ``wait`` seconds after the first line.
    """
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_interrupts,
        **options,
    )
    said = getattr(process, stream)
    said.readline()
    time.sleep(wait)
    assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    line = said.readline()
    seconds = time.monotonic() - began
    _, error = process.communicate(timeout=60)
    return line, seconds, error, process.returncode


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "size"), [("bilinear", 6), ("milp", 8), ("column-generation", 12)]
)
def test_every_solver_hears_an_interrupt(method, size):
    command = [sys.executable, "-c", SOLVE, method, str(size)]
    line, seconds, error, code = interrupted(command, 0.5)
    assert line == "interrupted\n", error
    assert seconds < 10  # of 120
    assert code == 0, error


# -v names every import as it ends; that of after_fork is the first after the handler is set
@pytest.mark.slow
def test_an_interrupt_while_importing_is_a_short_message(tmp_path):
    for wait in (0.0, 0.5):
        process = subprocess.Popen(
            [sys.executable, "-v", "-m", "study", "status"],
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hears_interrupts,
        )
        for line in process.stderr:
            if "import 'persuasion.system.after_fork'" in line:
                break
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Traceback" not in error
        assert "persuasion: interrupted before anything was done" in error


@pytest.mark.slow
@pytest.mark.parametrize("wait", [2.2, pytest.param(1, marks=pytest.mark.stress)])
def test_solve_says_what_it_has_stored(wait, tmp_path):
    example("quality-advertising").to_json(tmp_path / "game.json")
    command = [sys.executable, "-m", "persuasion", "solve", str(tmp_path / "game.json")]
    line, _, error, code = interrupted(command, wait, "stderr")
    rest = line + error
    assert code == 130
    stored = list(tmp_path.glob("game-solution/*.[jh]*"))
    left = "what was found before is in" if stored else "nothing was written"
    assert f"persuasion: interrupted; {left}" in rest
    assert len(stored) in (0, 2)
    assert "Traceback" not in rest


def test_the_work_is_asked_to_stop_and_the_interrupt_goes_on():
    hears_interrupts()
    stop = threading.Event()
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interruptible(lambda: stop.wait(30), stop.set)
    assert stop.is_set()
    assert time.monotonic() - began < 5


def test_work_that_takes_a_moment_to_stop_is_waited_for():
    hears_interrupts()
    stop, ended = threading.Event(), []

    def work():
        stop.wait(30)
        time.sleep(0.3)
        ended.append(True)

    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        interruptible(work, stop.set)
    assert ended == [True]
    assert not still_working()


def test_a_solver_that_refuses_to_be_asked_is_asked_again():
    hears_interrupts()
    stop, asked = threading.Event(), []

    def cancel():
        asked.append(True)
        if len(asked) < 3:
            raise RuntimeError("still setting up")
        stop.set()

    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        interruptible(lambda: stop.wait(30), cancel)
    assert len(asked) == 3


def test_the_program_can_be_left_while_work_hears_nothing():
    script = """\
import os, signal, threading, time
from persuasion.system.command_line import leave
from persuasion.system.interruptible import interruptible, still_working
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    interruptible(lambda: time.sleep(60))
except KeyboardInterrupt:
    print("interrupted")
    leave(130)
"""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script],
        preexec_fn=hears_interrupts,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "interrupted\n", "")
    assert time.monotonic() - began < 30


def test_results_and_errors_pass_through():
    assert interruptible(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)
    found = []
    thread = threading.Thread(target=lambda: found.append(interruptible(threading.current_thread)))
    thread.start()
    thread.join()
    assert found == [thread]  # elsewhere than in the main thread there is nothing to hear
