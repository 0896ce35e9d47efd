"""Sphinx extension: how long a page takes to read, and the short path through the book.

``short_path`` in ``_config.yml`` lists the path's pages. They are numbered in the sidebar, end with the next step,
and the first page of the book lists them. Minutes are counted from the words of a page, never typed.
"""

import posixpath
import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes

WORDS_PER_MINUTE = 220
LINK = re.compile(r'(<a class="(?:current )?reference internal" href=")([^"]*)(">)')
SIDEBAR = re.compile(r'<div class="bd-sidebar-primary.*?<main', re.DOTALL)


def words(page: nodes.document) -> int:
    """Words of running text: paragraphs, lists and captions, without code, tables and what code printed."""
    kinds = (nodes.paragraph, nodes.caption, nodes.term)
    return sum(
        len(node.astext().split())
        for node in page.findall(lambda n: isinstance(n, kinds))
        if not inside(node, nodes.table)
    )


def inside(node: nodes.Node, kind: type) -> bool:
    """Whether a node lies in another of some kind."""
    while node := node.parent:
        if isinstance(node, kind):
            return True
    return False


def minutes(page: nodes.document) -> int:
    """Whole minutes, at least one."""
    return max(1, round(words(page) / WORDS_PER_MINUTE))


def link(app: Any, here: str, page: str) -> str:
    """An HTML link to a page with its minutes."""
    target = escape(app.builder.get_relative_uri(here, page))
    title = escape(app.env.titles[page].astext())
    return f'<a href="{target}">{title}</a> ({minutes(app.env.get_doctree(page))} min)'


def add_path(app: Any, pagename: str, template: str, context: dict, doctree: Any) -> None:
    """Put reading time, place on the path and next step around the body of a page."""
    if doctree is None or app.builder.format != "html":
        return
    path: list[str] = app.config.short_path
    time = f"{minutes(app.env.get_doctree(pagename))} min to read"
    step, after = "", ""
    if pagename in path:
        place = path.index(pagename)
        step = f" · step {place + 1} of {len(path)} of the short path"
        if place + 1 < len(path):
            after = f'<p class="next-step">Next on the short path: {link(app, pagename, path[place + 1])}</p>'
    elif pagename == app.config.root_doc:
        items = "".join(f"<li>{link(app, pagename, page)}</li>" for page in path)
        after = (
            '<nav class="short-path" aria-label="The short path">'
            f"<p>In a hurry? {len(path)} pages:</p><ol>{items}</ol></nav>"
        )
    line = f'<p class="reading-time">{time}{step}</p>'
    if pagename == app.config.root_doc:
        line, after = line + after, ""
    context["body"] = line + context["body"] + after


def mark(text: str, page: str, path: list[str]) -> str:
    """Number the path's pages in the sidebar of a written page."""

    def numbered(found: re.Match) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), found[2]))
        name = page if found[2] == "#" else target.removesuffix(".html")
        if name not in path:
            return found[0]
        step = path.index(name) + 1
        label = f'<span class="step" title="Step {step} of the short path">{step}</span> '
        return found[0] + label

    return SIDEBAR.sub(lambda part: LINK.sub(numbered, part[0]), text, count=1)


def mark_pages(app: Any, exception: Exception | None) -> None:
    """Number the path in every page of the built book."""
    if exception is not None or app.builder.format != "html":
        return
    for name in app.env.found_docs:
        file = Path(app.outdir, f"{name}.html")
        if file.exists():
            text = file.read_text(encoding="utf-8")
            file.write_text(mark(text, name, app.config.short_path), encoding="utf-8")


def check(app: Any, env: Any) -> list[str]:
    """Raise ``ValueError`` if the path names a page that is not there."""
    if missing := [page for page in app.config.short_path if page not in env.found_docs]:
        raise ValueError(f"short_path: no page {', '.join(missing)}")
    return []


def setup(app: Any) -> dict[str, bool]:
    """Register the setting and the hooks with Sphinx."""
    app.add_config_value("short_path", [], "html")
    app.connect("env-updated", check)
    app.connect("html-page-context", add_path, priority=600)
    app.connect("build-finished", mark_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
