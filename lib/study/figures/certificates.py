"""Records of certificates, of the sampled check on optimised profiles, and of the dynamics, as tidy tables.

Regrets are relative, so that games can be averaged: the largest gain of a sender as a share of its own stake;
``lower`` and ``upper`` are the ends of the proven interval.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from persuasion.model.tolerances import SAME_OUTCOME
from study.designs.settings import Preset
from study.figures.frames import game_id
from study.records.regrets import record_stakes, relative_interval
from study.records.rows import CertificateRow, DynamicsRow
from study.records.store import Record

EQUILIBRIA = ("equilibrium", "margin equilibrium")
COLUMNS = (
    "game", "family", "senders", "logit_scale", "method", "radius", "tolerances", "headline", "welfare",
    "utility_range", "local_lower", "local_upper", "regret_least", "regret_most", "global_lower", "global_upper",
    "polished_status", "polished_welfare", "polished_lower", "polished_upper", "polished_most",
)  # fmt: skip


def certificates_frame(records: Sequence[Record], preset: Preset) -> pd.DataFrame:
    """One row per certified profile.

    Columns: game, its family, senders and logit scale (NaN where the family has none), method, radius, the
    ``tolerances`` at which the search selected it, ``headline`` (whether the figures show it), welfare, local and
    global regret (in utility units: ``regret_least`` and ``regret_most`` of the local one), and the polished
    profile's status, regret (``polished_most`` in utility units) and welfare (NaN or None where there is none).
    """
    rows = [
        _certificate_row(record, row, preset)
        for record in records
        for row in record.rows_of(CertificateRow)
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"headline": bool, "radius": float})


def _certificate_row(record: Record, row: CertificateRow, preset: Preset) -> dict[str, Any]:
    stakes = record_stakes(record)
    tolerances = [preset.tolerances[k] for k in row.selected_at]
    return {
        "game": game_id(record),
        "family": record.config["game"]["family"],
        **record.config["game"]["parameters"],
        "method": record.config["method"],
        "radius": row.radius,
        "tolerances": tolerances,
        "headline": preset.headline in tolerances,
        "welfare": sum(row.utilities),
        "utility_range": record.facts.utility_range,
        **dict(zip(("regret_least", "regret_most"), row.local_regret)),
        **_interval("local", row, stakes),
        **_interval("global", row, stakes),
        "polished_status": row.polished_status,
        "polished_welfare": sum(row.polished_utilities or [np.nan]),
        **_interval("polished", row, stakes),
        "polished_most": row.polished_regret[1] if row.polished_regret else np.nan,
    }


def _interval(name: str, row: CertificateRow, stakes: np.ndarray) -> dict[str, Any]:
    about = row.about(name)
    lower, upper = relative_interval(about.get("regret"), about.get("gains"), stakes)
    return {f"{name}_lower": lower, f"{name}_upper": upper}


def narrowed(frame: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The frame with the narrower local interval where ``other`` has a certificate of the same headline profile."""
    keys = ["game", "method", "radius"]
    columns = ["local_lower", "local_upper", "regret_least", "regret_most"]
    known = other[other["headline"]].drop_duplicates(keys).set_index(keys)[columns]
    found = known.reindex(pd.MultiIndex.from_frame(frame[keys])).set_axis(frame.index)
    width = frame["local_upper"] - frame["local_lower"]
    better = frame["headline"] & (found["local_upper"] - found["local_lower"] < width)
    return frame.assign(**{name: frame[name].mask(better, found[name]) for name in columns})


def dynamics_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row per game, margin and start: how the play ended, its regret (relative) and welfare.

    ``outcome`` numbers the distinct outcomes (joint distributions of state and action) of a game's equilibria.
    """
    return pd.DataFrame([row for record in records if record.done for row in _runs(record)])


def _runs(record: Record) -> Iterator[dict[str, Any]]:
    runs, stakes = record.rows_of(DynamicsRow), record_stakes(record)
    ends = zip(runs, _outcome_labels(record), record.facts.timings or [], strict=True)
    for run, label, seconds in ends:
        lower, upper = relative_interval(run.regret, run.gains, stakes)
        yield {
            "game": game_id(record), **record.config["game"]["parameters"],
            "margin": run.margin, "start": run.start, "status": run.status,
            "lower": lower, "upper": upper, "welfare": sum(run.utilities),
            "rounds": run.rounds, "cycle_length": run.cycle_length,
            "outcome": label, "seconds": seconds,
        }  # fmt: skip


def _outcome_labels(record: Record) -> list[int | None]:
    """A number per run: that of the first run of this game with the same outcome; None without equilibrium."""
    outcomes = record.arrays["outcomes"]
    labels: list[int | None] = []
    for k, run in enumerate(record.rows_of(DynamicsRow)):
        found = [j for j in dict.fromkeys(labels) if j is not None]
        alike = (j for j in found if np.abs(outcomes[j] - outcomes[k]).max() <= SAME_OUTCOME)
        labels.append(next(alike, k) if run.status in EQUILIBRIA else None)
    return labels
