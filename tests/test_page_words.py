"""The book's frame on a small book: what is folded, how statements are numbered, how code wraps, what is next."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
import yaml

ROOT = Path(__file__).parents[1]
HEAD = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

"""
CELL = "```{code-cell} ipython3\n%s\n```\n\n"
FIRST = (
    HEAD
    + "# First\n\nOpening words.\n\n"
    + "".join(
        [
            CELL % ":tags: [parameters]\nlevel: int = 1",
            CELL % "import os\n\nrecords = os.sep",
            "## Code after a heading\n\n",
            CELL % "print('straight after')",
            "Words.\n\n",
            CELL
            % "import json\nfrom os import (\n    path,\n)\n\nshown = json.dumps(\n    {'a': '<b>'}\n)",
            CELL % "import re",
            CELL % "plain = 1",
            "```{prf:theorem} Hard (Theorem 3 of the paper)\n:label: thm-x\n\nIt is hard.\n```\n\n",
            "```{prf:theorem} Ours\n:label: thm-y\n\nIt is exact.\n```\n\n",
            "See {prf:ref}`thm-x` and {prf:ref}`thm-z`.\n",
        ]
    )
)
SECOND = "# Second\n\n" + "word " * 660 + "\n\n```{prf:theorem} Later\n:label: thm-z\n\nToo.\n```\n"
CONFIG = f"""
import sys
sys.path.insert(0, {str(ROOT / "book/_ext")!r})
extensions = ["myst_nb", "sphinx_proof", "fold_code", "code_lines", "statements", "reading"]
nb_execution_mode = "off"
html_theme = "sphinx_book_theme"
short_path = ["first", "second"]
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    source = tmp_path_factory.mktemp("book")
    index = "# Index\n\n```{toctree}\nfirst\nsecond\n```\n"
    texts = {"conf.py": CONFIG, "index.md": index, "first.md": FIRST, "second.md": SECOND}
    for name, text in texts.items():
        (source / name).write_text(text)
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "-b",
        "html",
        str(source),
        str(source / "out"),
    ]
    subprocess.run(command, check=True, timeout=120)
    yield {
        name: (source / "out" / f"{name}.html").read_text() for name in ("index", "first", "second")
    }
    shutil.rmtree(source)


def code_of(html):
    """The code cells of a page, as (text, folded)."""
    found = []
    for cell in re.findall(r'<div class="cell_input.*?</pre>', html, re.DOTALL):
        before = html[: html.index(cell)]
        folded = before.rfind("<details") > before.rfind("</details>")
        text = re.sub(r"<[^>]*>", "", cell[cell.index("<pre>") :])
        found.append((text.strip("\n"), folded))
    return found


def test_what_prepares_a_page_is_folded_and_nothing_else(built):
    cells = code_of(built["first"])
    assert [(text.split("\n")[0], folded) for text, folded in cells] == [
        ("level: int = 1", True),
        ("import os", True),
        ("print('straight after')", True),
        ("import json", True),
        ("shown = json.dumps(", False),
        ("import re", True),
        ("plain = 1", False),
    ]


def test_no_line_of_code_is_lost(built):
    shown = "\n".join(text for text, _ in code_of(built["first"]))
    notebook = jupytext.reads(FIRST, fmt="md:myst")
    code = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
    plain = shown.replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">")
    assert [x for x in plain.split("\n") if x] == [x for x in code.split("\n") if x]


def test_every_line_hangs_below_its_own_beginning(built):
    assert re.search(r'<span class="line" style="--indent:4ch">    <span', built["first"])
    assert re.search(
        r'<span class="line" style="--indent:0ch"><span class="n">shown', built["first"]
    )


def test_statements_of_the_paper_carry_its_numbers_and_ours_letters(built):
    numbers = re.findall(r'caption-number">([^<]*)</span>', built["first"] + built["second"])
    assert [n.strip() for n in numbers] == ["Theorem 3 of the paper", "Theorem A", "Theorem B"]
    assert "(Theorem 3 of the paper)" not in built["first"]
    assert re.search(r'href="#thm-x"[^>]*>Theorem 3 of the paper</a>', built["first"])
    assert re.search(r'href="second.html#thm-z"[^>]*>Theorem B</a>', built["first"])


def test_reading_time_and_next_step_are_counted(built):
    assert "3 min to read · step 2 of 2 of the short path" in built["second"]
    assert 'Next on the short path: <a href="second.html">Second</a> (3 min)' in built["first"]
    assert "next-step" not in built["second"]
    assert built["index"].count("min)") == 2
    for page in built.values():
        assert re.findall(r'class="step" title="Step (\d)', page) == ["1", "2"]


STATEMENT = re.compile(r"\{prf:(\w+)\} (.*?)\n")
# the numbered statements of the paper, by kind
PAPER = {"definition": {1, 2, 3, 4, 5}, "proposition": {1, 2}, "theorem": {3, 4, 5, 6}}


def pages():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    return [contents["root"], *chapters]


def test_the_books_statements_are_the_papers():
    found = {}
    for page in pages():
        for kind, title in STATEMENT.findall((ROOT / f"{page}.md").read_text()):
            if number := re.search(r"\((\w+) (\d+) of the paper\)", title):
                assert number[1].lower() == kind, f"{page}: a {kind} is called {number[0]}"
                assert int(number[2]) in PAPER[kind], f"{page}: the paper has no {number[0]}"
                assert found.setdefault(number[0], page) == page, f"{number[0]} is stated twice"
    stated = {name.strip("()").removesuffix(" of the paper") for name in found}
    assert {"Proposition 1", "Proposition 2", "Theorem 3", "Theorem 4", "Theorem 5"} <= stated


@pytest.mark.parametrize("page", pages())
def test_a_page_begins_with_a_heading_and_words(page):
    notebook = jupytext.read(ROOT / f"{page}.md")
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    lines = [line for line in first.source.splitlines() if line.strip()]
    title = next(k for k, line in enumerate(lines) if line.startswith("# "))
    assert re.match(r"[A-Z*\[`$]|:::", lines[title + 1]), "words come after the title"


@pytest.mark.parametrize("page", pages())
def test_every_picture_is_said_in_words(page):
    for cell in jupytext.read(ROOT / f"{page}.md").cells:
        if cell.cell_type == "code" and "plt.show()" in cell.source:
            words = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(words.split()) >= 5, f"no text alternative: {cell.source[:60]}"


SUMMARY = re.compile(r":::\{admonition\} In two sentences\n:class: summary\n(.*?)\n:::", re.DOTALL)
FOLDERS = ("theory", "model", "learning", "certificates", "experiments")
SUMMARISED = [page for page in pages() if page.split("/")[1] in FOLDERS] + [
    "book/ledger",
    "book/tools/own-game",
    "book/trust",
]


@pytest.mark.parametrize("page", SUMMARISED)
def test_a_page_begins_with_two_sentences_and_stays_short(page):
    text = (ROOT / f"{page}.md").read_text()
    (summary,) = SUMMARY.findall(text)
    assert len(re.findall(r"[.?!](?:\s|$)", summary.strip())) == 2
    cells = jupytext.reads(text, fmt="md:myst").cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    words = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|```.*?\n|\{[a-z:]+\}", " ", prose, flags=re.DOTALL)
    assert len(re.findall(r"[A-Za-z]{2,}", words)) <= 1500
