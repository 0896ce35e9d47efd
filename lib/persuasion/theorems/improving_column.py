r"""Is an uninformative policy a best response? Decided in rational arithmetic, for every tie rule at once.

Fix the others' policies. A policy of one sender is a family of columns
:math:`x_s(\omega)=\mu_0(\omega)\pi_i(s\mid\omega)` that sum to the prior, and it earns :math:`\sum_sf(x_s)`. Let
:math:`\ell` be the linear payoff of the actions that the receiver takes at the prior, each strictly optimal. If
:math:`f\le\ell` everywhere, ties in the sender's favour, then nobody who reveals nothing gains by revealing
something. If :math:`f(x)>\ell(x)` at an :math:`x` without ties, a small share of :math:`x` is a gain. Here the
column leaves the receiver indifferent:

>>> from persuasion.model.exact import RationalGame, rationals
>>> game = RationalGame(["3/4", "1/4"], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
>>> silent = rationals([[[1, 0], [1, 0]]])
>>> improving_column(game, silent, 0).tolist()
[Fraction(1, 2), Fraction(1, 2)]
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.exact import RationalGame, checked_rationals
from persuasion.model.policies import joint_weights


def improving_column(game: RationalGame, policies: Any, sender: int) -> np.ndarray | None:
    """A column ``(states,)`` that pays more than the base, ties in favour of ``sender``; None proves none does.

    All choices of an action per joint signal of the others are searched, each by an exact linear program, so
    this is for small instances.

    Raises ``ValueError`` if ``sender`` reveals something or is none of the game's, or a tie occurs while it
    reveals nothing.
    """
    sender = whole_number("sender", sender, 0, len(game.senders) - 1)
    profile = checked_rationals(game, policies)
    if (profile[sender] != profile[sender][0]).any():
        raise ValueError(f"sender {sender} reveals something")
    cells = _cells(game, np.delete(profile, sender, axis=0), sender)
    always = np.ones(len(game.prior), dtype=object)
    base = sum(cell.paid[cell.only_choice(always)] for cell in cells)
    found = _search(cells, cells, np.empty((0, len(always)), dtype=object), -base, base)
    return None if found is None else np.asarray(found * game.prior / (found @ game.prior))


@dataclass(frozen=True, eq=False)
class _Cell:
    """What actions are worth after one joint signal of the others, in the columns' probabilities given the state.

    ``worth`` to the receiver, ``paid`` to the sender: integers, ``(actions, states)``.
    """

    worth: np.ndarray
    paid: np.ndarray

    @functools.cached_property
    def hope(self) -> np.ndarray:
        """What the best action pays in each state, whatever the receiver does."""
        return np.asarray(self.paid.max(0))

    def optimal(self, x: np.ndarray) -> np.ndarray:
        values = self.worth @ x
        return np.asarray(np.flatnonzero(values == values.max()))

    def only_choice(self, x: np.ndarray) -> int:
        optimal = self.optimal(x)
        if len(optimal) > 1:
            raise ValueError(f"at the prior the receiver is torn between actions {optimal}")
        return int(optimal[0])

    def best(self, x: np.ndarray) -> int:
        return int((self.paid[self.optimal(x)] @ x).max())


def _cells(game: RationalGame, others: np.ndarray, sender: int) -> list[_Cell]:
    weights = joint_weights(game, others).T
    weights = weights[weights.sum(1) > 0]
    worth = _integers(weights[:, None] * game.receiver.T)
    paid = _integers(weights[:, None] * game.senders[sender].T)
    return [_Cell(*tables) for tables in zip(worth, paid)]


def _integers(table: np.ndarray) -> np.ndarray:
    scale = math.lcm(*(entry.denominator for entry in table.ravel()))
    return np.vectorize(int, otypes=[object])(table * scale)


def _search(
    cells: list[_Cell], open_: list[_Cell], rows: np.ndarray, gain: np.ndarray, base: np.ndarray
) -> np.ndarray | None:
    """A column that gains; but for the open cells actions are chosen, with ``rows`` to obey and ``gain`` so far."""
    x = positive_ray(gain + sum(cell.hope for cell in open_), rows)
    if x is None or sum(cell.best(x) for cell in cells) > base @ x:
        return x
    # where hope is furthest from what is there
    cell = max(open_, key=lambda one: one.hope @ x - one.best(x))
    rest = [one for one in open_ if one is not cell]
    for action in range(len(cell.paid)):
        obey = np.delete(cell.worth[action] - cell.worth, action, axis=0)
        found = _search(cells, rest, np.vstack([rows, obey]), gain + cell.paid[action], base)
        if found is not None:
            return found
    return None


def positive_ray(objective: np.ndarray, rows: np.ndarray) -> np.ndarray | None:
    """Integers ``x >= 0`` with ``rows @ x >= 0`` and ``objective @ x > 0``, or None if there are none.

    The simplex method on integers with Bland's rule (Bland, 1977), stopped as soon as the objective is positive.
    """
    size, count = len(objective), len(rows)
    table = np.zeros((count + 2, size + 1), dtype=object)
    table[:count, :size], table[count, :], table[-1, :size] = -rows, 1, -objective
    basic, free = list(range(size, size + count + 1)), list(range(size))
    unit = 1
    while table[-1, -1] <= 0:
        entering = [c for c in range(size) if table[-1, c] < 0]
        if not entering:
            return None
        c = min(entering, key=free.__getitem__)
        r = _leaving(table[:-1, c].tolist(), table[:-1, -1].tolist(), basic)
        pivot, row, column = table[r, c], table[r].copy(), table[:, c].copy()
        table = (table * pivot - np.outer(column, row)) // unit
        table[r], table[:, c], table[r, c] = row, -column, unit
        unit, basic[r], free[c] = pivot, free[c], basic[r]
    x = np.zeros(size, dtype=object)
    for variable, value in zip(basic, table[:-1, -1]):
        if variable < size:
            x[variable] = value
    return x


def _leaving(column: list[int], right: list[int], basic: list[int]) -> int:
    """The row of the least ratio, compared without a division; of several that of the first variable."""
    rows = [r for r, entry in enumerate(column) if entry > 0]
    least = rows[0]
    for r in rows[1:]:
        beyond = right[r] * column[least] - right[least] * column[r]
        if beyond < 0 or (beyond == 0 and basic[r] < basic[least]):
            least = r
    return least
