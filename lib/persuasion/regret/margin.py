"""The obedience margin: which margins make sense, and whether a policy keeps one."""

from typing import Any

import numpy as np

from persuasion.model.checks import positive_number
from persuasion.model.game import Game
from persuasion.regret.problem import Problem

# the solvers' own tolerance on a scaled row, doubled, and a share of the cell's mass
OF_ROW, OF_MASS = 2e-9, 1e-8
LEAST_MARGIN = 1e-7  # 100 times the tie tolerance


def check_margin(game: Game, margin: Any) -> float:
    """The margin as a float; ``ValueError`` unless it is 0 or a number well above the tie tolerance."""
    lead = positive_number("margin", margin, zero=True)
    least = LEAST_MARGIN * game.receiver_stake
    if 0 < lead < least:
        raise ValueError(
            f"margin {margin!r} drowns in the tie tolerance: use 0 or at least {least:g}"
        )
    return lead


def keeps_margin(problem: Problem, policy: np.ndarray) -> bool:
    """Whether some action qualifies at every joint signal, ``policy`` being ``(states, signals)``.

    Always true without a margin.
    """
    return problem.margin == 0 or bool(keeping(problem, policy, problem.allowed).all())


def keeping(problem: Problem, signals: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Which of the signals ``(states, signals)`` keep the margin with actions ``(signals or 1, columns, actions)``.

    Solver tolerances are granted: 2e-9 on a scaled row, and 1e-8 of the mass of the joint signal.
    """
    # (columns, actions, signals): the worst of each action's rows
    worst = (problem.rows @ signals).min(2)
    worst = np.where(allowed.transpose(1, 2, 0), worst, -np.inf).max(1)
    return (worst >= -(OF_ROW + OF_MASS * (problem.relative @ signals))).all(0)
