"""The book's frame: every page is listed and well formed, every citation resolves, the README's example runs."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import numpy as np
import pytest
import yaml
from docutils import nodes
from pybtex.database import parse_file

from persuasion import Game, sender_utilities
from persuasion.theorems.full_revelation import revelation_by_code
from persuasion.theorems.gray_codes import best_gains, modular_code, reflected_code
from study.figures import show

ROOT = Path(__file__).parents[1]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
PAGES = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]
CITATION = re.compile(r"\{cite:[a-z]+\}`([^`]+)`")
FIRST_CHAPTERS = ["intro", "notation", "model/game", "model/equilibrium", "deviations"]


def page_text(page):
    return (ROOT / f"{page}.md").read_text()


@pytest.fixture(scope="module")
def assets():
    path = ROOT / "book/_ext/offline_assets.py"
    spec = importlib.util.spec_from_file_location("offline_assets", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_contents_list_existing_pages_once():
    assert len(set(PAGES)) == len(PAGES)
    assert all((ROOT / f"{page}.md").is_file() for page in PAGES)
    assert {f"book/{page}" for page in FIRST_CHAPTERS} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_page_with_code_declares_its_kernel(page):
    notebook = jupytext.reads(page_text(page), fmt="md:myst")
    if any(cell.cell_type == "code" for cell in notebook.cells):
        assert notebook.metadata["kernelspec"]["name"] == "python3"
        assert notebook.metadata["kernelspec"]["display_name"] == "Python 3"
        code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        # how `make reproduce` and `make book` tell a page what to show
        assert ("preset: str" in code) == (
            'preset: str = os.environ.get("PRESET", "quick")' in code
        )


@pytest.mark.parametrize("page", PAGES)
def test_page_loads_nothing_from_elsewhere(page):
    remote = re.compile(r"(?:src|href)\s*=\s*[\"']https?:|\]\(https?:[^)]*\.(?:js|css|png|svg)\)")
    assert not remote.search(page_text(page))


def test_every_citation_has_an_entry():
    entries = parse_file(str(ROOT / "book/references.bib")).entries
    cited = {
        key.strip()
        for page in PAGES
        for group in CITATION.findall(page_text(page))
        for key in group.split(",")
    }
    assert "hossain2024multisender" in cited
    assert cited <= set(entries)


def test_book_is_offline_and_runs_every_page():
    assert CONFIG["only_build_toc_files"] is True
    assert CONFIG["execute"]["execute_notebooks"] == "force"
    assert "sphinx-mathjax-offline" in CONFIG["sphinx"]["extra_extensions"]
    assert "mathjax_path" not in CONFIG["sphinx"]["config"]


@pytest.mark.parametrize("page", FIRST_CHAPTERS)
def test_first_chapters_assert_what_they_state(page):
    notebook = jupytext.reads(page_text(f"book/{page}"), fmt="md:myst")
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert re.search(r"^\s*assert ", code, re.MULTILINE)


def test_the_short_path_follows_the_contents_and_has_the_networks_before_they_compete():
    path = CONFIG["sphinx"]["config"]["short_path"]
    places = [PAGES.index(page) for page in path]
    assert places == sorted(places)
    assert path.index("book/learning/networks") < path.index("book/experiments/synthetic")


def test_only_marked_pages_get_the_script(assets):
    marked, plain = nodes.document(None, None), nodes.document(None, None)
    marked += nodes.raw("", show.MARK + "<div></div>", format="html")
    plain += nodes.raw("", "<div></div>", format="html")
    assert assets.has_plotly(marked)
    assert not assets.has_plotly(plain)
    assert not assets.has_plotly(None)


def test_citation_file_names_the_paper_and_its_authors():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    paper = citation["preferred-citation"]
    bib = parse_file(str(ROOT / "book/references.bib")).entries["hossain2024multisender"]
    families = [author["family-names"] for author in paper["authors"]]
    assert families == [person.last_names[0] for person in bib.persons["author"]]
    assert paper["title"] == bib.fields["title"]
    assert str(paper["year"]) == bib.fields["year"]
    assert citation["cff-version"] == "1.2.0"


def test_readme_example_runs():
    example, _ = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    run = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["full_revelation"]["verdict"] == "equilibrium"


def test_readme_tells_what_a_lie_is_worth():
    text = (ROOT / "README.md").read_text()
    said = re.search(r"earns (\d\.\d\d) if honest and (\d\.\d\d) if it lies", text)
    wants_first = np.tile([1, 0, 0], (3, 1))
    game = Game([0.5, 0.25, 0.25], np.eye(3), [wants_first, np.zeros((3, 3))], signals=3)
    honest = revelation_by_code(game, reflected_code)
    lying = honest.copy()
    lying[0, 2] = lying[0, 0]  # in state 3 it says what it says in state 1
    for policies, number in ((honest, said[1]), (lying, said[2])):
        assert f"{sender_utilities(game, policies)[0]:.2f}" == number
    modular = revelation_by_code(game, modular_code)
    assert best_gains(game, modular).max() < 1e-7


def test_broken_links_inside_the_book_fail_its_build():
    quiet = CONFIG["sphinx"]["config"]["suppress_warnings"]
    assert not [kind for kind in quiet if kind.startswith(("myst.", "ref.", "toc."))]


def test_commit_hooks_use_tools_that_are_pinned():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    tools = {hook["entry"].split()[0] for repo in config["repos"] for hook in repo["hooks"]}
    assert tools == {".venv/bin/ruff", ".venv/bin/mypy"}
    pins = (ROOT / "environment.yml").read_text()
    assert all(f"- {Path(tool).name}==" in pins for tool in tools)
