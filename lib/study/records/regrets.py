"""How regrets stand in records, and what they are as shares of the senders' own stakes.

Records name what each sender could gain, at least and at most, in utility units. Those of older versions of the
code name the largest gain only: then the largest share of a stake lies between that over the largest stake and over
the smallest.

>>> relative_interval([0.5, 1.0], None, np.array([1.0, 4.0]))
(0.125, 1.0)
>>> relative_interval([0.5, 1.0], [[0.5, 1.0], [0.0, 0.2]], np.array([1.0, 4.0]))
(0.5, 1.0)
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from persuasion.games.seeded import build_game
from persuasion.model.seeds import canonical
from study.records.store import Record

if TYPE_CHECKING:
    from persuasion.regret.certificate import Certificate


def recorded(gains: ArrayLike | None) -> dict[str, Any]:
    """``gains`` (senders, 2) and the largest, ``regret``, for a record: plain lists, None for what is not known.

    No ``gains`` at all are an empty list: rows of older versions of the code have None.
    """
    if gains is None:
        return {"regret": None, "gains": []}
    table = np.asarray(gains, dtype=float)
    return {"regret": _plain(table.max(0)), "gains": [_plain(interval) for interval in table]}


def recorded_certificate(found: Certificate) -> dict[str, Any]:
    """The same of a certificate, whose senders are those examined."""
    return recorded([(sender.gain, sender.bound) for sender in found.senders])


def _plain(values: np.ndarray) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]


def relative_interval(
    regret: list[float] | None, gains: list[list[float]] | None, stakes: np.ndarray
) -> tuple[float, float]:
    """The ends of the largest gain as a share of the sender's own stake; NaN for what is not known.

    Parameters
    ----------
    regret : [lower, upper], in utility units
    gains : [[lower, upper], ...] per sender, in newer records
    stakes : (senders,) of those that they are about, as :func:`record_stakes` has them
    """
    if regret is None:
        return np.nan, np.nan
    if gains:
        lower, upper = (np.array(gains, dtype=float) / stakes[:, None]).max(0).tolist()
        return lower, upper
    lower, upper = np.array(regret, dtype=float).tolist()
    return lower / float(stakes.max()), upper / float(stakes.min())


def record_stakes(record: Record) -> np.ndarray:
    """The stakes, :attr:`persuasion.Game.stakes`, of the senders whose gains a record of certificates is about."""
    known = record.facts.stakes
    stakes = game_stakes(record.config["game"]) if known is None else np.array(known)
    # one sender climbs, the others stand still
    return stakes[:1] if record.config.get("movers") == "one" else stakes


def game_stakes(game: dict[str, Any]) -> np.ndarray:
    """The stakes ``(senders,)`` of the game of a configuration; built once."""
    return _stakes(canonical(game))


@functools.cache
def _stakes(game: str) -> np.ndarray:
    return build_game(json.loads(game)).stakes
