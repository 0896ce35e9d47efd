"""Means with 95% intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

TOO_SMALL = 0.01
"""Below this, three decimals say too little."""


class Mean(NamedTuple):
    """A mean, the half-width of its 95% t-interval (NaN for fewer than two values), and the number of values.

    >>> str(Mean(0.498, 0.004, 20)), str(Mean(2.1e-7, 3.4e-8, 20))
    ('0.498 ± 0.004', '2.1e-07 ± 3e-08')
    """

    mean: float
    half_width: float
    size: int

    def __str__(self) -> str:
        if self.size == 0:
            return "–"
        size = abs(self.mean) + np.nan_to_num(self.half_width)
        value, width = (".1e", ".0e") if 0 < size < TOO_SMALL else (".3f", ".3f")
        if np.isnan(self.half_width):
            return f"{self.mean:{value}} (n=1)"
        return f"{self.mean:{value}} ± {self.half_width:{width}}"


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
    return Mean(float(sample.mean()), float(stdtrit(count - 1, 0.975) * error), count)
