"""Sphinx extension: every line of code is an element of its own, so that it wraps with a hanging indent."""

import re
from typing import Any

BLOCK = re.compile(r'(<div class="highlight"><pre>(?:<span></span>)?)(.*?)(</pre>)', re.DOTALL)
TAG = re.compile(r"<[^>]*>")


def as_lines(code: str) -> str:
    """Wrap the lines of a highlighted block; its text stays the same, newlines included."""
    lines = code.split("\n")
    return "\n".join(
        f'<span class="line" style="--indent:{indent(line)}ch">{line}</span>' if line else ""
        for line in lines
    )


def indent(line: str) -> int:
    """Columns before the first sign of a highlighted line."""
    text = TAG.sub("", line)
    return len(text) - len(text.lstrip(" "))


def wrap(app: Any, pagename: str, template: str, context: dict, doctree: Any) -> None:
    """Do so in the body of a page."""
    if "body" in context:
        context["body"] = BLOCK.sub(
            lambda found: found[1] + as_lines(found[2]) + found[3], context["body"]
        )


def setup(app: Any) -> dict[str, bool]:
    """Register the hook with Sphinx."""
    app.connect("html-page-context", wrap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
