"""What states, actions, senders and signals are called in tables, messages and pictures; never part of an answer.

>>> names = read_names({"states": ["innocent", "guilty"]}, GameShape(1, 2, 2, 2), (2,))
>>> names.state(1), names.action(1)
('guilty', 'action 1')
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from persuasion.model.checks import several

# what a line of text cannot hold: control characters, ends of lines, what turns the direction of all that follows,
# halves of characters; and what nobody sees. The schema and the book's page have the same two rules
BREAKS = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
UNSEEN = r"\s\u00ad\u200b-\u200f\u2060\ufeff"


class GameShape(NamedTuple):
    """Number of senders, states, actions and signals of a game."""

    senders: int
    states: int
    actions: int
    signals: int


@dataclass(frozen=True)
class Names:
    """Names in the order of the indices; what is not named is called by its kind and index, ``"state 0"``.

    Attributes
    ----------
    states, actions, senders : one name each, or none at all
    signals : per sender, one name for each of its signals
    """

    states: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    signals: tuple[tuple[str, ...], ...] = ()

    def state(self, index: int) -> str:
        """Name of a state."""
        return self.states[index] if self.states else f"state {index}"

    def action(self, index: int) -> str:
        """Name of an action."""
        return self.actions[index] if self.actions else f"action {index}"

    def sender(self, index: int) -> str:
        """Name of a sender."""
        return self.senders[index] if self.senders else f"sender {index}"

    def signal(self, sender: int, index: int) -> str:
        """Name of a signal of a sender; one beyond the game's is called by its index."""
        named = self.signals[sender] if self.signals else ()
        if index < len(named):
            return named[index]
        called = f"signal {index}"
        while called in named:
            called = f"extra {called}"
        return called

    def joint(self, signals: Sequence[int]) -> str:
        """A joint signal, one signal per sender."""
        if self.signals:
            return ", ".join(self.signal(*pair) for pair in enumerate(signals))
        return " ".join(map(str, signals))

    def to_dict(self) -> dict[str, Any]:
        """Lists of what is named."""
        return {
            kind: [list(name) if kind == "signals" else name for name in named]
            for kind, named in vars(self).items()
            if named
        }


def read_names(given: Any, shape: GameShape, counts: Sequence[int]) -> Names:
    """Checked names of a game with ``counts`` signals per sender; None names nothing.

    ``given`` is a :class:`Names` or a mapping with some of its fields; ``signals`` may be one list for all senders.
    ``ValueError`` says which name is missing, too many, empty, not text, more than a line, or there twice.
    """
    if given is None:
        return Names()
    if isinstance(given, Names):
        given = given.to_dict()
    if not isinstance(given, Mapping):
        raise ValueError(f"names must be an object, got {type(given).__name__}")
    if unknown := sorted(map(str, given.keys() - vars(Names()).keys())):
        raise ValueError(f"names has unknown keys: {', '.join(unknown)}")
    kinds = {
        kind: _named(f"names.{kind}", given.get(kind, ()), getattr(shape, kind), kind)
        for kind in ("states", "actions", "senders")
    }
    return Names(**kinds, signals=_signals(given.get("signals", ()), counts))


def _signals(given: Any, counts: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    where = "names.signals"
    listed = several(where, given)
    if not listed:
        return ()
    if all(isinstance(entry, str) for entry in listed):
        names = _named(where, listed, max(counts), "signals")
        return tuple(names[:count] for count in counts)
    if len(listed) != len(counts):
        raise ValueError(f"{where} has {len(listed)} lists for {len(counts)} senders")
    return tuple(
        _named(f"{where}[{sender}]", own, count, "signals", optional=False)
        for sender, (own, count) in enumerate(zip(listed, counts))
    )


def _named(where: str, given: Any, count: int, kind: str, optional: bool = True) -> tuple[str, ...]:
    """``count`` different names, or none at all if they are ``optional``."""
    listed = several(where, given)
    if not listed and optional:
        return ()
    seen: dict[str, int] = {}
    for place, name in enumerate(listed):
        check_line(f"{where}[{place}]", name)
        if not re.search(f"[^{UNSEEN}]", name):
            raise ValueError(f"{where}[{place}] is empty")
        if name in seen:
            raise ValueError(f"{where}[{place}] is {name!r:.60}, as {where}[{seen[name]}] is")
        seen[name] = place
    if len(listed) != count:
        raise ValueError(f"{where} has {len(listed)} names for {count} {kind}")
    return listed


def check_line(where: str, text: Any) -> None:
    """``ValueError`` for what is no line of text: an end of line, a control character, half a character in it."""
    if not isinstance(text, str):
        raise ValueError(f"{where} must be text, got {text!r:.60}")
    if re.search(f"[{BREAKS}]", text):
        raise ValueError(f"{where} is not printable text: {text!r:.60}")
