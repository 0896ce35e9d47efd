"""Sphinx extension: pages begin with words. What only prepares a page is folded, whoever wrote the page.

Folded are the cell tagged ``parameters`` with the set-up that follows it at once, the imports at the top of any
other cell, and code that comes straight after a heading. Where the set-up says where its records come from, that
line goes under the first figure after it. The notebooks stay as they are.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes

PROVENANCE = 'class="provenance"'
IMPORTS = "Show imports"
SETUP = "Show the set-up: parameters, imports and records"


def leading_imports(code: str) -> int:
    r"""How many lines at the top of some code only import.

    >>> leading_imports("import os\nfrom a import (\n    b,\n)\n\nx = 1")
    4
    """
    try:
        statements = ast.parse(code).body
    except SyntaxError:  # a line for the notebook only
        return 0
    last = 0
    for statement in statements:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            break
        last = statement.end_lineno or last
    return last


def is_cell(node: nodes.Node) -> bool:
    """Whether a node of the page is a code cell."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def source(cell: nodes.container) -> nodes.container | None:
    """The part of a cell with its code; None if the page does without."""
    first = cell.children[0] if cell.children else None
    shown = isinstance(first, nodes.container) and first.get("nb_element") == "cell_code_source"
    return first if shown else None


def fold(cell: nodes.container, prompt: str = "Show code cell {type}") -> None:
    """Close a cell's code; what it printed stays to be seen."""
    hidden = {"output": "input+output"}.get(cell.get("hide_mode", ""), "input")
    cell["hide_mode"] = hidden
    cell["prompt_show"], cell["prompt_hide"] = prompt, prompt.replace("Show", "Hide")


def is_open(cell: nodes.container) -> bool:
    """Whether a reader sees the cell's code at once."""
    return source(cell) is not None and cell.get("hide_mode") in (None, "output")


def fold_imports(cell: nodes.container) -> None:
    """Move the imports at the top of a shown cell into a folded one before it."""
    (block,) = source(cell).findall(nodes.literal_block)
    code = block.astext()
    if not (count := leading_imports(code)):
        return
    lines = code.split("\n")
    if not (rest := "\n".join(lines[count:]).strip("\n")):
        fold(cell, IMPORTS)
        return
    before = nodes.container(nb_element="cell_code", classes=[*cell["classes"], "imports"])
    before += source(cell).deepcopy()
    (copied,) = before.findall(nodes.literal_block)
    fold(before, IMPORTS)
    for node, text in ((copied, "\n".join(lines[:count])), (block, rest)):
        node.rawsource = text
        node.children = [nodes.Text(text)]
    cell.parent.insert(cell.parent.index(cell), before)


def blocks(section: nodes.Element) -> Iterator[tuple[nodes.Node | None, nodes.Node]]:
    """Every block of a page with the one before it, in reading order."""
    before = None
    for node in list(section.children):
        if isinstance(node, nodes.target | nodes.comment):
            continue
        if isinstance(node, nodes.section):
            yield from blocks(node)
            before = None
        else:
            yield before, node
            before = node


def provenance(cell: nodes.container) -> list[nodes.Node]:
    """The outputs of a set-up cell that say where records come from."""
    outputs = [
        out
        for part in cell.children
        if part.get("nb_element") == "cell_code_output"
        for out in part
    ]
    return [
        out for out in outputs if any(PROVENANCE in raw.astext() for raw in out.findall(nodes.raw))
    ]


def shows_figure(cell: nodes.Node) -> bool:
    """Whether a block is a cell with a picture or a figure to hover over among its outputs."""
    return is_cell(cell) and any(
        isinstance(node, nodes.image) or re.search("<img|plotly", node.astext())
        for node in cell.findall(lambda n: isinstance(n, nodes.image | nodes.raw))
    )


def fold_page(app: Any, page: nodes.document) -> None:
    """Apply the rules to one page."""
    lines: list[nodes.Node] = []
    setup = False
    for before, node in [pair for part in page.children for pair in blocks(part)]:
        if lines and shows_figure(node):
            for line in reversed(lines):
                node.parent.insert(node.parent.index(node) + 1, line)
            lines = []
        if not is_cell(node):
            setup = False
            continue
        follows, setup = setup, "tag_parameters" in node["classes"]
        if setup or follows:
            if source(node) is not None:
                fold(node, SETUP if setup else "Show the set-up: imports and records")
            for line in provenance(node):
                line.parent.remove(line)
                lines.append(line)
        elif is_open(node):
            fold_imports(node)
            if is_open(node) and (before is None or isinstance(before, nodes.title)):
                fold(node)
    for line in lines:
        page.children[-1].append(line)


def setup(app: Any) -> dict[str, bool]:
    """Register the hook with Sphinx."""
    app.connect("doctree-read", fold_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
