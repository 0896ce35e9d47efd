r"""The multi-sender persuasion game.

A game has states :math:`\omega`, a common prior :math:`\mu_0(\omega)`, a receiver who picks an action
:math:`a` for utility :math:`u(a,\omega)`, and senders :math:`i` with utilities
:math:`v_i(a,\omega)`, each of whom has a number of signals, the same for all unless a list says otherwise.

Axis order, everywhere in the package: ``senders, states, signals`` for policies,
``senders, states, actions`` for the senders' utilities, ``states, actions`` for the receiver's.

>>> game = Game(prior=[0.7, 0.3], receiver=[[1, 0], [0, 1]],
...             senders=[[[0, 1], [0, 1]]], signals=2)
>>> game.shape
GameShape(senders=1, states=2, actions=2, signals=2)
>>> Game.from_json(game.to_json()) == game
True
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from persuasion.model.checks import distributions, real_array
from persuasion.model.json_text import parse_json, read_text
from persuasion.model.names import GameShape, Names, check_line, read_names
from persuasion.model.restrictions import read_counts, read_fixed

if TYPE_CHECKING:
    from persuasion.model.standard import StandardGame

SCHEMA = "persuasion/game/1"
MAX_ENTRIES = 50_000_000
MAX_SIGNALS = 1_000_000


class Game:
    r"""A validated, immutable multi-sender persuasion game (Section 2 of the paper).

    Parameters
    ----------
    prior : (states,) array
        The common prior; sums to 1 within 1e-9 and is divided by its sum if that is off by over 1e-14; entries
        above -1e-9 count as 0.
    receiver : (states, actions) array
        The receiver's utility :math:`u(a,\omega)`.
    senders : (senders, states, actions) array
        The senders' utilities :math:`v_i(a,\omega)`.
    signals : int, or a list of one per sender
        The number of signals, at least 1 and at most a million. ``game.signals`` is the largest, the size of all
        arrays, ``game.counts`` ``(senders,)`` lists them.
    name : str
        A label for reports, of one line; not part of equality.
    names : Names, or a mapping with some of its fields
        What states, actions, senders and signals are called in reports; not part of equality.
    fixed : list of one per sender
        None for a sender that chooses, else the policy ``(states, signals)`` that it has: a public report, a price
        that all can see. It never deviates. ``game.fixed`` is empty if all senders choose.

    ``ValueError`` names the argument, and the shape, row or entry that is wrong.
    """

    prior: np.ndarray
    receiver: np.ndarray
    senders: np.ndarray
    signals: int
    counts: tuple[int, ...]
    fixed: tuple[np.ndarray | None, ...]
    name: str
    names: Names

    def __init__(
        self,
        prior: ArrayLike,
        receiver: ArrayLike,
        senders: ArrayLike,
        signals: int | Sequence[int],
        name: str = "",
        names: Names | Mapping[str, Any] | None = None,
        fixed: Sequence[ArrayLike | None] | None = None,
    ) -> None:
        put = partial(object.__setattr__, self)
        put("prior", _fixed("prior", distributions("prior", prior, 1)))
        put("receiver", _fixed("receiver", real_array("receiver", receiver, 2)))
        put("senders", _fixed("senders", real_array("senders", senders, 3)))
        put("counts", read_counts(signals, len(self.senders), MAX_SIGNALS))
        put("signals", max(self.counts))
        check_line("name", name)
        put("name", name)
        _check_shapes(self.prior, self.receiver, self.senders)
        put("fixed", read_fixed(fixed, self.counts, len(self.prior)))
        put("names", read_names(names, self.shape, self.counts))

    def __setattr__(self, key: str, value: object) -> None:
        raise AttributeError(f"a Game is immutable: cannot set {key!r}")

    def __delattr__(self, key: str) -> None:
        raise AttributeError(f"a Game is immutable: cannot delete {key!r}")

    def __reduce__(self) -> tuple:
        given = (self.prior, self.receiver, self.senders, self.counts)
        return (Game, (*given, self.name, self.names, self.fixed))

    @property
    def shape(self) -> GameShape:
        """The sizes as a named tuple ``(senders, states, actions, signals)``."""
        senders, states, actions = self.senders.shape
        return GameShape(senders, states, actions, self.signals)

    @property
    def choosing(self) -> list[int]:
        """The senders that choose their policies."""
        return [i for i in range(len(self.senders)) if not self.fixed or self.fixed[i] is None]

    @property
    def restricted(self) -> bool:
        """Whether a sender has fewer signals than another one, or does not choose."""
        return bool(self.fixed) or min(self.counts) < self.signals

    @cached_property
    def standard(self) -> StandardGame:
        """The game without units, on which everything is decided; computed once.

        Raises ``ValueError`` if double precision cannot tell payoffs apart.
        """
        from persuasion.model.standard import StandardGame  # which is a game

        return StandardGame(self)

    @cached_property
    def stakes(self) -> np.ndarray:
        """Every sender's own range ``(senders,)``, the unit of its tolerances and relative regrets.

        The largest difference that the receiver's action can make to the sender in some state, among the outcomes
        that can happen; 1 for a sender to whom nothing can make a difference.
        """
        return self.standard.source_units

    @cached_property
    def offsets(self) -> np.ndarray:
        """The senders' utilities ``(senders,)`` where the standard game's are 0."""
        return self.standard.source_offsets

    @cached_property
    def receiver_unit(self) -> float:
        """The standard game's unit of the receiver's utility: a power of two."""
        return self.standard.source_receiver_unit

    @property
    def receiver_stake(self) -> float:
        """The largest difference that its action can make to the receiver in some state: the unit of margins.

        Among the outcomes that can happen; 0 if nothing makes a difference.
        """
        standard = self.standard
        return float(np.abs(standard.receiver[standard.possible]).max()) * self.receiver_unit

    @property
    def utility_range(self) -> float:
        """Largest minus smallest sender utility entry: what the sampled check's tolerances are a share of."""
        return float(self.senders.max() - self.senders.min())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Game):
            return NotImplemented
        return self.counts == other.counts and all(
            np.array_equal(first, second) for first, second in zip(self._arrays(), other._arrays())
        )

    def __hash__(self) -> int:
        # equal games hash alike: adding 0 makes -0 a 0
        return hash((self.counts, *((a + 0.0).tobytes() for a in self._arrays())))

    def _arrays(self) -> list[np.ndarray]:
        """What makes two games with the same numbers of signals equal; of a sender that chooses, no policy."""
        none = np.zeros(0)
        given = self.fixed or (None,) * len(self.senders)
        policies = [none if policy is None else policy for policy in given]
        return [self.prior, self.receiver, self.senders, *policies]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{key}={value}" for key, value in self.shape._asdict().items())
        return f"Game({self.name + ': ' if self.name else ''}{sizes})"

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, with a schema tag; floats survive JSON bit for bit."""
        uneven = min(self.counts) < self.signals
        data: dict[str, Any] = {
            "schema": SCHEMA,
            "name": self.name,
            "prior": self.prior.tolist(),
            "receiver": self.receiver.tolist(),
            "senders": self.senders.tolist(),
            "signals": list(self.counts) if uneven else self.signals,
        }
        if names := self.names.to_dict():
            data["names"] = names
        if self.fixed:
            data["fixed"] = [None if policy is None else policy.tolist() for policy in self.fixed]
        return data

    @classmethod
    def from_dict(cls, data: Any) -> Game:
        """Inverse of :meth:`to_dict`; unknown or missing keys raise ``ValueError``."""
        if not isinstance(data, dict):
            raise ValueError(f"a game must be a JSON object, not {type(data).__name__}")
        data = dict(data)
        schema = data.pop("schema", SCHEMA)
        if schema != SCHEMA:
            raise ValueError(f"game schema is {schema!r}; this version reads {SCHEMA!r}")
        required = {"prior", "receiver", "senders", "signals"}
        if missing := sorted(required - data.keys()):
            raise ValueError(f"game lacks {', '.join(missing)}")
        if unknown := sorted(data.keys() - required - {"name", "names", "fixed"}):
            raise ValueError(f"game has unknown keys: {', '.join(map(str, unknown))}")
        return cls(**data)

    def to_json(self, path: str | Path | None = None) -> str:
        """JSON text of the game; also written to ``path`` if given."""
        text = json.dumps(self.to_dict(), allow_nan=False)
        if path is not None:
            Path(path).write_text(text + "\n", encoding="utf-8")
        return text

    @classmethod
    def from_json(cls, source: str | Path) -> Game:
        """Read a game from JSON text, or from a file if ``source`` is a ``Path``.

        Raises ``ValueError`` for malformed JSON (with its line, or the key that occurs twice) or a malformed game.
        """
        text = read_text(source) if isinstance(source, Path) else source
        return cls.from_dict(parse_json("game", text))


def _fixed(name: str, array: np.ndarray) -> np.ndarray:
    if array.size > MAX_ENTRIES:
        raise ValueError(f"{name} has {array.size:,} entries; at most {MAX_ENTRIES:,} are accepted")
    array.setflags(write=False)
    return array


def _check_shapes(prior: np.ndarray, receiver: np.ndarray, senders: np.ndarray) -> None:
    if receiver.shape[0] != prior.shape[0]:
        raise ValueError(
            f"receiver has {receiver.shape[0]} rows (states) but prior has {prior.shape[0]} states"
        )
    if senders.shape[1:] != receiver.shape:
        raise ValueError(
            f"senders must have shape (senders, {receiver.shape[0]}, {receiver.shape[1]}) "
            f"to match receiver, got {senders.shape}"
        )
