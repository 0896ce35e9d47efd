"""Warm kernels are like others: own process, environment and folder, and an end; only their imports are done."""

import os
import subprocess
import sys
import time

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

from study.run import warm_kernels

pytestmark = pytest.mark.skipif(
    not warm_kernels.environment(), reason="kernels are forked on Linux only"
)
STARTED = """
import os, sys
assert "torch" in sys.modules and "study.figures.figures" in sys.modules, "imported before the start"
assert not [path for path in sys.path if path.endswith("tests")], "nothing of the tests is in reach"
print(os.getpid(), os.getcwd(), os.environ["MARK"], os.environ.get("LEFT"), __name__, "x" in globals())
x = 1
"""


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Start a kernel; every one is shut down in the end."""
    for name, value in warm_kernels.environment().items():
        monkeypatch.setenv(name, value)
    started = []

    def run(**environment):
        manager, client = start_new_kernel(
            kernel_name="python3", env={**os.environ, **environment}, cwd=str(tmp_path)
        )
        started.append((manager, client))
        return manager, client

    yield run
    for manager, client in started:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_without_the_entry_point_kernels_start_as_usual(monkeypatch):
    monkeypatch.setattr(warm_kernels, "entry_points", lambda **_: ())
    usual = {"JUPYTER_DEFAULT_PROVISIONER_NAME": "local-provisioner"}
    assert warm_kernels.environment() == usual


def told(client, code):
    """What the code prints, or its error."""
    said = []
    client.execute_interactive(
        code, output_hook=lambda message: said.append(message["content"]), timeout=60
    )
    errors = [content["ename"] for content in said if "ename" in content]
    return errors[0] if errors else "".join(content.get("text", "") for content in said).strip()


def test_two_kernels_share_nothing_but_imports(start, tmp_path, monkeypatch):
    monkeypatch.setenv("LEFT", "behind")
    (first, one), (second, two) = start(MARK="a", LEFT=""), start(MARK="b")
    own = [told(client, STARTED).split() for client in (one, two)]
    assert own[0][1:] == [str(tmp_path), "a", "__main__", "False"]  # LEFT is empty
    assert own[1][1:] == [str(tmp_path), "b", "behind", "__main__", "False"]
    pids = [int(pid) for pid, *_ in own]
    assert len({os.getpid(), *pids}) == 3
    assert [manager.provisioner.pid for manager in (first, second)] == pids


def test_a_kernel_is_interrupted_and_ends(start):
    manager, client = start(MARK="a")
    # else a kernel drops what comes right after an error
    client.execute("import time; print('here', flush=True); time.sleep(60)", stop_on_error=False)
    while client.get_iopub_msg(timeout=30)["msg_type"] != "stream":
        pass
    manager.interrupt_kernel()
    assert client.get_shell_msg(timeout=30)["content"]["ename"] == "KeyboardInterrupt"
    assert told(client, "print('on')") == "on"
    pid = manager.provisioner.pid
    manager.shutdown_kernel(now=True)
    assert not manager.is_alive()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_kernel_that_dies_is_noticed(start):
    manager, client = start(MARK="a")
    client.execute("import os; os._exit(3)")
    until = time.monotonic() + 30
    while manager.is_alive():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert manager.provisioner.process.poll() == 3


FORGETFUL = """
import os
from jupyter_client.manager import start_new_kernel

if __name__ == "__main__":
    manager, client = start_new_kernel(kernel_name="python3")
    print(manager.provisioner.pid, flush=True)
    input()
"""


@pytest.mark.parametrize("killed", [False, True])
def test_kernels_end_with_whoever_started_them(tmp_path, killed):
    program = tmp_path / "forgetful.py"
    program.write_text(FORGETFUL)
    environment = {**os.environ, **warm_kernels.environment()}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, str(program)], env=environment, **pipes) as parent:
        pid = int(parent.stdout.readline())
        if killed:
            parent.kill()
        else:
            parent.communicate("\n", timeout=30)
    until = time.monotonic() + 30
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, "the kernel is left behind"
        time.sleep(0.1)
