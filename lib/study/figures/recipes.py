"""Training recipes: the search that froze them, their comparison on fresh games, ablations, learning curves.

The score of a recipe is the geometric mean, over games and networks, of the held-out relative error: the mean
squared error divided by the variance of the target. A geometric mean, because hard games have errors many
times those of easy ones and would decide an arithmetic mean alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
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
BUDGET = ["senders", "signals", "samples", "epochs"]
LITERAL = asdict(Training())


def fits_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row per record of kind ``fit``: game, method, recipe, and mean log relative errors over its networks."""
    return pd.DataFrame(
        [
            {
                "game": game_id(record),
                **record.config["game"]["parameters"],
                "method": record.config["method"],
                **record.config["training"],
                **_log_errors(record),
            }
            for record in records
            if record.done and record.config["kind"] == "fit"
        ]
    )


def _log_errors(record: Record) -> dict[str, Any]:
    """Mean log relative errors over the networks whose target varies; infinite if training diverged."""
    errors = record.facts.errors
    if not errors:
        return {"degenerate": False, "log_held_out": np.inf, "log_training": np.inf}
    variance = errors["variance"]
    held_out, training = (
        float(np.log(errors[name][variance > 0] / variance[variance > 0]).mean())
        for name in ("held_out", "training")
    )
    degenerate = bool(variance.max() < DEGENERATE_VARIANCE)
    return {"degenerate": degenerate, "log_held_out": held_out, "log_training": training}


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
    winner = dict(zip(names, table[names].head(1).to_numpy(object)[0]))
    return {name: value for name, value in winner.items() if value != LITERAL[name]}


def comparison_table(frame: pd.DataFrame, recipes: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Method by frozen recipe on fresh games: geometric mean errors with 95% intervals over games.

    ``recipes``: per recipe, the choices of every method. ``against ReLU`` is the paired ratio of held-out errors
    on the same games; below 1 the method is better. Degenerate games, where no target varies, are left out.
    """
    frame = frame[~frame["degenerate"]]
    return pd.DataFrame(
        {
            "recipe": recipe,
            "method": NAMES[method],
            "held-out error": geometric(part["log_held_out"]),
            "training error": geometric(part["log_training"]),
            "against ReLU": "–" if method == "relu" else geometric(part["log_held_out"] - relu),
            "games": len(part),
        }
        for recipe, by_method in recipes.items()
        for relu in [_by_game(frame, "relu", by_method["relu"])["log_held_out"]]
        for method, own in by_method.items()
        for part in [_by_game(frame, method, own)]
    )


def _by_game(frame: pd.DataFrame, method: str, choices: Mapping[str, Any]) -> pd.DataFrame:
    """The fits of one method with the literal choices but for some, by game."""
    wanted = {name: LITERAL[name] for name in ("learning_rate", *CHOICES)} | dict(choices)
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
                    "choice": changed.replace("_", " "),
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
    rows = []
    for place, part in frame.groupby([*BUDGET, "game"]):
        if len(part) < 2:
            continue
        row: dict[str, Any] = dict(zip(BUDGET, place))
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


def leading(table: pd.DataFrame, learning_rate: float) -> pd.DataFrame:
    """The three best recipes per method at a learning rate, in words; ``table`` from :func:`scores`."""
    best = table[table["learning_rate"] == learning_rate].groupby("method", sort=False).head(3)
    own = best["dnl_variant"] + ", " + best["hyper_scale"].map("{:g}".format)
    return pd.DataFrame(
        {
            "network": best["method"].map(NAMES),
            "batch": best["batch_size"],
            "schedule": best["schedule"],
            "inputs / targets": best["input_scaling"] + " / " + best["target_scaling"],
            "layers and scale of DNL": own.where(best["method"] == "dnl", "–"),
            "held-out error": best["held_out"],
            "training error": best["training"],
        }
    )


def by_budget(table: pd.DataFrame) -> pd.DataFrame:
    """A table by size of the game and budget, to be read: what belongs together in one column."""
    game = [f"{a} senders, size {b}" for a, b in zip(table["senders"], table["signals"])]
    budget = [f"{a:,} × {b}" for a, b in zip(table["samples"], table["epochs"])]
    shown = pd.DataFrame({"game": game, "samples × epochs": budget})
    return pd.concat([shown, table.drop(columns=BUDGET)], axis=1)


def curve_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Held-out and training error per game, budget and method of a learning curve."""
    errors = {
        "held-out error": np.exp(frame["log_held_out"]),
        "training error": np.exp(frame["log_training"]),
    }
    return frame[BUDGET].assign(network=frame["method"].map(NAMES), **errors)


def comparison_message(table: pd.DataFrame) -> str:
    """What tuning does to each network's held-out error; ``table`` from :func:`comparison_table`."""
    cells = table.pivot(index="method", columns="recipe", values="held-out error")
    means = cells.map(lambda text: text.partition(" [")[0])
    parts = [f"{name}'s from {row['literal']} to {row['tuned']}" for name, row in means.iterrows()]
    games = table["games"].min()
    return f"From the literal to the tuned recipe held-out error goes, over {games} games: {', '.join(parts)}."


def ratio_message(table: pd.DataFrame) -> str:
    """Each network's held-out error as a multiple of ReLU's; ``table`` from :func:`comparison_table`."""
    cells = table.pivot(index="method", columns="recipe", values="against ReLU").drop(NAMES["relu"])
    parts = [
        f"{name}'s held-out error is {row['literal']} times ReLU's with the literal recipe, "
        f"{row['tuned']} times with the tuned one"
        for name, row in cells.iterrows()
    ]
    return f"Game by game, {'; '.join(parts)}. An interval that holds 1 decides nothing."


def ablation_message(table: pd.DataFrame) -> str:
    """How many changes hurt or help beyond chance, and which hurts most; ``table`` from :func:`ablation_table`."""
    ratio, low, high = (
        table["error ratio"].str.extract(r"^(\S+) \[(\S+), (\S+)\]").astype(float).T.to_numpy()
    )
    hurts = low > 1
    message = (
        f"Of {len(table)} changes {hurts.sum()} raise the error and {(high < 1).sum()} lower it by a factor "
        "whose interval excludes 1"
    )
    if not hurts.any():
        return f"{message}."
    worst = table.iloc[int(np.argmax(np.where(hurts, ratio, 0)))]
    return (
        f"{message}; the largest is {worst['error ratio']}, for {worst['method']}'s {worst['choice']} of "
        f"{worst['changed to']} in place of {worst['tuned']}."
    )


def curve_message(frame: pd.DataFrame) -> str:
    """How far the held-out error falls with the budget, and how near it comes to the training error."""
    visits = frame["samples"] * frame["epochs"]
    few, many = visits.min(), visits.max()
    held_out = np.exp(frame["log_held_out"].groupby(visits).mean())
    apart = held_out / np.exp(frame["log_training"].groupby(visits).mean())
    return (
        f"From {few:,} to {many:,} sample visits the held-out error (solid) falls from "
        f"{held_out[few]:.2g} to {held_out[many]:.2g}, and "
        f"from {apart[few]:.2g} to {apart[many]:.2g} times the training error (dotted); geometric means "
        f"over networks and games."
    )


def lead_message(table: pd.DataFrame) -> str:
    """Who leads how often; ``table`` from :func:`lead_table`."""
    counts = table["smallest held-out error"].value_counts()
    parts = [f"{name} {count} time{'s' * (count != 1)}" for name, count in counts.items()]
    return (
        f"In {len(table)} comparisons, each of a game and a budget, the smallest held-out error belongs to "
        f"{', '.join(parts)}."
    )


def _single_changes(part: pd.DataFrame, base: pd.DataFrame) -> set[tuple[str, Any]]:
    names = ["learning_rate", *CHOICES]
    centre = base[names].iloc[0]
    changed = part[names].ne(centre)
    single = changed.sum(axis=1) == 1
    return {
        (name, value) for name in names for value in part.loc[single & changed[name], name].unique()
    }
