"""What ``make reproduce`` does: compute, run the experiment notebooks, build the book, say where it is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from persuasion.experiments import EXPERIMENTS, Preset, build_folder, default_store, produce
from persuasion.experiments.produce import artefacts_root
from persuasion.own_folder import emptied_folder, make_folder, own_folder

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = (
    "learning/networks",
    "learning/recipes",
    "learning/cost",
    "experiments/synthetic",
    "experiments/baselines",
    "experiments/scenarios",
    "certificates/local",
    "certificates/dynamics",
    "tools/own-game",
    "ledger",
)


class PageFailed(RuntimeError):
    """A page stopped with an error; the message has the cell and its traceback."""


def reproduce(preset: Preset, workers: int | None = None) -> list[tuple[str, float]]:
    """Run every step and return its name and seconds; a step that fails raises and ends the run.

    Everything finished stays in the store, so a rerun continues where this one stopped.
    """
    folder = build_folder()
    # what is not ours to overwrite is said before anything is computed
    for place in (folder / "notebooks", artefacts_root(), folder / "book"):
        own_folder(place)
    notebooks = folder / "notebooks" / preset.name
    steps: list[tuple[str, Callable[[], object]]] = [
        ("experiments", lambda: produce(preset, EXPERIMENTS, workers=workers)),
        ("notebooks", lambda: run_notebooks(preset, notebooks)),
        ("book", lambda: build_book(preset.name, folder / "book", default_store())),
    ]
    timings = []
    for name, step in steps:
        print(f"== {name} (preset {preset.name})", flush=True)
        started = time.monotonic()
        step()
        timings.append((name, time.monotonic() - started))
    return timings


def run_notebooks(preset: Preset, folder: Path) -> list[Path]:
    """Execute the experiment pages with papermill; returns the executed notebooks."""
    own_folder(folder.parent)
    executed = []
    for name in NOTEBOOKS:
        print(f"   {name}", flush=True)
        target = folder / f"{Path(name).name}.ipynb"
        executed.append(_run_page(name, target, {"preset": preset.name}))
    return executed


def run_page(name: str, preset: str) -> Path:
    """Execute one page, for instance ``theory/ppad``; returns the notebook, below ``pages`` of the build folder.

    ``ValueError`` if there is no such page, :class:`PageFailed` if it stops with an error.
    """
    source = (ROOT / "book" / f"{name}.md").resolve()
    if not (source.is_file() and source.is_relative_to(ROOT / "book")):
        raise ValueError(f"there is no book/{name}.md; name a page like theory/ppad")
    os.environ["PRESET"] = preset
    folder = own_folder(build_folder() / "pages")
    return _run_page(name, folder / f"{name}.ipynb", {})


def _run_page(name: str, target: Path, parameters: dict[str, str]) -> Path:
    import jupytext
    import nbformat
    import papermill

    source = ROOT / "book" / f"{name}.md"
    make_folder(target.parent)
    nbformat.write(jupytext.read(source), target)
    os.environ.update(kernel_environment())
    try:
        papermill.execute_notebook(
            str(target),
            str(target),
            parameters=parameters,
            cwd=str(source.parent),
            kernel_name="python3",
            progress_bar=False,
        )
    except papermill.PapermillExecutionError as error:
        raise PageFailed(f"{target}: {error}") from None
    return target


def kernel_environment() -> dict[str, str]:
    """Variables for the pages' kernels, so that neither the caller's shell nor its home folder matters.

    A backend set there would leave the pages without figures.
    """
    home = own_folder(build_folder() / "kernel")
    folders = (
        "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR",
    )  # fmt: skip
    places = {name: str(make_folder(home / name.lower())) for name in folders}
    return {**places, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}


def build_book(preset: str, folder: Path, store: Path) -> Path:
    """Build the HTML book with warnings as errors; returns its first page.

    ``store`` is a result store or a folder of committed results; the pages find it as ``PERSUASION_STORE``.
    Raises ``subprocess.CalledProcessError`` if a page fails or warns.
    """
    return jupyter_book("html", preset, folder, store) / "index.html"


def jupyter_book(builder: str, preset: str, folder: Path, store: Path) -> Path:
    """Build the book anew with one of Jupyter Book's builders; returns the folder of its output.

    ``ValueError`` names the folder if it holds files that are not ours.
    """
    folder, shown = emptied_folder(folder), own_folder(artefacts_root())
    program = Path(sys.executable).with_name("jupyter-book")
    options = [
        "-W",
        "--keep-going",
        "--all",
        "-q",
        "--builder",
        builder,
        "--path-output",
        str(folder),
    ]
    command = [str(program), "build", *options, str(ROOT)]
    # pages run in their own folders, so the store's path must not be relative
    places = {
        "PERSUASION_STORE": str(store.resolve()),
        "PERSUASION_ARTEFACTS": str(shown),
    }
    environment = {**os.environ, "PRESET": preset, **places, **kernel_environment()}
    subprocess.run(command, check=True, env=environment, cwd=ROOT)
    built = folder / "_build" / builder
    if not built.is_dir():
        raise FileNotFoundError(f"the book was built without {built}")
    return built


def summary(timings: Sequence[tuple[str, float]], preset: Preset) -> str:
    """The closing lines: seconds per step, and where the results are."""
    folder = build_folder()
    lines = [f"  {name:<12} {seconds:7.0f} s" for name, seconds in timings]
    return "\n".join(
        [
            "",
            "Time per step:",
            *lines,
            f"Figures and tables: {artefacts_root() / preset.name}",
            f"Executed notebooks: {folder / 'notebooks' / preset.name}",
            f"Open the book:      {folder / 'book' / '_build' / 'html' / 'index.html'}",
        ]
    )
