"""The book's own Sphinx extensions: what they write into pages."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

EXTENSIONS = Path(__file__).parents[1] / "book" / "_ext"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXTENSIONS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def page_tools():
    return load("page_tools")


def test_a_page_says_how_long_it_ran_and_how_to_run_it(page_tools, monkeypatch):
    monkeypatch.delenv("REPOSITORY_URL", raising=False)
    text = page_tools.tools("book/theory/ppad", 12.4, "../_notebooks/book/theory/ppad.ipynb")
    assert "Ran in 12 s" in text
    assert 'href="../_notebooks/book/theory/ppad.ipynb" download' in text
    assert "make page PAGE=theory/ppad" in text
    assert "mybinder" not in text
    assert "less than 1 s" in page_tools.tools("book/intro", 0.2, "x")


def test_a_published_book_links_to_binder(page_tools, monkeypatch):
    monkeypatch.setenv("REPOSITORY_URL", "https://github.com/someone/companion")
    monkeypatch.setenv("REPOSITORY_REF", "v1")
    link = page_tools.binder_link("book/theory/ppad")
    assert link == (
        "https://mybinder.org/v2/gh/someone/companion/v1?urlpath=lab/tree/book/theory/ppad.md"
    )
    assert link in page_tools.tools("book/theory/ppad", 1, "x")
    monkeypatch.setenv("REPOSITORY_URL", "https://example.org/x")
    assert page_tools.binder_link("book/theory/ppad") is None


def test_unwanted_parts_of_the_theme_go_and_nothing_else(tmp_path):
    assets = load("offline_assets")
    page = tmp_path / "a" / "page.html"
    page.parent.mkdir()
    keep = '<link rel="preload" as="script" href="x.js"><script>const MINE = 1;</script><p>text</p>'
    page.write_text(
        '<link rel="preload" as="font" crossorigin href="f.woff2" />\n'
        '<script>const THEBE_JS_URL = "https://elsewhere/thebe.js";</script>\n'
        '<script async="async" src="../_static/sphinx-thebe.js?v=1"></script>\n'
        '<script type="text/x-thebe-config">{"a": 1}</script>\n' + keep
    )
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    assets.tidy(app, None)
    assert page.read_text() == keep


DOCSTRING = """Do it.

Parameters
----------
first : a number
second : two numbers, which
    go on

Raises ``ValueError`` for a bad one.
""".splitlines()


def test_a_closing_paragraph_is_a_note_and_not_a_parameter():
    docstrings = load("docstrings")
    found = docstrings.end_sections(DOCSTRING)
    place = found.index("Raises ``ValueError`` for a bad one.")
    assert found[place - 2 : place] == ["Notes", "-----"]
    assert [line for line in found if line not in ("Notes", "-----")] == DOCSTRING


@pytest.mark.parametrize(
    "lines",
    [
        ["Do it.", "", "In detail."],
        ["Do it.", "", "Raises", "------", "ValueError", "    For a bad one."],
        ["Do it.", "", "Parameters", "----------", "a : one", "", "b : two"],
        ["Do it.", "", "Parameters", "----------", "a : one", "", "Returns", "-------", "a number"],
    ],
)
def test_other_docstrings_stay(lines):
    assert load("docstrings").end_sections(lines) == lines
