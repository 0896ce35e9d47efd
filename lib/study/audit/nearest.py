"""The nearest policy within limits, by a method apart from the library's."""

import numpy as np


def nearest(values: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The nearest rows of sum 1, but for rounding, with entries within limits.

    ``values`` is ``(count, states, signals)``, the limits ``(states, signals)``.

    By fixing entries (Bitran and Hax, 1981): all that are free move by the same number until the sum is 1; of those
    that are then beyond a limit, the side that is further off in total stays at its limits for good.
    """
    # signals first, as sums over a short last axis take long
    moved, least, most = (
        np.ascontiguousarray(np.moveaxis(part, -1, 0))
        for part in (values, lower[None], upper[None])
    )
    free, found = np.ones(moved.shape, bool), np.zeros(moved.shape)
    for _ in moved:
        missing = 1 - np.where(free, 0.0, found).sum(0)
        shift = (np.where(free, moved, 0.0).sum(0) - missing) / np.maximum(free.sum(0), 1)
        shifted = moved - shift
        found = np.where(free, np.clip(shifted, least, most), found)
        lack, excess = (
            np.where(free, np.maximum(part, 0.0), 0.0) for part in (least - shifted, shifted - most)
        )
        if not (lack.any() or excess.any()):
            break
        free &= ~np.where(lack.sum(0) >= excess.sum(0), lack > 0, excess > 0)
    return np.moveaxis(found, 0, -1)
