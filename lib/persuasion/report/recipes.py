"""The search for training recipes: one row per fitted game, and the ranking that froze the recipes.

The score of a recipe is the geometric mean, over games and networks, of the held-out relative error: the mean
squared error divided by the variance of the target. A geometric mean, because hard games have errors many
times those of easy ones and would decide an arithmetic mean alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from persuasion.experiments.recipes import DNL_ONLY, SHARED
from persuasion.experiments.store import Record
from persuasion.learn.training import Training
from persuasion.report.frames import game_id

CHOICES = [*SHARED, *DNL_ONLY]


def fits_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row per record of kind ``fit``: game, method, recipe, and mean log relative errors over its networks."""
    return pd.DataFrame(
        [
            {
                "game": game_id(record),
                **record.config["game"]["parameters"],
                "method": record.config["method"],
                **record.config["training"],
                "log_held_out": _mean_log(record, "held_out"),
                "log_training": _mean_log(record, "training"),
            }
            for record in records
            if record.done and record.config["kind"] == "fit"
        ]
    )


def _mean_log(record: Record, which: str) -> float:
    return float(np.log(record.metrics["errors"][which]).mean())


def scores(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per method and recipe, the best first: geometric means of the errors, and the games they cover.

    Only recipes that were fitted on every game of their method, so that no score leaves out a hard game.
    """
    keys = ["method", "learning_rate", *CHOICES]
    grouped = frame.groupby(keys)
    table = grouped.agg(
        held_out=("log_held_out", "mean"),
        training=("log_training", "mean"),
        games=("game", "nunique"),
    ).reset_index()
    table[["held_out", "training"]] = np.exp(table[["held_out", "training"]])
    complete = table["games"] == table.groupby("method")["games"].transform("max")
    return table[complete].sort_values(["method", "held_out"], kind="stable")


def best(frame: pd.DataFrame, method: str, learning_rate: float | None = None) -> dict[str, Any]:
    """The best recipe of a method, as the choices that differ from the literal ones.

    ``learning_rate`` fixes the rate; None searches all. Raises ``ValueError`` if nothing was fitted.
    """
    table = scores(frame)
    table = table[table["method"] == method]
    if learning_rate is not None:
        table = table[table["learning_rate"] == learning_rate]
    if table.empty:
        raise ValueError(f"no fits of {method!r} at learning rate {learning_rate}")
    names = CHOICES if learning_rate is not None else [*CHOICES, "learning_rate"]
    literal = {field.name: field.default for field in fields(Training)}
    winner = table.iloc[0]
    chosen = {name: winner[name] for name in names if winner[name] != literal[name]}
    return {
        name: value.item() if hasattr(value, "item") else value for name, value in chosen.items()
    }
