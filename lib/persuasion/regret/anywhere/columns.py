r"""The deviator's problem in rational arithmetic: what the receiver does, and what that pays, at one signal.

A signal that the deviator sends with probabilities :math:`x(\omega)` meets the columns
:math:`W_t(\omega)=\mu_0(\omega)\pi_{-i}(t\mid\omega)`, and pays :math:`f(x)=\sum_t\sum_\omega W_t(\omega)x(\omega)
v_i(a_t(x),\omega)`. Between ties :math:`f` is linear; what it is *next to* a tie is read off a *flag*: points
:math:`x,e_1,e_2,\dots` that stand for :math:`x+\eta e_1+\eta^2e_2+\dots` with a vanishing :math:`\eta`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from persuasion.model.exact import RationalGame, checked_rationals, preference, rationals
from persuasion.model.game import Game
from persuasion.model.policies import joint_weights
from persuasion.model.ties import TieRule
from persuasion.model.tolerances import TIE_TOLERANCE
from persuasion.regret.problem import Problem

Flag = Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns ``(columns, states)`` of the others' joint signals, and how the receiver answers them.

    Attributes
    ----------
    weights : (columns, states) fractions ``W``
    receiver, worth : (states, actions) utilities of the receiver and of the deviator
    rank : (states, actions) utility that ranks tied actions, or None if the index does
    wanted : (columns,) the action that an explicit tie map names, or None
    tolerance : share of what is at stake between two actions up to which they are tied; 0 is exact
    """

    weights: np.ndarray
    receiver: np.ndarray
    worth: np.ndarray
    rank: np.ndarray | None
    wanted: np.ndarray | None = None
    tolerance: Fraction = Fraction(0)

    @classmethod
    def of_problem(cls, problem: Problem) -> Columns:
        """The standard game's floats at their exact values, ties up to the simulator's tolerance."""
        wanted = _named(problem.ties, problem.game, problem.sender)
        if wanted is not None:
            others = np.delete(problem.policies, problem.sender, axis=0)
            wanted = wanted[joint_weights(problem.game, others).max(0) > 0]
        own = problem.game.senders[problem.sender]
        rank = own if problem.favourable else problem.preference
        return cls(
            rationals(problem.weights),
            rationals(problem.game.receiver),
            rationals(own),
            None if rank is None else rationals(rank),
            wanted,
            Fraction(TIE_TOLERANCE),
        )

    @classmethod
    def of_game(cls, game: RationalGame, policies: Any, sender: int, ties: TieRule) -> Columns:
        """A game of fractions, exactly."""
        others = np.delete(checked_rationals(game, policies), sender, axis=0)
        weights = joint_weights(game, others).T
        used = (weights > 0).any(1)
        wanted = _named(ties, game.floats(), sender)
        return cls(
            weights[used],
            game.receiver,
            game.senders[sender],
            preference(game, ties),
            None if wanted is None else wanted[used],
        )

    def action(self, column: int, flag: Flag) -> int:
        """The receiver's action in a column, at or next to a point."""
        among = self._best(self.receiver, column, flag, range(self.receiver.shape[1]))
        if self.wanted is not None and self.wanted[column] in among:
            return int(self.wanted[column])
        if self.rank is not None:
            among = self._best(self.rank, column, flag, among)
        return among[0]

    def actions(self, flag: Flag) -> np.ndarray:
        """The receiver's action in every column ``(columns,)``."""
        return np.array([self.action(t, flag) for t in range(len(self.weights))])

    @property
    def favourable(self) -> bool:
        """Whether ties go to the deviator."""
        return self.rank is not None and bool((self.rank == self.worth).all())

    def untied(self, point: np.ndarray) -> bool:
        """Whether one action is best in every column."""
        actions, count = range(self.receiver.shape[1]), len(self.weights)
        return all(len(self._best(self.receiver, t, [point], actions)) == 1 for t in range(count))

    def gain(self, actions: np.ndarray) -> np.ndarray:
        """What the deviator earns per unit of every state's probability, ``(states,)``."""
        return (self.weights * self.worth.T[actions]).sum(0)

    def _best(
        self, utility: np.ndarray, column: int, flag: Flag, among: Sequence[int]
    ) -> list[int]:
        """Those of ``among`` that no other one beats: at the point, then along the flag's directions."""
        rest = list(among)
        for point in flag:
            if len(rest) == 1:
                break
            shares = self.weights[column] * point
            rest = [a for a in rest if not any(self._beats(utility, shares, b, a) for b in rest)]
        return rest

    def _beats(self, utility: np.ndarray, shares: np.ndarray, a: int, b: int) -> bool:
        lead = shares * (utility[:, a] - utility[:, b])
        return bool(lead.sum() > self.tolerance * abs(lead).sum())


def _named(ties: TieRule, game: Game, sender: int) -> np.ndarray | None:
    """The actions that an explicit map names in every column; ``ValueError`` if it tells own signals apart."""
    table = ties.action_map(game)
    if table is None:
        return None
    if (table != table.take([0], sender)).any():
        raise ValueError("rays needs interchangeable signals; this tie map tells them apart")
    return np.asarray(table.take(0, sender)).ravel()
