r"""What the receiver's choices in the box are worth, in unit coordinates :math:`x=lower+width\cdot\xi`.

At a joint signal with one surviving action the deviator's gain is linear. Where several survive, one is the base
(the worst for the deviator, on average), and every other action is a *choice*: a binary :math:`y` that adds the
jump :math:`(g_a-g_{base})\cdot x` and needs :math:`h\cdot x\ge0` against every rival.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from persuasion.model.tolerances import CLEAR, TIE_TOLERANCE
from persuasion.regret.nearby.box import Box, linear_range
from persuasion.regret.nearby.fold import extreme_gains
from persuasion.regret.problem import Problem, row_units


@dataclass(frozen=True, eq=False)
class Conditions:
    r"""Linear conditions :math:`\sum_\omega|h_\omega|\eta_\omega\ge depth` that switch on with a binary.

    ``normal`` ``(k, states)`` has largest entry 1; :math:`\eta` is :math:`\xi` where it is positive, else
    :math:`1-\xi`; ``depth`` ``(k,)`` is positive if the condition fails at the worst corner. ``owner`` ``(k,)`` is
    the index of the choice, or of the cell whose base it is; ``strict`` ``(k,)`` whether the rule wants a
    strict inequality; ``window`` ``(k,)`` how far beyond the limit two actions still tie, within the tolerance.
    """

    normal: np.ndarray
    depth: np.ndarray
    owner: np.ndarray
    strict: np.ndarray
    window: np.ndarray


@dataclass(frozen=True, eq=False)
class Cells:
    """The deviator's gain as a linear function plus choices.

    Attributes
    ----------
    linear : (signals, states) gain per unit of xi, the bases of contested cells included
    constant : gain at ``lower``
    signal, cell : (choices,) the deviator's signal, and the number of the contested joint signal
    signal_of_cell : (cells,) the deviator's signal
    jump : (choices, states) what the choice adds per unit of xi
    least : (choices,) the least that the choice adds, at the worst corner of the box
    choices : conditions of the choices
    bases : conditions of the bases; needed only in cells where the base may be the better action
    """

    linear: np.ndarray
    constant: float
    signal: np.ndarray
    cell: np.ndarray
    signal_of_cell: np.ndarray
    jump: np.ndarray
    least: np.ndarray
    choices: Conditions
    bases: Conditions


def make_cells(
    problem: Problem, box: Box, folded: np.ndarray | None = None, optimistic: bool = True
) -> Cells:
    """Sort the joint signals into settled and contested ones; ``problem`` holds the surviving actions.

    ``folded`` ``(signals, columns)`` ones count as settled, at the deviator's best or worst gain in every state.
    """
    mask = np.zeros(problem.allowed.shape[:2], bool) if folded is None else folded
    signals = range(len(box.lower))
    parts = [_one_signal(problem, box, signal, mask[signal], optimistic) for signal in signals]
    cells = np.cumsum([0] + [part.cells for part in parts])
    choices = np.cumsum([0] + [len(part.least) for part in parts])
    return Cells(
        linear=np.array([part.linear for part in parts]),
        constant=sum(part.constant for part in parts),
        signal=np.repeat(signals, [len(part.least) for part in parts]),
        cell=np.concatenate([part.cell + first for part, first in zip(parts, cells)]),
        signal_of_cell=np.repeat(signals, [part.cells for part in parts]),
        jump=np.concatenate([part.jump for part in parts]),
        least=np.concatenate([part.least for part in parts]),
        choices=_join([part.choices for part in parts], choices),
        bases=_join([part.bases for part in parts], cells),
    )


def _join(parts: list[Conditions], first: np.ndarray) -> Conditions:
    """All conditions, owners counted on from ``first``."""
    return Conditions(
        np.concatenate([part.normal for part in parts]),
        np.concatenate([part.depth for part in parts]),
        np.concatenate([part.owner + start for part, start in zip(parts, first)]),
        np.concatenate([part.strict for part in parts]),
        np.concatenate([part.window for part in parts]),
    )


class _Part(NamedTuple):
    """The cells of one signal; see :class:`Cells`."""

    linear: np.ndarray
    constant: float
    cells: int
    cell: np.ndarray
    jump: np.ndarray
    least: np.ndarray
    choices: Conditions
    bases: Conditions


def _one_signal(
    problem: Problem, box: Box, signal: int, folded: np.ndarray, optimistic: bool
) -> _Part:
    allowed, gains = problem.allowed[signal], problem.gains
    lower, width = box.lower[signal], box.width[signal]
    # a margin is no matter of course even where one action is left
    settled = (allowed.sum(1) == 1) & (problem.margin == 0)
    contested = np.flatnonzero(~settled & ~folded)
    worth = np.where(allowed, gains @ (2 * lower + width), np.inf)
    base = worth.argmin(1)
    cell, action = np.nonzero(allowed[contested])
    other = action != base[contested][cell]
    cell, action = cell[other], action[other]
    column = contested[cell]
    step = gains[column, action] - gains[column, base[column]]
    jump = step * width
    least = step @ lower + np.minimum(jump, 0).sum(1)
    inferior = np.full(len(contested), problem.margin > 0)
    inferior[cell[least < 0]] = True
    judged = np.flatnonzero(inferior)
    bases = _conditions(problem, box, signal, contested[judged], base[contested[judged]])
    total = gains[np.arange(len(gains)), base][~folded].sum(0)
    total = total + extreme_gains(problem, signal, optimistic)[folded].sum(0)
    return _Part(
        linear=total * width,
        constant=float(total @ lower),
        cells=len(contested),
        cell=cell,
        jump=jump,
        least=least,
        choices=_conditions(problem, box, signal, column, action),
        bases=replace(bases, owner=judged[bases.owner]),
    )


def _conditions(
    problem: Problem, box: Box, signal: int, column: np.ndarray, action: np.ndarray
) -> Conditions:
    """The comparisons that do not hold clearly everywhere in the box, of the pairs ``column``, ``action``."""
    rivals = problem.allowed[signal, column] | (problem.margin > 0)
    owner, rival = np.nonzero(rivals & (action[:, None] != np.arange(rivals.shape[1])))
    place = column[owner], action[owner], rival
    rows = problem.rows[place]
    normal = rows * box.width[signal]
    least, _ = linear_range(rows, Box(box.lower[[signal]], box.upper[[signal]]))
    depth = -least[:, 0]
    unit = row_units(normal)[:, 0]
    kept = depth > -CLEAR * unit
    return Conditions(
        (normal / unit[:, None])[kept],
        (depth / unit)[kept],
        owner[kept],
        problem.strict[signal][place][kept],
        (TIE_TOLERANCE * (np.abs(rows) @ box.upper[signal]) / unit)[kept],
    )
