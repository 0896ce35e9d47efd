"""Means with 95% intervals, and tables of groups."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from persuasion.model.tolerances import ROUNDING

MOST_DECIMALS = 5
SMALLEST_PLAIN = 1e-4
"""Numbers below are written in powers of ten."""
MINUS = str.maketrans("-", "−")
POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Mean(NamedTuple):
    """A mean, the half-width of its 95% t-interval (NaN for fewer than two values), and the number of values.

    Printed with two significant digits of the half-width. Five decimals are the most, and small numbers are in
    powers of ten; a half-width that is lost among the decimals has a power of its own, one that is rounding is 0.

    >>> [str(Mean(*x, 20)) for x in ((-0.4983, 0.0121), (1.7e-4, 3e-4), (2.14e-7, 3.4e-8), (0.0, 0.0))]
    ['−0.498 ± 0.012', '0.00017 ± 0.00030', '(2.14 ± 0.34)·10⁻⁷', '0 ± 0']
    >>> [str(Mean(0.91764, half, 20)) for half in (3.14e-6, 1e-17)]
    ['0.9176 ± 3.1·10⁻⁶', '0.9176 ± 0']
    """

    mean: float
    half_width: float
    size: int

    @property
    def least(self) -> float:
        """The lower end of the interval; the mean where there is none."""
        return self.mean - float(np.nan_to_num(self.half_width))

    @property
    def most(self) -> float:
        """The upper end."""
        return self.mean + float(np.nan_to_num(self.half_width))

    def __str__(self) -> str:
        if self.size == 0:
            return "–"
        half = float(np.nan_to_num(self.half_width))
        half = half if half > ROUNDING * abs(self.mean) else 0.0
        largest = max(abs(self.mean), half)
        power = _power(largest) if 0 < largest < SMALLEST_PLAIN else 0
        decimals = max(1 + power - _power(half or largest), 0) if largest else 0
        if not np.isnan(self.half_width) and (not half or decimals > MOST_DECIMALS):
            return f"{short(self.mean)} ± {short(half, 2)}"
        mean, width = (
            f"{round(x / 10.0**power, decimals) + 0.0:.{decimals}f}".translate(MINUS)
            for x in (self.mean, half)
        )
        if np.isnan(self.half_width):
            return mean + _times(power) + " (n=1)"
        return f"({mean} ± {width}){_times(power)}" if power else f"{mean} ± {width}"


def short(value: float, digits: int = 4) -> str:
    """A number with so many significant digits, in powers of ten where it is very small or large.

    >>> [short(value) for value in (3.0, -0.005, 1234.5678, 1.5e-7, 2e12, 1e-9)]
    ['3', '−0.005', '1235', '1.5·10⁻⁷', '2·10¹²', '10⁻⁹']
    """
    number, _, power = f"{value:.{digits}g}".partition("e")
    return (number.translate(MINUS) + _times(int(power or 0))).removeprefix("1·")


def _times(power: int) -> str:
    return f"·10{str(power).translate(POWERS)}" if power else ""


def _power(value: float) -> int:
    return int(np.floor(np.log10(abs(value))))


def mean_interval(values: ArrayLike) -> Mean:
    """Mean and 95% interval of independent values; NaN entries are left out.

    >>> str(mean_interval([1.0, 2.0, 3.0]))
    '2.0 ± 2.5'
    """
    sample = np.asarray(values, dtype=float)
    sample = sample[~np.isnan(sample)]
    count = len(sample)
    if count < 2:
        return Mean(float(sample[0]) if count else np.nan, np.nan, count)
    error = sample.std(ddof=1) / np.sqrt(count)
    return Mean(float(sample.mean()), float(stdtrit(count - 1, 0.975) * error), count)


def per_group(
    frame: pd.DataFrame,
    by: Mapping[str, str],
    row: Callable[[pd.DataFrame], Mapping[str, Any]],
    sort: bool = True,
) -> pd.DataFrame:
    """One row per group: the values of some columns, under new names, then what ``row`` makes of the group.

    Without groups the columns are those of ``row`` of no rows.

    >>> frame = pd.DataFrame({"a": [1, 1, 2]})
    >>> per_group(frame, {"a": "number"}, lambda part: {"times": len(part)}).values.tolist()
    [[1, 2], [2, 1]]
    """  # fmt: skip
    groups = frame.groupby(list(by), sort=sort)
    rows = [{**dict(zip(by.values(), values)), **row(part)} for values, part in groups]
    return pd.DataFrame(rows, columns=None if rows else [*by.values(), *row(frame[:0])])


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
