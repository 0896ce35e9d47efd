"""Sphinx extension: statements of the paper carry the paper's numbers, ours carry letters.

A directive whose title ends in ``(Theorem 3 of the paper)`` becomes "Theorem 3 of the paper", and so do references
to it. All others of a kind are lettered in the order of the book.
"""

import re
from collections import defaultdict
from string import ascii_uppercase
from typing import Any

from docutils import nodes

OF_THE_PAPER = re.compile(r"\s*\((?P<kind>[A-Z][a-z]+) (?P<number>\d+) of the paper\)")


def papers_number(kind: str, title: str) -> str | None:
    """The paper's number of a statement, from its title; None if it is ours.

    Raises ``ValueError`` if the title names another kind of statement.

    >>> papers_number("theorem", "NP-hardness (Theorem 3 of the paper)")
    '3'
    """
    if not (found := OF_THE_PAPER.search(title)):
        return None
    if found["kind"].lower() != kind:
        raise ValueError(f"a {kind} is called {found[0].strip()}")
    return found["number"]


def statements(page: nodes.document) -> list[nodes.Element]:
    """The numbered statements of a page."""
    return [
        node
        for node in page.findall(nodes.Element)
        if "countertype" in node
        and "realtype" in node
        and type(node).__name__ != "unenumerable_node"
    ]


def take_numbers(app: Any, page: nodes.document) -> None:
    """Read the paper's number off each title, and take it out of the title."""
    for node in statements(page):
        number = papers_number(node["realtype"], node["title"])
        if number is None:
            continue
        node["paper"] = number
        for text in list(node.next_node(nodes.title).findall(nodes.Text)):
            text.parent.replace(text, nodes.Text(OF_THE_PAPER.sub("", text.astext())))


def number(app: Any, env: Any) -> list[str]:
    """Replace Sphinx's numbers, once it has given them."""
    ours: dict[str, int] = defaultdict(int)
    for name in order(env):
        for node in statements(env.get_doctree(name)):
            kind, (label, *_) = node["countertype"], node["ids"]
            if "paper" in node:
                found = f"{node['paper']} of the paper"
            else:
                found = ascii_uppercase[ours[kind]]
                ours[kind] += 1
            env.toc_fignumbers[name][kind][label] = (found,)
    return []


def order(env: Any) -> list[str]:
    """The pages in the order of the contents."""
    found = [env.config.root_doc]
    for name in found:
        found += [n for n in env.toctree_includes.get(name, []) if n not in found]
    return found


def setup(app: Any) -> dict[str, bool]:
    """Register the hooks with Sphinx; numbers are replaced after Sphinx's own handler."""
    app.connect("doctree-read", take_numbers)
    app.connect("env-get-updated", number, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
