"""Command line: ``python -m persuasion run | status | reproduce | book``."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import yaml

from persuasion import __version__
from persuasion.experiments import (
    EXPERIMENTS,
    PRESETS,
    JobsFailed,
    Preset,
    Store,
    default_store,
    preset,
    produce,
)
from persuasion.experiments import design as designs

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 1 jobs or pages failed, 2 bad input, 130 interrupted)."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except ValueError as error:
        print(f"persuasion: {error}", file=sys.stderr)
        return BAD_INPUT
    except (JobsFailed, subprocess.CalledProcessError) as error:
        print(f"persuasion: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("persuasion: interrupted; what is finished is stored, run again", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m persuasion", description="Companion to Multi-Sender Persuasion (ICML 2024)."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, function, text in (
        ("run", _run, "compute the records that the store lacks"),
        ("status", _status, "show how much of a preset is in the store"),
        ("reproduce", _reproduce, "compute, run the notebooks, build the book"),
        ("book", _book, "compute what is missing and build the book"),
    ):
        command = commands.add_parser(name, help=text, description=text.capitalize() + ".")
        command.set_defaults(command=function)
        _common(command)
        if name == "run":
            command.add_argument("--experiment", action="append", choices=EXPERIMENTS)
        if name == "status":
            command.add_argument("--json", action="store_true", help="machine-readable")
    return parser


def _common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--preset", default="quick", help=f"{', '.join(PRESETS)}; default quick")
    command.add_argument("--workers", type=int, help="processes; default one per core")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="override a setting by its dotted name, e.g. training.epochs=5",
    )


def _settings(options: argparse.Namespace) -> Preset:
    if options.workers is not None and options.workers < 1:
        raise ValueError(f"--workers must be at least 1, got {options.workers}")
    return preset(options.preset, dict(map(_assignment, options.set)))


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set takes NAME=VALUE, got {text!r}")
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError:
        raise ValueError(f"--set {name}: {value!r} is not a YAML value") from None


def _run(options: argparse.Namespace) -> int:
    produce(_settings(options), options.experiment or EXPERIMENTS, workers=options.workers)
    return 0


def _status(options: argparse.Namespace) -> int:
    settings = _settings(options)
    counts = coverage(settings)
    if options.json:
        print(json.dumps({settings.name: counts}))
        return 0
    print(f"preset {settings.name}, store {default_store()}")
    for name, count in counts.items():
        print(f"  {name:<10} {count['games']:>5} of {count['design']} games")
    return 0


def coverage(settings: Preset, path: str | None = None) -> dict[str, dict[str, int]]:
    """Per experiment, ``games`` whose jobs are all in the store and games in the ``design``."""
    counts = {}
    with Store(path or default_store()) as store:
        for name in EXPERIMENTS:
            jobs = designs.jobs(settings, name)
            finished = store.finished(job.key for job in jobs)
            games: dict[str, bool] = {}
            for job in jobs:
                game = json.dumps(job.config.get("game", "didactic"), sort_keys=True)
                games[game] = games.get(game, True) and job.key in finished
            counts[name] = {"games": sum(games.values()), "design": len(games)}
    return counts


def _reproduce(options: argparse.Namespace) -> int:
    from persuasion.reproduce import reproduce, summary

    settings = _plain(options)
    print(summary(reproduce(settings, options.workers), settings))
    return 0


def _book(options: argparse.Namespace) -> int:
    from persuasion.reproduce import build_book

    settings = _plain(options)
    produce(settings, EXPERIMENTS, workers=options.workers)
    print(build_book(settings.name, default_store().parent / "book"))
    return 0


def _plain(options: argparse.Namespace) -> Preset:
    if options.set:
        raise ValueError("the book shows a preset as it is; use 'run' or papermill with overrides")
    return _settings(options)


if __name__ == "__main__":
    sys.exit(main())
