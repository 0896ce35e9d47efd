"""Records as tidy tables: one row per game, method, search and tolerance."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from persuasion.model.seeds import canonical
from study.designs.design import EXPERIMENTS, jobs
from study.designs.settings import Preset
from study.figures.style import NAMES
from study.records.job import config_identity
from study.records.rows import ProfileRow
from study.records.store import Record

DEGENERATE_VARIANCE = 1e-6


def game_id(record: Record) -> str:
    """A readable identifier of the record's game; it names the root seed if that is not 0."""
    game = record.config["game"]
    sizes = ",".join(f"{k}={v}" for k, v in sorted(game["parameters"].items()))
    seed = f", seed {game['seed']}" if game.get("seed") else ""
    return f"{game['family']}({sizes})#{game['index']}{seed}"


def record_id(record: Record) -> str:
    """The start of the configuration's hash: the same in a store and committed, whatever code made the record."""
    return config_identity(record.config)[:16]


def games_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row per game: sizes, degeneracy, utilities at random starts and under full revelation.

    A game is degenerate if every sender's utility varies by less than 1e-6 (variance) over uniformly
    random policies: nothing can be learned from them.
    """
    rows = [_game_row(r) for r in records if r.config["kind"] == "reference" and r.done]
    return pd.DataFrame(rows).set_index("game")


def _game_row(record: Record) -> dict[str, Any]:
    facts = record.facts
    revealed = facts.full_revelation
    return {
        "game": game_id(record),
        "family": record.config["game"]["family"],
        **facts.shape,
        "utility_range": facts.utility_range,
        "degenerate": max(facts.variance or [0.0]) < DEGENERATE_VARIANCE,
        "start": np.array(facts.start_utilities),
        "revelation": None if revealed is None else np.array(revealed),
    }


def errors_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row per game and method: mean squared errors, averaged over senders.

    ``training`` and ``held_out`` are in squared utility units (the paper's Eq. 2); ``*_relative``
    divides each sender's error by the variance of its utility, NaN where the game is degenerate.
    """
    rows = [_error_row(r) for r in records if r.config["kind"] == "solve" and r.done]
    return _with_games(rows, records).drop(columns=["start", "revelation"])


def _with_games(rows: Sequence[dict[str, Any]], records: Sequence[Record]) -> pd.DataFrame:
    """The rows with their games' columns; a game whose own record a partial run still lacks is left out."""
    return pd.DataFrame(rows).join(games_frame(records), on="game", how="inner")


def _error_row(record: Record) -> dict[str, Any]:
    errors = record.facts.errors
    varies = errors["variance"] >= DEGENERATE_VARIANCE
    row: dict[str, Any] = {
        "game": game_id(record),
        "record": record_id(record),
        "method": record.config["method"],
    }
    for name in ("training", "held_out"):
        row[name] = errors[name].mean()
        relative = errors[name][varies] / errors["variance"][varies]
        row[f"{name}_relative"] = relative.mean() if varies.any() else np.nan
    return row


def equilibria_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row per game, method, radius and tolerance: whether a profile was accepted, and its utilities.

    ``utilities`` holds the senders' exact utilities (an array) and ``welfare`` their sum; NaN if no
    profile passed the sampled check at that tolerance.
    """
    rows = [_selection_row(r, row) for r in records for row in r.rows_of(ProfileRow)]
    return _with_games(rows, records)


def _selection_row(record: Record, row: ProfileRow) -> dict[str, Any]:
    utilities = None if row.utilities is None else np.array(row.utilities)
    return {
        "game": game_id(record),
        "record": record_id(record),
        "method": record.config["method"],
        "radius": row.radius,
        "tolerance": row.tolerance,
        "solved": utilities is not None,
        "utilities": utilities,
        "welfare": np.nan if utilities is None else utilities.sum(),
        "gain": row.gain,
    }


def with_all_methods(
    frame: pd.DataFrame, records: Iterable[Record], methods: Collection[str]
) -> pd.DataFrame:
    """The rows of the games that every method finished, so that means of methods are over the same games.

    ``frame`` is made of ``records``. A run cut short leaves games that only some methods have been tried on.
    """
    finished = defaultdict(set)
    for record in records:
        if record.done:
            finished[game_id(record)].add(record.config.get("method"))
    complete = {game for game, own in finished.items() if own.issuperset(methods)}
    return frame[frame["game"].isin(complete)]


def commonly_solved(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the games that every method in the frame solved."""
    return frame[frame.groupby("game")["solved"].transform("all")]


def paired(frame: pd.DataFrame, column: str, first: str, second: str) -> pd.Series:
    """A column of one method minus that of another, by game, over the games that have it for both; maybe none."""
    table = frame.pivot(index="game", columns="method", values=column)
    if not {first, second} <= set(table):
        return pd.Series(dtype=float)
    both = table.dropna(subset=[first, second])
    return both[first] - both[second]


def gaps_by_sender(
    frame: pd.DataFrame, own: pd.DataFrame, column: str
) -> Iterator[tuple[int, pd.Series]]:
    """Per sender of the frame, from 1: utilities minus those of a column, over the rows of ``own`` that have it."""
    known = own[own[column].notna()]
    gaps = known["utilities"] - known[column]
    for sender in range(int(frame["senders"].max()) if len(frame) else 0):
        yield sender + 1, pd.Series([gap[sender] for gap in gaps], dtype=float)


def didactic_errors(records: Sequence[Record]) -> pd.DataFrame:
    """Figure 1's errors: one row per network and sender, raw and relative to the utility's variance."""
    rows = []
    for record in records:
        errors = record.facts.errors
        for sender, variance in enumerate(errors["variance"]):
            row = {"network": NAMES[record.config["method"]], "sender": sender + 1}
            for name in ("training", "held_out"):
                row[f"{name} error".replace("_", "-")] = errors[name][sender]
                row[f"{name} / variance".replace("_", "-")] = errors[name][sender] / variance
            rows.append(row)
    return pd.DataFrame(rows)


def didactic_seed_errors(records: Sequence[Record]) -> pd.DataFrame:
    """The same of shorter runs from several seeds, with the seed; networks that diverged are left out."""
    trained = [record for record in records if record.facts.errors]
    return pd.concat(
        [didactic_errors([record]).assign(seed=record.config["game"]["seed"]) for record in trained]
        or [pd.DataFrame()]
    )


def seconds_table(records: Sequence[Record], preset: Preset) -> pd.DataFrame:
    """Computing time of the preset's records (of one code version), by kind of job and network."""
    wanted = {canonical(job.config) for name in EXPERIMENTS for job in jobs(preset, name)}
    kept = [record for record in records if canonical(record.config) in wanted]
    kinds = [record.config["kind"] for record in kept]
    networks = [NAMES.get(record.config.get("method", ""), "–") for record in kept]
    seconds = pd.Series([record.seconds for record in kept]).groupby([kinds, networks])
    columns = {"count": "jobs", "median": "median s", "max": "largest s", "sum": "total s"}
    table = seconds.agg(list(columns)).rename(columns=columns)
    return table.rename_axis(["job", "network"]).reset_index()


def sources_table(records: Sequence[Record]) -> pd.DataFrame:
    """Where records come from: one row per code version, commit, packages, machine and threads.

    ``kinds`` names the kinds of jobs, because each has its own code version.
    """
    rows = [
        {
            "kinds": record.config["kind"],
            "code": source["code"][:10],
            "commit": source["commit"][:10] + ("+changes" if source["dirty"] else ""),
            "packages": f"python {source['python']}, "
            + ", ".join(f"{name} {version}" for name, version in source["packages"].items()),
            "machine": f"{source['system']} {source['machine']}, {source['device']}",
            "threads": source["threads"],
            "hours": record.seconds / 3600,
        }
        for record in records
        for source in [record.provenance]
    ]
    origin = ["code", "commit", "packages", "machine", "threads"]
    groups = pd.DataFrame(rows).groupby(origin, sort=False)
    columns = {
        "kinds": ("kinds", lambda kinds: ", ".join(sorted(set(kinds)))),
        "records": ("kinds", "size"),
        "hours": ("hours", "sum"),
    }
    return groups.agg(**columns).reset_index()
