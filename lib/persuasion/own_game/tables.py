"""Games from long tables and to them, policies as a table, and a solution's tables for LaTeX.

>>> game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], 2)
>>> from_frame(to_frame(game), signals=2) == game
True
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from persuasion.equilibria.nash import Equilibrium
from persuasion.model.game import Game
from persuasion.model.json_text import read_text
from persuasion.own_game.numbers import amount
from persuasion.own_game.profile import own_signals
from persuasion.own_game.solution import EXTENDED, LOCAL, PROVEN, LocalEquilibrium
from persuasion.own_game.summary import found_by

if TYPE_CHECKING:
    from persuasion.own_game.solution import Solution

PRIOR, RECEIVER = "prior", "receiver"
KEYS = ["sender", "state", "action"]
COLUMNS = [*KEYS, "value"]
LATEX = str.maketrans(
    {c: rf"\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
    # after the end of a row these would be an argument of it
    | {"[": "{[}", "*": "{*}"}
)
HEADING = 2  # row of the first entry in a spreadsheet


def from_frame(
    frame: pd.DataFrame, signals: int | Sequence[int] | None = None, name: str = ""
) -> Game:
    """The game of a table with the columns ``sender, state, action, value``; names in the order of their first row.

    There are as many signals as states, if no number is given.
    The rows of the sender ``receiver`` are the receiver's utilities; those of the sender ``prior`` are the prior,
    their action left empty. Capital letters in headings and in these two names do not matter. ``ValueError`` names
    the row, as a spreadsheet counts, that is incomplete, there twice or no number, or the entry that no row has.
    """
    entries = _entries(frame)
    payoffs = [key for key in entries if key[0] != PRIOR]
    states, actions = (list(dict.fromkeys(key[k] for key in payoffs)) for k in (1, 2))
    senders = list(dict.fromkeys(key[0] for key in payoffs if key[0] != RECEIVER))
    if not senders:
        raise ValueError("the table has payoffs of no sender")

    def table(sender: str) -> list[list[float]]:
        return [[_entry(entries, sender, state, action) for action in actions] for state in states]

    game = Game(
        prior=[_entry(entries, PRIOR, state, "") for state in states],
        receiver=table(RECEIVER),
        senders=[table(sender) for sender in senders],
        signals=len(states) if signals is None else signals,
        name=name,
        names={"states": states, "actions": actions, "senders": senders},
    )
    if lost := [key[1] for key in entries if key[0] == PRIOR and key[1] not in states]:
        raise ValueError(f"state {lost[0]!r} has a prior but no payoffs")
    return game


def read_table(source: Any, signals: Sequence[int] | None = None, name: str = "") -> Game:
    """:func:`from_frame` of a CSV file or stream in UTF-8; a single number of signals is that of all senders."""
    counts = signals[0] if signals is not None and len(signals) == 1 else signals
    return from_frame(_csv_frame(_csv_text(source)), counts, name)


def _csv_text(source: Any) -> str:
    """The text of a path, or of a stream of bytes or text."""
    if not hasattr(source, "read"):
        return read_text(Path(source))
    text = source.read()
    return text.decode("utf-8-sig") if isinstance(text, bytes) else text


def _csv_frame(text: str) -> pd.DataFrame:
    """Text in every cell, rows in the order of the file; ``ValueError`` names a row that is none."""
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        place = (
            f"row {len(rows) + 1}: {error}; is a quotation mark not closed, or closed too early?"
        )
        raise ValueError(f"is no CSV table: {place}") from None
    if not rows:
        raise ValueError("is no CSV table: it is empty")
    width = len(rows[0])
    for number, row in enumerate(rows[1:], HEADING):
        if len(row) > width:
            raise ValueError(
                f"row {number} has more cells than there are columns; numbers have a decimal point"
            )
        row += [""] * (width - len(row))
    return pd.DataFrame(rows[1:], columns=rows[0])


def _entries(frame: pd.DataFrame) -> dict[tuple[str, ...], float]:
    """Value by sender, state and action."""
    table = frame.rename(columns=lambda heading: str(heading).strip().lower())
    if missing := [column for column in COLUMNS if column not in table]:
        found = ", ".join(map(repr, frame.columns[:5]))
        raise ValueError(
            f"the table lacks the column {', '.join(missing)}; it has {found}; commas separate columns"
        )
    if twice := [column for column in COLUMNS if isinstance(table[column], pd.DataFrame)]:
        raise ValueError(f"the table has the column {', '.join(twice)} more than once")
    entries: dict[tuple[str, ...], float] = {}
    for row, cells in enumerate(table[COLUMNS].itertuples(index=False), HEADING):
        sender, state, action, text = map(_cell_text, cells)
        own = sender.lower() if sender.lower() in (PRIOR, RECEIVER) else sender
        key = (own, state, action)
        if not any((*key, text)):
            continue
        for kind, label in zip(KEYS, key):
            if (label == "") != (kind == "action" and key[0] == PRIOR):
                what = "is empty" if label == "" else "must be empty: a prior has none"
                raise ValueError(f"row {row}: {kind} {what}")
        if not np.isfinite(value := _number(text)):
            point = "; numbers have a decimal point" if "," in text else ""
            raise ValueError(f"row {row}: value is no finite number: {text!r:.60}{point}")
        if key in entries:
            raise ValueError(f"row {row}: {_text(key)} has a value already")
        entries[key] = value
    return entries


def _cell_text(cell: Any) -> str:
    """A cell as text; whole numbers that an empty cell beside them made floats are whole again."""
    if pd.isna(cell):
        return ""
    return str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip()


def _number(text: str) -> float:
    try:
        return np.nan if "_" in text else float(text)  # which takes 1_000 for a thousand
    except ValueError:
        return np.nan


def _entry(entries: dict[tuple[str, ...], float], *key: str) -> float:
    if key not in entries:
        raise ValueError(f"no row gives {_text(key)} a value")
    return entries[key]


def _text(key: tuple[str, ...]) -> str:
    return ", ".join(filter(None, key))


def to_frame(game: Game) -> pd.DataFrame:
    """The inverse of :func:`from_frame`, but for the signals: their numbers and names are in no table.

    ``ValueError`` for a game that would be read back as another one: with a sender that does not choose, or with
    names that stand for something else in a table, or with blanks around them.
    """
    _require_readable(game)
    names, (senders, states, actions) = game.names, game.senders.shape
    tables = {RECEIVER: game.receiver} | {names.sender(i): game.senders[i] for i in range(senders)}
    rows: list[tuple[str, str, str, float]] = [
        (PRIOR, names.state(w), "", float(game.prior[w])) for w in range(states)
    ]
    rows += [
        (who, names.state(w), names.action(a), float(table[w, a]))
        for who, table in tables.items()
        for w, a in np.ndindex(states, actions)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _require_readable(game: Game) -> None:
    if game.fixed:
        raise ValueError("a table has no place for the policy of a sender that does not choose")
    if wrong := [name for name in game.names.senders if name.lower() in (PRIOR, RECEIVER)]:
        raise ValueError(
            f"a sender called {wrong[0]!r} would be taken for something else in a table"
        )
    every = (*game.names.states, *game.names.actions, *game.names.senders)
    if wrong := [name for name in every if name != name.strip()]:
        raise ValueError(f"blanks around a name are lost in a table: {wrong[0]!r}")


def policy_frame(solution: Solution) -> pd.DataFrame:
    """Every profile of a solution as a long table: ``profile, sender, state, signal, probability``.

    Equilibria with more signals, and landmarks, may use more than the game has.
    """
    game, names = solution.game, solution.game.names
    profiles = _labelled(solution)
    rows = [
        (label, names.sender(i), names.state(w), names.signal(i, s), float(policy[w, s]))
        for label, policies in profiles.items()
        for i, policy in enumerate(policies)
        for w, s in np.ndindex(own_signals(game, i, policy).shape)
    ]
    return pd.DataFrame(rows, columns=["profile", "sender", "state", "signal", "probability"])


def _labelled(solution: Solution) -> dict[str, np.ndarray]:
    """Every profile by what a table calls it; the given one gives way where it has the name of another one."""
    profiles: dict[str, np.ndarray] = {}
    if solution.revelation.examined:
        profiles["full revelation"] = solution.revelation.examined.policies
    for found in solution.listed:
        profiles[f"{found.label} ({_found_by(found.entry)})"] = found.entry.policies
    for mark in solution.landmarks:
        profiles.setdefault(mark.name, mark.policies)
    given, name = solution.profile.policies, solution.profile.name
    if name in profiles and not np.array_equal(profiles[name], given):
        name += " (given)"
    return {name: given} | profiles


def _found_by(entry: Equilibrium | LocalEquilibrium) -> str:
    return f"from {entry.start}" if isinstance(entry, Equilibrium) else found_by(entry)


def outcome_frame(solution: Solution) -> pd.DataFrame:
    """A row per profile: what it is, how it was found, the senders' and the receiver's utility, its largest regret.

    ``regret`` is that against any policy, ``local regret`` that within the request's radius, both at most, as
    shares of stakes; NaN where it was not computed. Of the local search those that are certified.
    """
    names, shape, given = solution.game.names, solution.game.shape, solution.profile
    rows: list[tuple[Any, ...]] = []

    def add(what: str, by: str, entry: Any, regret: float, near: float = np.nan) -> None:
        rows.append((what, by, *entry.utilities, entry.receiver_utility, regret, near))

    for found in solution.listed:
        entry, proof = found.entry, found.entry.certificate.relative_regret[1]
        if isinstance(entry, Equilibrium):
            add(found.label, f"from {entry.start}", entry, proof)
        elif entry.certified:
            far = entry.anywhere.relative_regret[1] if entry.anywhere else np.nan
            add(found.label, entry.method, entry, far, proof)
    add(given.name, "given", given, given.certificate.relative_regret[1])
    if revealed := solution.revelation.examined:
        add("full revelation", "Theorem 4", revealed, revealed.certificate.relative_regret[1])
    for mark in solution.landmarks:
        add(mark.name, "to compare with", mark, np.nan)
    columns = ["profile", "found", RECEIVER, "regret", "local regret"]
    senders = [names.sender(i) for i in range(shape.senders)]
    columns[2:2] = [f"{name} (sender)" if name in columns else name for name in senders]
    return pd.DataFrame(rows, columns=columns)


def latex_tables(solution: Solution) -> str:
    """LaTeX of the outcomes and of the policies of the equilibria that are proven, and of the best local one.

    Needs the package ``booktabs``.
    """
    game, names = solution.game, solution.game.names
    units = [0.0, 0.0, *game.stakes, game.receiver_stake, 0.0, 0.0]
    radius = amount(solution.request.radius)
    caption = (
        "Outcomes. Regret, by any policy, and local regret, by changes of a probability of at most "
        f"{radius}, are shares of the stake, at most."
    )
    tables = [_latex(outcome_frame(solution), caption, units)]
    best = [found for found in solution.listed if found.kind == LOCAL][:1]
    proven = [found for found in solution.listed if found.kind in (PROVEN, EXTENDED)]
    for found in [*proven, *best]:
        for i, padded in enumerate(found.entry.policies):
            policy = own_signals(game, i, padded)
            rows = [[names.state(w), *row] for w, row in enumerate(policy.tolist())]
            headings = ["state", *(names.signal(i, s) for s in range(policy.shape[1]))]
            frame = pd.DataFrame(rows, columns=headings)
            title = found.label[:1].upper() + found.label[1:]
            tables.append(_latex(frame, f"{title}: policy of {names.sender(i)}."))
    return "\n".join(tables)


def _latex(frame: pd.DataFrame, caption: str, units: Sequence[float] = ()) -> str:
    # columns may repeat a name, of which Styler would not hear
    headings: dict[object, str] = dict(enumerate(map(str, frame.columns)))
    style = frame.set_axis(range(len(headings)), axis=1).style
    units = units or [0.0] * len(headings)
    cells: dict[Any, Any] = {k: partial(_cell, unit=unit) for k, unit in enumerate(units)}
    style.format(cells).hide(axis="index")
    style.format_index(lambda k: headings[k].translate(LATEX), axis=1)
    caption = caption.translate(LATEX)
    text = style.to_latex(hrules=True, caption=caption, position_float="centering")
    return str(text).replace(r"\centering", r"\centering\small", 1)


def _cell(value: object, unit: float) -> str:
    if isinstance(value, float):
        return "--" if np.isnan(value) else amount(value, unit, digits=4)
    return str(value).translate(LATEX)
