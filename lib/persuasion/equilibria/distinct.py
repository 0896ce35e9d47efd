"""Which equilibria are the same: relabelled signals lead to the same outcome."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from persuasion.equilibria.record import EQUILIBRIUM, MARGIN_EQUILIBRIUM, Dynamics
from persuasion.model.game import Game
from persuasion.model.policies import optimal_action_by_state
from persuasion.model.tolerances import SAME_OUTCOME


def distinct_equilibria(
    records: Iterable[Dynamics],
    tolerance: float = SAME_OUTCOME,
    statuses: tuple[str, ...] = (EQUILIBRIUM, MARGIN_EQUILIBRIUM),
) -> list[list[Dynamics]]:
    """Group the records of one game by outcome, the largest group first.

    Two records belong together if no entry of the joint distributions of state and action differs by more
    than ``tolerance`` from that of the group's first record. Records of another status are left out.

    Raises ``ValueError`` if the records' outcomes differ in shape: they are not of one game.
    """
    groups: list[list[Dynamics]] = []
    for record in records:
        if record.status not in statuses:
            continue
        for group in groups:
            if _same(group[0].outcome, record.outcome, tolerance):
                group.append(record)
                break
        else:
            groups.append([record])
    return sorted(groups, key=len, reverse=True)


def _same(first: np.ndarray, second: np.ndarray, tolerance: float) -> bool:
    if first.shape != second.shape:
        raise ValueError(f"outcomes of shapes {first.shape} and {second.shape}: not one game")
    return bool(np.abs(first - second).max() <= tolerance)


def full_revelation_outcome(game: Game) -> np.ndarray:
    """Joint distribution ``(states, actions)`` if the receiver knows the state.

    Raises ``ValueError`` where the receiver's optimal action is not unique.
    """
    best = optimal_action_by_state(game)
    return game.prior[:, None] * np.eye(game.shape.actions)[best]
