"""The options of ``python -m study``, command by command."""

import argparse
from typing import Any

from persuasion.system.command_line import path_argument
from study import EXPERIMENTS, PRESETS

DEFAULT_PRESET = "quick"
FLAG: dict[str, Any] = {"action": "store_true"}
FILE: dict[str, Any] = {"type": path_argument, "metavar": "FILE"}
SWITCH: dict[str, Any] = {"action": argparse.BooleanOptionalAction, "default": True}
PRESET: dict[str, dict[str, Any]] = {
    "--preset": {
        "help": f"{', '.join(PRESETS)}; default {DEFAULT_PRESET}, for book and verify what is committed"
    },
}
WORKERS: dict[str, dict[str, Any]] = {
    "--workers": {"type": int, "help": "processes; default one per core"}
}
SETTINGS: dict[str, dict[str, Any]] = {
    "--set": {
        "action": "append", "default": [], "metavar": "NAME=VALUE",
        "help": "override a setting by its dotted name, e.g. training.epochs=5",
    },
}  # fmt: skip
ARGUMENTS: dict[str, dict[str, dict[str, Any]]] = {
    "run": PRESET | WORKERS | SETTINGS | {"--experiment": {"action": "append", "choices": EXPERIMENTS}},
    "status": PRESET | SETTINGS | {"--json": FLAG | {"help": "machine-readable"}},
    "reproduce": PRESET | WORKERS,  # the book shows a preset as it is
    "page": PRESET | {"page": {"help": "for instance theory/ppad"}},
    "book": PRESET | WORKERS | {
        "--pdf": FLAG | {"help": "as one PDF, printed by a browser"},
        "--executed": {
            "type": path_argument, "metavar": "DIR",
            "help": "build from pages that were executed before, DIR/<page>.ipynb, and execute none",
        },
    },
    "serve": {"--port": {"type": int, "default": 8000, "help": "8000; 0 takes any that is free"}},
    "export": PRESET | WORKERS | SETTINGS | {
        "--store": {"type": path_argument, "help": "result store; default the project's own"},
        "--to": {"type": path_argument, "help": "folder of committed results; default results/"},
        "--from": {
            "dest": "other", "type": path_argument, "metavar": "FOLDER",
            "help": "instead, add the parts of another folder of committed results; they count before yours",
        },
        "--compute": FLAG | {"help": "first compute what is neither committed nor stored"},
        "--any-code": FLAG | {"help": "also export records of other code versions"},
        "--renew": FLAG | {"help": "also export what other code versions' records are committed of"},
    },
    "verify": PRESET | WORKERS | SETTINGS | {
        "--store": {"type": path_argument, "help": "store or committed results; default what is committed"},
        "--certificates": SWITCH | {"help": "the exact certificates"},
        "--resample": SWITCH | {"help": "the sampled checks"},
        "--time-limit": {"type": float, "default": 5.0, "metavar": "SECONDS", "help": "per certificate; 5"},
        "--minutes": {"type": float, "default": 0.0, "help": "for everything; default 0, no limit"},
        "--sample": {
            "type": int, "default": 0, "metavar": "N", "help": "only N (more) random profiles; 0: all",
        },
        "--seed": {"type": int, "default": 0, "help": "of the random order"},
        "--log": FILE | {"help": "continue the audit that FILE keeps, and add to it"},
        "--proofs": FILE | {
            "help": "check the proofs in FILE, and add to them; default PRESET-proofs.jsonl beside the records",
        },
        "--afresh": FLAG | {"help": "solve and sample again what has a proof, too"},
    },
}  # fmt: skip


def add_arguments(command: argparse.ArgumentParser, name: str) -> None:
    """Add the options of the command of that name."""
    for flag, settings in ARGUMENTS[name].items():
        command.add_argument(flag, **settings)
