r"""What the other senders leave to the deviating one.

With :math:`\pi_{-i}` fixed, a joint signal of the others is a column
:math:`W_{\omega t}=\mu_0(\omega)\pi_{-i}(t\mid\omega)`. The deviator's utility depends on its own policy
only through these columns; columns of zero weight never occur, and proportional ones give the receiver
the same posterior whatever the deviator does, so they may be added up.
"""

import numpy as np

from persuasion.model.game import Game

KEY_DIGITS = 12


def residual_weights(game: Game, policies: np.ndarray, sender: int) -> np.ndarray:
    """Table ``W`` of shape ``(columns, states)``, one row per joint signal of the others, in C order."""
    table = game.prior[:, None]
    for other in range(game.shape.senders):
        if other != sender:
            product = table[:, :, None] * policies[other][:, None, :]
            table = product.reshape(len(table), -1)
    return table.T


def merge_columns(weights: np.ndarray) -> np.ndarray:
    """Drop zero columns and add up proportional ones; ``(fewer columns, states)``.

    Columns count as proportional if, scaled to a largest entry of 1, *every* entry agrees to 12
    significant digits: tiny entries decide posteriors that exclude the common states.
    """
    merged: dict[tuple[str, ...], np.ndarray] = {}
    for column in weights[weights.max(1) > 0]:
        key = tuple(f"{ratio:.{KEY_DIGITS - 1}e}" for ratio in column / column.max())
        merged[key] = merged[key] + column if key in merged else column
    return np.array(list(merged.values()))
