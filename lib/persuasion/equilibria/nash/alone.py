r"""What one mind alone would do with all signals: each sender's optimum, and the senders' collusion.

With a utility :math:`g(a,\omega)` and the other senders silent, the best policy sends an obedient recommendation
(Kamenica and Gentzkow, 2011): :math:`z_a(\omega)\ge0`, :math:`\sum_az_a=\mathbf 1`, maximises
:math:`\sum\mu_0g\,z` subject to :math:`\sum_\omega\mu_0z_a[u(a,\omega)-u(a',\omega)-m]\ge0`, a linear program. A
margin :math:`m` makes the receiver strict.
"""

import contextlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from persuasion.equilibria.nash.columns import Columns, columns_of, policies_of, silence
from persuasion.equilibria.record import fields
from persuasion.model.game import Game
from persuasion.model.policies import optimal_action_by_state
from persuasion.model.simulate import outcome_distribution
from persuasion.model.standard import StandardGame
from persuasion.model.ties import LOWEST_INDEX
from persuasion.model.tolerances import DUST
from persuasion.regret import highs
from persuasion.regret.anywhere.bounds import column_program
from persuasion.regret.best_response import best_response
from persuasion.regret.problem import compare_actions
from persuasion.regret.response import OPTIMAL

SHARES = "shares"


@dataclass(frozen=True, eq=False)
class Landmark:
    """A profile to compare equilibria with; it need not be one.

    Attributes
    ----------
    name : ``"no revelation"``, ``"full revelation"``, ``"<sender> alone"`` or ``"collusion"``
    policies : (senders, states, signals)
    utilities : (senders,), ties in favour of whose optimum it is (``ties``)
    receiver_utility : the receiver's
    ties : ``"lowest-index"``, ``"sender-<i>"``, or ``"shares"``: best for the sum of utilities, each in its stake,
        of the senders that choose
    optimal : whether it is what it is called: beside a public report an optimum may not be proven in the time
    """

    name: str
    policies: np.ndarray
    utilities: np.ndarray
    receiver_utility: float
    ties: str
    optimal: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings."""
        return fields(self)


def landmarks(game: Game, time_limit: float = 60.0) -> list[Landmark]:
    """No revelation, full revelation, each sender alone, and collusion: largest sum of utilities in stakes.

    Full revelation is left out where the receiver's optimal action in a state is not unique. Senders have as many
    signals as they need, which may be more than the game's. Those that do not choose are heard, but collude not;
    beside them each optimum is a best response, with ``time_limit`` seconds.
    """
    quiet, told = silence(game), np.eye(game.shape.states)
    nothing, utilities = np.zeros(game.receiver.shape), game.standard.senders

    def mark(name: str, speaker: int, wanted: np.ndarray, ties: str) -> Landmark:
        columns = [*quiet]
        columns[speaker], optimal = _alone(game, wanted, time_limit)
        outcome = _outcome(game, columns, wanted)
        return replace(_landmark(game, name, columns, outcome, ties), optimal=optimal)

    silent = _outcome(game, quiet, nothing)
    found = [_landmark(game, "no revelation", quiet, silent, LOWEST_INDEX)]
    with contextlib.suppress(ValueError):
        optimal_action_by_state(game)
        columns = [told if i in game.choosing else own for i, own in enumerate(quiet)]
        # whatever else is said, too
        outcome = _outcome(game, [told], nothing)
        found.append(_landmark(game, "full revelation", columns, outcome, LOWEST_INDEX))
    for sender in game.choosing:
        name = f"{game.names.sender(sender)} alone"
        found.append(mark(name, sender, utilities[sender], f"sender-{sender}"))
    together = utilities[game.choosing].sum(0)
    return [*found, mark("collusion", game.choosing[0], together, SHARES)]


def _alone(game: Game, utility: np.ndarray, time_limit: float) -> tuple[np.ndarray, bool]:
    """Columns of the best policy for ``utility`` ``(states, actions)``, beside the policies that are given.

    And whether it is proven to be the best.
    """
    fixed = [own for own in game.fixed if own is not None]
    if not fixed:
        return persuade(game.standard, utility), True
    standard, signals = game.standard, max(game.signals, game.shape.states)
    given = [np.pad(own, ((0, 0), (0, signals - own.shape[1]))) for own in fixed]
    payoffs = np.stack([utility, *np.zeros((len(given), *utility.shape))])
    heard = Game(standard.prior, standard.receiver, payoffs, signals)
    policies = np.stack([np.eye(1, signals).repeat(len(utility), 0), *given])
    own = best_response(heard, policies, 0, time_limit=time_limit)
    return columns_of(own.policy[None])[0], own.status == OPTIMAL


def persuade(game: StandardGame, utility: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """Columns ``(k, states)`` of the best policy for ``utility`` ``(states, actions)``, the margin in game units.

    Without a margin if no policy keeps it. ``ArithmeticError`` if the solver finds none at all.
    """
    weights = game.prior[None]
    rows = compare_actions(weights, game.receiver, margin)[0][0]
    solution = highs.solve(column_program((game.prior[:, None] * utility).T, rows))
    if solution.x is None:
        if margin > 0:
            return persuade(game, utility)
        raise ArithmeticError(f"a sender's best policy was not found: HiGHS says {solution.status}")
    z = np.maximum(solution.x, 0.0).reshape(utility.T.shape)
    used = z[z.max(1) > DUST]
    return used / used.sum(0)


def _outcome(game: Game, columns: Columns, wanted: np.ndarray) -> np.ndarray:
    """Joint distribution of state and action, ties best for ``wanted`` ``(states, actions)``, then by the index.

    Who says nothing is left out: joint signals of many senders are too many.
    """
    heard = [own for own in columns if len(own) > 1] or columns[:1]
    payoffs = np.stack([wanted, *np.zeros((len(heard) - 1, *wanted.shape))])
    small = Game(game.prior, game.receiver, payoffs, max(map(len, heard)))
    return outcome_distribution(small, policies_of(small, heard), ties="sender-0")


def _landmark(game: Game, name: str, columns: Columns, outcome: np.ndarray, ties: str) -> Landmark:
    shares = np.einsum("wa,iwa->i", outcome, game.standard.senders)
    received = float((outcome * game.receiver).sum())
    policies = policies_of(game, columns)
    return Landmark(name, policies, shares * game.stakes + game.offsets, received, ties)
