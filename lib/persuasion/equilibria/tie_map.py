r"""One tie map for all senders.

A profile at which nobody gains, each that chooses counting ties in its own favour, is an equilibrium of one game
only if one rule gives each of them what it counted on. A sender can break almost any tie by an arbitrarily small
change of policy, so its best response under a map is, generically, worth as much as with ties in its favour;
that value :math:`b_i` always bounds it. The map is found by a mixed-integer linear program over the tied joint
signals that have positive probability:

.. math:: \min\tau\quad\text{s.t.}\quad b_i-V_i(\text{map})\le\tau\quad\forall i.

With :math:`b_i\ge V_i` at ties in favour of :math:`i`, :math:`\tau=0` needs, at every tied joint signal, an action
that all senders like best.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
import torch

from persuasion.model.game import Game
from persuasion.model.policies import joint_weights
from persuasion.model.simulate import optimal_actions, sender_utilities
from persuasion.model.ties import TieRule
from persuasion.regret import highs

SECONDS = 30.0


class TieMap(NamedTuple):
    """An explicit rule, the senders' utilities ``(senders,)`` under it, and how many joint signals tie."""

    ties: TieRule
    utilities: np.ndarray
    tied: int


def common_tie_map(game: Game, policies: np.ndarray, bounds: np.ndarray) -> TieMap:
    """The map under which the largest ``bounds - utilities``, in stakes, over the senders that choose is least.

    Parameters
    ----------
    policies : (senders, states, signals), one valid profile
    bounds : (senders,) what each sender could get at most, in utility units
    """
    # (joint signals, states) and (joint signals, actions)
    weights = joint_weights(game, policies).T
    tables = map(torch.tensor, (weights, game.standard.receiver))
    optimal = optimal_actions(*tables).numpy()
    actions = optimal.argmax(1)
    tied = np.flatnonzero((optimal.sum(1) > 1) & (weights.max(1) > 0))
    if len(tied):
        need = (np.asarray(bounds, float) - game.offsets) / game.stakes
        actions[tied] = _choose(game.standard, weights, optimal, tied, need)
    shape = (game.shape.signals,) * game.shape.senders
    rule = TieRule.parse(actions.reshape(shape))
    return TieMap(rule, sender_utilities(game, policies, ties=rule), len(tied))


def _choose(
    game: Game, weights: np.ndarray, optimal: np.ndarray, tied: np.ndarray, bounds: np.ndarray
) -> np.ndarray:
    """An action ``(tied,)`` per tied joint signal of a standard game."""
    # (senders, joint signals, actions)
    worth = np.einsum("tw,iwa->ita", weights, game.senders)
    settled = np.setdiff1d(np.arange(len(weights)), tied)
    lacking = bounds - worth[:, settled, optimal[settled].argmax(1)].sum(1)
    cell, action = np.nonzero(optimal[tied])
    table = np.full(optimal[tied].shape, -1.0)
    table[cell, action] = _least_shortfall(
        worth[:, tied[cell], action][game.choosing], lacking[game.choosing], cell
    )
    return table.argmax(1)


def _least_shortfall(gains: np.ndarray, need: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Which of the choices ``(choices,)`` to take, one per cell, as numbers near 0 and 1.

    ``gains`` ``(senders, choices)`` should add up to ``need`` ``(senders,)``: what is most lacking is least.
    """
    # variables: a binary per choice, then tau
    member = sp.csr_matrix((np.ones(len(cell)), (cell, np.arange(len(cell)))))
    free = np.append(np.zeros(len(cell)), np.inf)
    program = highs.LinearProgram(
        cost=np.append(np.zeros(len(cell)), -1.0),
        matrix=sp.bmat([[gains, np.ones((len(gains), 1))], [member, None]], format="csc"),
        row_lower=np.append(need, np.ones(member.shape[0])),
        row_upper=np.append(np.full(len(need), np.inf), np.ones(member.shape[0])),
        lower=-free,
        upper=1 + free,
        integer=free == 0,
    )
    solution = highs.solve(program, SECONDS)
    # out of time without any choice, which one binary per cell hardly allows: the lowest index
    return np.full(len(cell), 0.5) if solution.x is None else solution.x[:-1]
