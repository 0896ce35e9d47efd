"""What ``make reproduce`` does: compute, run the pages, build the book from them, say where it is."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from persuasion.system.own_folder import emptied_folder, make_folder, own_folder
from persuasion.system.progress import Progress
from study import EXPERIMENTS, Preset, build_folder, default_store, produce
from study.records.places import artefacts_root
from study.run.executors import THREAD_LIMITS
from study.run.pages import execute_page, execute_pages, notebooks, preset_of

ROOT = Path(__file__).resolve().parents[3]
# in the unit of a job's cost, seconds of one processor
PAGES_WORK, BUILD_WORK = 250.0, 20.0


def reproduce(preset: Preset, workers: int | None = None) -> list[tuple[str, float]]:
    """Run every step and return its name and seconds; a step that fails raises and ends the run.

    Everything finished stays in the store, so a rerun continues where this one stopped.
    """
    folder, store = build_folder(), default_store()
    executed = folder / "notebooks" / preset.name
    # what is not ours to overwrite is said before anything is computed
    for place in (folder / "notebooks", executed, artefacts_root(), folder / "book"):
        own_folder(place)
    progress = Progress()
    progress.expect(PAGES_WORK + BUILD_WORK)

    def experiments() -> None:
        produce(preset, EXPERIMENTS, workers=workers, progress=progress)

    def pages() -> None:
        run_pages(preset.name, executed, store, workers, progress)

    def book() -> None:
        progress.say("building the book")
        build_book(preset.name, folder / "book", store, executed)
        progress.advance(BUILD_WORK, "the book is built")

    timings = []
    with progress:
        for step in (experiments, pages, book):
            started = time.monotonic()
            step()
            timings.append((step.__name__, time.monotonic() - started))
    return timings


def run_page(name: str, preset: str, store: Path) -> Path:
    """Execute one page, for instance ``theory/ppad``, on the records in ``store``.

    Returns the notebook, below ``pages`` of the build folder.

    ``ValueError`` if there is no such page, :class:`study.run.pages.PageFailed` if it stops with an error.
    """
    source = (ROOT / "book" / f"{name}.md").resolve()
    if not (source.is_file() and source.is_relative_to(ROOT / "book")):
        raise ValueError(f"there is no book/{name}.md; name a page like theory/ppad")
    folder = own_folder(build_folder() / "pages")
    os.environ.update(_environment(preset, store))
    return execute_page(ROOT / "book", name, folder)


def run_pages(
    preset: str,
    folder: Path,
    store: Path,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Execute every page once, on the records in ``store``; returns ``folder``, where the notebooks are.

    ``progress`` is that of a run that expects ``PAGES_WORK`` of it. ``ValueError`` names the folder if it holds
    files that are not ours, :class:`study.run.pages.PageFailed` the page that stops with an error.
    """
    for place in (folder.parent, folder):
        own_folder(place)
    if progress is None:
        progress = Progress()
        progress.expect(PAGES_WORK)
    with progress:
        progress.say("executing the pages")

        def report(page: str, done: int, total: int) -> None:
            progress.advance(PAGES_WORK / total, f"{done} of {total} pages, last {page}")

        execute_pages(ROOT, folder, _environment(preset, store), report, workers)
    return folder


def build_book(preset: str, folder: Path, store: Path, executed: Path) -> Path:
    """Build the HTML book from executed pages, warnings as errors; returns its first page.

    ``store`` is a result store or a folder of committed results. Raises ``subprocess.CalledProcessError`` if
    something warns.
    """
    return jupyter_book("html", preset, folder, store, executed) / "index.html"


def check_executed(folder: Path, preset: str) -> None:
    """``ValueError`` if a page is not among the notebooks of a folder, or was executed with another preset."""
    files = [folder / f"{page}.ipynb" for page, _ in notebooks(ROOT)]
    if missing := [file.relative_to(folder) for file in files if not file.exists()]:
        raise ValueError(f"{folder}: lacks {len(missing)} executed pages, first {missing[0]}")
    for file in files:
        if (given := preset_of(file)) not in (None, preset):
            raise ValueError(f"{file}: was executed with preset {given}; the book is of {preset}")


def jupyter_book(builder: str, preset: str, folder: Path, store: Path, executed: Path) -> Path:
    """Build the book anew from executed pages with one of Jupyter Book's builders; returns the output's folder.

    ``ValueError`` names the folder if it holds files that are not ours, or the pages that were not executed, or
    with another preset; the book that was there before is left then.
    """
    own_folder(folder)
    check_executed(executed, preset)
    folder = emptied_folder(folder)
    program = Path(sys.executable).with_name("jupyter-book")
    options = ["-W", "--keep-going", "--all", "-q", "--builder", builder]
    command = [str(program), "build", *options, "--path-output", str(folder), str(ROOT)]
    pages = {"PERSUASION_PAGES": str(executed.resolve())}
    environment = {**os.environ, **_environment(preset, store), **pages}
    subprocess.run(command, check=True, env=environment, cwd=ROOT)
    built = folder / "_build" / builder
    if not built.is_dir():
        raise FileNotFoundError(f"the book was built without {built}")
    return built


def _environment(preset: str, store: Path) -> dict[str, str]:
    """What pages and extensions look for; they run in folders of their own, so no path is relative."""
    return {
        **kernel_environment(),
        "PRESET": preset,
        "PERSUASION_STORE": str(store.resolve()),
        "PERSUASION_ARTEFACTS": str(own_folder(artefacts_root())),
    }


def kernel_environment() -> dict[str, str]:
    """Variables for the pages' kernels, so that neither the caller's shell nor its home folder matters.

    A backend set there would leave the pages without figures. Kernels run side by side, each in one thread.
    """
    if not __debug__:
        raise ValueError("the pages check what they say; run without python -O and PYTHONOPTIMIZE")
    home = own_folder(build_folder() / "kernel")
    folders = (
        "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR",
    )  # fmt: skip
    places = {name: str(make_folder(home / name.lower())) for name in folders}
    # a kernel that is told to end would say that it was interrupted
    profile = make_folder(home / "ipythondir" / "profile_default")
    (profile / "ipython_kernel_config.py").write_text('c.IPKernelApp.log_level = "CRITICAL"\n')
    backend = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    return {**places, **THREAD_LIMITS, **backend, "JUPYTER_PATH": "", "PYTHONSTARTUP": ""}


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
            "With all its fonts: make serve, a local web server (from files, browsers load none)",
        ]
    )
