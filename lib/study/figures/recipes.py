"""Training recipes: the search that froze them, their comparison on fresh games, ablations, learning curves.

The score of a recipe is the geometric mean, over games and networks, of the held-out relative error: the mean
squared error divided by the variance of the target. A geometric mean, because hard games have errors many
times those of easy ones and would decide an arithmetic mean alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from persuasion.learn.training import Training
from study.designs.recipes import DNL_ONLY, SHARED
from study.figures.frames import DEGENERATE_VARIANCE, game_id
from study.figures.statistics import mean_interval
from study.figures.style import NAMES
from study.records.store import Record

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
                "degenerate": max(_variance(record)) < DEGENERATE_VARIANCE,
                "log_held_out": _mean_log(record, "held_out"),
                "log_training": _mean_log(record, "training"),
            }
            for record in records
            if record.done and record.config["kind"] == "fit"
        ]
    )


def _variance(record: Record) -> list[float]:
    """Of the networks' targets; infinite if training diverged, since then there is no record of it."""
    return [np.inf] if "diverged" in record.metrics else record.metrics["errors"]["variance"]


def _mean_log(record: Record, which: str) -> float:
    """Mean log relative error over the networks whose target varies; infinite if training diverged."""
    if "diverged" in record.metrics:
        return np.inf
    errors = np.array(record.metrics["errors"][which])
    variance = np.array(record.metrics["errors"]["variance"])
    return float(np.log(errors[variance > 0] / variance[variance > 0]).mean())


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


def comparison_table(frame: pd.DataFrame, recipes: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Method by frozen recipe on fresh games: geometric mean errors with 95% intervals over games.

    ``recipes``: per recipe, the choices of every method. ``against ReLU`` is the paired ratio of held-out errors
    on the same games; below 1 the method is better. Degenerate games, where no target varies, are left out.
    """
    rows = []
    frame = frame[~frame["degenerate"]]
    for recipe, by_method in recipes.items():
        relu = _by_game(frame, "relu", by_method["relu"])
        for method, choices in by_method.items():
            part = _by_game(frame, method, choices)
            ratio = part["log_held_out"] - relu["log_held_out"]
            rows.append(
                {
                    "recipe": recipe,
                    "method": NAMES[method],
                    "held-out error": geometric(part["log_held_out"]),
                    "training error": geometric(part["log_training"]),
                    "against ReLU": "–" if method == "relu" else geometric(ratio),
                    "games": len(part),
                }
            )
    return pd.DataFrame(rows)


def _by_game(frame: pd.DataFrame, method: str, choices: Mapping[str, Any]) -> pd.DataFrame:
    """The fits of one method with the literal choices but for some, by game."""
    literal = {field.name: field.default for field in fields(Training)}
    wanted = {name: literal[name] for name in ("learning_rate", *CHOICES)} | dict(choices)
    rows = frame[frame["method"] == method]
    for name, value in wanted.items():
        rows = rows[rows[name] == value]
    return rows.set_index("game").sort_index()


def geometric(logs: ArrayLike) -> str:
    """Geometric mean and its 95% interval from logarithms of independent values.

    >>> geometric([0.0, 0.0])
    '1 [1, 1]'
    """
    mean, half, size = mean_interval(logs)
    if size < 2:
        return "–" if size == 0 else f"{np.exp(mean):.3g}"
    return f"{np.exp(mean):.3g} [{np.exp(mean - half):.3g}, {np.exp(mean + half):.3g}]"


def ablation_table(frame: pd.DataFrame, tuned: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Per method and choice: held-out error with the changed choice over that of the tuned recipe, same games."""
    rows = []
    for method, choices in tuned.items():
        base = _by_game(frame, method, choices)
        part = frame[frame["method"] == method]
        for changed, value in sorted(_single_changes(part, base), key=str):
            other = _by_game(frame, method, {**choices, changed: value})
            rows.append(
                {
                    "method": NAMES[method],
                    "choice": changed,
                    "tuned": base[changed].iloc[0],
                    "changed to": value,
                    "error ratio": geometric(other["log_held_out"] - base["log_held_out"]),
                    "games": len(other),
                }
            )
    return pd.DataFrame(rows)


def lead_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Per game and budget of a learning curve: whose error is smallest, and by which factor the next one is larger.

    Budgets at which a single architecture has a record are left out.
    """
    keys = ["senders", "signals", "samples", "epochs"]
    rows = []
    for place, part in frame.groupby(keys):
        if len(part) < 2:
            continue
        row: dict[str, Any] = dict(zip(keys, place))
        for which in ("held-out", "training"):
            column = "log_" + which.replace("-", "_")
            first, second = part.nsmallest(2, column).itertuples()
            gap = getattr(second, column) - getattr(first, column)
            row |= {
                f"smallest {which} error": NAMES[str(first.method)],
                f"next, {which}": np.exp(gap),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _single_changes(part: pd.DataFrame, base: pd.DataFrame) -> set[tuple[str, Any]]:
    names = ["learning_rate", *CHOICES]
    centre = base[names].iloc[0]
    changed = part[names].ne(centre)
    single = changed.sum(axis=1) == 1
    return {
        (name, value) for name in names for value in part.loc[single & changed[name], name].unique()
    }
