"""Checks of the built book, run by `make test-book` after the build: figures there, nothing from outside."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup, Tag

from executions import executions
from study.run.pages import notebooks

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "smoke" / "book" / "_build" / "html"
FIGURES = {
    "learning/networks": 2,
    "learning/cost": 1,
    "experiments/synthetic": 7,
    "experiments/baselines": 1,
}
TABLES = {
    "learning/networks": 1,
    "experiments/synthetic": 13,
    "experiments/baselines": 2,
    "ledger": 2,
    "experiments/scenarios": 6,
    "status": 3,
}


def pages() -> list[str]:
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    return [contents["root"], *chapters]


def article(page: str) -> str:
    text = (HTML / f"{page}.html").read_text(encoding="utf-8")
    return text[text.index("<article") : text.index("</article>")]


@pytest.mark.parametrize(("page", "count"), FIGURES.items())
def test_figures_are_on_the_page(page, count):
    images = re.findall(r'<img[^>]*src="([^"]+)"', article(f"book/{page}"))
    assert len(images) >= count
    for image in images:
        if image.startswith("data:"):  # the still picture of an interactive figure
            assert len(image) > 5_000
            continue
        path = (HTML / "book" / page).parent / image
        assert path.stat().st_size > 5_000, f"{image} is missing or empty"


@pytest.mark.parametrize(("page", "count"), TABLES.items())
def test_tables_are_on_the_page(page, count):
    assert article(f"book/{page}").count("<table") >= count


PROSE = ("theory", "model", "learning", "certificates", "experiments")
FROM_RECORDS = PROSE[2:]
SHOWN = [page for page in pages() if page.split("/")[-2] in PROSE]


def shown(page: str) -> list[Tag]:
    """The pictures and tables of a page."""
    return BeautifulSoup(article(page), "html.parser").find_all(["img", "table"])


def caption(node: Tag) -> str:
    """The caption of a picture or a table, without the number that it may begin with; empty if there is none."""
    figure, before = node.find_parent("figure"), node.find_previous("p")
    words = figure.figcaption if figure else before if "caption" in before["class"] else None
    for label in words.select(".caption-number, strong, .headerlink") if words else ():
        label.decompose()
    return words.get_text(" ", strip=True) if words else ""


@pytest.mark.parametrize("page", SHOWN)
def test_figures_and_tables_have_a_sentence_with_its_number(page):
    for node in shown(page):
        text = caption(node)
        assert re.match(r"[^a-z].*\.\)?$", text, re.DOTALL), (
            f"no sentence: {text or str(node)[:300]}"
        )
        assert len(text.split()) >= 5, text
        if page.split("/")[-2] in FROM_RECORDS:
            assert re.search(r"\d", text), f"no number: {text}"


@pytest.mark.parametrize("page", SHOWN)
def test_tables_are_narrow_and_their_intervals_say_something(page):
    for table in (node for node in shown(page) if node.name == "table"):
        for row in table.find_all("tr"):
            assert len(row.find_all(["td", "th"])) <= 7, row.get_text(" | ", strip=True)
        assert not [th for th in table.select("th:not(:has(.math))") if "_" in th.get_text()], (
            "a name of the code"
        )
        assert not re.search(r"±\s[0.]*\.0+\b(?!·)", table.get_text(" ")), (
            "an interval without a digit"
        )


@pytest.mark.parametrize("page", pages())
def test_nothing_is_loaded_from_outside(page):
    text = (HTML / f"{page}.html").read_text(encoding="utf-8")
    loaded = re.findall(r'<(?:script|img|iframe)[^>]*\ssrc="([^"]+)"', text)
    loaded += re.findall(r'<link[^>]*rel="stylesheet"[^>]*href="([^"]+)"', text)
    assert loaded
    assert not [url for url in loaded if re.match(r"(https?:)?//", url)]


@pytest.mark.parametrize("page", pages())
def test_no_page_shows_an_error(page):
    text = article(page)
    assert "Traceback (most recent call last)" not in text
    assert "mystnb-error" not in text
    assert "UserWarning" not in text


def blocks_in_order(page: str) -> list[str]:
    """The headings, paragraphs and open code cells of a page, in reading order."""
    text = re.sub(r"<details.*?</details>", "", article(page), flags=re.DOTALL)
    found = re.finditer(r'<(h[1-6])|<(p|li|table)[ >]|class="(cell_input)', text)
    return [next(group for group in part.groups() if group) for part in found]


@pytest.mark.parametrize("page", pages())
def test_words_come_before_code(page):
    blocks = blocks_in_order(page)
    assert blocks
    for heading, following in pairwise(blocks):
        assert not (heading.startswith("h") and following == "cell_input"), "code after a heading"


@pytest.mark.parametrize("page", pages())
def test_statements_are_numbered_as_in_the_paper_or_lettered(page):
    for number in re.findall(r'class="caption-number">([^<]*)</span>', article(page)):
        if not number.startswith(("Fig.", "Table")) and " " in number.strip():
            assert re.fullmatch(r"\w+ ([A-Z]|\d of the paper) ?", number), number


def test_every_page_was_executed_once_by_nbval_and_not_again_by_the_build():
    assert executions(ROOT, ROOT / "_build" / "smoke" / "kernel" / "ipythondir") == {
        page: 1 for page, _ in notebooks(ROOT)
    }
