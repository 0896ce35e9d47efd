"""What is audited: a record with those that it was made from; and what a check of one of its claims found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from study.records.store import Record

RELATIVE = 1e-9
# what reading a record or an entry raises that is not what it should be
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)


class Check(NamedTuple):
    """One claim of a record beside what the audit found.

    ``claim`` is its sort: "utility", "welfare", "status", "gain", "certificate", "game" or "record"; ``radius`` is
    None where none applies.
    """

    claim: str
    where: str
    claimed: str
    found: str
    agrees: bool
    radius: float | None = None
    case: str = ""
    experiment: str = ""
    method: str = ""


@dataclass(frozen=True)
class Case:
    """A record with the experiment that it belongs to and the records that its job needed."""

    experiment: str
    record: Record
    sources: tuple[Record, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of its job."""
        return self.record.config["kind"]

    @property
    def method(self) -> str:
        """The network, or what stands in its place."""
        other = "full revelation" if self.kind == "reference" else self.kind
        return self.record.config.get("method", other)

    @property
    def name(self) -> str:
        """Readable name of the record: kind, method, game and the start of its key."""
        config = self.record.config
        game = config.get("game", {})
        sizes = ",".join(f"{k}={v}" for k, v in sorted(game.get("parameters", {}).items()))
        where = f"{game['family']}({sizes})#{game['index']}" if game else ""
        parts = [self.kind, config.get("method", ""), where, f"[{self.record.key[:10]}]"]
        return " ".join(filter(None, parts))

    def named(self, checks: Iterable[Check]) -> list[Check]:
        """The checks, with the record that they are about."""
        about = (self.name, self.experiment, self.method)
        return [Check(*check[:6], *about) for check in checks]


def check(
    claim: str, where: str, claimed: Any, found: Any, agrees: bool | None = None,
    *, unit: Any = None, radius: float | None = None,
) -> Check:  # fmt: skip
    """A check with the given verdict; else of numbers that are close in a unit; else of equality."""
    if agrees is None:
        agrees = claimed == found if unit is None else close(claimed, found, unit)
    return Check(claim, where, _text(claimed), _text(found), bool(agrees), radius)


def close(claimed: Any, found: Any, unit: float | np.ndarray) -> bool:
    """Numbers or arrays equal within ``RELATIVE`` of the unit, or of one per number; different shapes are not."""
    first, second = np.asarray(claimed, dtype=float), np.asarray(found, dtype=float)
    return first.shape == second.shape and bool((np.abs(first - second) <= RELATIVE * unit).all())


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_text, value)) + "]"
    return f"{value:.12g}" if isinstance(value, float) else str(value)
