r"""What one mind alone would do with all signals: each sender's optimum, and the senders' collusion.

With a utility :math:`g(a,\omega)` and the other senders silent, the best policy sends an obedient recommendation
(Kamenica and Gentzkow, 2011): :math:`z_a(\omega)\ge0`, :math:`\sum_az_a=\mathbf 1`, maximises
:math:`\sum\mu_0g\,z` subject to :math:`\sum_\omega\mu_0z_a[u(a,\omega)-u(a',\omega)-m]\ge0`, a linear program. A
margin :math:`m` makes the receiver strict.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from persuasion.equilibria.nash.columns import (
    Columns,
    columns_of,
    policies_of,
    silence,
    widened,
)
from persuasion.model.game import Game
from persuasion.model.policies import optimal_action_by_state
from persuasion.model.simulate import receiver_utility, sender_utilities
from persuasion.model.standard import StandardGame
from persuasion.model.ties import TieRule
from persuasion.model.tolerances import DUST
from persuasion.regret import highs
from persuasion.regret.anywhere.bounds import column_program
from persuasion.regret.best_response import best_response
from persuasion.regret.problem import compare_actions


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

    Full revelation is left out where the receiver's optimal action in a state is not unique. Senders have as many
    signals as they need, which may be more than the game's; what those that do not choose report is heard, too.
    """
    free, quiet = _free(game), _others_silent(game)
    found = [_landmark(free, "no revelation", quiet, TieRule())]
    told = [np.eye(game.shape.states) if i in game.choosing else own for i, own in enumerate(quiet)]
    with contextlib.suppress(ValueError):
        optimal_action_by_state(game)
        found.append(_landmark(free, "full revelation", told, TieRule()))
    utilities = game.standard.senders
    for sender in game.choosing:
        columns = [*quiet]
        columns[sender] = _alone(game, utilities[sender])
        rule = TieRule("sender", sender=sender)
        found.append(_landmark(free, f"{game.names.sender(sender)} alone", columns, rule))
    columns = [*quiet]
    columns[game.choosing[0]] = _alone(game, utilities.sum(0))
    found.append(_landmark(free, "collusion", columns, TieRule("welfare")))
    return found


def _free(game: Game) -> Game:
    """The game without limits on its senders."""
    if not game.restricted:
        return game
    return Game(game.prior, game.receiver, game.senders, game.signals, game.name)


def _others_silent(game: Game) -> Columns:
    """Nobody who chooses says anything."""
    quiet = silence(game)
    for sender, own in enumerate(game.fixed):
        if own is not None:
            quiet[sender] = columns_of(own[None])[0]
    return quiet


def _alone(game: Game, utility: np.ndarray) -> np.ndarray:
    """Columns of the best policy for ``utility`` ``(states, actions)``, beside the policies that are given."""
    fixed = [own for own in game.fixed if own is not None]
    if not fixed:
        return persuade(game.standard, utility)
    standard, signals = game.standard, max(game.signals, game.shape.states)
    given = [np.pad(own, ((0, 0), (0, signals - own.shape[1]))) for own in fixed]
    payoffs = np.stack([utility, *np.zeros((len(given), *utility.shape))])
    heard = Game(standard.prior, standard.receiver, payoffs, signals)
    own = best_response(heard, np.stack([np.eye(1, signals).repeat(len(utility), 0), *given]), 0)
    return columns_of(own.policy[None])[0]


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
