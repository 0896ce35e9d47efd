"""What selecting does alone: the best of the random starts from which all searches of a game set out."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from persuasion.games.seeded import build_game, starts_of
from persuasion.model.simulate import sender_utilities
from study.figures.frames import game_id
from study.records.store import Record


def best_starts(records: Sequence[Record]) -> pd.Series:
    """By game, the utilities ``(senders,)`` at the random start of highest welfare.

    A search ends with the best of its ends, so the mean over the starts is no measure of what its steps did. No
    check has accepted these starts, which is in their favour.
    """
    known = (record for record in records if record.config["kind"] == "reference" and record.done)
    return pd.Series({game_id(record): _best(record) for record in known}, dtype=object)


def _best(record: Record) -> np.ndarray:
    config = record.config
    game = build_game(config["game"])
    starts = starts_of(game, config["game"], config["starts"])
    utilities = sender_utilities(game, starts, validate=False)
    return np.asarray(utilities[utilities.sum(1).argmax()])
