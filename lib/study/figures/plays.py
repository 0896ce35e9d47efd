"""Best-response dynamics: how the plays ended, what a margin costs, and what the equilibria are worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from persuasion.model.tolerances import SAME_UTILITY
from study.designs.config import Preset
from study.figures.certificates import EQUILIBRIA
from study.figures.frames import equilibria_frame, games_frame, with_all_methods
from study.figures.statistics import mean_interval
from study.records.store import Record


def endings_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Per prior and margin: runs, how they ended, and median rounds and seconds."""
    rows = []
    for (logit_scale, margin), part in frame.groupby(["logit_scale", "margin"]):
        rows.append(
            {
                "logit scale of the prior": logit_scale,
                "margin": margin,
                "games": part["game"].nunique(),
                "runs": len(part),
                **part["status"].value_counts().to_dict(),
                "median rounds": part["rounds"].median(),
                "largest rounds": part["rounds"].max(),
                "median s": round(part["seconds"].median(), 2),
            }
        )
    return pd.DataFrame(rows).fillna(0)


def endings_message(frame: pd.DataFrame) -> str:
    """How often the play stops at an equilibrium, with the smallest and the largest margin."""
    shares = frame["status"].isin(EQUILIBRIA).groupby(frame["margin"]).mean()
    first, last = shares.index[0], shares.index[-1]
    return (
        f"Best responses in turn stop at an equilibrium in {shares[first]:.0%} of the runs with margin "
        f"{first:g}, and in "
        f"{shares[last]:.0%} with margin {last:g}."
    )


def regret_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Per margin: the proven global regret of the stops, relative to the senders' stakes."""
    stops = frame[frame["status"].isin(EQUILIBRIA)]
    rows = [
        {
            "margin": margin,
            "stops": len(part),
            "median regret (upper end)": part["upper"].median(),
            "largest regret (upper end)": part["upper"].max(),
        }
        for margin, part in stops.groupby("margin")
    ]
    return pd.DataFrame(rows)


def welfare_comparison(
    frame: pd.DataFrame, records: Sequence[Record], preset: Preset
) -> pd.DataFrame:
    """One row per game with an equilibrium: distinct outcomes and welfare, relative to the game's utility range.

    ``best`` and ``worst`` equilibrium; ``revelation`` under full revelation and ``networks`` at the best headline
    selection of any network (of games that all networks finished), NaN where there is none.
    """
    stops = frame[frame["status"].isin(EQUILIBRIA)]
    games = games_frame(records).to_dict("index")
    selected = with_all_methods(equilibria_frame(records, preset), records, preset.methods)
    selected = selected[selected["tolerance"] == preset.headline]
    best_selected = selected.groupby("game")["welfare"].max()
    rows = []
    for game, part in stops.groupby("game"):
        scale = games[game]["utility_range"]
        revealed = games[game]["revelation"]
        rows.append(
            {
                "game": game,
                "logit_scale": part["logit_scale"].iloc[0],
                "degenerate": games[game]["degenerate"],
                "outcomes": part["outcome"].nunique(),
                "best": part["welfare"].max() / scale,
                "worst": part["welfare"].min() / scale,
                "revelation": np.nan if revealed is None else revealed.sum() / scale,
                "networks": best_selected.get(game, np.nan) / scale,
            }
        )
    return pd.DataFrame(rows)


def welfare_table(comparison: pd.DataFrame) -> pd.DataFrame:
    """Per prior, degenerate games left out: distinct equilibria and mean differences of welfare."""
    rows = []
    for logit_scale, part in comparison[~comparison["degenerate"]].groupby("logit_scale"):
        rows.append(
            {
                "logit scale of the prior": logit_scale,
                "games with an equilibrium": len(part),
                "distinct outcomes, mean": round(part["outcomes"].mean(), 2),
                "best − full revelation": str(mean_interval(part["best"] - part["revelation"])),
                "best − networks": str(mean_interval(part["best"] - part["networks"])),
                "better than full revelation": _count(part["best"] - part["revelation"]),
                "better than the networks": _count(part["best"] - part["networks"]),
            }
        )
    return pd.DataFrame(rows)


def _count(difference: pd.Series) -> str:
    known = difference.dropna()
    return f"{int((known > SAME_UTILITY).sum())} of {len(known)}"


def answer(comparison: pd.DataFrame) -> str:
    """The answer that these records give, in a sentence."""
    known = comparison[~comparison["degenerate"]].dropna(subset="revelation")
    better = int((known["best"] - known["revelation"] > SAME_UTILITY).sum())
    if not len(known):
        return "0 games of this run have both an equilibrium that was found and full revelation."
    return (
        "Where the game is not degenerate, a certified equilibrium was found and full revelation is one too: "
        f"an equilibrium of higher welfare than full revelation in {better} of {len(known)}."
    )
