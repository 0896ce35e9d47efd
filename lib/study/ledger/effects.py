"""From measurements to a verdict: a claim has parts, each a number that should be positive, or a count of cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from study.figures.statistics import Mean, holm, mean_interval

SIGNIFICANT = 0.05
"""A part counts if its p-value, adjusted for the number of parts beside it (Holm), is below this."""
NO_DIFFERENCE = 0.01
"""Where the whole 95% interval is within this share of the utility range there is no difference that matters."""
SAME_ERROR = float(np.log(1.05))
"""The same for logarithms of errors: within 5% of each other."""
LARGE = 0.1
"""A large margin is at least this share of the utility range."""
CONSISTENT = 0.9
"""Consistently means in at least this share of the cases."""


class Verdict(StrEnum):
    """What the ledger says of a claim; the rule is :func:`verdict`."""

    HOLDS = "holds"
    PARTLY = "holds partly"
    FAILS = "does not hold"
    EQUAL = "no difference"
    OPEN = "not shown"
    UNDECIDABLE = "not decidable from the text"
    MISSING = "no records yet"


class Effect(NamedTuple):
    """A mean that is positive where the claim is right, with the half-width of its 95% interval.

    ``size`` independent values, ``lost`` degrees of freedom; a difference within ``margin`` does not matter;
    ``percent``: a share, to be shown as one.
    """

    name: str
    mean: float
    half_width: float
    size: int
    margin: float = 0.0
    lost: int = 1
    percent: bool = False

    @classmethod
    def of(cls, name: str, values: ArrayLike, margin: float = 0.0) -> Effect:
        """From independent values, one per game."""
        return cls(name, *mean_interval(values), margin)

    @classmethod
    def share(cls, name: str, values: ArrayLike) -> Effect:
        """From differences as shares of the utility range, one per game."""
        return cls.of(name, values, NO_DIFFERENCE)._replace(percent=True)

    @property
    def p(self) -> float:
        """Two-sided p-value of the t-test that belongs to the interval; 1 where there is no interval."""
        freedom = self.size - self.lost
        if freedom < 1 or not np.isfinite(self.half_width) or self.mean == 0:
            return 1.0
        if self.half_width == 0:
            return 0.0
        score = abs(self.mean) / self.half_width * stdtrit(freedom, 0.975)
        return float(2 * stdtr(freedom, -score))

    @property
    def doubt(self) -> float:
        """One-sided p-value: how much the values speak for the claim, 0, or against it, 1.

        A difference too small to matter does not speak for it, however certain.
        """
        one_sided = 1 - self.p / 2 if self.mean < 0 else self.p / 2
        return max(one_sided, 0.5) if self.equal else one_sided

    @property
    def equal(self) -> bool:
        """Whether the whole interval is within the margin (two one-sided tests at 2.5%)."""
        return abs(self.mean) + self.half_width <= self.margin

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"

    @property
    def value(self) -> str:
        """The mean with its interval, without the name."""
        if self.size == 0:
            return "–"
        unit, scale = ("%", 100) if self.percent else ("", 1)
        shown = str(Mean(scale * self.mean, scale * self.half_width, self.size))
        number, single, rest = shown.partition(" (n")
        sign = "" if number.lstrip("(").startswith("−") else "+"
        return f"{sign}{number}{unit}{single}{rest}"


class Count(NamedTuple):
    """Cases in which something that the claim says of all of them, or of the share ``needed``, was found true."""

    name: str
    true: int
    size: int
    needed: float = 1.0

    @classmethod
    def of(cls, name: str, cases: Iterable[Any], needed: float = 1.0) -> Count:
        """From the cases, each true or false."""
        found = list(map(bool, cases))
        return cls(name, sum(found), len(found), needed)

    def __str__(self) -> str:
        return f"{self.name}: {self.true} of {self.size}"


Part = Effect | Count


def states(parts: Sequence[Part]) -> list[str]:
    """What each part says, p-values adjusted for the number of those with an interval.

    An effect is ``equal`` if all of its interval is within the margin, else ``for`` or ``against`` if it is
    significant, else ``open``. A count is ``for`` if true in as many cases as needed, ``part`` if in half of them
    at least, else ``against``. ``none`` without values.
    """
    effects = [part for part in parts if isinstance(part, Effect) and part.size]
    adjusted = iter(holm([part.p for part in effects]))
    return [
        "none" if not part.size
        else _count_state(part) if isinstance(part, Count)
        else _effect_state(part, next(adjusted))
        for part in parts
    ]  # fmt: skip


def _effect_state(part: Effect, p: float) -> str:
    if part.equal:
        return "equal"
    if p < SIGNIFICANT:
        return "for" if part.mean > 0 else "against"
    return "open"


def _count_state(part: Count) -> str:
    if part.true >= part.needed * part.size:
        return "for"
    return "part" if 2 * part.true >= part.size else "against"


def verdict(parts: Sequence[Part], large: bool = False) -> Verdict:
    """The rule, on the parts of a claim's primary comparison; ``large`` if it claims a large margin.

    *Holds*: every part is for it (and, if it claims so, large). *Holds partly*: some are, or are in some cases, or
    the margin is not large. *No difference*: every part is too small to matter. *Does not hold*: none is for it,
    and some is against it. *Not shown*: the rest.
    """
    kinds = set(states(parts)) - {"none"}
    if not kinds:
        return Verdict.MISSING
    if kinds == {"for"}:
        sizes = [part.mean for part in parts if isinstance(part, Effect) and part.size]
        return Verdict.PARTLY if large and min(sizes, default=LARGE) < LARGE else Verdict.HOLDS
    if kinds & {"for", "part"}:
        return Verdict.PARTLY
    if kinds == {"equal"}:
        return Verdict.EQUAL
    return Verdict.FAILS if "against" in kinds else Verdict.OPEN


def stronger_rival(*cases: Iterable[Effect]) -> list[Effect]:
    """Of each case's comparisons that with the stronger rival, by :attr:`Effect.doubt`: it is beaten if all are.

    Not the one that comes nearest on average: of a far one that is all chance less is known.
    """
    known = ([part for part in parts if part.size] for parts in cases)
    return [min(parts, key=lambda part: (-part.doubt, part.mean)) for parts in known if parts]
