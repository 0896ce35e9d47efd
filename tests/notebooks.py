"""Run every page of the book as a notebook through nbval at preset smoke: `python tests/notebooks.py`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml

from persuasion.own_folder import emptied_folder
from persuasion.reproduce import kernel_environment

ROOT = Path(__file__).resolve().parents[1]


def pages() -> list[str]:
    """The pages of the table of contents, root first."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = [contents["root"]]
    for part in contents.get("parts", [contents]):
        found += [chapter["file"] for chapter in part["chapters"]]
    return found


def convert(folder: Path) -> list[str]:
    """Write each page that has code as a notebook below ``folder``; returns the paths."""
    paths = []
    for page in pages():
        notebook = jupytext.read(ROOT / f"{page}.md")
        if any(cell.cell_type == "code" for cell in notebook.cells):
            target = folder / f"{page}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, target)
            paths.append(str(target))
    return paths


def main() -> int:
    """Exit code of the nbval run."""
    folder = emptied_folder(ROOT / "_build" / "nbval")
    os.environ["PRESET"] = "smoke"
    os.environ.setdefault("PERSUASION_STORE", str(ROOT / "_build" / "smoke" / "store.sqlite"))
    os.environ.update(kernel_environment())
    options = ["--nbval-lax", "--nbval-cell-timeout=600", "-p", "no:cacheprovider", "-q"]
    # one notebook per worker at a time; the shared store is safe for several writers
    return pytest.main(
        [*options, "-n", "2", "--dist", "loadfile", "-c", os.devnull, *convert(folder)]
    )


if __name__ == "__main__":
    sys.exit(main())
