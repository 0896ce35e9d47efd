"""Sphinx extension: every executed page says how long it ran and how to run it, and is there as a notebook.

``REPOSITORY_URL`` and ``REPOSITORY_REF`` in the environment, which a publishing workflow sets, add a Binder link.
"""

import os
import shutil
from html import escape
from pathlib import Path
from typing import Any

from myst_nb.sphinx_ import NbMetadataCollector, SphinxEnvType

FOLDER = "_notebooks"
BINDER = "https://mybinder.org/v2/gh/{repository}/{ref}?urlpath=lab/tree/{page}.md"
GITHUB = "https://github.com/"


def run_time(env: SphinxEnvType, page: str) -> float | None:
    """Seconds that the page's code took in this build; None for a page without code."""
    found = NbMetadataCollector.get_doc_data(env).get(page, {}).get("exec_data")
    return found.get("runtime") if found else None


def binder_link(page: str) -> str | None:
    """Where Binder opens the page, if the book knows its public repository."""
    url = os.environ.get("REPOSITORY_URL", "")
    if not url.startswith(GITHUB):
        return None
    repository = url.removeprefix(GITHUB).strip("/")
    return BINDER.format(
        repository=repository, ref=os.environ.get("REPOSITORY_REF", "main"), page=page
    )


def tools(page: str, seconds: float, notebook: str) -> str:
    """The line above a page."""
    time = f"{seconds:.0f} s" if seconds >= 1 else "less than 1 s"
    items = [
        f"Ran in {time}",
        f'<a href="{escape(notebook)}" download>Download as a notebook</a>',
        f"Run it yourself: <code>make page PAGE={escape(page.removeprefix('book/'))}</code>",
    ]
    if link := binder_link(page):
        items.insert(2, f'<a href="{escape(link)}">Open in Binder</a>')
    entries = "".join(f"<li>{item}</li>" for item in items)
    return f'<ul class="page-tools" aria-label="About this page">{entries}</ul>'


def add_tools(app: Any, pagename: str, template: str, context: dict, doctree: Any) -> None:
    """Put the line above the body of pages that were executed."""
    seconds = run_time(app.env, pagename)
    if doctree is not None and seconds is not None:
        notebook = context["pathto"](f"{FOLDER}/{pagename}.ipynb", 1)
        context["body"] = tools(pagename, seconds, notebook) + context["body"]


def copy_notebooks(app: Any, exception: Exception | None) -> None:
    """Put the executed notebooks where the links point."""
    executed = Path(app.outdir).parent / "jupyter_execute"
    if exception is None and app.builder.format == "html" and executed.is_dir():
        shutil.copytree(executed, Path(app.outdir, FOLDER), dirs_exist_ok=True)


def setup(app: Any) -> dict[str, bool]:
    """Register the two hooks with Sphinx."""
    app.connect("html-page-context", add_tools)
    app.connect("build-finished", copy_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
