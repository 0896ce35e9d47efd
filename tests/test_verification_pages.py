"""The pages on verification run here too, so that a fault planted in their constructions meets their assertions."""

import runpy
from pathlib import Path

import jupytext
import pytest

from persuasion import experiments

ROOT = Path(__file__).parents[1]
SMALLER = {
    "is-this-an-equilibrium": {"vertices": 3},
    "through-public-persuasion": {"vertices": 3},
    "many-senders": {"senders": 4},
}


def code(page):
    """The page's code cells in one text, with smaller parameters."""
    cells = []
    for cell in jupytext.read(ROOT / f"book/theory/{page}.md").cells:
        if cell.cell_type == "code":
            cells.append(cell.source)
            if "parameters" in cell.metadata.get("tags", []):
                assert all(f"{name}: int = " in cell.source for name in SMALLER[page])
                cells += [f"{name} = {value}" for name, value in SMALLER[page].items()]
    return "\n".join(cells)


@pytest.mark.slow
@pytest.mark.parametrize("page", SMALLER)
def test_the_assertions_of_the_page_hold(page, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    # a copy of the library has no results beside it
    monkeypatch.setattr(experiments, "default_results", lambda: ROOT / "results")
    script = tmp_path / "page.py"
    script.write_text(code(page), encoding="utf-8")
    runpy.run_path(str(script))
