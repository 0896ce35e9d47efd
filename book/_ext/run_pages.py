"""Sphinx extension: the pages are built from notebooks that papermill or nbval has executed.

``PERSUASION_PAGES`` names their folder, ``<folder>/<page>.ipynb``. Their outputs are put into a cache that lives
for one build, from which MyST-NB takes them. Without the variable MyST-NB executes the pages itself.
"""

import os
from pathlib import Path
from typing import Any

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import is_myst_markdown_notebook
from sphinx.errors import ExtensionError

from persuasion.system.own_folder import emptied_folder

READER = {"type": "plugin", "name": "myst_nb_md"}
BEFORE_MYST_NB = 400  # whose handler of the same event copies the settings


def sources(app: Any) -> dict[str, Path]:
    """The pages that have code, and their files."""
    names = app.project.discover(app.config.exclude_patterns, app.config.include_patterns)
    files = {name: Path(app.env.doc2path(name)) for name in sorted(names)}
    return {
        name: file
        for name, file in files.items()
        if is_myst_markdown_notebook(file.read_text(encoding="utf-8"))
    }


def merge(page: str, source: Any, executed: Any) -> float:
    """Give the cells of a page their outputs; returns the seconds that these took.

    ``ExtensionError`` if another version of the page was executed, or not all of it.
    """
    cells, done = (
        [cell for cell in notebook.cells if cell.cell_type == "code"]
        for notebook in (source, executed)
    )
    if [cell.source.strip() for cell in cells] != [cell.source.strip() for cell in done]:
        raise ExtensionError(f"{page}: was executed before its code changed; execute it again")
    if any(cell.execution_count is None for cell in done):
        raise ExtensionError(f"{page}: its notebook was not executed to the end")
    for cell, other in zip(cells, done):
        cell.outputs, cell.execution_count = other.outputs, other.execution_count
    source.metadata["language_info"] = executed.metadata["language_info"]
    return float(executed.metadata.get("papermill", {}).get("duration") or 0)


def take_outputs(app: Any) -> None:
    """Fill a new cache from the executed notebooks, and let MyST-NB read it."""
    if not (given := os.environ.get("PERSUASION_PAGES")):
        return
    folder = emptied_folder(Path(app.doctreedir).with_name(".executed"))
    cache = get_cache(folder)
    for page, file in sources(app).items():
        executed = Path(given, f"{page}.ipynb")
        if not executed.is_file():
            raise ExtensionError(f"{page}: is not among the executed pages in {given}")
        record = cache.add_nb_to_project(str(file), read_data=READER)
        notebook = cache.get_project_notebook(record.pk).nb
        seconds = merge(page, notebook, nbformat.read(executed, as_version=4))
        bundle = CacheBundleIn(notebook, str(file), data={"execution_seconds": seconds})
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    app.config.nb_execution_mode = "cache"
    app.config.nb_execution_cache_path = str(folder)


def setup(app: Any) -> dict[str, bool]:
    """Register the hook with Sphinx."""
    app.connect("builder-inited", take_outputs, priority=BEFORE_MYST_NB)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
