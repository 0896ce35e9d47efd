"""The sampled check against exact certificates: tables from the frames of :mod:`persuasion.report.certificates`."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from persuasion.experiments.store import Record
from persuasion.report.frames import game_id
from persuasion.report.statistics import mean_interval
from persuasion.report.style import NAMES


def kinks_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row per game, start, step and number of samples: exact regret and the sampled gain, both relative."""
    return pd.DataFrame(
        [
            {
                "game": game_id(record),
                **record.config["game"]["parameters"],
                "movers": record.config["movers"],
                "start": row["start"],
                "step": row["step"],
                "samples": int(samples),
                "lower": row["regret"][0] / record.metrics["utility_range"],
                "upper": row["regret"][1] / record.metrics["utility_range"],
                "sampled": gain / record.metrics["utility_range"],
            }
            for record in records
            if record.done
            for row in record.metrics["rows"]
            for samples, gain in row["sampled"].items()
        ]
    )


def miss_rates(frame: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """How often the sampled check accepts what the exact one refutes at a tolerance relative to the utility range.

    One row per movers, size, step and number of samples: profiles that are refuted, those of them that the sampled
    check accepts, and profiles that remain undecided.
    """
    decided = frame.assign(
        refuted=frame["lower"] > tolerance,
        undecided=(frame["lower"] <= tolerance) & (frame["upper"] > tolerance),
        accepted=frame["sampled"] <= tolerance,
    )
    decided["missed"] = decided["refuted"] & decided["accepted"]
    keys = ["movers", "senders", "signals", "step", "samples"]
    counts = ["refuted", "missed", "undecided", "accepted"]
    grouped = decided.groupby(keys)
    return grouped[counts].sum().assign(profiles=grouped.size()).reset_index()


def verdict_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Per method, radius and tolerance of selection: how many selected profiles the certificate confirms."""
    selected = frame.explode("tolerances").dropna(subset="tolerances")
    selected = selected.rename(columns={"tolerances": "tolerance"})
    verdicts = selected.assign(
        holds=selected["local_upper"] <= selected["tolerance"],
        refuted=selected["local_lower"] > selected["tolerance"],
    )
    verdicts["open"] = ~verdicts["holds"] & ~verdicts["refuted"]
    keys = ["senders", "method", "radius", "tolerance"]
    grouped = verdicts.groupby(keys, sort=False)
    table = grouped[["holds", "refuted", "open"]].sum().assign(selected=grouped.size())
    return _named(table.reset_index().sort_values(keys[:1] + keys[2:], kind="stable"))


def global_table(frame: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """Per method and radius: global regret of local equilibria, relative to the utility range."""
    rows = [
        {
            "method": method,
            "radius": radius,
            "profiles": len(part),
            "global equilibrium": int((part["global_upper"] <= tolerance).sum()),
            "not": int((part["global_lower"] > tolerance).sum()),
            "mean global regret (lower end)": str(mean_interval(part["global_lower"])),
            "mean local regret (upper end)": str(mean_interval(part["local_upper"])),
        }
        for (method, radius), part in frame.groupby(["method", "radius"], sort=False)
    ]
    return _named(pd.DataFrame(rows))


def polish_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Per method, radius and number of senders: how polishing ended, and the change of welfare (relative)."""
    rows = []
    for keys, part in frame.groupby(["senders", "method", "radius"], sort=False):
        change = (part["polished_welfare"] - part["welfare"]) / part["utility_range"]
        rows.append(
            dict(zip(("senders", "method", "radius"), keys))
            | {
                "profiles": len(part),
                **part["polished_status"].value_counts().to_dict(),
                "change of welfare": str(mean_interval(change)),
            }
        )
    return _named(pd.DataFrame(rows)).fillna(0)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """The methods by their printed names."""
    return table.assign(method=table["method"].map(lambda name: NAMES.get(name, name)))
