"""The ledger for a page: Markdown, with the parts of a long claim folded away."""

from __future__ import annotations

from collections import Counter
from html import escape

import pandas as pd

from study.ledger.effects import Verdict

SHOWN = 4
WORDS = {
    "for": "for",
    "against": "against",
    "open": "open",
    "part": "in part",
    "none": "without values",
}


def ledger_markdown(table: pd.DataFrame, root: str = "") -> str:
    """A ledger as a Markdown table; ``root`` leads from the page to the book."""
    lines = [
        "| claim | found | cases | verdict |",
        "|:--|:--|--:|:--|",
    ]
    for row in table.to_dict("records"):
        claim = (
            f"{escape(row['claim'])} <br>*{escape(row['where'])}* · [page]({root}{row['page']}.md)"
        )
        if row["paper"] != "–":
            claim += (
                f"<details><summary>the paper's numbers</summary>{escape(row['paper'])}</details>"
            )
        ours = f"{_parts(row['ours'], row['states'])}<br>*{escape(row['test'])}*"
        lines.append(f"| {claim} | {ours} | {row['cases']} | **{row['verdict']}** |")
    return "\n".join(lines)


def ledger_brief(table: pd.DataFrame) -> str:
    """A line per verdict that occurs, with its claims: what held and what did not at a glance."""
    lines = []
    for word in Verdict:
        part = table[table["verdict"] == str(word)]
        if len(part):
            claims = "; ".join(
                f"{row['claim']} ({row['where']})" for row in part.to_dict("records")
            )
            lines.append(f"- **{str(word).capitalize()}** ({len(part)}): {escape(claims)}")
    return "\n".join(lines)


def _parts(parts: list[str], states: list[str]) -> str:
    if len(parts) <= SHOWN:
        return "<br>".join(map(escape, parts))
    counts = Counter(states)
    summary = ", ".join(f"{counts[key]} {word}" for key, word in WORDS.items() if counts[key])
    inside = "<br>".join(map(escape, parts))
    return f"<details><summary>{len(parts)} parts: {summary}</summary>{inside}</details>"
