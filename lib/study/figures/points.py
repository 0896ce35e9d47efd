"""A click on a point of a figure lists the records behind it, each with a link to the record in the book."""

import json
from typing import Any

import numpy as np

from study.figures.frames import record_id
from study.records.rows import plain
from study.records.store import Record

FOLDER = "_records"
"""Of the built book, with a file ``<record id>.json`` per record."""

CLICK = (
    """
const plot = document.getElementById("{plot_id}");
const frame = plot.closest(".turning");
const numbers = () => {  // the link to them comes after the figure
  const link = frame.closest("figure").nextElementSibling.querySelector("a[download]");
  const bytes = Uint8Array.from(atob(link.href.split(",")[1]), (letter) => letter.charCodeAt(0));
  return new TextDecoder().decode(bytes).trim().split("\\n").map((line) =>
    line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((cell) => cell.replace(/^"|"$/g, "")));
};
const book = document.documentElement.dataset.content_root;  // only in the book
const panel = document.createElement("div");
panel.className = "point-records";
panel.setAttribute("aria-live", "polite");
frame.append(panel);

const short = (text) => (/^-?[0-9.]+(e[-+]?[0-9]+)?$/.test(text) ? String(+Number(text).toPrecision(4)) : text);
const element = (name, ...children) => {
  const made = document.createElement(name);
  made.append(...children);
  return made;
};
const link = (id) => {
  if (book === undefined) return id;
  const made = element("a", id);
  made.href = `${book}FOLDER/${id}.json`;
  return made;
};

plot.on("plotly_click", ({ points: [point] }) => {
  const [title, mean, games, records] = point.customdata;
  const [header, ...rows] = numbers();
  const key = header.indexOf("record");
  const shown = rows.filter((row) => records.includes(row[key]));
  // what is the same in all of them says nothing
  const differs = (k) => k !== key && new Set(shown.map((row) => row[k])).size > 1;
  const kept = [key, ...header.keys()].filter((k, place) => place === 0 || differs(k));
  panel.replaceChildren(
    element("p", `${title}: ${mean}, ${games} games`),
    element("table",
      element("thead", element("tr", ...kept.map((k) => element("th", header[k])))),
      element("tbody", ...shown.map((row) =>
        element("tr", ...kept.map((k) => element("td", k === key ? link(row[k]) : short(row[k]))))))),
  );
});
"""
).replace("FOLDER", FOLDER)
"""JavaScript for :class:`study.figures.show.Interactive`: the rows of its numbers that are behind a point."""


def record_file(record: Record) -> tuple[str, str]:
    """Name and content of a record's file in the book: all but its arrays, of which it has the shapes."""
    content: dict[str, Any] = {
        "record": record_id(record),
        "config": record.config,
        "facts": plain(record.facts),
        "rows": [_readable(row) for row in record.rows],
        "arrays": {name: list(array.shape) for name, array in sorted(record.arrays.items())},
        "provenance": record.provenance,
        "seconds": record.seconds,
    }
    return f"{record_id(record)}.json", json.dumps(content, indent=1, sort_keys=True) + "\n"


def _readable(row: Any) -> dict[str, Any]:
    """A row without its policies."""
    return {n: v for n, v in plain(row).items() if not isinstance(getattr(row, n), np.ndarray)}
