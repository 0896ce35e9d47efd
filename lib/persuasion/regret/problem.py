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

The problem is that of the standard game: the deviator's utility in units of its stake, the receiver's differences
each in a unit of its own, so that no solver sees the user's units.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from persuasion.model.game import Game
from persuasion.model.memory import check_memory
from persuasion.model.policies import joint_weights
from persuasion.model.simulate import deviation_utilities
from persuasion.model.standard import StandardGame
from persuasion.model.ties import TieRule
from persuasion.model.tolerances import CLOSED

KEY_DIGITS = 12
# what speaks for an action is a row's unit, unless it is less than this share of what speaks against it
THINNEST = 1e-10
# solvers lose entries that are a smaller share of their row's largest
LOST = 1e-7


@dataclass(frozen=True, eq=False)
class Problem:
    """A game, a profile and the sender who deviates from it, prepared for the solvers.

    Attributes
    ----------
    game : the standard game
    weights : (columns, states) merged ``W``
    gains : (columns, actions, states) objective coefficients ``W * v_i``
    rows : (columns, actions, actions, states); action ``a`` needs ``rows[t, a] @ x >= 0``, every row
        in units of its largest positive entry
    strict : (signals, columns, actions, actions) rows that the tie rule makes strict
    allowed : (signals, columns, actions) False where the rule never picks the action
    ranked : (columns, actions, actions) duplicates whose row holds the rule's preference instead
    preference : (states, actions) utilities that rank tied actions, or None if precedence or the deviator does
    margin : lead, in the standard game's unit, that the action taken needs over all but its duplicates
    """

    game: StandardGame
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

    @cached_property
    def relative(self) -> np.ndarray:
        """The weights ``(columns, states)``, each column's in units of its largest."""
        return np.asarray(self.weights / self.weights.max(1, keepdims=True))

    @cached_property
    def wide(self) -> bool:
        """Whether rows have entries so different that what a mixed-integer solver proves need not be true.

        Not if these are in states too rare for anything at stake to depend on them.
        """
        sizes = np.abs(self.rows)
        lost = (sizes > 0) & (sizes < LOST * sizes.max(-1, keepdims=True))
        return float((self.weights * lost.any((1, 2))).sum()) > CLOSED

    @property
    def signals(self) -> int:
        """How many signals the deviator has; the others' arrays may be larger."""
        return len(self.allowed)

    @property
    def own(self) -> np.ndarray:
        """The deviator's policy ``(states, signals)`` at the profile."""
        return np.asarray(self.policies[self.sender][:, : self.signals])

    @property
    def interchangeable(self) -> bool:
        """Whether they are at ties, too: only an explicit map may tell them apart."""
        named = self.ties.action_map(self.game)
        return named is None or bool((named == named.take([0], self.sender)).all())

    @property
    def possible(self) -> np.ndarray:
        """(columns, actions) whether the rule may pick the action at some signal of the deviator."""
        return np.asarray(self.allowed.any(0))

    def trivial_bound(self) -> float:
        """The deviator's utility if it chose the receiver's action itself in every state and column."""
        possible = self.possible[:, :, None]
        return float(np.where(possible, self.gains, -np.inf).max(1).sum())

    def utilities(self, policies: np.ndarray) -> np.ndarray:
        """Exact utilities ``(...)`` of own policies ``(..., states, signals)`` under the tie rule, in stakes."""
        return deviation_utilities(
            self.game, self.policies, self.sender, policies, ties=self.ties, validate=False
        )


def make_problem(
    game: Game, policies: np.ndarray, sender: int, ties: TieRule, margin: float = 0.0
) -> Problem:
    """Prepare the arrays; ``policies``, ``sender`` and ``margin``, in the user's units, are taken as valid.

    ``ValueError`` for a game whose tables would not fit into memory.
    """
    margin, game = margin / game.receiver_unit, game.standard
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
    allowed = np.asarray(~(strict & ~rows.any(-1)).any(-1))
    if margin == 0:  # what is never taken is beaten anyway, but not by any margin
        idle = np.asarray(~game.possible.any(0))
        allowed = allowed & ~idle
        pairs = idle | idle[:, None]
        rows, strict = np.where(pairs[..., None], 0.0, rows), strict & ~pairs
    return Problem(
        game=game,
        policies=policies,
        sender=sender,
        ties=ties,
        weights=weights,
        gains=weights[:, None, :] * game.senders[sender].T,
        rows=rows,
        strict=strict,
        allowed=allowed,
        ranked=same & rows.any(-1),
        preference=preference,
        margin=margin,
    )


def _columns(
    game: Game, policies: np.ndarray, sender: int, ties: TieRule
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (columns, states), and each action's rank in ties (signals, columns, actions), low wins."""
    weights = joint_weights(game, np.delete(policies, sender, axis=0)).T
    order = np.arange(game.shape.actions)
    explicit = ties.action_map(game)
    if explicit is None:
        weights = merge_columns(weights)
        return weights, np.broadcast_to(order, (game.counts[sender], len(weights), len(order)))
    # an explicit map tells columns apart, so none are merged
    used = weights.max(1) > 0
    table = np.moveaxis(explicit, sender, 0)[: game.counts[sender]]
    table = table.reshape(game.counts[sender], -1)[:, used]
    return weights[used], np.where(table[:, :, None] == order, -1, order)


def merge_columns(weights: np.ndarray) -> np.ndarray:
    """Drop columns that never occur and add up proportional ones; ``(fewer columns, states)``.

    These give the receiver the same posterior whatever the deviator does. They are those that, scaled to a largest
    entry of 1, agree in *every* entry to 12 significant digits: tiny entries decide posteriors that exclude the
    common states.
    """
    merged: dict[tuple[str, ...], np.ndarray] = {}
    for column in weights[weights.max(1) > 0]:
        key = tuple(f"{ratio:.{KEY_DIGITS - 1}e}" for ratio in column / column.max())
        merged[key] = merged[key] + column if key in merged else column
    return np.array(list(merged.values()))


def compare_actions(
    weights: np.ndarray, utilities: np.ndarray, margin: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Scaled rows ``W * (u_a - u_a' - margin)`` and the duplicates: pairs equal on the support, their rows 0."""
    difference = utilities.T[:, None, :] - utilities.T[None, :, :]
    support = weights[:, None, None, :] > 0
    same = ~((difference != 0) & support).any(-1)
    rows = np.where(same[..., None], 0.0, weights[:, None, None, :] * (difference - margin))
    return scaled_rows(rows), same


def scaled_rows(rows: np.ndarray) -> np.ndarray:
    """Rows ``(..., states)`` of ``rows @ x >= 0`` in units of their largest positive entry, if they have one.

    A condition like ``x0 >= 1e9 * x1`` in units of its largest entry would be lost in the solvers' tolerances.
    """
    return np.asarray(rows / row_units(rows))


def row_units(rows: np.ndarray) -> np.ndarray:
    """The units ``(..., 1)`` of :func:`scaled_rows`."""
    largest = np.abs(rows).max(-1, initial=0.0, keepdims=True)
    unit = np.maximum(rows.max(-1, initial=0.0, keepdims=True), THINNEST * largest)
    unit = np.where((rows > 0).any(-1, keepdims=True), unit, largest)
    return np.where(unit > 0, unit, 1.0)
