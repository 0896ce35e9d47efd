r"""What one mind alone would do with all signals: each sender's optimum, and the senders' collusion.

With a utility :math:`g(a,\omega)` and the other senders silent, the best policy sends an obedient recommendation
(Kamenica and Gentzkow, 2011): :math:`z_a(\omega)\ge0`, :math:`\sum_az_a=\mathbf 1`, maximises
:math:`\sum\mu_0g\,z` subject to :math:`\sum_\omega\mu_0z_a[u(a,\omega)-u(a',\omega)-m]\ge0`, a linear program. A
margin :math:`m` makes the receiver strict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from persuasion.equilibria.nash.columns import Columns, policies_of, silence, widened
from persuasion.model.game import Game
from persuasion.model.simulate import receiver_utility, sender_utilities
from persuasion.model.standard import StandardGame
from persuasion.model.ties import TieRule
from persuasion.model.tolerances import DUST
from persuasion.regret import highs
from persuasion.regret.anywhere.bounds import column_program
from persuasion.regret.problem import compare_actions
from persuasion.theorems.full_revelation import full_revelation


@dataclass(frozen=True, eq=False)
class Landmark:
    """A profile to compare equilibria with; it need not be one.

    Attributes
    ----------
    name : ``"no revelation"``, ``"full revelation"``, ``"<sender> alone"`` or ``"collusion"``
    policies : (senders, states, signals)
    utilities : (senders,), ties in favour of whose optimum it is (``ties``)
    receiver_utility : the receiver's
    ties : the tie rule
    """

    name: str
    policies: np.ndarray
    utilities: np.ndarray
    receiver_utility: float
    ties: TieRule

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings."""
        arrays = {key: getattr(self, key).tolist() for key in ("policies", "utilities")}
        return {**vars(self), **arrays, "ties": str(self.ties)}


def landmarks(game: Game) -> list[Landmark]:
    """No revelation, full revelation, each sender alone, and collusion: largest sum of utilities in stakes.

    Full revelation is left out where Theorem 4's construction does not apply. All senders choose, and have as many
    signals as they need, which may be more than the game's.
    """
    states = game.shape.states
    silent = silence(game)
    found = [_landmark(game, "no revelation", silent, TieRule())]
    try:
        full_revelation(widened(game, max(states, game.shape.actions)))
    except ValueError:
        pass
    else:
        found.append(_landmark(game, "full revelation", [np.eye(states)] * len(silent), TieRule()))
    for sender, utility in enumerate(game.standard.senders):
        columns = list(silent)
        columns[sender] = persuade(game.standard, utility)
        rule = TieRule("sender", sender=sender)
        found.append(_landmark(game, f"{game.names.sender(sender)} alone", columns, rule))
    shares = game.standard.senders.sum(0)
    columns = [persuade(game.standard, shares), *silent[1:]]
    found.append(_landmark(game, "collusion", columns, TieRule("welfare")))
    return found


def persuade(game: StandardGame, utility: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """Columns ``(k, states)`` of the best policy for ``utility`` ``(states, actions)``, the margin in game units.

    Without a margin if no policy keeps it.
    """
    weights = game.prior[None]
    rows = compare_actions(weights, game.receiver, margin)[0][0]
    solution = highs.solve(column_program((game.prior[:, None] * utility).T, rows))
    if solution.x is None:
        return persuade(game, utility)
    z = solution.x.reshape(utility.T.shape)
    used = z[z.max(1) > DUST]
    return used / used.sum(0)


def _landmark(game: Game, name: str, columns: Columns, rule: TieRule) -> Landmark:
    policies = policies_of(game, columns)
    wide = widened(game, policies.shape[-1])
    utilities = sender_utilities(wide, policies, ties=rule)
    return Landmark(
        name, policies, utilities, float(receiver_utility(wide, policies, ties=rule)), rule
    )
