"""Figures and tables in the book, each with a sentence that says its message.

Plotly's script comes from the book itself, and a picture is the fallback.
"""

import base64
import io
import json
import re
from html import escape
from numbers import Real
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from matplotlib.figure import Figure

from study.figures.stacked_panels import stack_panels
from study.figures.statistics import short
from study.figures.style import CLEAR, FONTS

MARK = "<!-- book-plotly -->"
HEIGHT = 450
DPI = 110
LARGE = 1e4
NUMBER = re.compile(r"[-−(\d](?:[^a-zA-Z]|of|n=)*|–")
"""Cells that are a number, an interval, a count of some, or nothing."""
PNG = "data:image/png;base64,"
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


class Interactive:
    """A plotly figure and the same as a still picture, for readers without scripts or WebGL, and for print.

    Parameters
    ----------
    figure : shown wherever plotly.js and WebGL are
    still : matplotlib figure; it is closed
    description : text alternative of the picture
    caption : below the figure, Markdown within a line
    script : JavaScript run after the figure is drawn; ``{plot_id}`` stands for the id of its element
    data : the numbers behind the figure, offered as a CSV file named ``name``
    """

    def __init__(
        self,
        figure: go.Figure,
        still: Figure,
        description: str,
        caption: str,
        script: str = "",
        data: pd.DataFrame | None = None,
        name: str = "figure",
    ) -> None:
        self.figure, self.description, self.script = figure, description, script
        self.picture, self.caption = _png(still), caption
        plt.close(still)
        self.link = "" if data is None else _csv_link(data, name)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        image = f'<img src="{PNG}{self.picture}" alt="{escape(self.description)}">'
        turning = _html(self.figure, self.script)
        flat = all(trace.type != "surface" for trace in self.figure.data)
        choose = CHOOSE.replace("NEEDS_2D", str(flat).lower())
        label = f'role="group" aria-label="{escape(self.description)}"'
        box = (
            f'<div class="still">{image}</div><div class="turning" {label}>{turning}</div>{choose}'
        )
        return {
            "text/html": f"{MARK}{_captioned(f'<div>{box}</div>', self.caption)}{self.link}",
            # to_json writes null for what is not a number
            PLOTLY_JSON: json.loads(self.figure.to_json()),
            "image/png": self.picture,
            "text/plain": self.description,
        }


class Numbers:
    """The rows behind a table or a figure, offered as a CSV file named ``name``."""

    def __init__(self, data: pd.DataFrame, name: str, what: str = "table") -> None:
        self.data, self.name, self.what = data, name, what

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        text = f"{len(self.data):,} rows behind the {self.what}: see the HTML edition"
        return {"text/html": _csv_link(self.data, self.name, self.what), "text/plain": text}


class Captioned:
    """HTML with its caption, as one figure of the page; the caption alone where there is no HTML."""

    def __init__(self, html: str, caption: str, above: bool = False) -> None:
        self.html, self.caption = _captioned(html, caption, above), caption

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.caption}


def picture(figure: Figure, caption: str, words: str) -> Captioned:
    """A matplotlib figure, which is closed, with its caption and its text alternative.

    On a phone its panels stand one below the other; one that cannot be taken apart is scrolled there.
    """
    wide = f'<img src="{PNG}{_png(figure)}" alt="{escape(words)}">'
    if not stack_panels(figure):
        html = wide.replace("<img", '<img class="wide-picture"')
    else:
        narrow = f'<source media="(max-width: 40rem)" srcset="{PNG}{_png(figure)}">'
        html = f"<picture>{narrow}{wide}</picture>"
    plt.close(figure)
    return Captioned(html, caption)


def table(frame: pd.DataFrame, caption: str, folded: bool = False) -> Captioned:
    """The frame without its index, below its caption, numbers as short as they can be read and aligned.

    A long one is ``folded``: its caption is seen, and it can be opened.

    >>> [readable(value) for value in (3.0, 0.005, 1234.5678, 11250, "x", float("nan"))]
    ['3', '0.005', '1235', '11,250', 'x', '–']
    """
    text = frame.map(readable)
    numbers = text.columns[text.map(NUMBER.fullmatch).notna().all()]
    text[numbers] = text[numbers].apply(_aligned)
    right: Any = {name: [{"selector": "", "props": "text-align: right"}] for name in numbers}
    # the theme knows tables of this class, also when dark
    styled = text.style.hide().set_table_attributes('class="dataframe"').set_table_styles(right)
    html = styled.format(escape="html").format_index(escape="html", axis=1).to_html()
    if folded:
        html = f'<details class="long-table"><summary>Show all {len(frame)} rows</summary>{html}</details>'
    return Captioned(html, caption, above=True)


def _aligned(column: pd.Series) -> pd.Series:
    """Cells that do not break, what follows ± or [ filled up with blanks as wide as digits.

    So these signs stand below each other.
    """
    widths = column.str.extract("([±[].*)", expand=False).str.len().fillna(0).astype(int)
    blanks = (widths.max() - widths).map(lambda missing: "\u2007" * missing)
    return column.str.replace(" ", "\u00a0") + blanks


def readable(value: Any) -> str:
    """A cell: four significant digits, whole thousands apart, ``–`` for nothing."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "–"
    if isinstance(value, float) and abs(value) < LARGE:
        return short(value)
    if isinstance(value, Real) and not isinstance(value, bool):
        return f"{value:,.0f}"
    return str(value)


def _captioned(html: str, caption: str, above: bool = False) -> str:
    from markdown_it import MarkdownIt

    text = MarkdownIt("commonmark", {"html": False}).renderInline(caption)
    words = f"<figcaption>{text}</figcaption>"
    return f"<figure>{words}{html}</figure>" if above else f"<figure>{html}{words}</figure>"


def _png(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return base64.b64encode(buffer.getvalue()).decode()


def _csv_link(data: pd.DataFrame, name: str, what: str = "figure") -> str:
    source = base64.b64encode(data.to_csv(index=False).encode()).decode()
    rows = f"{len(data):,} rows" + (", each with its record" if "record" in data else "")
    return (
        f'<p><a download="{escape(name)}.csv" href="data:text/csv;base64,{source}">'
        f"The numbers behind this {what}</a> ({rows}).</p>"
    )


def _html(figure: go.Figure, script: str) -> str:
    """The figure without plotly.js, without a ground of its own, in the letters of the others."""
    shown = go.Figure(figure)
    shown.update_layout(paper_bgcolor=CLEAR, plot_bgcolor=CLEAR, font_family=FONTS)
    return pio.to_html(
        shown, include_plotlyjs=False, include_mathjax=False, full_html=False,
        default_width="100%", default_height=HEIGHT, post_script=script or None,
    )  # fmt: skip
