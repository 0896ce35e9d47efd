r"""One sender's utility along a segment of its policies, exactly (Proposition 1).

On :math:`\pi_i(\tau)=(1-\tau)P+\tau Q`, with the others fixed, the weight of every joint signal is linear in
:math:`\tau`, so each of the receiver's actions has a line, and the receiver follows their upper envelope.
Between two breakpoints of any envelope the action map is constant and :math:`V_i` is linear; at a breakpoint it
may jump. All in rational arithmetic: floats are taken at their exact value.

>>> game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[1, 0], [1, 0]]] * 2, signals=2)
>>> other = [[0.75, 0.25], [0.25, 0.75]]
>>> sweep = line_sweep(game, [other, other], 0, start=[[1, 0], [0, 1]], end=[[1, 0], [1, 0]])
>>> [(str(piece.start), str(piece.end), str(piece.slope)) for piece in sweep.pieces]
[('0', '1/3', '1/2'), ('1/3', '1', '1/8')]
>>> [(str(tau), str(jump)) for tau, jump in sweep.jumps]
[('1/3', '-1/4')]
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.exact import (
    RationalGame,
    checked_rationals,
    exact_utilities,
    preference,
    rational,
    rationals,
)
from persuasion.model.game import Game
from persuasion.model.policies import joint_weights
from persuasion.model.ties import LOWEST_INDEX, TieRule

ZERO, ONE = Fraction(0), Fraction(1)
Span = tuple[Fraction, Fraction, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Piece:
    """An open interval on which the utility is ``intercept + slope * tau`` and the actions are constant.

    ``actions`` holds the receiver's action at every joint signal, ``(signals,) * senders``.
    """

    start: Fraction
    end: Fraction
    intercept: Fraction
    slope: Fraction
    actions: np.ndarray

    def __call__(self, tau: Fraction) -> Fraction:
        """The line of this piece at ``tau``."""
        return self.intercept + self.slope * tau


@dataclass(frozen=True, eq=False)
class LineSweep:
    """The pieces from ``tau = 0`` to ``1``, the utility at their endpoints, and Proposition 1's bound.

    ``values[k]`` is the utility, under the tie rule, at the ``k``-th of the points
    ``0, breakpoints..., 1``. ``bound`` is :math:`|S|^n(|A|-1)+1`; there are at most so many pieces.
    """

    pieces: tuple[Piece, ...]
    values: tuple[Fraction, ...]
    bound: int

    @property
    def breakpoints(self) -> tuple[Fraction, ...]:
        """Where one piece ends and the next starts, in increasing order."""
        return tuple(piece.end for piece in self.pieces[:-1])

    @property
    def jumps(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """``(tau, right limit - left limit)`` at every breakpoint; a difference may be 0."""
        pairs = pairwise(self.pieces)
        return tuple((left.end, right(left.end) - left(left.end)) for left, right in pairs)

    def __call__(self, tau: Any) -> Fraction:
        """The utility at ``tau``, a number in ``[0, 1]``, breakpoints included."""
        tau = rational("tau", tau)
        points = (ZERO, *self.breakpoints, ONE)
        if not 0 <= tau <= 1:
            raise ValueError(f"tau must lie in [0, 1], got {tau}")
        if tau in points:
            return self.values[points.index(tau)]
        return next(piece(tau) for piece in self.pieces if piece.start < tau < piece.end)


def line_sweep(
    game: Game | RationalGame,
    policies: Any,
    sender: int,
    start: Any,
    end: Any,
    *,
    ties: Any = LOWEST_INDEX,
) -> LineSweep:
    """Sweep sender ``sender``'s policy from ``start`` to ``end``, the other policies held fixed.

    Parameters
    ----------
    policies : (senders, states, signals)
        The profile; row ``sender`` is replaced by the segment.
    start, end : (states, signals)
    ties : anything ``TieRule.parse`` accepts

    Raises ``ValueError`` for a policy that is none, or a sender that the game does not have.
    """
    exact, rule = RationalGame.of(game), TieRule.parse(ties)
    sender = whole_number("sender", sender, 0, len(exact.senders) - 1)
    first, last = (_replaced(exact, policies, sender, own) for own in (start, end))
    tables = [joint_weights(exact, profile) for profile in (first, last)]
    spans = _action_spans(exact, tables, rule)
    cuts = sorted({span[1] for row in spans for span in row} - {ONE})
    edges = [ZERO, *cuts, ONE]
    pieces = tuple(_piece(exact, sender, tables, spans, lo, hi) for lo, hi in pairwise(edges))
    points = (first * (1 - tau) + last * tau for tau in edges)
    values = tuple(exact_utilities(exact, point, ties=rule)[sender] for point in points)
    senders, actions = len(exact.senders), exact.receiver.shape[1]
    return LineSweep(pieces, values, exact.signals**senders * (actions - 1) + 1)


def _replaced(game: RationalGame, policies: Any, sender: int, own: Any) -> np.ndarray:
    profile, policy = rationals(policies), rationals(own)
    if profile.ndim != 3 or policy.shape != profile.shape[1:]:
        raise ValueError(f"an end of the segment has shape {policy.shape}, not (states, signals)")
    profile[sender] = policy
    return checked_rationals(game, profile)


def _action_spans(game: RationalGame, tables: list[np.ndarray], rule: TieRule) -> list[list[Span]]:
    """Per joint signal, the stretches of tau with the receiver's action on each."""
    lines = [table.T @ game.receiver for table in tables]
    second = preference(game, rule)
    ranks = None if second is None else [table.T @ second for table in tables]
    wanted = rule.action_map(game.floats())
    spans: list[list[Span]] = []
    for joint in range(len(lines[0])):
        row = envelope(lines[0][joint], lines[1][joint], range(game.receiver.shape[1]))
        if ranks is not None:  # among tied actions, the upper envelope of the favoured utility
            low, high = ranks[0][joint], ranks[1][joint]
            row = [part for a, b, tied in row for part in envelope(low, high, tied, a, b)]
        first = None if wanted is None else int(wanted.ravel()[joint])
        spans.append([(a, b, (first if first in tied else min(tied),)) for a, b, tied in row])
    return spans


def envelope(
    at_zero: np.ndarray,
    at_one: np.ndarray,
    candidates: Any,
    start: Fraction = ZERO,
    end: Fraction = ONE,
) -> list[Span]:
    """Upper envelope of the candidates' lines on ``[start, end]``: stretches and who is on top there.

    Line ``a`` runs from ``at_zero[a]`` at 0 to ``at_one[a]`` at 1.
    """
    slope = at_one - at_zero
    spans: list[Span] = []
    while start < end:
        heights = {a: (at_zero[a] + slope[a] * start, slope[a]) for a in candidates}
        top = max(heights.values())
        on_top = [a for a, height in heights.items() if height == top]
        leader = on_top[0]
        steeper = [a for a in candidates if slope[a] > slope[leader]]
        crossings = [(at_zero[leader] - at_zero[a]) / (slope[a] - slope[leader]) for a in steeper]
        stop = min([*crossings, end])
        spans.append((start, stop, tuple(on_top)))
        start = stop
    return spans


def _piece(
    game: RationalGame,
    sender: int,
    tables: list[np.ndarray],
    spans: list[list[Span]],
    start: Fraction,
    end: Fraction,
) -> Piece:
    middle = (start + end) / 2
    chosen = [next(a for lo, hi, (a,) in row if lo < middle < hi) for row in spans]
    worth = [(table * game.senders[sender][:, chosen]).sum() for table in tables]
    shape = (game.signals,) * len(game.senders)
    actions = np.array(chosen).reshape(shape)
    return Piece(start, end, worth[0], worth[1] - worth[0], actions)
