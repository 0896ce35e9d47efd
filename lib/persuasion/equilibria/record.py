"""What playing best responses in turn hands back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from persuasion.ties import TieRule

if TYPE_CHECKING:
    from persuasion.certify import Certificate

EQUILIBRIUM = "equilibrium"
MARGIN_EQUILIBRIUM = "margin equilibrium"
INCONSISTENT = "inconsistent ties"
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

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers; None stands for -inf."""
        before = None if math.isinf(self.before) else self.before
        return {**vars(self), "before": before, "utilities": list(self.utilities)}


@dataclass(frozen=True, eq=False)
class Dynamics:
    """Where alternating global best responses led.

    Attributes
    ----------
    policies : (senders, states, signals), the last profile
    status : ``"equilibrium"``: regret at most ``tolerance`` under ``ties``, proven; ``"margin equilibrium"``:
        nobody gains more than the tolerance by a deviation that keeps the margin, and ``regret`` says what
        others would gain; ``"inconsistent ties"``: nobody gains if each may count ties in its own favour,
        but no one rule grants that; ``"unproven"``: no gain was found, nor excluded; ``"infeasible"``: no
        policy keeps the margin; ``"cycle"``; ``"budget"``: rounds or time are spent
    ties : the one rule for ``regret``, ``utilities`` and ``outcome``
    utilities : (senders,) under ``ties``
    outcome : (states, actions) joint distribution of state and action under ``ties``
    regret : (lower, upper) what the sender with most to gain could gain under ``ties`` by any policy, in
        utility units; None if the play did not stop
    margin, tolerance : in the receiver's and in the senders' utility units
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
    regret: tuple[float, float] | None
    margin: float
    tolerance: float
    rounds: int
    moves: tuple[Move, ...]
    cycle_length: int | None
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings."""
        data = dict(vars(self))
        arrays = {key: data[key].tolist() for key in ("policies", "utilities", "outcome")}
        regret = None if self.regret is None else list(map(_number, self.regret))
        moves = [move.to_dict() for move in self.moves]
        return {**data, **arrays, "ties": plain(self.ties), "regret": regret, "moves": moves}


@dataclass(frozen=True, eq=False)
class Polished:
    """Where alternating local best responses led.

    Attributes
    ----------
    policies : (senders, states, signals), the last profile
    status : ``"certified"``: the certificate's regret is at most ``tolerance``; else ``"not reached: "`` and why:
        ``cycle``; ``budget``; ``margin``: only deviations that break the margin gain; ``infeasible``: the margin
        cannot be reached by one sender's move; ``unproven``: no gain was found, nor excluded
    certificate : of ``policies``, under one rule, at ``radius``
    path : (moves + 1, senders) utilities under that rule at the start and after every move
    rounds : begun
    moves : all of them, in order
    cycle_length : in moves, of the profile or of its outcome; None if no cycle was met
    margin, tolerance : in the receiver's and in the senders' utility units
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
        data = dict(vars(self))
        arrays = {key: data[key].tolist() for key in ("policies", "path")}
        moves = [move.to_dict() for move in self.moves]
        return {**data, **arrays, "moves": moves, "certificate": self.certificate.to_dict()}


def plain(ties: TieRule) -> Any:
    """What ``TieRule.parse`` reads back: a name, or nested lists of actions."""
    return np.asarray(ties.actions).tolist() if ties.kind == "explicit" else str(ties)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
