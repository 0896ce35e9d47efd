"""The ledger for a page: Markdown, with the parts of a long claim folded away, and claims heading a section."""

import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd

from study.ledger import certified, payoffs
from study.ledger.effects import Effect, Verdict, verdict
from study.ledger.empirical import EMPIRICAL
from study.ledger.table import ledger_table

SHOWN = 4
STATEMENT = r"(Proposition|Theorem) \d+$"
"""How the ledger calls the place of a statement of the paper; ours are beside one, or not in it."""
WORTH = {
    Verdict.HOLDS: "worth more than",
    Verdict.EQUAL: "worth as much as",
    Verdict.FAILS: "worth less than",
    Verdict.OPEN: "not measurably better or worse than",
    Verdict.MISSING: "not yet compared with",
}
WORDS = {
    "for": "for",
    "against": "against",
    "equal": "no difference",
    "open": "open",
    "part": "in part",
    "none": "without values",
}


def ledger_markdown(table: pd.DataFrame) -> str:
    """A ledger as a Markdown table, for a page in the book's root."""
    lines = ["| claim | found | cases | verdict |", "|:--|:--|--:|:--|"]
    for row in table.to_dict("records"):
        claim = f'<span id="{row["anchor"]}"></span>{escape(row["claim"])} '
        claim += f"<br>*{escape(row['where'])}* · [page]({row['page']}.md)"
        if row["paper"] != "–":
            numbers = f"<summary>the paper's numbers</summary>{escape(row['paper'])}"
            claim += f"<details>{numbers}</details>"
        ours = f"{_parts(row['ours'], row['states'])}<br>*{escape(row['test'])}*"
        if row["beside"]:
            ours += "<br>" + _folded("beside it", row["beside"], row["states beside"])
        found = f"**{row['verdict']}**"
        if row["verdict"] == Verdict.PARTLY:  # what is against it must not hide behind the word
            found += f"<br>{_summary(row['states'])}"
        lines.append(f"| {claim} | {ours} | {row['cases']} | {found} |")
    return "\n".join(lines)


def ledger_brief(table: pd.DataFrame) -> str:
    """A line per claim, with its verdict as a coloured word that links to the ledger's row; best verdicts first."""
    lines = ["| claim | where in the paper | verdict |", "|:--|:--|:--|"]
    order = list(Verdict)
    for row in sorted(table.to_dict("records"), key=lambda row: order.index(row["verdict"])):
        colour = Verdict(row["verdict"]).name.lower()
        word = (
            f'<a class="verdict {colour}" href="ledger.html#{row["anchor"]}">{row["verdict"]}</a>'
        )
        where = re.sub(r"([a-z]) (?=\d)", "\\1\N{NO-BREAK SPACE}", escape(row["where"]))
        lines.append(f"| {escape(row['claim'])} | {where} | {word} |")
    return "\n".join(lines)


def opening(evidence: Any, where: str) -> str:
    """The head of a section: the claims at a place of the paper, or those that begin so; what we find; verdicts.

    These link to the ledger's rows, from a page in a folder of the book. Raises ``ValueError`` if there is no such
    claim.
    """
    there = [c for c in EMPIRICAL if c.where.endswith(where) or c.says.startswith(where)]
    if not there:
        raise ValueError(f"no claim at or beginning with {where!r}")
    lines = []
    for row in ledger_table(there, evidence).to_dict("records"):
        whose = "Beside the paper" if row["where"].startswith("not in") else "The paper's claim"
        lines.append(
            f"*{whose}*: {escape(row['claim'])}.<br>*What we find*{_found(row)}"
            f'*Verdict*: <a href="../ledger.html#{row["anchor"]}">{row["verdict"]}</a>.'
        )
    return "\n\n".join(lines)


def _found(row: dict[Any, Any]) -> str:
    """The measurements in one sentence; more than two as a list, with what each of them says of the claim."""
    if not row["ours"]:
        return ": nothing that could be compared.<br>"
    parts, how = list(map(_part, row["ours"])), f" ({row['cases']} cases; {escape(row['test'])})"
    if len(parts) <= 2:
        return f": {'; '.join(parts)}{how}.<br>"
    states = (WORDS[state] for state in row["states"])
    said = (
        f"- {part} →\N{NO-BREAK SPACE}{state}" for part, state in zip(parts, states, strict=True)
    )
    return f"{how}:\n\n" + "\n".join(said) + "\n\n"


def in_plain_words(theory: pd.DataFrame, evidence: Any) -> str:
    """What came out, as a list: the theorems, what the local equilibria are worth, whether they are any."""
    theory = theory[theory["where"].str.match(STATEMENT)]
    held = theory[theory["verdict"] == Verdict.HOLDS]
    two, four = payoffs.together(evidence), payoffs.welfare(evidence)
    ahead = payoffs.over_revelation(evidence)
    counts = [certified.really_local(evidence), certified.scenarios_really_local(evidence)]
    here, there = (f"{sum(c.true for c in own)} of {sum(c.size for c in own)}" for own in counts)
    return (
        f"- *The theorems.* Of the paper's {len(theory)} statements that are checked here, {len(held)} hold on "
        f"every instance tried, {int(theory['instances'].sum()):,} in all.\n"
        "- *DNL, the paper's network, against simpler ones.* To two senders together, the local equilibria found "
        f"with DNL are {WORTH[verdict(two)]} those found with the stronger of ReLU and DeLU ({_values(two)} of the "
        f"utility range). To four they are {WORTH[verdict(four)]} those ({_values(four)}).\n"
        "- *DNL against full revelation,* which costs nothing to find. The two senders are better off by "
        f"{_values(ahead, ' and ')} of the utility range.\n"
        "- *Are these local equilibria?* All passed the paper's sampled check, at a tolerated gain of 0.1% of the "
        f"utility range, not 0. An exact certificate confirms {here} profiles of the synthetic games, and {there} "
        "of those behind Table 1, where random signals matter and it decides."
    )


def _values(parts: Sequence[Effect], between: str = "; ") -> str:
    return between.join(_part(part.value) for part in parts) or "–"


def _part(text: str) -> str:
    """A part for a page; no line begins with ±."""
    return escape(text).replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")


def _parts(parts: list[str], states: list[str]) -> str:
    if len(parts) <= SHOWN:
        return "<br>".join(map(_part, parts))
    return _folded(f"{len(parts)} parts", parts, states)


def _folded(title: str, parts: list[str], states: list[str]) -> str:
    inside = "<br>".join(map(_part, parts))
    return f"<details><summary>{title}: {_summary(states)}</summary>{inside}</details>"


def _summary(states: list[str]) -> str:
    """How many parts are for a claim, against it, and so on."""
    counts = Counter(states)
    return ", ".join(f"{counts[key]} {word}" for key, word in WORDS.items() if counts[key])
