"""The book as one PDF: a single page, printed by a browser."""

import os
import shutil
from pathlib import Path

from study.run.reproduce import jupyter_book

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# without WebGL the surfaces' still pictures are printed
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--disable-quic"]
MINUTES = 10
MARGIN = "18mm"
# the screen's type is large on paper
SCALE = 0.85
NUMBERS = (
    '<div style="width: 100%; font-size: 8px; text-align: center">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)
TYPESET = "window.MathJax ? MathJax.startup.promise.then(() => true) : true"


class NoBrowserError(ValueError):
    """There is no browser on this machine."""


def find_browser() -> str:
    """Path of an installed Chromium. Raises :class:`NoBrowserError` if there is none."""
    if found := next(filter(None, map(shutil.which, BROWSERS)), None):
        return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if not os.path.exists(path):
        raise NoBrowserError(
            f"no browser: none of {', '.join(BROWSERS)} is installed; try make browser"
        )
    return path


def build_pdf(preset: str, folder: Path, store: Path, executed: Path) -> Path:
    """Build the book from executed pages as a single page and print it; returns the PDF, ``folder/book.pdf``.

    Raises :class:`NoBrowserError` before anything is built; else as :func:`study.run.reproduce.build_book`.
    """
    executable = find_browser()
    built = jupyter_book("singlehtml", preset, folder, store, executed)
    (written,) = (built / "book").glob("*.html")
    # the page's paths are relative to the builder's root
    page = shutil.copy2(written, built / "whole-book.html")
    return print_page(Path(page), folder / "book.pdf", executable)


def print_page(page: Path, target: Path, executable: str) -> Path:
    """Print one HTML file as A4 with page numbers, bookmarks and tags, once its formulas are typeset."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        opened = browser.new_page()
        opened.set_default_timeout(MINUTES * 60_000)
        opened.goto(page.as_uri(), wait_until="load")
        opened.evaluate(TYPESET)
        opened.pdf(
            path=str(target),
            format="A4",
            scale=SCALE,
            print_background=True,
            margin={"top": MARGIN, "bottom": MARGIN, "left": MARGIN, "right": MARGIN},
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=NUMBERS,
            outline=True,
            tagged=True,
        )
        browser.close()
    return target
