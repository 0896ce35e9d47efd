"""Whose profiles Pareto dominate whose, game by game."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from persuasion.model.tolerances import EQUAL
from study.figures.frames import paired
from study.figures.style import NAMES
from study.figures.tables import OTHERS, OURS


def dominance_table(equilibria: pd.DataFrame, margin: float = EQUAL) -> pd.DataFrame:
    """DNL against the other networks and full revelation, over the games in which the senders' utilities differ.

    *Better* means that no sender has less and some sender has more, by more than ``margin``, a share of the utility
    range. ``opposed`` are the games in which each profile is better for somebody.
    """
    gaps = _utility_gaps(equilibria)
    return pd.DataFrame([_row(against, gap, margin) for against, gap in gaps.items()])


def _utility_gaps(equilibria: pd.DataFrame) -> Mapping[str, pd.Series]:
    """By rival, DNL's utilities minus the rival's, as arrays of shares of the utility range, by game."""
    solved = equilibria[equilibria["solved"]]
    own = solved[solved["method"] == OURS].set_index("game")
    gaps = {NAMES[other]: paired(solved, "utilities", OURS, other) for other in OTHERS}
    known = own[own["revelation"].notna()]
    gaps[NAMES["revelation"]] = known["utilities"] - known["revelation"]
    return {name: gap / own["utility_range"].reindex(gap.index) for name, gap in gaps.items()}


def _row(against: str, gaps: pd.Series, margin: float) -> dict[str, str | int]:
    least, most = (np.array([pick(gap) for gap in gaps]) for pick in (np.min, np.max))
    no_less, some_more = least >= -margin, most > margin
    return {
        "against": against,
        "games": len(gaps),
        "differ": int((some_more | ~no_less).sum()),
        f"{NAMES[OURS]} better": int((no_less & some_more).sum()),
        f"{NAMES[OURS]} worse": int((~no_less & ~some_more).sum()),
        "opposed": int((~no_less & some_more).sum()),
    }
