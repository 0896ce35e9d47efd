r"""How the receiver chooses among equally good actions.

Every interesting thing about best responses happens where the receiver is indifferent, so the rule is
an argument of every function that needs it, and is stored with every result.

An action :math:`a` counts as optimal at a joint signal :math:`\mathbf s` if no other one beats it by more than
``TIE_TOLERANCE`` of what is at stake between the two there,

.. math:: \sum_\omega w(\mathbf s,\omega)\,[u(a',\omega)-u(a,\omega)]\le10^{-9}
          \sum_\omega w(\mathbf s,\omega)\,|u(a',\omega)-u(a,\omega)|\quad\forall a'.

So neither the utilities' unit nor their zero point in any state matters, nor what other actions pay, and rare
signals are judged as strictly as common ones. Tied actions are ranked by a sender's utility in the same way. At a
joint signal of probability zero every action is optimal. Payoffs in a state that only rounding sets apart, 4 units
in the last place, count as equal, and small differences of large payoffs, less than a millionth of these, as the
differences of the decimals that they are written as, if these have at most 15 digits: 10000000.3 is 0.2 more than
10000000.1. Exact arithmetic takes payoffs as the numbers that they are. Simulator, solvers and certificates share
this definition.

>>> TieRule.parse("sender-1")
TieRule(kind='sender', sender=1, actions=None)
>>> str(TieRule.parse("lowest-index"))
'lowest-index'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from persuasion.model.game import Game

LOWEST_INDEX = "lowest-index"
WELFARE = "welfare"
KINDS = (LOWEST_INDEX, "sender", WELFARE, "explicit")


@dataclass(frozen=True)
class TieRule:
    """A rule that selects one action among the receiver's optimal ones.

    ``kind`` is one of

    - ``"lowest-index"``: the first optimal action;
    - ``"sender"``: the optimal action best for sender ``sender``, then the lowest index;
    - ``"welfare"``: the optimal action best for the sum of the senders, then the lowest index;
    - ``"explicit"``: the action that ``actions`` (one per joint signal, nested tuples with one level per
      sender) names, where it is optimal; elsewhere the lowest optimal index. Theorem 5 needs it.
    """

    kind: str = LOWEST_INDEX
    sender: int | None = None
    actions: tuple | None = None

    @classmethod
    def parse(cls, rule: Any) -> TieRule:
        """A rule from ``TieRule``, ``"lowest-index"``, ``"welfare"``, ``"sender-<i>"`` or an action array."""
        if isinstance(rule, TieRule):
            return rule
        if isinstance(rule, str) and rule in (LOWEST_INDEX, WELFARE):
            return cls(rule)
        if isinstance(rule, str) and (match := re.fullmatch(r"sender-(\d+)", rule)):
            return cls("sender", sender=int(match[1]))
        if isinstance(rule, (np.ndarray, list, tuple)):
            return cls("explicit", actions=_nested_tuple(np.asarray(rule).tolist()))
        raise ValueError(
            f"unknown tie rule {rule!r}: use 'lowest-index', 'welfare', 'sender-<i>' "
            "or an array with the action for every joint signal"
        )

    @classmethod
    def of(cls, game: Game, rule: Any, deviator: int | None = None) -> TieRule:
        """The rule that somebody gives for a game, in any spelling; None takes ties in favour of ``deviator``.

        ``ValueError`` if there is no such rule, or not for this game.
        """
        found = cls("sender", sender=deviator) if rule is None else cls.parse(rule)
        found.preference(game), found.action_map(game)
        return found

    def __str__(self) -> str:
        return f"sender-{self.sender}" if self.kind == "sender" else self.kind

    def preference(self, game: Game) -> np.ndarray | None:
        """Secondary utility ``(states, actions)`` that ranks tied actions; None if the index does.

        In the standard game's unit and zero points, which do not change the ranking.
        """
        if self.kind not in KINDS:
            raise ValueError(
                f"unknown kind of tie rule {self.kind!r}: use one of {', '.join(KINDS)}"
            )
        if self.kind == WELFARE:
            return game.standard.welfare
        if self.kind == "sender":
            if self.sender not in range(game.shape.senders):
                raise ValueError(
                    f"tie rule favours sender {self.sender}, game has {game.shape.senders} senders"
                )
            return game.standard.senders[self.sender]
        return None

    def action_map(self, game: Game) -> np.ndarray | None:
        """The preferred action of every joint signal ``(signals, ..., signals)`` of an explicit rule."""
        if self.kind != "explicit":
            return None
        shape = (game.shape.signals,) * game.shape.senders
        actions = np.asarray(self.actions)
        if actions.shape != shape or actions.dtype.kind not in "iu":
            raise ValueError(f"tie map must hold one action index per joint signal, shape {shape}")
        if (actions < 0).any() or (actions >= game.shape.actions).any():
            raise ValueError(f"tie map names an action outside 0..{game.shape.actions - 1}")
        return actions


def _nested_tuple(value: Any) -> Any:
    return tuple(map(_nested_tuple, value)) if isinstance(value, list) else value
