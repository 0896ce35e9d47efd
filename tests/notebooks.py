"""Run every page of the book as a notebook through nbval at preset smoke: `python tests/notebooks.py`.

The executed notebooks stay in ``_build/smoke/notebooks/smoke``, where `make test-book` builds the book from them.
"""

import os
import sys
from pathlib import Path

import nbformat
import pytest

from executions import watch
from persuasion.system.own_folder import emptied_folder
from study import EXPERIMENTS, preset, produce
from study.run import warm_kernels
from study.run.pages import notebooks
from study.run.reproduce import kernel_environment

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build" / "smoke"
PLUGINS = ("-p", "no:cacheprovider", "-p", "keep_outputs")
OPTIONS = ("--nbval-lax", "--nbval-cell-timeout=600", *PLUGINS, "-q")


def convert(root: Path, folder: Path) -> list[str]:
    """Write each page that has code as a notebook below ``folder``; returns the paths."""
    paths = []
    for page, notebook in notebooks(root):
        target = folder / f"{page}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)
        paths.append(str(target))
    return paths


def run(root: Path, folder: Path, processes: int) -> int:
    """Execute the pages below ``root`` with nbval, one page per process at a time; returns pytest's exit code."""
    sys.path.insert(0, str(Path(__file__).parent))  # the plugin, for the processes as well
    parallel = ["-n", str(processes), "--dist", "loadfile"] if processes > 1 else []
    return pytest.main([*OPTIONS, *parallel, "-c", os.devnull, *convert(root, folder)])


def main() -> int:
    """Exit code of the nbval run."""
    os.environ.update({"PRESET": "smoke", "PERSUASION_STORE": str(BUILD / "store.sqlite")})
    os.environ.update({**kernel_environment(), **warm_kernels.environment()})
    watch(Path(os.environ["IPYTHONDIR"]))
    # first, so that two pages do not compute the same records side by side
    produce(preset("smoke"), EXPERIMENTS)
    return run(ROOT, emptied_folder(BUILD / "notebooks" / "smoke"), 2)


if __name__ == "__main__":
    sys.exit(main())
