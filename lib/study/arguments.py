"""The options of ``python -m study``, command by command."""

from __future__ import annotations

import argparse

from persuasion.system.own_folder import absolute
from study import EXPERIMENTS, PRESETS

DEFAULT_PRESET = "quick"


def add_arguments(command: argparse.ArgumentParser, name: str) -> None:
    """Add the options of the command of that name."""
    if name != "serve":
        _common(command)
    if name in ARGUMENTS:
        ARGUMENTS[name](command)


def _common(command: argparse.ArgumentParser) -> None:
    names = ", ".join(PRESETS)
    command.add_argument(
        "--preset", help=f"{names}; default {DEFAULT_PRESET}, or what is committed"
    )
    command.add_argument("--workers", type=int, help="processes; default one per core")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="override a setting by its dotted name, e.g. training.epochs=5",
    )


def _run_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--experiment", action="append", choices=EXPERIMENTS)


def _status_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="machine-readable")


def _page_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("page", help="for instance theory/ppad")


def _book_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--pdf", action="store_true", help="as one PDF, printed by a browser")
    command.add_argument(
        "--executed",
        type=absolute,
        metavar="DIR",
        help="build from pages that were executed before, DIR/<page>.ipynb, and execute none",
    )


def _serve_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, default=8000, help="8000; 0 takes any that is free")


def _export_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--store", type=absolute, help="result store; default the project's own")
    command.add_argument(
        "--to", type=absolute, help="folder of committed results; default results/"
    )
    command.add_argument(
        "--from",
        dest="other",
        type=absolute,
        metavar="FOLDER",
        help="instead, add the parts of another folder of committed results; they count before yours",
    )
    command.add_argument(
        "--compute", action="store_true", help="first compute what is neither committed nor stored"
    )
    command.add_argument(
        "--any-code", action="store_true", help="also export records of other code versions"
    )
    command.add_argument(
        "--renew",
        action="store_true",
        help="also export what other code versions' records are committed of",
    )


def _verify_arguments(command: argparse.ArgumentParser) -> None:
    flag = argparse.BooleanOptionalAction
    add = command.add_argument
    add("--store", type=absolute, help="store or committed results; default what is committed")
    add("--certificates", action=flag, default=True, help="the exact certificates")
    add("--resample", action=flag, default=True, help="the sampled checks")
    add("--time-limit", type=float, default=5.0, metavar="SECONDS", help="per certificate; 5")
    add("--minutes", type=float, default=10.0, help="for everything; 0 for no limit; 10")
    add("--sample", type=int, default=0, metavar="N", help="only N (more) random profiles; 0: all")
    add("--seed", type=int, default=0, help="of the random order")
    add(
        "--log",
        type=absolute,
        metavar="FILE",
        help="continue the audit that FILE keeps, and add to it",
    )
    add(
        "--proofs",
        type=absolute,
        metavar="FILE",
        help="check the proofs in FILE, and add to them; default PRESET-proofs.jsonl beside the records",
    )
    add("--afresh", action="store_true", help="solve and sample again what has a proof, too")


ARGUMENTS = {
    "run": _run_arguments,
    "page": _page_arguments,
    "book": _book_arguments,
    "serve": _serve_arguments,
    "status": _status_arguments,
    "export": _export_arguments,
    "verify": _verify_arguments,
}
