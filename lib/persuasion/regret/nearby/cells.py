r"""What the receiver's choices in the box are worth, in unit coordinates :math:`x=lower+width\cdot\xi`.

At a joint signal with one surviving action the deviator's gain is linear. Where several survive, one is the base
(the worst for the deviator, on average), and every other action is a *choice*: a binary :math:`y` that adds the
jump :math:`(g_a-g_{base})\cdot x` and needs :math:`h\cdot x\ge0` against every rival.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from persuasion.model.tolerances import CLEAR, TIE_TOLERANCE
from persuasion.regret.nearby.box import Box, linear_range
from persuasion.regret.nearby.fold import extreme_gains
from persuasion.regret.problem import Problem, row_units


@dataclass(frozen=True, eq=False)
class Conditions:
    r"""Linear conditions :math:`h\cdot\xi\ge limit` that switch on with a binary.

    ``normal`` ``(k, states)`` are the :math:`h`, in units of their largest positive entry, and ``limit`` ``(k,)``.
    ``owner`` ``(k,)`` is the index of the choice, or of the cell whose base it is; ``strict`` ``(k,)`` whether the
    rule wants a strict inequality; ``window`` ``(k,)`` how far beyond the limit two actions still tie, within the
    tolerance.
    """

    normal: np.ndarray
    limit: np.ndarray
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
    offset : (choices,) what the choice adds at ``lower``
    choices : conditions of the choices
    bases : conditions of the bases; needed only in cells where the base may be the better action
    """

    linear: np.ndarray
    constant: float
    signal: np.ndarray
    cell: np.ndarray
    signal_of_cell: np.ndarray
    jump: np.ndarray
    offset: np.ndarray
    choices: Conditions
    bases: Conditions


def make_cells(
    problem: Problem, box: Box, folded: np.ndarray | None = None, optimistic: bool = True
) -> Cells:
    """Sort the joint signals into settled and contested ones; ``problem`` holds the surviving actions.

    ``folded`` ``(signals, columns)`` ones count as settled, at the deviator's best or worst gain in every state.
    """
    allowed, gains, margin = problem.allowed, problem.gains, problem.margin > 0
    folded = np.zeros(allowed.shape[:2], bool) if folded is None else folded
    middle = np.moveaxis(gains @ (box.lower + box.upper).T, -1, 0)  # (signals, columns, actions)
    base = np.where(allowed, middle, np.inf).argmin(2)
    settled = gains[np.arange(len(gains)), base]  # (signals, columns, states)
    settled = np.where(folded[..., None], extreme_gains(problem, optimistic), settled).sum(1)
    # a margin is no matter of course even where one action is left
    contested = ((allowed.sum(2) > 1) | margin) & ~folded
    signal_of_cell, column_of_cell = np.nonzero(contested)
    base = base[contested]
    cell, action = np.nonzero(allowed[contested] & (base[:, None] != np.arange(allowed.shape[2])))
    signal, column = signal_of_cell[cell], column_of_cell[cell]
    step = gains[column, action] - gains[column, base[cell]]
    jump, offset = step * box.width[signal], (step * box.lower[signal]).sum(1)
    inferior = np.full(len(base), margin)
    inferior[cell[offset + np.minimum(jump, 0).sum(1) < 0]] = True
    judged = np.flatnonzero(inferior)
    bases = _conditions(problem, box, signal_of_cell[judged], column_of_cell[judged], base[judged])
    return Cells(
        linear=settled * box.width,
        constant=float((settled * box.lower).sum()),
        signal=signal,
        cell=cell,
        signal_of_cell=signal_of_cell,
        jump=jump,
        offset=offset,
        choices=_conditions(problem, box, signal, column, action),
        bases=replace(bases, owner=judged[bases.owner]),
    )


def _conditions(
    problem: Problem, box: Box, signal: np.ndarray, column: np.ndarray, action: np.ndarray
) -> Conditions:
    """The comparisons that do not hold clearly everywhere in the box, of these actions in their cells."""
    rivals = problem.allowed[signal, column] | (problem.margin > 0)
    owner, rival = np.nonzero(rivals & (action[:, None] != np.arange(rivals.shape[1])))
    signal, place = signal[owner], (column[owner], action[owner], rival)
    rows, lower, upper = problem.rows[place], box.lower[signal], box.upper[signal]
    least, _ = linear_range(rows[:, None], lower[..., None], upper[..., None])
    normal = rows * box.width[signal]
    unit = row_units(normal)[:, 0]
    kept = least[:, 0, 0] < CLEAR * unit
    return Conditions(
        (normal / unit[:, None])[kept],
        -((rows * lower).sum(1) / unit)[kept],
        owner[kept],
        problem.strict[(signal, *place)][kept],
        (TIE_TOLERANCE * (np.abs(rows) * upper).sum(1) / unit)[kept],
    )


def in_blocks(rows: np.ndarray, block: np.ndarray, blocks: int) -> sp.csr_matrix:
    """Rows ``(k, states)``, each in its ``block`` ``(k,)`` of the ``blocks`` that the variables fall into."""
    count, states = rows.shape
    columns = block[:, None] * states + np.arange(states)
    starts = np.arange(count + 1) * states
    return sp.csr_matrix((rows.ravel(), columns.ravel(), starts), (count, blocks * states))
