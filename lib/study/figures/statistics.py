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


def holm(p_values: ArrayLike) -> np.ndarray:
    """Holm's (1979) adjustment of p-values for their number, in the order given.

    The probability that any of them is below a level by chance is at most that level.

    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values)
    adjusted = np.empty_like(values)
    adjusted[order] = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    return np.minimum(adjusted, 1)
