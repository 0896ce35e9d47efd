"""What training costs: operations, measured rates, and what they amount to for a preset."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from persuasion.games.seeded import build_game
from persuasion.learn.flops import sample_flops, training_flops
from persuasion.learn.training import Training
from study.designs import design
from study.designs.config import Preset
from study.figures.style import NAMES
from study.records.job import Job
from study.records.store import Record


def read_measured(path: str | Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The machine and the results by name of a file written by `make benchmark`.

    ``ValueError`` if it is not one.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        return content["machine"], {result["name"]: result for result in content["results"]}
    except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: not what `make benchmark` writes: {error}") from None


def front_door_table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The README's table of its commands, in Markdown, from the rows that `make benchmark` measured of them."""
    lines = []
    for name, row in results.items():
        if name.startswith("front-door-"):
            command, cores = name.removeprefix("front-door-"), row["cores"]
            spent, wall = (f"{row[key] / 60:.1f} min" for key in ("seconds", "wall_seconds"))
            pages = row["pages"]
            lines.append(f"| `make {command}` | {spent} | {wall} on {cores} cores | {pages} |")
    head = ["| command | processor time | time | pages then |", "|:--|--:|--:|--:|"]
    return "\n".join(["", *head, *lines, "", ""]) if lines else ""


def rays_table(results: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Best responses by rays beside column generation: median processor seconds, and games with a proof."""
    rows = [(n.split(",")[0][5:], n, r) for n, r in results.items() if n.startswith("rays-")]
    return pd.DataFrame(
        {
            "states": int(states),
            "the others": name.partition(", ")[2],
            "rays, s": row["seconds"],
            "column generation, s": row["baseline_seconds"],
            "ratio": row["ratio"],
            "proved by rays": f"{row['closed']} of {row['games']}",
            "by column generation": f"{row['baseline_closed']} of {row['games']}",
        }
        for states, name, row in rows
    )


def operations_table(variants: Mapping[str, str], inputs: tuple[int, ...]) -> pd.DataFrame:
    """Operations per sample of a prediction and of a training step, by architecture and length of input."""
    rows = []
    for method, name in ((m, NAMES[m]) for m in variants):
        for length in inputs:
            forward, step = sample_flops(method, length, variants[method])
            rows.append(
                {"network": name, "inputs": length, "prediction": forward, "training step": step}
            )
    return pd.DataFrame(rows)


def training_table(results: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Naive against ours, and the rate against the machine's own, per architecture."""
    rows = []
    for method, name in NAMES.items():
        if (found := results.get(f"train-{method}")) is None:
            continue
        rows.append(
            {
                "network": name,
                "naive, s per epoch": found["baseline_seconds"],
                "ours, s per epoch": found["seconds"],
                "ratio": found["ratio"],
                "ratio, all units on": found["ratio_all_units_on"],
                "GFLOP/s, all units on": found["gflop_per_second_all_units_on"],
                "share of peak": found["share_of_peak"],
            }
        )
    return pd.DataFrame(rows)


def recipe_table(results: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The former training step against ours at the presets' own batch, microseconds per sample visit."""
    rows = []
    for method, name in NAMES.items():
        if (found := results.get(f"train-{method}-recipe")) is None:
            continue
        rows.append(
            {
                "network": name,
                "batch": found["batch_size"],
                "former step, µs": found["baseline_microseconds_per_visit"],
                "ours, µs": found["microseconds_per_visit"],
                "ratio": found["ratio"],
            }
        )
    return pd.DataFrame(rows)


def experiment_table(preset: Preset, results: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Networks, operations and core-hours of training per experiment, from measured seconds per sample visit."""
    rows = []
    for experiment in design.EXPERIMENTS:
        fits = [job.config for job in design.jobs(preset, experiment) if "training" in job.config]
        if not fits:
            continue
        counts = [networks(config) for config in fits]
        rows.append(
            {
                "experiment": experiment,
                "games": len({str(config.get("game", "didactic")) for config in fits}),
                "networks": sum(counts),
                "10¹² operations": sum(map(_operations, fits, counts)) / 1e12,
                "core-hours": sum(
                    count * seconds(config, results) for config, count in zip(fits, counts)
                )
                / 3600,
            }
        )
    return pd.DataFrame(rows)


def recorded_table(records: Sequence[Record], planned: Sequence[Job]) -> pd.DataFrame:
    """Median and mean seconds of the jobs that have records, and the core-hours of all that are planned.

    One row per number of senders and network. The projection is the mean times the planned jobs; where none has
    a record it is missing, and where some have, it supposes that the sizes still to come cost as much.
    """
    taken, total = _groups(records), _groups(planned)
    rows = []
    for senders, method in sorted(total, key=lambda key: (key[0], list(NAMES).index(key[1]))):
        every = total[senders, method]
        seconds = pd.Series([r.seconds for r in taken.get((senders, method), [])], dtype=float)
        rows.append(
            {
                "senders": senders,
                "network": NAMES[method],
                "jobs with a record": len(seconds),
                "planned": len(every),
                "median, s": seconds.median(),
                "mean, s": seconds.mean(),
                "core-hours of all": seconds.mean() * len(every) / 3600,
            }
        )
    return pd.DataFrame(rows)


def _groups(found: Sequence[Any]) -> dict[tuple[int, str], list[Any]]:
    """Records or jobs that train networks, by senders and network."""
    groups: dict[tuple[int, str], list[Any]] = {}
    for one in found:
        if one.config["kind"] == "solve":
            key = (networks(one.config), one.config["method"])
            groups.setdefault(key, []).append(one)
    return groups


def networks(config: Mapping[str, Any]) -> int:
    """How many networks a job trains."""
    return int(config.get("networks") or _sizes(config)[0])


def seconds(config: Mapping[str, Any], results: Mapping[str, Mapping[str, Any]]) -> float:
    """Of training one network of a job on one core, by interpolation between the measured lengths of input."""
    senders, states, signals = _sizes(config)
    found = results[f"train-{config['method']}"]["microseconds_per_visit_by_inputs"]
    known, cost = zip(*sorted((int(k), v) for k, v in found.items()), strict=True)
    visits = config["training"]["samples"] * config["training"]["epochs"]
    return visits * float(np.interp(senders * states * signals, known, cost)) * 1e-6


def _operations(config: Mapping[str, Any], count: int) -> float:
    senders, states, signals = _sizes(config)
    training = Training(**config["training"])
    return count * training_flops(config["method"], senders * states * signals, training)


def _sizes(config: Mapping[str, Any]) -> tuple[int, int, int]:
    """Senders, states, signals of a job's game."""
    game = config.get("game", {"family": "didactic", "parameters": {}})
    parts = game["parameters"]
    if game["family"] == "synthetic":
        return parts["senders"], parts["states"], parts["signals"]
    shape = build_game(game | {"index": 0, "seed": 0}).shape
    return shape.senders, shape.states, shape.signals
