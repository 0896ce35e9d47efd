"""Sphinx extension: the pages that show a plotly figure load plotly.js from the book itself.

``persuasion.report.show`` marks the HTML of such a figure; a page with the mark gets one script tag, and
the script is copied into the book once. No page asks any other server for anything.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from docutils import nodes

MARK = "<!-- book-plotly -->"
SCRIPT = "plotly.min.js"


def has_plotly(doctree: nodes.document | None) -> bool:
    """Whether a page holds at least one marked figure."""
    if doctree is None:
        return False
    return any(MARK in node.astext() for node in doctree.findall(nodes.raw))


def add_script(app: Any, pagename: str, template: str, context: dict, doctree: Any) -> None:
    """Put the script in the head, before the figures' own inline scripts."""
    if has_plotly(doctree):
        app.add_js_file(SCRIPT, priority=100)


def copy_script(app: Any, exception: Exception | None) -> None:
    """Copy plotly.js out of the installed package into the built book."""
    if exception is not None or app.builder.format != "html":
        return
    import plotly

    target = Path(app.outdir, "_static", SCRIPT)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(Path(plotly.__file__).with_name("package_data") / SCRIPT, target)


def setup(app: Any) -> dict[str, bool]:
    """Register the two hooks with Sphinx."""
    app.connect("html-page-context", add_script)
    app.connect("build-finished", copy_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
