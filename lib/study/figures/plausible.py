"""Which of the lost constants could have produced Table 1: what each leaves room for, and what rules it out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from study.designs.plausible import PROFILES
from study.figures.frames import game_id
from study.figures.statistics import Mean, mean_interval
from study.figures.tables import PAPER_TABLE_1
from study.records.rows import ReachRow
from study.records.store import Record

SPREAD = 3.0
"""A candidate's interval is the paper's if it is at most so many times the widest, and not less than the narrowest
divided by this."""
NEAR = 0.1
"""Our own networks ended where the paper's did if they are this share of the candidate's room apart, or less."""
LEFT = "–"
WELFARE = ("silent", "random", "best_random", "honest", "bound")


def label(parameters: Mapping[str, Any]) -> str:
    """What a candidate changes, in words for a table."""
    return ", ".join(f"{key} = {value}" for key, value in parameters.items()) or "as chosen first"


def plausible_table(
    records: Sequence[Record], reached: Mapping[tuple[str, str], float]
) -> pd.DataFrame:
    """One row per candidate of a scenario: its welfare at simple profiles, and why it is ruled out (``–`` if not).

    Parameters
    ----------
    records : of kind ``reach``
    reached : (scenario, label) to the mean welfare that our DNL networks reached, where they were trained

    ``expected`` is the welfare that DNL is expected to reach: as far from the best random profile to the honest one
    as it came with the constants that were chosen first.
    """
    rows, share = [], 0.0
    for record in records:
        family, changed = (record.config["game"][key] for key in ("family", "parameters"))
        instances = record.rows_of(ReachRow)
        room = {
            name.replace("_", " "): mean_interval([getattr(row, name) for row in instances])
            for name in WELFARE
        }
        ran = reached.get((family, label(changed)))
        ahead = room["honest"].mean - room["best random"].mean
        if not changed:
            gone = 0.0 if ran is None else ran - room["best random"].mean
            share = float(np.clip(gone / ahead, 0, 1)) if ahead > 0 else 0.0
        expected = room["best random"].mean + share * max(ahead, 0.0)
        why = reason(family, room, ran)
        rows.append({"scenario": family, "candidate": label(changed), **room}
                    | {"reached": ran, "expected": expected, "ruled out": why})  # fmt: skip
    return pd.DataFrame(rows)


def reason(family: str, room: Mapping[str, Mean], ran: float | None = None) -> str:
    """Why a candidate can hardly have produced the paper's three numbers; ``–`` if nothing speaks against it.

    Means are compared with both their 95% intervals granted.
    """
    low, high = PAPER_TABLE_1[family, "relu"], PAPER_TABLE_1[family, "dnl"]
    widths = [value.half_width for (name, _), value in PAPER_TABLE_1.items() if name == family]
    start, bound = room["random"], room["bound"]
    if high.least > bound.most:
        return "no profile has so much"
    if start.least > low.most:
        return "random profiles have more"
    if high.least > max(room["best random"].most, room["honest"].most):
        return f"neither {PROFILES} random profiles nor honesty reach it"
    if start.half_width > SPREAD * max(widths):
        return "instances differ too much"
    if start.half_width < min(widths) / SPREAD:
        return "instances differ too little"
    if ran is not None and abs(ran - high.mean) > NEAR * (bound.mean - start.mean):
        return "our networks end elsewhere"
    return LEFT


def most_plausible(table: pd.DataFrame) -> pd.DataFrame:
    """Per scenario one of the candidates that are left.

    The one whose welfare at random profiles and as expected of DNL is nearest to the paper's of ReLU and DNL, by
    the sum of the two distances.
    """
    left = table[table["ruled out"] == LEFT]
    gaps = [
        abs(row["random"].mean - PAPER_TABLE_1[row["scenario"], "relu"].mean)
        + abs(row["expected"] - PAPER_TABLE_1[row["scenario"], "dnl"].mean)
        for row in left.to_dict("records")
    ]
    nearest = pd.Series(gaps, left.index).groupby(left["scenario"], sort=False).idxmin()
    return left.loc[nearest]


def reached_by_dnl(
    records: Sequence[Record], equilibria: pd.DataFrame
) -> dict[tuple[str, str], float]:
    """(scenario, label) to the mean welfare of DNL's selections, from the ``records`` behind ``equilibria``."""
    names = {
        game_id(record): (
            record.config["game"]["family"],
            label(record.config["game"]["parameters"]),
        )
        for record in records
    }
    own = equilibria[(equilibria["method"] == "dnl") & equilibria["solved"]]
    means = own.groupby(own["game"].map(names))["welfare"].mean()
    return dict(zip(means.index, means))


def plausible_view(table: pd.DataFrame) -> pd.DataFrame:
    """The table as it is shown: means with their intervals as text."""
    columns = ["random", "best random", "honest", "bound"]
    return table.drop(columns="silent").assign(**{name: table[name].map(str) for name in columns})


def message(table: pd.DataFrame) -> str:
    """How many candidates are left, and where the lines are drawn."""
    return (
        f"{(table['ruled out'] == LEFT).sum()} of {len(table)} candidates are left. An interval is too wide or too "
        f"narrow from a factor of {SPREAD:g} on, and our networks ended elsewhere from {NEAR:.0%} of the room on."
    )
