"""Command line of what reproduces the paper and builds the book: ``python -m study --help`` lists it."""

import argparse
import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml

from persuasion import __version__
from persuasion.system.command_line import FAILED, leave, run_command
from study import (
    EXPERIMENTS,
    JobsFailed,
    Preset,
    StoreError,
    build_folder,
    committed,
    default_results,
    default_store,
    export,
    open_records,
    preset,
    produce,
)
from study.arguments import DEFAULT_PRESET, add_arguments
from study.designs import design as designs
from study.records.archive import merge
from study.records.job import Job
from study.records.results import (
    Records,
    committed_folder,
    holds_results,
    is_committed,
    read_manifest,
)
from study.run.pages import PageFailed

# what the book shows, and the audit audits, if no preset is named: the first that is committed
PREFERRED = ("paper", "quick", "smoke")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 1 jobs or pages failed, 2 bad input, 130 interrupted)."""
    failures = (JobsFailed, PageFailed, subprocess.CalledProcessError)
    return run_command(_parser(), arguments, failures, _left)


def _left(options: argparse.Namespace) -> str:
    """What an interrupted command leaves behind."""
    if options.command in (_run, _reproduce, _book, _page, _export):
        return "what a run has finished is stored, run it again"
    if options.command is _verify:
        if options.log:
            return f"what was examined by then is in {options.log}, run it again"
        return "proofs that were found by then are kept, run it again"
    return "nothing was written"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m study", description="Companion to Multi-Sender Persuasion (ICML 2024)."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, function, text in (
        ("run", _run, "compute the records that the store lacks"),
        ("status", _status, "show how much of a preset is in the store"),
        (
            "reproduce",
            _reproduce,
            "compute what the store lacks, run the notebooks, build the book",
        ),
        ("page", _page, "run one page of the book as a notebook"),
        ("book", _book, "build the book from committed results, or from a computed preset"),
        ("serve", _serve, "show the built book in a browser on this machine"),
        ("export", _export, "add finished records to the committed results"),
        ("verify", _verify, "re-derive what the records claim from the stored policies"),
    ):
        command = commands.add_parser(name, help=text, description=text.capitalize() + ".")
        command.set_defaults(command=function)
        add_arguments(command, name)
    return parser


def _settings(options: argparse.Namespace) -> Preset:
    workers = getattr(options, "workers", None)
    if workers is not None and workers < 1:
        raise ValueError(f"--workers must be at least 1, got {workers}")
    chosen = getattr(options, "set", ())
    name = DEFAULT_PRESET if options.preset is None else options.preset
    return preset(name, dict(map(_assignment, chosen)))


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set takes NAME=VALUE, got {text!r}")
    try:
        return name, _Numbers(value).get_single_data()
    except yaml.YAMLError:
        raise ValueError(f"--set {name}: {value!r} is not a YAML value") from None


class _Numbers(yaml.SafeLoader):
    """YAML in which whatever Python reads as a number is one: 1e-3 is text to YAML 1.1."""


_Numbers.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


def _run(options: argparse.Namespace) -> int:
    _refuse_folder(default_store())
    produce(_settings(options), options.experiment or EXPERIMENTS, workers=options.workers)
    return 0


def _status(options: argparse.Namespace) -> int:
    settings, root, store = _settings(options), default_results(), default_store()
    folder = committed_folder(root, settings.name)
    shipped = coverage(settings, folder) if folder else {}
    counts = {
        name: {"committed": shipped[name]["games"] if folder else 0, **count}
        for name, count in coverage(settings, store).items()
    }
    if options.json:
        print(json.dumps({settings.name: counts}))
        return 0
    print(f"preset {settings.name}, store {store}, committed results {root}")
    print(f"  {'games':<22} {'in the store':>12} {'committed':>10} {'design':>7}")
    for name, count in counts.items():
        print(f"  {name:<22} {count['games']:>12} {count['committed']:>10} {count['design']:>7}")
    return 0


def coverage(settings: Preset, path: str | Path | None = None) -> dict[str, dict[str, int]]:
    """Per experiment, ``games`` whose jobs all have a record at ``path``, and games in the ``design``.

    The path is that of a store or of committed results, by default the project's own; where there is none, it
    has no records.
    """
    path = Path(path or default_store())
    there = open_records(path, settings.name) if path.exists() else contextlib.nullcontext()
    with there as found:
        return {name: _covered(designs.jobs(settings, name), found) for name in EXPERIMENTS}


def _covered(jobs: Sequence[Job], found: Records | None) -> dict[str, int]:
    finished = found.done(jobs) if found else set()
    games: dict[str, bool] = {}
    for job in jobs:
        game = json.dumps(job.config.get("game", "didactic"), sort_keys=True)
        games[game] = games.get(game, True) and job.key in finished
    return {"games": sum(games.values()), "design": len(games)}


def _reproduce(options: argparse.Namespace) -> int:
    from study.run.reproduce import reproduce, summary

    settings = _settings(options)
    _refuse_folder(default_store())
    print(summary(reproduce(settings, options.workers), settings))
    return 0


def _page(options: argparse.Namespace) -> int:
    from study.run.reproduce import run_page

    settings = _settings(options)
    print(run_page(options.page, settings.name, _shown(settings)))
    return 0


def _book(options: argparse.Namespace) -> int:
    from study.run.reproduce import build_book, check_executed, run_pages

    settings, store = _source(options)
    if options.pdf:
        from study.run.pdf import find_browser

        find_browser()  # said before anything is computed
    if options.executed:
        check_executed(options.executed, settings.name)
    if not is_committed(store):
        produce(settings, EXPERIMENTS, store, workers=options.workers)
    executed = options.executed or run_pages(
        settings.name, build_folder() / "notebooks" / settings.name, store, options.workers
    )
    if options.pdf:
        from study.run.pdf import build_pdf

        print(build_pdf(settings.name, build_folder() / "pdf", store, executed))
    else:
        print(build_book(settings.name, build_folder() / "book", store, executed))
    return 0


def _serve(options: argparse.Namespace) -> int:
    from study.run.serve import serve

    serve(build_folder() / "book" / "_build" / "html", options.port)
    return 0


def _source(options: argparse.Namespace) -> tuple[Preset, Path]:
    """The preset, by default one of which there are committed results, and where its records are."""
    if options.preset is None and not os.environ.get("PERSUASION_STORE"):
        root = default_results()
        options.preset = next((name for name in PREFERRED if _can_be_shown(root, name)), None)
    settings = _settings(options)
    return settings, _shown(settings)


def _shown(settings: Preset) -> Path:
    """What to show: ``PERSUASION_STORE`` if set, else committed results if there are any, else the store."""
    root, named = default_results(), os.environ.get("PERSUASION_STORE")
    return root if not named and _can_be_shown(root, settings.name) else default_store()


def _can_be_shown(root: Path, name: str) -> bool:
    """Whether the committed results of a preset hold the benchmark; a study alone makes no book."""
    folder = committed_folder(root, name)
    if folder is None:
        return False
    parts = {part["name"].rpartition("-")[0] for part in read_manifest(folder)["parts"]}
    return "synthetic" in parts


def _export(options: argparse.Namespace) -> int:
    settings = _settings(options)
    if options.workers is not None and not options.compute:
        raise ValueError("--workers is for --compute; nothing is computed without it")
    store, root = options.store or default_store(), options.to or default_results()
    if options.other:
        given = [
            name
            for name in ("store", "set", "compute", "any_code", "renew")
            if getattr(options, name)
        ]
        if given:
            raise ValueError(
                f"--from adds parts as they are: it takes no --{given[0].replace('_', '-')}"
            )
        theirs = committed_folder(options.other, settings.name) or options.other
        added = merge(root / settings.name, settings.name, theirs)
        print(f"{len(added)} parts added: {' '.join(added)}")
        return 0
    if is_committed(store):
        raise StoreError(f"{store}: is a folder of results; --from adds the parts of one")
    try:
        if options.compute:
            known = committed(root, settings)
            produce(settings, EXPERIMENTS, store, options.workers, committed=known)
    finally:  # what is finished is exported even if a job failed or the run was interrupted
        for line in export(settings, store, root, options.any_code, options.renew):
            print(line)
    return 0


def _verify(options: argparse.Namespace) -> int:
    from study.audit import Settings, audit, collect, lines, strangers

    began = time.monotonic()
    how = Settings(**{field.name: getattr(options, field.name) for field in fields(Settings)})
    _settings(options)  # what was asked wrongly is said first, whatever is in the store
    agrees = True
    for name, path in _to_verify(options):
        options.preset = name
        settings = _settings(options)
        print(f"preset {settings.name}, {path}", flush=True)
        cases = collect(path, settings)
        if how.minutes:  # reading took its share
            left = options.minutes - (time.monotonic() - began) / 60
            how = replace(how, minutes=max(left, 1e-9))
        folder = path.parent if path.is_file() or holds_results(path) else path
        proofs = options.proofs or folder / f"{settings.name}-proofs.jsonl"
        found = audit(cases, replace(how, proofs=proofs))
        print("\n".join(lines(found, settings.headline)), flush=True)
        others = strangers(path, settings)
        if others:
            print(f"{others} records belong to no job of this preset, and were not looked at")
        agrees = agrees and not found.disagreements and (bool(options.set) or not others)
    return 0 if agrees else FAILED


def _to_verify(options: argparse.Namespace) -> list[tuple[str, Path]]:
    """Presets and where their records are: everything committed, unless the options name something else."""
    path = options.store or (default_store() if os.environ.get("PERSUASION_STORE") else None)
    root = path or default_results()
    if holds_results(root):
        return [(options.preset or read_manifest(root)["preset"], root)]
    if options.preset is None and (names := [n for n in PREFERRED if committed_folder(root, n)]):
        return [(name, root) for name in names]
    name = options.preset or DEFAULT_PRESET
    if path is None and not committed_folder(root, name):
        path = default_store()
    if path is not None and not path.exists():
        raise StoreError(f"{path}: there is no such store or folder")
    return [(name, path or root)]


def _refuse_folder(store: Path) -> None:
    if is_committed(store):
        raise StoreError(f"{store}: is a folder of results; computing needs a store of its own")


if __name__ == "__main__":
    leave(main())
