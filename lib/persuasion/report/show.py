"""Show plotly figures inside the book, with plotly.js loaded from the book itself."""

from __future__ import annotations

from typing import Any

import plotly.io as pio
from plotly.io.base_renderers import MimetypeRenderer

MARK = "<!-- book-plotly -->"
HEIGHT = 450


class BookRenderer(MimetypeRenderer):
    """HTML of the figure without plotly.js, marked so that the page gets the script once."""

    def to_mimebundle(self, fig_dict: dict[str, Any]) -> dict[str, str]:
        """The figure as ``text/html``, and a line of text for editions without scripts."""
        html = pio.to_html(
            fig_dict,
            include_plotlyjs=False,
            include_mathjax=False,
            full_html=False,
            default_width="100%",
            default_height=HEIGHT,
        )
        return {
            "text/html": MARK + html,
            "text/plain": "[interactive figure: see the HTML edition]",
        }


def use_book_renderer() -> None:
    """Make ``figure.show()`` and a figure at the end of a cell render for the book."""
    pio.renderers["book"] = BookRenderer()
    pio.renderers.default = "book"
