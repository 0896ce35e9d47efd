"""What is audited: a record, the records that it was made from, and the outcome of each check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from study.records.store import Record

RELATIVE = 1e-9


@dataclass(frozen=True)
class Case:
    """A record with the experiment that it belongs to and the records that its job needed."""

    experiment: str
    record: Record
    sources: tuple[Record, ...] = ()

    @property
    def method(self) -> str:
        """The network, or what stands in its place."""
        kind = self.record.config["kind"]
        return self.record.config.get("method", "full revelation" if kind == "reference" else kind)

    @property
    def name(self) -> str:
        """Readable name of the record: kind, method, game and the start of its key."""
        config = self.record.config
        game = config.get("game", {})
        sizes = ",".join(f"{k}={v}" for k, v in sorted(game.get("parameters", {}).items()))
        where = f"{game['family']}({sizes})#{game['index']}" if game else ""
        parts = [config["kind"], config.get("method", ""), where, f"[{self.record.key[:10]}]"]
        return " ".join(filter(None, parts))


@dataclass(frozen=True)
class Check:
    """One claim of a record beside what the audit found.

    ``claim`` is its sort: "utility", "welfare", "status", "gain", "certificate" or "game"; ``radius`` is
    None where none applies.
    """

    case: str
    experiment: str
    method: str
    radius: float | None
    claim: str
    where: str
    claimed: str
    found: str
    agrees: bool


def check(
    case: Case,
    radius: float | None,
    claim: str,
    where: str,
    claimed: Any,
    found: Any,
    agrees: bool | None = None,
) -> Check:
    """A check of equality, or with the given verdict."""
    verdict = claimed == found if agrees is None else agrees
    return Check(
        case.name, case.experiment, case.method, radius, claim, where, _text(claimed),
        _text(found), bool(verdict),
    )  # fmt: skip


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
