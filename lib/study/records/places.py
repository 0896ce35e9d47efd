"""Where records are read and written, and what is made of them."""

import os
from pathlib import Path

from persuasion.system.own_folder import absolute
from study.records.results import is_committed

DEFAULT_STORE = Path("_build/store.sqlite")
COMMITTED = Path("results")
BUILD = "persuasion-build"


def default_store() -> Path:
    """``PERSUASION_STORE``, or ``_build/store.sqlite`` of the checkout (of the working folder if installed).

    ``PERSUASION_STORE`` may also name a folder of committed results.
    """
    if path := os.environ.get("PERSUASION_STORE"):
        return absolute(path)
    return _root() / DEFAULT_STORE


def default_results() -> Path:
    """``results`` of the checkout (of the working folder if installed): the committed results."""
    return _root() / COMMITTED


def build_folder() -> Path:
    """Where figures, notebooks and the book are written.

    Beside the store if that lies in ``_build`` of the checkout, for other stores in ``persuasion-build`` beside
    them, in ``_build`` for committed results.
    """
    store, ours = default_store(), _root() / DEFAULT_STORE.parent
    if is_committed(store):
        return ours
    return store.parent if store.is_relative_to(ours) else store.parent / BUILD


def artefacts_root() -> Path:
    """Where figures and tables are written: ``PERSUASION_ARTEFACTS``, or ``artefacts`` of the build folder."""
    return absolute(os.environ.get("PERSUASION_ARTEFACTS") or build_folder() / "artefacts")


def _root() -> Path:
    root = Path(__file__).resolve().parents[3]
    return root if (root / "_toc.yml").exists() else Path.cwd()
