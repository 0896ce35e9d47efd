"""Command line for games of one's own: ``python -m persuasion --help``."""

import argparse
from collections.abc import Sequence

from persuasion import __version__
from persuasion.own_game.command import add_commands
from persuasion.system.command_line import leave, run_command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 1 nothing certified, 2 bad input, 130 interrupted)."""
    parser = argparse.ArgumentParser(
        prog="python -m persuasion",
        description="Multi-sender persuasion: solve a game of your own.",
        epilog="What reproduces the paper and builds the book: python -m study --help",
    )
    parser.add_argument("--version", action="version", version=__version__)
    add_commands(parser.add_subparsers(required=True, metavar="command"))
    # a certificate that contradicts itself, or the theorem
    return run_command(
        parser,
        arguments,
        failures=(ArithmeticError,),
        left=lambda options: getattr(options, "left", "nothing was written"),
    )


def program() -> None:
    """The command ``persuasion``: :func:`main`, and an end whatever a solver still does."""
    leave(main())


if __name__ == "__main__":
    program()
