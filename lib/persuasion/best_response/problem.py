r"""The deviating sender's problem in arrays: weights, gains and when the receiver plays what.

At its signal :math:`s` the deviator chooses :math:`x_\omega=\pi_i(s\mid\omega)`. In cell :math:`(s,t)`
the receiver may play :math:`a` only if

.. math:: \sum_\omega W_{\omega t}\,x_\omega\,[u(a,\omega)-u(a',\omega)]\ge0\quad\forall a'.

Under a tie rule that does not favour the deviator some of these rows are strict (an action that loses
ties against :math:`a'` must beat it), and where :math:`a` and :math:`a'` are equal in every state the
columns allows, the row is zero and the rule alone decides: by its preference, which takes the row's
place, or by precedence, which excludes the action.

With an obedience margin :math:`m>0` an action must lead by :math:`m` in posterior expected utility:
:math:`m` is subtracted from every difference, so the cones stay homogeneous. They no longer cover the
simplex: near indifference no action qualifies, and such signals are out. Duplicates are exempt, for
nothing separates them, and remain with the rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from persuasion.best_response.opponents import merge_columns, residual_weights
from persuasion.game import Game
from persuasion.memory import check_memory
from persuasion.simulate import deviation_utilities
from persuasion.ties import TIE_TOLERANCE, TieRule

# tolerances are shares down to 1e-12, which must not underflow
VANISHING = 1e-290


@dataclass(frozen=True)
class Problem:
    """A game, a profile and the sender who deviates from it, prepared for the solvers.

    Attributes
    ----------
    weights : (columns, states) merged ``W``
    gains : (columns, actions, states) objective coefficients ``W * v_i``
    rows : (columns, actions, actions, states); action ``a`` needs ``rows[t, a] @ x >= 0``, every row
        scaled to a largest entry of 1
    strict : (signals, columns, actions, actions) rows that the tie rule makes strict
    allowed : (signals, columns, actions) False where the rule never picks the action
    ranked : (columns, actions, actions) duplicates whose row holds the rule's preference instead
    preference : (states, actions) utilities that rank tied actions, or None if precedence or the deviator does
    margin : lead, in the receiver's utility units, that the action taken needs over all but its duplicates
    """

    game: Game
    policies: np.ndarray
    sender: int
    ties: TieRule
    weights: np.ndarray
    gains: np.ndarray
    rows: np.ndarray
    strict: np.ndarray
    allowed: np.ndarray
    ranked: np.ndarray
    preference: np.ndarray | None
    margin: float = 0.0

    @property
    def favourable(self) -> bool:
        """Whether ties go to the deviator."""
        return self.ties == TieRule("sender", sender=self.sender)

    @property
    def symmetric(self) -> bool:
        """Whether the deviator's signals are interchangeable, up to ties."""
        return bool((self.allowed == self.allowed[:1]).all())

    @property
    def possible(self) -> np.ndarray:
        """(columns, actions) whether the rule may pick the action at some signal of the deviator."""
        return np.asarray(self.allowed.any(0))

    @property
    def scale(self) -> float:
        """Largest absolute utility of the deviator: the unit of tolerances; see :func:`utility_scale`."""
        return utility_scale(self.game.senders[self.sender])

    def trivial_bound(self) -> float:
        """The deviator's utility if it chose the receiver's action itself in every state and column."""
        possible = self.possible[:, :, None]
        return float(np.where(possible, self.gains, -np.inf).max(1).sum())

    def utilities(self, policies: np.ndarray) -> np.ndarray:
        """Exact utilities ``(...)`` of own policies ``(..., states, signals)`` under the tie rule."""
        return deviation_utilities(self.game, self.policies, self.sender, policies, ties=self.ties)


def utility_scale(utilities: np.ndarray) -> float:
    """The largest absolute entry; 1 if there are only zeros, or numbers so small that a share of them is none."""
    largest = float(np.abs(utilities).max())
    return largest if largest > VANISHING else 1.0


def make_problem(
    game: Game, policies: np.ndarray, sender: int, ties: TieRule, margin: float = 0.0
) -> Problem:
    """Prepare the arrays; ``policies``, ``sender`` and ``margin`` are taken as valid.

    ``ValueError`` for a game whose tables would not fit into memory.
    """
    favourable = ties == TieRule("sender", sender=sender)
    weights, rank = _columns(game, policies, sender, ties)
    check_memory(len(weights), game.shape)
    rows, same = compare_actions(weights, game.receiver, margin)
    # an action that loses ties against another one must beat it
    strict = (rank[..., None, :] < rank[..., :, None]) & (not favourable)
    preference = None if favourable else ties.preference(game)
    if preference is not None:
        rows = np.where(same[..., None], compare_actions(weights, preference)[0], rows)
        # which tie the preference grants depends on x: only duplicates are safe to play with equality
        strict = strict | ~(same | np.eye(game.shape.actions, dtype=bool))
    if margin > 0:  # then only duplicates tie
        strict = strict & same
    return Problem(
        game=game,
        policies=policies,
        sender=sender,
        ties=ties,
        weights=weights,
        gains=weights[:, None, :] * game.senders[sender].T,
        rows=rows,
        strict=strict,
        allowed=np.asarray(~(strict & ~rows.any(-1)).any(-1)),
        ranked=same & rows.any(-1),
        preference=preference,
        margin=margin,
    )


def _columns(
    game: Game, policies: np.ndarray, sender: int, ties: TieRule
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (columns, states), and each action's rank in ties (signals, columns, actions), low wins."""
    weights = residual_weights(game, policies, sender)
    order = np.arange(game.shape.actions)
    explicit = ties.action_map(game)
    if explicit is None:
        weights = merge_columns(weights)
        return weights, np.broadcast_to(order, (game.shape.signals, len(weights), len(order)))
    # an explicit map tells columns apart, so none are merged
    used = weights.max(1) > 0
    table = np.moveaxis(explicit, sender, 0).reshape(game.shape.signals, -1)[:, used]
    return weights[used], np.where(table[:, :, None] == order, -1, order)


def compare_actions(
    weights: np.ndarray, utilities: np.ndarray, margin: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Scaled rows ``W * (u_a - u_a' - margin)`` and the duplicates.

    Duplicates are the pairs equal, within the tie tolerance, on the support; their rows are zero.
    """
    difference = utilities.T[:, None, :] - utilities.T[None, :, :]
    slack = TIE_TOLERANCE * np.abs(utilities).max()
    support = weights[:, None, None, :] > 0
    same = ~((np.abs(difference) > slack) & support).any(-1)
    rows = np.where(same[..., None], 0.0, weights[:, None, None, :] * (difference - margin))
    largest = np.abs(rows).max(-1, keepdims=True)
    return rows / np.where(largest > 0, largest, 1.0), same
