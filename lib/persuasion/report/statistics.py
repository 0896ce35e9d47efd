"""Means with 95% intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


class Mean(NamedTuple):
    """A mean, the half-width of its 95% t-interval (NaN for fewer than two values), and the number of values."""

    mean: float
    half_width: float
    size: int

    def __str__(self) -> str:
        if self.size == 0:
            return "–"
        if np.isnan(self.half_width):
            return f"{self.mean:.3f} (n=1)"
        return f"{self.mean:.3f} ± {self.half_width:.3f}"


def mean_interval(values: ArrayLike) -> Mean:
    """Mean and 95% interval of independent values; NaN entries are left out.

    >>> str(mean_interval([1.0, 2.0, 3.0]))
    '2.000 ± 2.484'
    """
    sample = np.asarray(values, dtype=float)
    sample = sample[~np.isnan(sample)]
    count = len(sample)
    if count == 0:
        return Mean(np.nan, np.nan, 0)
    if count == 1:
        return Mean(float(sample[0]), np.nan, 1)
    error = sample.std(ddof=1) / np.sqrt(count)
    return Mean(float(sample.mean()), float(stats.t.ppf(0.975, count - 1) * error), count)
