"""Sphinx extension: every record that the book shows is in it as a file, where the figures' points link to."""

import os
from pathlib import Path
from typing import Any

import study
from study.figures.points import FOLDER, record_file


def write_records(app: Any, exception: Exception | None) -> None:
    """Write the finished records of the preset that the pages show."""
    if exception is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(exist_ok=True)
    for record in study.load(study.preset(os.environ.get("PRESET", "quick"))):
        name, content = record_file(record)
        (folder / name).write_text(content, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Register the hook with Sphinx."""
    app.connect("build-finished", write_records)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
