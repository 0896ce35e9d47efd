"""Plotly figures and tables in the book: plotly.js comes from the book itself, a picture is the fallback."""

from __future__ import annotations

import base64
import io
import json
from html import escape
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from matplotlib.figure import Figure
from pandas.io.formats.style import Styler
from plotly.io.base_renderers import MimetypeRenderer

from study.figures.style import CLEAR, FONTS

MARK = "<!-- book-plotly -->"
HEIGHT = 450
PLOTLY_JSON = "application/vnd.plotly.v1+json"
CHOOSE = """
<script>
(() => {
  const box = document.currentScript.parentElement;
  const drawn = window.Plotly && (NEEDS_2D || document.createElement("canvas").getContext("webgl"));
  box.querySelector(drawn ? ".still" : ".turning").remove();
})();
</script>
"""
"""Keeps the picture where a browser has no WebGL, or a notebook no plotly.js."""


class BookRenderer(MimetypeRenderer):
    """HTML of the figure without plotly.js, marked so that the page gets the script once."""

    def to_mimebundle(self, fig_dict: dict[str, Any]) -> dict[str, str]:
        """The figure as ``text/html``, and a line of text for editions without scripts."""
        return {
            "text/html": MARK + _html(fig_dict, HEIGHT),
            "text/plain": "[interactive figure: see the HTML edition]",
        }


class Interactive:
    """A plotly figure and the same as a still picture, for readers without scripts or WebGL, and for print.

    Parameters
    ----------
    figure : shown wherever plotly.js and WebGL are
    still : matplotlib figure; it is closed
    description : text alternative of the picture
    script : JavaScript run after the figure is drawn; ``{plot_id}`` stands for the id of its element
    data : the numbers behind the figure, offered as a CSV file named ``name``
    """

    def __init__(
        self,
        figure: go.Figure,
        still: Figure,
        description: str,
        script: str = "",
        data: pd.DataFrame | None = None,
        name: str = "figure",
    ) -> None:
        buffer = io.BytesIO()
        still.savefig(buffer, format="png", dpi=110)
        plt.close(still)
        self.figure, self.description, self.script = figure, description, script
        self.picture = buffer.getvalue()
        self.link = "" if data is None else _csv_link(data, name)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        source = base64.b64encode(self.picture).decode()
        image = f'<img src="data:image/png;base64,{source}" alt="{escape(self.description)}">'
        turning = _html(self.figure.to_dict(), self.figure.layout.height or HEIGHT, self.script)
        flat = all(trace.type != "surface" for trace in self.figure.data)
        choose = CHOOSE.replace("NEEDS_2D", str(flat).lower())
        label = f'role="group" aria-label="{escape(self.description)}"'
        box = (
            f'<div class="still">{image}</div><div class="turning" {label}>{turning}</div>{choose}'
        )
        return {
            "text/html": f"{MARK}<div>{box}</div>{self.link}",
            # to_json writes null for what is not a number
            PLOTLY_JSON: json.loads(self.figure.to_json()),
            "image/png": source,
            "text/plain": self.description,
        }


class Numbers:
    """The rows behind a table, offered as a CSV file named ``name``."""

    def __init__(self, data: pd.DataFrame, name: str) -> None:
        self.data, self.name = data, name

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        text = f"{len(self.data):,} rows behind the table: see the HTML edition"
        return {"text/html": _csv_link(self.data, self.name, "table"), "text/plain": text}


def table(frame: pd.DataFrame) -> Styler:
    """The frame without its index, numbers as short as they can be read: whole ones without decimals.

    >>> [readable(value) for value in (3.0, 0.005, 1234.5678, "x", float("nan"))]
    ['3', '0.005', '1235', 'x', '–']
    """
    # the theme knows tables of this class, also when dark
    return frame.style.hide().format(readable).set_table_attributes('class="dataframe"')


def readable(value: Any) -> str:
    """A cell: four significant digits, ``–`` for nothing."""
    if isinstance(value, float):
        return "–" if value != value else f"{value:.4g}"
    return str(value)


def use_book_renderer() -> None:
    """Make ``figure.show()`` and a figure at the end of a cell render for the book."""
    pio.renderers["book"] = BookRenderer()
    pio.renderers.default = "book"


def _csv_link(data: pd.DataFrame, name: str, what: str = "figure") -> str:
    source = base64.b64encode(data.to_csv(index=False).encode()).decode()
    return (
        f'<p><a download="{escape(name)}.csv" href="data:text/csv;base64,{source}">'
        f"The numbers behind this {what}</a> ({len(data):,} rows, each with its record).</p>"
    )


def _html(figure: dict[str, Any], height: float, script: str = "") -> str:
    return pio.to_html(
        _on_the_page(figure), include_plotlyjs=False, include_mathjax=False, full_html=False,
        default_width="100%", default_height=height, post_script=script or None,
    )  # fmt: skip


def _on_the_page(figure: dict[str, Any]) -> dict[str, Any]:
    """The figure without a ground of its own, in the letters of the others."""
    layout = figure.get("layout", {})
    grounds = {"paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR}
    font = {**layout.get("font", {}), "family": FONTS}
    return {**figure, "layout": {**layout, **grounds, "font": font}}
