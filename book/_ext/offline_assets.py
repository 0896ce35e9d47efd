"""Sphinx extension: the pages that show a plotly figure load plotly.js from the book itself.

``study.figures.show`` marks the HTML of such a figure; a page with the mark gets one script tag, and
the script is copied into the book once. No page asks any other server for anything.

Two things that the theme puts on every page are taken out of what was written: hints to load fonts early, which
browsers refuse with an error on pages opened from disk, and the set-up of Thebe (live code from another server),
which is there twice and unused.
"""

import re
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


UNWANTED = re.compile(
    r'<link rel="preload" as="font"[^>]*>\n?'
    r"|<script>const THEBE_JS_URL.*?</script>\n?"
    r'|<script[^>]*src="[^"]*sphinx-thebe\.js[^"]*"></script>\n?'
    r'|<script type="text/x-thebe-config">.*?</script>\n?',
    re.DOTALL,
)


def tidy(app: Any, exception: Exception | None) -> None:
    """Take what is unwanted out of the pages."""
    if exception is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(UNWANTED.sub("", text), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Register the hooks with Sphinx."""
    app.connect("html-page-context", add_script)
    app.connect("build-finished", copy_script)
    app.connect("build-finished", tidy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
