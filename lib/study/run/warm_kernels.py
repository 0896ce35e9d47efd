"""Kernels that have imported the heavy packages before they start: forked from one process that did it once.

Otherwise thirty pages import torch, pandas and matplotlib thirty times, a fifth of the time that they take. Jupyter
has *provisioners* to start kernels; this one, the entry point ``persuasion-warm``, asks a fork server. A kernel is
a process as before, with an environment, a folder and an end of its own.
"""

import functools
import multiprocessing
import multiprocessing.util
import os
import sys
from importlib.metadata import entry_points
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, cast

from jupyter_client.provisioning import LocalProvisioner

from persuasion.system.end_with_parent import end_with_parent

PROVISIONER = "persuasion-warm"
LAUNCHER = "ipykernel_launcher"
# what most pages use, and what these import
WARM = (
    "ipykernel.kernelapp", "plotly.graph_objects", "scipy.optimize", "persuasion.own_game",
    "persuasion.equilibria.nash", "study.figures.figures", "study.ledger", "study.audit", __name__,
)  # fmt: skip
# of the server, where this module is imported before anything else could change it
PATH = tuple(sys.path)


def environment() -> dict[str, str]:
    """What makes Jupyter start warm kernels where it can find them and forking is safe, else kernels as usual."""
    known = entry_points(group="jupyter_client.kernel_provisioners", name=PROVISIONER)
    warm = sys.platform == "linux" and len(known) > 0
    return {"JUPYTER_DEFAULT_PROVISIONER_NAME": PROVISIONER if warm else "local-provisioner"}


class WarmProvisioner(LocalProvisioner):
    """Starts Python kernels from a fork server, all others as usual."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel; where it listens."""
        if cmd[1:3] != ["-m", LAUNCHER]:
            return await super().launch_kernel(cmd, **kwargs)
        self.cwd = str(kwargs.get("cwd") or Path.cwd())
        process = _Forked(cmd[3:], kwargs["env"], self.cwd)
        multiprocessing.get_context("forkserver").set_forkserver_preload(list(WARM))
        _stop_at_exit()
        process.start()
        # else the end of this process would wait for a kernel that was forgotten
        multiprocessing.util.Finalize(process, process.kill, exitpriority=1)
        self.process = cast(Any, process)
        self.pid = self.pgid = process.pid
        return self.connection_info


class _Forked(ForkServerProcess):
    """A kernel's process, with as much of :class:`subprocess.Popen` as a provisioner asks for."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], environment: dict[str, str], folder: str) -> None:
        super().__init__()
        self._kernel = arguments, environment, folder

    def run(self) -> None:
        """In the fork: what ``python -m ipykernel_launcher`` does."""
        from ipykernel.kernelapp import launch_new_instance

        arguments, environment, folder = self._kernel
        os.setsid()  # so that a signal reaches what the kernel started
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = PATH
        end_with_parent()  # with whoever started the kernel: the server lives as long as its kernels do
        launch_new_instance([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])

    def poll(self) -> int | None:
        return self.exitcode

    def wait(self) -> int | None:
        self.join()
        return self.exitcode

    def send_signal(self, number: int) -> None:
        if self.is_alive():
            os.kill(self.pid or 0, number)


@functools.cache
def _stop_at_exit() -> None:
    """Wait for the server at the end, so that its time is known, and that of its kernels."""
    from multiprocessing import forkserver

    server: Any = forkserver._forkserver
    multiprocessing.util.Finalize(None, server._stop, exitpriority=0)
