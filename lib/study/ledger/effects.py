"""From measurements to a verdict: a claim has parts, each a number that should be positive, or a count of cases."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from study.figures.statistics import mean_interval


class Verdict(StrEnum):
    """What the ledger says of a claim; the rule is :func:`verdict`."""

    HOLDS = "holds"
    PARTLY = "holds partly"
    FAILS = "does not hold"
    OPEN = "not shown"
    UNDECIDABLE = "not decidable from the text"
    MISSING = "no records yet"


class Effect(NamedTuple):
    """A mean that is positive where the claim is right, with the half-width of its 95% interval."""

    name: str
    mean: float
    half_width: float
    size: int

    @classmethod
    def of(cls, name: str, values: ArrayLike) -> Effect:
        """From independent values, one per game."""
        return cls(name, *mean_interval(values))

    @property
    def state(self) -> str:
        """``for``, ``against``, ``open`` where the interval contains 0 or is lacking, ``none`` without values."""
        if self.size == 0:
            return "none"
        if self.mean > self.half_width:
            return "for"
        return "against" if self.mean < -self.half_width else "open"

    def __str__(self) -> str:
        if self.size == 0:
            return f"{self.name}: –"
        spread = "" if self.half_width == 0 else f" ± {self.half_width:.3g}"
        return (
            f"{self.name}: {self.mean:+.3g}{spread if np.isfinite(self.half_width) else ' (n=1)'}"
        )


class Count(NamedTuple):
    """Cases in which something that the claim says of all of them was found true."""

    name: str
    true: int
    size: int

    @property
    def state(self) -> str:
        """``for`` if in all cases, ``against`` if in none, else ``part``; ``none`` without cases."""
        if self.size == 0:
            return "none"
        return {self.size: "for", 0: "against"}.get(self.true, "part")

    def __str__(self) -> str:
        return f"{self.name}: {self.true} of {self.size}"


Part = Effect | Count


def verdict(parts: Sequence[Part]) -> Verdict:
    """The rule.

    *Holds*: every part has its interval above 0, or is true in all cases. *Holds partly*: some parts do, or are
    true in some cases. *Does not hold*: none does, and some part has its interval below 0 or is true in no case.
    *Not shown*: all intervals contain 0. Intervals are not adjusted for the number of parts.
    """
    states = [part.state for part in parts if part.state != "none"]
    if not states:
        return Verdict.MISSING
    if all(state == "for" for state in states):
        return Verdict.HOLDS
    if any(state in ("for", "part") for state in states):
        return Verdict.PARTLY
    return Verdict.FAILS if "against" in states else Verdict.OPEN
