"""The book's pages as notebooks: papermill executes each of them once, and the build takes its outputs."""

import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import yaml

from persuasion.system.end_with_parent import end_with_parent
from persuasion.system.own_folder import make_folder
from study.run import warm_kernels
from study.run.executors import default_workers

AT_ONCE = 4  # each is a process with torch in it, too many for a small machine's memory
CELL_SECONDS = 600
STARTS = 3


class PageFailed(RuntimeError):
    """A cell of a page failed; the message names both and ends with the cell's traceback."""


def contents(root: Path) -> list[str]:
    """The pages in the order of ``_toc.yml``, as paths below ``root`` without ``.md``."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [
        chapter["file"] for part in toc.get("parts", [toc]) for chapter in part.get("chapters", ())
    ]
    return [toc["root"], *chapters]


def notebooks(root: Path) -> Iterator[tuple[str, Any]]:
    """Each page that has code, with its notebook as nbformat has it."""
    for page in contents(root):
        notebook = _read(root, page)
        if any(cell.cell_type == "code" for cell in notebook.cells):
            yield page, notebook


def _read(root: Path, page: str) -> Any:
    """The page as a notebook that says what it is executed with."""
    import jupytext

    notebook = jupytext.read(root / f"{page}.md")
    notebook.metadata["preset"] = os.environ.get("PRESET")
    return notebook


def preset_of(path: Path) -> str | None:
    """The preset that a notebook was executed with; None if it does not say."""
    import nbformat

    metadata = nbformat.read(path, as_version=4).metadata
    given = metadata.get("papermill", {}).get("parameters", {}).get("preset")
    return given or metadata.get("preset")


def execute_pages(
    root: Path,
    folder: Path,
    environment: Mapping[str, str],
    report: Callable[[str, int, int], None] = lambda page, done, total: None,
    workers: int | None = None,
) -> None:
    """Execute every page in its own folder, some side by side, and keep it as ``folder/<page>.ipynb``.

    Parameters
    ----------
    root : the book's source, with ``_toc.yml``
    environment : what the pages find there, above all ``PRESET`` and ``PERSUASION_STORE``
    report : called after every page with its name, how many are done, and how many there are
    workers : pages at a time, default one per core, at most 4

    Raises
    ------
    PageFailed
        for the first page that fails; the others are stopped
    """
    pages = [page for page, _ in notebooks(root)]
    at_once = min(AT_ONCE, workers or default_workers())
    context = multiprocessing.get_context("spawn")  # threads of a cluster do not survive a fork
    with ProcessPoolExecutor(at_once, context, initializer=_start, initargs=(environment,)) as pool:
        futures = {pool.submit(execute_page, root, page, folder): page for page in pages}
        try:
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                report(futures[future], done, len(pages))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()  # its kernel ends with it
            raise


def _start(environment: Mapping[str, str]) -> None:
    """In a worker: what the kernels inherit."""
    end_with_parent()
    logging.disable(logging.WARNING)
    os.environ.update({**warm_kernels.environment(), **environment})


def execute_page(root: Path, page: str, folder: Path) -> Path:
    """Execute one page with papermill; returns the notebook. :class:`PageFailed` if a cell fails."""
    import nbformat
    from papermill import PapermillExecutionError

    target = folder / f"{page}.ipynb"
    make_folder(target.parent)
    target.unlink(missing_ok=True)
    # so that what a killed run leaves is not taken for an executed page
    unfinished = target.with_name(f".{target.name}")
    nbformat.write(_read(root, page), unfinished)
    try:
        _papermill(unfinished, root / Path(page).parent)
    except PapermillExecutionError as error:
        what = f"{page}.md: code cell {error.exec_count} fails: {error.ename}: {error.evalue}"
        unfinished.unlink()
        raise PageFailed(f"{what}\n{error}") from None
    except Exception as error:  # a dead kernel, a cell without an end
        unfinished.unlink()
        raise PageFailed(f"{page}.md: {type(error).__name__}: {error}") from None
    return unfinished.rename(target)


def _papermill(notebook: Path, folder: Path) -> None:
    """Execute a notebook in place, its kernel in ``folder``.

    Two kernels that start at once may be given the same port: one dies before it has run anything; it starts again.
    """
    from nbclient.exceptions import DeadKernelError
    from papermill import execute_notebook

    for left in reversed(range(STARTS)):
        try:
            execute_notebook(
                str(notebook),
                str(notebook),
                cwd=str(folder),
                kernel_name="python3",
                progress_bar=False,
                request_save_on_cell_execute=False,
                execution_timeout=CELL_SECONDS,
            )
            return
        except RuntimeError as error:
            if isinstance(error, DeadKernelError) or not left:
                raise
