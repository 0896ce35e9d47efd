"""What a game will cost, said before it is paid."""

import math

from persuasion.model.game import Game
from persuasion.model.memory import LIMIT, check_memory

LARGEST = 10**10
# bytes of a probability, times the copies of all profiles that a search makes
COPIES = 8 * 8


def evaluation_cost(game: Game) -> int:
    """Multiplications of one exact evaluation of one profile: joint signals, times states, times actions."""
    shape = game.shape
    return shape.signals**shape.senders * shape.states * shape.actions


def check_size(game: Game) -> None:
    """``ValueError`` if an evaluation of a profile takes over ``LARGEST`` multiplications, or too much memory."""
    cost = evaluation_cost(game)
    if cost > LARGEST:
        shape = game.shape
        exponent = int(math.log10(cost))  # of a number that may be too large for a float
        raise ValueError(
            f"the game is too large to solve: {shape.signals}^{shape.senders} joint signals x "
            f"{shape.states} states x {shape.actions} actions make {cost / 10**exponent:.1f}e+{exponent} "
            f"multiplications for one evaluation of one profile, and a search takes thousands; "
            f"the limit is {LARGEST:.0e}. Fewer signals, senders or states help, in this order"
        )
    check_memory(game.shape.signals ** (game.shape.senders - 1), game.shape)


def check_starts(game: Game, starts: int) -> None:
    """``ValueError`` with sizes and limit if profiles to start from would take more than ``LIMIT`` bytes."""
    entries = game.shape.senders * game.shape.states * game.shape.signals
    if (need := COPIES * starts * entries) > LIMIT:
        raise ValueError(
            f"starts: {starts:,} profiles of {entries:,} probabilities take about {need // 10**9:,} GB of memory; "
            f"the limit is {LIMIT // 10**9} GB"
        )
