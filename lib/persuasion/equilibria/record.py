"""What playing best responses in turn hands back."""

from __future__ import annotations

import math
from dataclasses import dataclass, is_dataclass, replace
from typing import Any

import numpy as np

from persuasion.model.game import Game
from persuasion.model.ties import TieRule
from persuasion.regret.certificate import Certificate

EQUILIBRIUM = "equilibrium"
MARGIN_EQUILIBRIUM = "margin equilibrium"
INCONSISTENT = "inconsistent ties"
OTHER_TIES = "other ties"
UNPROVEN = "unproven"
INFEASIBLE = "infeasible"
CYCLE = "cycle"
BUDGET = "budget"
CERTIFIED = "certified"
NOT_REACHED = "not reached"
MARGIN = "margin"


@dataclass(frozen=True)
class Move:
    """One change of policy.

    Attributes
    ----------
    round : counted from 1
    sender : who moved
    before, after : the mover's utility, as it counts ties; ``before`` is -inf if the profile broke the margin
    utilities : of all senders after the move, each as it counts ties
    seconds : since the start
    """

    round: int
    sender: int
    before: float
    after: float
    utilities: tuple[float, ...]
    seconds: float

    def in_units(self, game: Game) -> Move:
        """The same in the utility units of ``game``, if this is in those of its standard form."""
        unit, offset = float(game.stakes[self.sender]), float(game.offsets[self.sender])
        utilities = tuple((np.array(self.utilities) * game.stakes + game.offsets).tolist())
        before, after = self.before * unit + offset, self.after * unit + offset
        return replace(self, before=before, after=after, utilities=utilities)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers; None stands for -inf."""
        return {**fields(self), "before": None if math.isinf(self.before) else self.before}


@dataclass(frozen=True, eq=False)
class Dynamics:
    """Where alternating global best responses led.

    Attributes
    ----------
    policies : (senders, states, signals), the last profile
    status : ``"equilibrium"``: nobody gains more than ``tolerance`` under ``ties``, proven;
        ``"margin equilibrium"``: nobody gains more than the tolerance by a deviation that keeps the margin, and
        ``regret`` says what others would gain; ``"inconsistent ties"``: nobody gains if each may count ties in
        its own favour, but no one rule was found that grants that (of a map made for it, and of those that have a
        name); ``"other ties"``: likewise, and ``ties`` are those that were asked for; ``"unproven"``: no gain was
        found, nor excluded;
        ``"infeasible"``: no policy keeps the margin; ``"cycle"``; ``"budget"``: rounds or time are spent
    ties : the one rule for ``regret``, ``utilities`` and ``outcome``
    utilities : (senders,) under ``ties``
    outcome : (states, actions) joint distribution of state and action under ``ties``
    gains : (senders, 2) what each sender could gain under ``ties`` by any policy, at least and at most, in utility
        units; None if the play did not stop
    stakes : (senders,) the senders' own ranges, ``game.stakes``
    margin : in the receiver's utility units
    tolerance : a share of every sender's stake
    rounds : begun
    moves : all of them, in order
    cycle_length : in moves, of the profile or of its outcome; None if no cycle was met
    seconds : wall time
    """

    policies: np.ndarray
    status: str
    ties: TieRule
    utilities: np.ndarray
    outcome: np.ndarray
    gains: np.ndarray | None
    stakes: np.ndarray
    margin: float
    tolerance: float
    rounds: int
    moves: tuple[Move, ...]
    cycle_length: int | None
    seconds: float

    @property
    def regret(self) -> tuple[float, float] | None:
        """(lower, upper) what the sender with most to gain could gain, in utility units; None without ``gains``."""
        return _largest(self.gains)

    @property
    def relative_regret(self) -> tuple[float, float] | None:
        """The largest gain as a share of the sender's own stake, (lower, upper); None without ``gains``."""
        return _largest(None if self.gains is None else self.gains / self.stakes[:, None])

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings."""
        regrets = {name: plain(getattr(self, name)) for name in ("regret", "relative_regret")}
        return {**fields(self), **regrets}


@dataclass(frozen=True, eq=False)
class Polished:
    """Where alternating local best responses led.

    Attributes
    ----------
    policies : (senders, states, signals), the last profile
    status : ``"certified"``: the certificate's relative regret is at most ``tolerance``; else ``"not reached: "``
        and why: ``cycle``; ``budget``; ``margin``: only deviations that break the margin gain; ``infeasible``: it
        cannot be reached by one sender's move; ``unproven``: no gain was found, nor excluded
    certificate : of ``policies``, under one rule, at ``radius``
    path : (moves + 1, senders) utilities under that rule at the start and after every move
    rounds : begun
    moves : all of them, in order
    cycle_length : in moves, of the profile or of its outcome; None if no cycle was met
    margin : in the receiver's utility units
    tolerance : a share of every sender's stake
    seconds : wall time
    """

    policies: np.ndarray
    status: str
    certificate: Certificate
    path: np.ndarray
    rounds: int
    moves: tuple[Move, ...]
    cycle_length: int | None
    radius: float
    margin: float
    tolerance: float
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings."""
        return fields(self)


def fields(record: Any) -> dict[str, Any]:
    """A record's attributes, each :func:`plain`."""
    return {name: plain(value) for name, value in vars(record).items()}


def plain(value: Any) -> Any:
    """For JSON: arrays and tuples as lists, records as dictionaries, ties as ``TieRule.parse`` reads them."""
    if isinstance(value, TieRule):
        return plain(value.actions) if value.kind == "explicit" else str(value)
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, tuple):
        return list(map(plain, value))
    if isinstance(value, np.ndarray):
        return value.tolist()
    return fields(value) if is_dataclass(value) else value


def _largest(gains: np.ndarray | None) -> tuple[float, float] | None:
    if gains is None:
        return None
    lower, upper = gains.max(0).tolist()
    return lower, upper
