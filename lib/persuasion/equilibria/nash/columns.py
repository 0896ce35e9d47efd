"""Policies as lists of columns: one array ``(signals used, states)`` per sender, as many signals as needed."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from persuasion.model.game import Game
from persuasion.model.names import Names
from persuasion.model.policies import no_revelation
from persuasion.model.simulate import sender_utilities
from persuasion.model.ties import TieRule
from persuasion.model.tolerances import DUST

Columns = list[np.ndarray]


def widened(game: Game, signals: int) -> Game:
    """The game with so many signals per sender, which have no names."""
    return game if signals == game.signals else _free(game, signals, game.name, game.names)


def unrestricted(game: Game) -> Game:
    """The game in which all senders choose and have as many signals as any, which have no names."""
    return _free(game, game.signals, game.name, game.names) if game.restricted else game


@lru_cache(maxsize=64)
def _free(game: Game, signals: int, name: str, names: Names) -> Game:
    """Its names are arguments, for games that differ in these alone are equal."""
    named = replace(names, signals=())
    return Game(game.prior, game.receiver, game.senders, signals, name, named)


def silence(game: Game) -> Columns:
    """Nobody who chooses says anything."""
    return columns_of(no_revelation(game))


def columns_of(policies: np.ndarray) -> Columns:
    """The columns that are used, of policies ``(senders, states, signals)``."""
    return [policy.T[policy.max(0) > 0] for policy in policies]


def policies_of(game: Game, columns: Columns) -> np.ndarray:
    """Policies ``(senders, states, signals)`` with the game's signals, or more if the columns need them."""
    signals = max(game.shape.signals, *map(len, columns))
    return np.stack([np.pad(c, ((0, signals - len(c)), (0, 0))).T for c in columns])


def utilities(game: Game, columns: Columns, ties: TieRule) -> np.ndarray:
    """The senders' utilities ``(senders,)`` under a tie rule."""
    policies = policies_of(game, columns)
    return sender_utilities(widened(game, policies.shape[-1]), policies, ties=ties)


def kept(columns: np.ndarray, most: int) -> np.ndarray:
    """The ``most`` heaviest columns, scaled to sum to 1 in every state; dust is dropped."""
    heavy = columns[np.argsort(-columns.sum(1), kind="stable")[:most]]
    heavy = np.where(heavy > DUST, heavy, 0.0)
    missing = heavy.sum(0) <= 0
    heavy[0, missing] = 1.0
    return heavy[heavy.max(1) > 0] / heavy.sum(0)
