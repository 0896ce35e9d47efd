"""Best-response dynamics: how the plays ended, what a margin costs, and what the equilibria are worth."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from persuasion.model.tolerances import SAME_UTILITY
from study.designs.settings import Preset
from study.figures.certificates import EQUILIBRIA
from study.figures.frames import equilibria_frame, games_frame, with_all_methods
from study.figures.statistics import mean_interval, per_group
from study.records.store import Record

PRIOR = {"logit_scale": "logit scale of the prior"}


def endings_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Per prior and margin: runs, how they ended, and median rounds and seconds."""

    def row(part: pd.DataFrame) -> dict[Any, Any]:
        return {
            "games": part["game"].nunique(),
            "runs": len(part),
            **part["status"].value_counts().to_dict(),
            "median rounds": part["rounds"].median(),
            "largest rounds": part["rounds"].max(),
            "median s": round(part["seconds"].median(), 2),
        }

    return per_group(frame, PRIOR | {"margin": "margin"}, row).fillna(0)


def endings_message(frame: pd.DataFrame) -> str:
    """How often the play stops at an equilibrium, with the smallest and the largest margin."""
    if frame.empty:
        return "0 runs on games that are not degenerate."
    shares = frame["status"].isin(EQUILIBRIA).groupby(frame["margin"]).mean()
    first, last = shares.index[0], shares.index[-1]
    return (
        f"Best responses in turn stop at an equilibrium, or at one but for the margin, in {shares[first]:.0%} of "
        f"the runs with margin {first:g}, and in {shares[last]:.0%} with margin {last:g}."
    )


def regret_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Per margin: the proven global regret of the stops, relative to the senders' stakes."""
    upper = frame[frame["status"].isin(EQUILIBRIA)].groupby("margin")["upper"]
    names = {
        "size": "stops",
        "median": "median regret (upper end)",
        "max": "largest regret (upper end)",
    }
    return upper.agg(list(names)).rename(columns=names).reset_index()


def welfare_comparison(
    frame: pd.DataFrame, records: Sequence[Record], preset: Preset
) -> pd.DataFrame:
    """One row per game with an equilibrium: distinct outcomes and welfare, relative to the game's utility range.

    ``best`` and ``worst`` equilibrium; ``revelation`` under full revelation and ``networks`` at the best headline
    selection of any network (of games that all networks finished), NaN where there is none.
    """
    games = games_frame(records)
    selected = with_all_methods(equilibria_frame(records), records, preset.methods)
    selected = selected[selected["tolerance"] == preset.headline]
    table = frame[frame["status"].isin(EQUILIBRIA)].groupby("game").agg(
        logit_scale=("logit_scale", "first"), outcomes=("outcome", "nunique"),
        best=("welfare", "max"), worst=("welfare", "min"),
    )  # fmt: skip
    table.insert(1, "degenerate", games["degenerate"].reindex(table.index))
    table["revelation"] = games["revelation"].map(lambda u: np.nan if u is None else u.sum())
    table["networks"] = selected.groupby("game")["welfare"].max()
    welfare = ["best", "worst", "revelation", "networks"]
    table[welfare] = table[welfare].div(games["utility_range"].reindex(table.index), axis=0)
    return table.reset_index()


def welfare_table(comparison: pd.DataFrame) -> pd.DataFrame:
    """Per prior, degenerate games left out: distinct equilibria and mean differences of welfare."""

    def row(part: pd.DataFrame) -> dict[str, Any]:
        revealed, networks = (part["best"] - part[name] for name in ("revelation", "networks"))
        return {
            "games with an equilibrium": len(part),
            "distinct outcomes, mean": round(part["outcomes"].mean(), 2),
            "best − full revelation": str(mean_interval(revealed)),
            "best − networks": str(mean_interval(networks)),
            "better than full revelation": _count(revealed),
            "better than the networks": _count(networks),
        }

    return per_group(comparison[~comparison["degenerate"]], PRIOR, row)


def _count(difference: pd.Series) -> str:
    known = difference.dropna()
    return f"{int((known > SAME_UTILITY).sum())} of {len(known)}"


def answer(comparison: pd.DataFrame) -> str:
    """The answer that these records give, in a sentence."""
    known = comparison[~comparison["degenerate"]].dropna(subset="revelation")
    if known.empty:
        return "0 games of this run have both an equilibrium that was found and full revelation."
    return (
        "Counted are games in which plays stopped at an equilibrium and full revelation is one: in "
        f"{_count(known['best'] - known['revelation'])} some stop has a higher welfare than full revelation."
    )
