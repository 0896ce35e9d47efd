"""``python -m persuasion solve | game | example | schema``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import deque
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persuasion.games.examples import EXAMPLES, example
from persuasion.model.game import Game
from persuasion.model.json_text import reading
from persuasion.model.ties import TieRule
from persuasion.own_game.request import METHODS, Request
from persuasion.own_game.size import check_size, check_starts
from persuasion.system.command_line import path_argument, say
from persuasion.system.own_folder import absolute, check_folder, own_files
from persuasion.system.write_whole import write_whole

if TYPE_CHECKING:
    import numpy as np

    from persuasion.own_game.solution import Solution

NOTHING_CERTIFIED = 1
STANDARD_INPUT = "-"
FILES = ("solution.json", "report.html", "policies.csv", "tables.tex")
SCHEMAS = ("game", "profile", "solution")
SOLVE_HELP = """\
Check a game, find equilibria and certify them against deviations of any size, compare them with
no and full revelation, each sender alone and collusion, compute every sender's exact best
response to a profile, find and certify local equilibria, and write solution.json, report.html,
policies.csv and tables.tex.

A game is a JSON file; `python -m persuasion example two-lawyers` prints one:

  {"prior": [0.7, 0.3],                        one probability per state
   "receiver": [[1, 0], [0, 1]],               a row per state, a column per action
   "senders": [[[0, 1], [0, 1]], ...],         one such table per sender
   "signals": 2,                               signals of every sender; or a list, as [2, 3]
   "names": {"states": ["innocent", ...]},     and actions, senders, signals; may be left out
   "fixed": [null, [[0.9, 0.1], ...]]}         policies of senders that do not choose; may be left out
"""
GAME_HELP = """\
Print the game of a table as JSON, for solve. A row of the table is one number:

  sender,state,action,value
  prior,innocent,,0.7                  the prior, without an action
  prior,guilty,,0.3
  receiver,innocent,acquit,1           the receiver's utilities
  ...
  prosecutor,innocent,convict,1        the senders', by their names

States, actions and senders are numbered in the order of their first rows. The order of the
actions matters where the receiver is indifferent: by default it takes the first.
"""
EPILOG = """\
exit codes: 0 at least one equilibrium of the game, global or local, is certified; 1 none is (the report
says why); 2 bad input; 130 interrupted: the files then hold what the steps until then found.

Time limits are in seconds of the clock, so that what is found depends on the machine and on what
else it does; the seed decides the rest.

examples:
  python -m persuasion example two-lawyers > game.json
  python -m persuasion solve game.json
  python -m persuasion solve game.json --method exact-gradient --method dnl --radius 0.01 --seed 7
"""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the four commands to the parser."""
    _add_solve(commands)
    _add_game(commands)
    command = commands.add_parser(
        "example",
        help="print an example game as JSON",
        description="Print an example game as JSON.",
    )
    command.set_defaults(command=_example)
    command.add_argument("name", nargs="?", help=f"one of {', '.join(EXAMPLES)}; none lists them")
    command = commands.add_parser(
        "schema", help="print a JSON schema", description="Print the JSON schema of a file format."
    )
    command.set_defaults(command=_schema)
    command.add_argument("name", choices=SCHEMAS)


def _add_solve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "solve",
        help="solve a game of your own",
        description=SOLVE_HELP,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(command=_solve)
    standard = Request()
    add = command.add_argument
    add("game", type=_path, help="JSON file of the game; - reads standard input")
    add("--out", type=path_argument,
        help="folder of the report; default <game>-solution beside the file, here for standard input")  # fmt: skip
    add("--profile", default="no-revelation", metavar="NAME|FILE",
        help="profile to examine: no-revelation (default), full-revelation, random, or a JSON file")  # fmt: skip
    add("--method", action="append", choices=METHODS, metavar="METHOD", dest="methods",
        help=f"{', '.join(METHODS)}; repeatable; default exact-gradient. Networks are trained first")  # fmt: skip
    for name, kind, text in (
        ("radius", float, "largest change of a probability in a deviation"),
        ("starts", int, "random starts"),
        ("steps", int, "extra-gradient steps"),
        ("candidates", int, "different equilibria wanted per method"),
        ("target", float, "largest regret of a global equilibrium, share of every sender's own stake"),
        ("tolerance", float, "largest regret of a local equilibrium, likewise"),
        ("margin", float, "lead of the receiver's action in polishing, share of what is at stake for it"),
        ("time-limit", float, "seconds for one certificate of a local equilibrium"),
        ("search-limit", float, "seconds for the search for global equilibria; certificates may take some more"),
        ("seed", int, "root of every random choice"),
    ):  # fmt: skip
        value = getattr(standard, name.replace("-", "_"))
        add(f"--{name}", type=kind, default=value, help=f"{text}; default {value}")
    add(
        "--ties",
        default=standard.ties,
        help="lowest-index (default), welfare, or a sender by its name or as sender-<i>",
    )
    add("--limited", action="store_true",
        help="no equilibria with more signals than the game has, which are listed apart otherwise")  # fmt: skip
    add("--quiet", action="store_true", help="no progress")


def _add_game(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "game",
        help="a game from a table, or as one",
        description=GAME_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(command=_game)
    way = command.add_mutually_exclusive_group(required=True)
    way.add_argument(
        "--from-csv", type=_path, metavar="FILE", help="the table; - reads standard input"
    )
    way.add_argument(
        "--to-csv", type=_path, metavar="FILE", help="a game in JSON; prints its table"
    )
    command.add_argument("--signals", type=int, nargs="+", metavar="N",
        help="signals of every sender, one number for all or one each; default one per state")  # fmt: skip
    command.add_argument("--name", default="", help="what reports call the game")


def _game(options: argparse.Namespace) -> int:
    from persuasion.own_game.tables import read_table, to_frame

    if options.to_csv:
        if options.signals or options.name:
            raise ValueError("--signals and --name are for --from-csv; a table has neither")
        game = read_game(options.to_csv)
        print(to_frame(game).to_csv(index=False), end="")
        counts = " ".join(map(str, game.counts))
        print(f"signals are in no table: read it with --signals {counts}", file=sys.stderr)
        return 0
    source, name = _source(options.from_csv)
    with reading(name):
        game = read_table(source, options.signals, options.name)
    print(game.to_json())
    return 0


def _solve(options: argparse.Namespace) -> int:
    game = read_game(options.game)
    chosen = {f.name: getattr(options, f.name) for f in fields(Request) if hasattr(options, f.name)}
    chosen["methods"] = tuple(options.methods or Request().methods)
    chosen["ties"] = _ties(game, options.ties)
    request = Request(**chosen)
    check_size(game)
    check_starts(game, request.starts)
    from persuasion.own_game.solve import solutions

    profile, name = _profile(game, options.profile, request.seed)
    folder = _folder(options.out or _default_folder(options.game))
    known: deque[Solution] = deque(maxlen=1)
    try:
        known.extend(solutions(game, request, profile, name, _Progress(options.quiet)))
    except (KeyboardInterrupt, Exception):
        if known:
            _write(known[0], folder)
            options.left = f"what was found before is in {_readable(str(folder))}"
        raise
    return _write(known[0], folder)


def _ties(game: Game, given: str) -> str:
    """A tie rule, or the one in favour of the sender with this name."""
    names = {game.names.sender(i): f"sender-{i}" for i in range(game.shape.senders)}
    try:
        return str(TieRule.parse(given))
    except ValueError:
        return names.get(given, given)


def _profile(game: Game, given: str, seed: int) -> tuple[np.ndarray, str]:
    """A profile by its name or from a file, and what the report calls it."""
    from persuasion.own_game.profile import NAMED, named_profile, read_profile

    if given in NAMED:
        return named_profile(game, given, seed), given.replace("-", " ")
    path = absolute(given)
    if not os.path.exists(path):
        raise ValueError(f"--profile {path}: no such file; by name there are {', '.join(NAMED)}")
    return read_profile(game, path), _readable(path.name)


def _write(solution: Solution, folder: Path) -> int:
    from persuasion.own_game.page import report_page
    from persuasion.own_game.summary import summary
    from persuasion.own_game.tables import latex_tables, policy_frame

    tables = policy_frame(solution).to_csv(index=False), latex_tables(solution)
    contents = (solution.to_json() + "\n", report_page(solution), *tables)
    try:
        own_files(folder, FILES)
        write_whole({folder / name: text.encode() for name, text in zip(FILES, contents)})
    except OSError as error:
        raise ValueError(f"{folder}: cannot be written ({error.strerror})") from None
    finally:  # whatever becomes of the files
        say("\n".join(summary(solution)))
    say(_readable(str(folder / "report.html")))
    return 0 if solution.certifies else NOTHING_CERTIFIED


def _path(text: str) -> Path:
    return Path(text) if text == STANDARD_INPUT else path_argument(text)


def read_game(path: Path) -> Game:
    """The game in a JSON file, ``-`` for standard input; ``ValueError`` names the file and what is wrong in it."""
    source, name = _source(path)
    with reading(name):
        try:
            return Game.from_json(path if source is path else source.read().decode())
        except ValueError as error:
            if path.suffix.lower() != ".csv":
                raise
            hint = "python -m persuasion game --from-csv makes a game of a table"
            raise ValueError(f"{error}; {hint}") from None


def _source(path: Path) -> tuple[Any, str]:
    """A file or standard input, and what errors call it."""
    if str(path) == STANDARD_INPUT:
        return sys.stdin.buffer, "standard input"
    return path, str(path)


def _default_folder(game: Path) -> Path:
    """Beside the file, ``game.txt`` having another than ``game.json``; for devices in the working folder."""
    if str(game) == STANDARD_INPUT:
        return Path("stdin-solution")
    device = game.is_relative_to("/dev") or game.is_relative_to("/proc") or not game.is_file()
    name = game.name.removesuffix(".json")
    return (Path(name) if device else game).with_name(f"{name}-solution")


def _folder(path: Path) -> Path:
    """Where the files will go; ``ValueError`` if they cannot, or would overwrite files that are not ours."""
    try:
        return check_folder(path, FILES)
    except ValueError as error:
        raise ValueError(f"--out {error}") from None


def _readable(name: str) -> str:
    """A file's name, whatever bytes it has, as text that can be written."""
    return name.encode("utf-8", "replace").decode()


class _Progress:
    """Lines on standard error, with the seconds since the start."""

    def __init__(self, quiet: bool) -> None:
        self.quiet, self.began = quiet, time.monotonic()

    def __call__(self, line: str) -> None:
        if not self.quiet:
            print(f"[{time.monotonic() - self.began:6.1f} s] {line}", file=sys.stderr, flush=True)


def _example(options: argparse.Namespace) -> int:
    if options.name is None:
        print("\n".join(f"{name:<22} {example(name)}" for name in EXAMPLES))
    else:
        print(example(options.name).to_json())
    return 0


def _schema(options: argparse.Namespace) -> int:
    print(schema_text(options.name), end="")
    return 0


def schema_text(name: str) -> str:
    """The JSON schema of a ``game``, ``profile`` or ``solution`` file."""
    return (
        resources.files("persuasion.own_game")
        .joinpath("schemas", f"{name}.json")
        .read_text("utf-8")
    )
