"""Sphinx extension: execute the pages side by side before Sphinx reads them one after another.

The outputs lie in a cache that lives for one build: a page's output also depends on the library and on the records,
which jupyter-cache does not look at. A page that fails is executed again by Sphinx, which reports it.
"""

from __future__ import annotations

import logging
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache
from jupyter_cache.executors.basic import ExecutionWorkerLocalMProc, ProcessData
from myst_nb.core.read import is_myst_markdown_notebook

from persuasion.experiments.executors import default_workers
from persuasion.own_folder import emptied_folder

READER = {"type": "plugin", "name": "myst_nb_md"}
AT_ONCE = 4  # each is a process with torch in it, too many for a small machine's memory
BEFORE_MYST_NB = 400  # whose handler of the same event copies the settings


def sources(app: Any) -> list[Path]:
    """The pages that have code to execute."""
    docnames = app.project.discover(app.config.exclude_patterns, app.config.include_patterns)
    files = (Path(app.env.doc2path(name)) for name in sorted(docnames))
    return [file for file in files if is_myst_markdown_notebook(file.read_text(encoding="utf-8"))]


def execute(files: list[Path], folder: Path, timeout: int) -> None:
    """Execute notebooks in their own folders, and keep the outputs of those that succeed in ``folder``."""
    cache = get_cache(folder)
    records = [cache.add_nb_to_project(str(file), read_data=READER) for file in files]
    tasks = [ProcessData(record.pk, record.uri, cache, timeout, False) for record in records]
    # what fails is reported by Sphinx, once
    quiet = {"initializer": logging.disable, "initargs": (logging.CRITICAL,)}
    with ProcessPoolExecutor(min(AT_ONCE, default_workers()), **quiet) as pool:
        list(pool.map(ExecutionWorkerLocalMProc(), tasks))


def execute_pages(app: Any) -> None:
    """Fill a new cache, and let MyST-NB take the outputs from there."""
    if app.config.nb_execution_mode != "force":
        return
    folder = emptied_folder(Path(app.doctreedir).with_name(".executed"))
    execute(sources(app), folder, app.config.nb_execution_timeout)
    app.config.nb_execution_mode = "cache"
    app.config.nb_execution_cache_path = str(folder)


def setup(app: Any) -> dict[str, bool]:
    """Register the hook with Sphinx."""
    app.connect("builder-inited", execute_pages, priority=BEFORE_MYST_NB)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
