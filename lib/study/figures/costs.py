"""What training costs: operations, measured rates, and what they amount to for a preset."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from persuasion.games.seeded import build_game
from persuasion.learn.flops import sample_flops, training_flops
from persuasion.learn.training import Training
from study.designs import design
from study.designs.settings import Preset
from study.figures.style import NAMES
from study.records.job import Job
from study.records.store import Record

KEYS = ["senders", "network"]
Results = Mapping[str, Mapping[str, Any]]
"""What was measured, by name."""


def read_measured(path: str | Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The machine and the results by name of a file written by `make benchmark`.

    ``ValueError`` if it is not one.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        return content["machine"], {result["name"]: result for result in content["results"]}
    except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: not what `make benchmark` writes: {error}") from None


def front_door_table(results: Results) -> str:
    """The README's table of its commands, in Markdown, from the rows that `make benchmark` measured of them."""
    lines = [
        f"| `make {command}` | {row['seconds'] / 60:.1f} min "
        f"| {row['wall_seconds'] / 60:.1f} min on {row['cores']} cores | {row['pages']} |"
        for command, row in _named(results, "front-door-")
    ]
    head = ["| command | processor time | time | pages then |", "|:--|--:|--:|--:|"]
    return "\n".join(["", *head, *lines, "", ""]) if lines else ""


def _named(results: Results, prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The results whose names begin so, by the rest of the name."""
    for name, row in results.items():
        if name.startswith(prefix):
            yield name.removeprefix(prefix), row


def rays_table(results: Results) -> pd.DataFrame:
    """Best responses by rays beside column generation: median processor seconds, and games with a proof."""
    return pd.DataFrame(
        {
            "states": int(states),
            "the others": others,
            "rays, s": row["seconds"],
            "column generation, s": row["baseline_seconds"],
            "ratio": row["ratio"],
            "proved by rays": f"{row['closed']} of {row['games']}",
            "by column generation": f"{row['baseline_closed']} of {row['games']}",
        }
        for name, row in _named(results, "rays-")
        for states, _, others in [name.partition(", ")]
    )


def equilibria_table(results: Results) -> pd.DataFrame:
    """Random two-sender games solved by the double oracle, and by annealed best responses in turn, by size."""
    return pd.DataFrame(
        {
            "size": int(size),
            "games": row["games"],
            "solved": f"{row['share']:.0%}",
            "in turn": f"{row['baseline_share']:.0%}",
            "another outcome": f"{row['share_other']:.0%}",
            "better for both": f"{row['better_for_both']:.0%}",
            "seconds": f"{row['seconds']:.3g}",
        }
        for size, row in sorted(_named(results, "nash-"), key=lambda entry: int(entry[0]))
    )


def examples_table(result: Mapping[str, Any]) -> pd.DataFrame:
    """What ``solve`` finds on the examples that ship, and in how much processor time."""
    rows = [(name, row["seconds"], row["outcomes"]) for name, row in result["examples"].items()]
    return pd.DataFrame(rows, columns=["example", "seconds", "found"])


def operations_table(variants: Mapping[str, str], inputs: tuple[int, ...]) -> pd.DataFrame:
    """Operations per sample of a prediction and of a training step, by architecture and length of input."""
    columns = ["network", "inputs", "prediction", "training step"]
    rows = [
        (NAMES[method], length, *sample_flops(method, length, variant))
        for method, variant in variants.items()
        for length in inputs
    ]
    return pd.DataFrame(rows, columns=columns)


def training_table(results: Results) -> pd.DataFrame:
    """Naive against ours, and the rate against the machine's own, per architecture."""
    return _measured(results, "train-{}", {
        "baseline_seconds": "naive, s per epoch",
        "seconds": "ours, s per epoch",
        "ratio": "ratio",
        "ratio_all_units_on": "ratio, all units on",
        "gflop_per_second_all_units_on": "GFLOP/s, all units on",
        "share_of_peak": "share of peak",
    })  # fmt: skip


def _measured(results: Results, name: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """A row per architecture that was measured, of these of its numbers."""
    return pd.DataFrame(
        {"network": network} | {title: found[key] for key, title in columns.items()}
        for method, network in NAMES.items()
        if (found := results.get(name.format(method)))
    )


def recipe_table(results: Results) -> pd.DataFrame:
    """The former training step against ours at the presets' own batch, microseconds per sample visit."""
    return _measured(results, "train-{}-recipe", {
        "batch_size": "batch",
        "baseline_microseconds_per_visit": "former step, µs",
        "microseconds_per_visit": "ours, µs",
        "ratio": "ratio",
    })  # fmt: skip


def sampled_check_table(results: Results) -> pd.DataFrame:
    """The sampled check of one profile with all joint signals against ours, by the size of four senders' games."""
    return pd.DataFrame(
        {
            "states, actions, signals": int(size),
            "joint signals": row["joint_signals"],
            "all of them, s": row["baseline_seconds"],
            "ours, s": row["seconds"],
            "ratio": row["ratio"],
        }
        for size, row in _named(results, "sampled-check-")
    )


def experiment_table(preset: Preset, results: Results) -> pd.DataFrame:
    """Networks, operations and core-hours of training per experiment, from measured seconds per sample visit."""
    fits = {
        name: [job.config for job in design.jobs(preset, name) if "training" in job.config]
        for name in design.EXPERIMENTS
    }
    return pd.DataFrame(
        {
            "experiment": name,
            "games": len({str(config.get("game", "didactic")) for config in configs}),
            "networks": sum(map(networks, configs)),
            "10¹² operations": sum(map(_operations, configs)) / 1e12,
            "core-hours": sum(networks(c) * seconds(c, results) / 3600 for c in configs),
        }
        for name, configs in fits.items()
        if configs
    )


def recorded_table(records: Sequence[Record], planned: Sequence[Job]) -> pd.DataFrame:
    """Median and mean seconds of the jobs that have records, and the core-hours of all that are planned.

    One row per number of senders and network. The projection is the mean times the planned jobs; where none has
    a record it is missing, and where some have, it supposes that the sizes still to come cost as much.
    """
    every = _trained((job.config, np.nan) for job in planned).groupby(KEYS).size()
    taken = _trained((record.config, record.seconds) for record in records)
    seconds = taken.groupby(KEYS)["seconds"]
    columns = {
        "jobs with a record": seconds.size().reindex(every.index, fill_value=0),
        "planned": every,
        "median, s": seconds.median(),
        "mean, s": seconds.mean(),
        "core-hours of all": seconds.mean() * every / 3600,
    }
    ranks = {name: rank for rank, name in enumerate(NAMES.values())}
    table = pd.DataFrame(columns, every.index).reset_index()
    return table.sort_values(KEYS, key=lambda column: column.replace(ranks), ignore_index=True)


def _trained(jobs: Iterable[tuple[dict[str, Any], float]]) -> pd.DataFrame:
    """The seconds of those that train networks, with number of senders and network."""
    rows = [
        (networks(config), NAMES[config["method"]], seconds)
        for config, seconds in jobs
        if config["kind"] == "solve"
    ]
    return pd.DataFrame(rows, columns=[*KEYS, "seconds"]).astype({"seconds": float})


def networks(config: Mapping[str, Any]) -> int:
    """How many networks a job trains."""
    return int(config.get("networks") or _sizes(config)[0])


def seconds(config: Mapping[str, Any], results: Results) -> float:
    """Of training one network of a job on one core, by interpolation between the measured lengths of input."""
    senders, states, signals = _sizes(config)
    found = results[f"train-{config['method']}"]["microseconds_per_visit_by_inputs"]
    known, cost = zip(*sorted((int(k), v) for k, v in found.items()), strict=True)
    visits = config["training"]["samples"] * config["training"]["epochs"]
    return visits * float(np.interp(senders * states * signals, known, cost)) * 1e-6


def _operations(config: Mapping[str, Any]) -> float:
    senders, states, signals = _sizes(config)
    training = Training(**config["training"])
    return networks(config) * training_flops(config["method"], senders * states * signals, training)


def _sizes(config: Mapping[str, Any]) -> tuple[int, int, int]:
    """Senders, states, signals of a job's game."""
    game = config.get("game", {"family": "didactic", "parameters": {}})
    parts = game["parameters"]
    if game["family"] == "synthetic":
        return parts["senders"], parts["states"], parts["signals"]
    shape = build_game(game | {"index": 0, "seed": 0}).shape
    return shape.senders, shape.states, shape.signals
