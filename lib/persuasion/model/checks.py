"""What callers hand over, read and checked in one way: numbers, arrays of numbers, and distributions.

>>> real_array("prior", ["0.5", 0.5])
Traceback (most recent call last):
ValueError: prior is not a rectangular array of real numbers: it holds text
>>> whole_number("seed", 3.0), positive_number("radius", 2)
(3, 2.0)
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np

from persuasion.model.tolerances import (
    PROBABILITY_TOLERANCE,
    ROW_ROUNDING,
    SINGLE_PRECISION_TOLERANCE,
)

KINDS = {
    "b": "booleans",
    "c": "complex numbers",
    "M": "dates",
    "m": "spans of time",
    "V": "records",
}
TEXT = "text"


def positive_number(name: str, value: Any, zero: bool = False, infinite: bool = False) -> float:
    """A positive number as a float, 0 and infinity if they are allowed; ``ValueError`` otherwise."""
    number = _as_float(value)
    if not (number > 0 or (zero and number == 0)) or (math.isinf(number) and not infinite):
        what = ("" if infinite else "finite ") + (
            "number of at least 0" if zero else "positive number"
        )
        raise ValueError(f"{name} must be a {what}, got {_shown(value)}")
    return number


def whole_number(name: str, value: Any, least: int = 0, most: int | None = None) -> int:
    """A whole number within bounds as an int, ``2.0`` as 2; ``ValueError`` otherwise."""
    whole = isinstance(value, Integral) or (
        isinstance(value, (float, np.floating)) and float(value).is_integer()
    )
    good = whole and _is_number(type(value)) and value >= least
    if not good or (most is not None and value > most):
        limits = f"of at least {least}" if most is None else f"from {least} to {most:,}"
        raise ValueError(f"{name} must be a whole number {limits}, got {_shown(value)}")
    return int(value)


def sizes(**given: Any) -> list[int]:
    """Whole numbers of at least 1, in the order given; ``ValueError`` names the first that is none."""
    return [whole_number(name, size, 1) for name, size in given.items()]


def several(name: str, values: Any) -> tuple[Any, ...]:
    """The items of a list or another iterable; ``ValueError`` for a single one, text included, and a mapping."""
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise ValueError(f"{name} must be a list, got {_shown(values)}")
    return tuple(values)


def real_array(name: str, values: Any, axes: int | None = None) -> np.ndarray:
    """A new float64 array in C order; the caller's data are left alone.

    Reads whatever holds real numbers: nested sequences, arrays of any numeric dtype, byte order and strides, data
    frames, tensors, and objects such as fractions. ``ValueError`` names the argument and says why it is refused:
    ragged, masked, booleans, dates, text, complex, empty, not finite, or with another number of ``axes``.
    """
    array = double(numeric_array(name, values))
    if axes is not None and array.ndim != axes:
        raise ValueError(f"{name} must have {axes} axes, got shape {array.shape}")
    if not array.size:
        raise ValueError(f"{name} is empty: shape {array.shape}")
    if not np.isfinite(array).all():
        where = np.argwhere(~np.isfinite(array))[0].tolist()
        raise ValueError(f"{name} has a non-finite entry at {where}")
    return array


def numeric_array(name: str, values: Any) -> np.ndarray:
    """An array of a real dtype, as it was given where possible; as :func:`real_array`, but not finite perhaps."""
    refused = f"{name} is not a rectangular array of real numbers"
    try:
        array = np.asarray(plain(values))
    except ValueError:
        raise ValueError(f"{refused}: its rows differ in length") from None
    except (TypeError, RuntimeError, OverflowError) as error:
        raise ValueError(f"{refused}: {error}") from None
    if array.dtype.kind == "O":
        array = _from_objects(refused, array)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{refused}: it holds {KINDS.get(array.dtype.kind, TEXT)}")
    return array


def double(array: np.ndarray) -> np.ndarray:
    """A copy in double precision and C order, without a warning where that overflows."""
    with np.errstate(all="ignore"):
        return np.array(array, dtype=np.float64, order="C")


def distributions(name: str, values: Any, axes: int) -> np.ndarray:
    """A new float64 array of distributions along the last axis; see :func:`real_array`, :func:`clean_rows`."""
    given = numeric_array(name, values)
    return np.asarray(clean_rows(name, real_array(name, given, axes), is_coarse(given.dtype)))


def is_coarse(dtype: np.dtype) -> bool:
    """Whether numbers of this dtype are rounded more than those of float64."""
    return dtype.kind == "f" and dtype.itemsize < 8


def plain(values: Any) -> Any:
    """Nested sequences with frames and tensors as arrays; ``TypeError`` for what numpy would read otherwise."""
    if isinstance(values, Sequence) and not isinstance(values, (str, bytes)):
        flat = set(map(type, values)) <= {int, float}
        return values if flat else [plain(value) for value in values]
    if hasattr(values, "detach"):  # a tensor, without an import of torch
        values = values.detach().cpu()
        coarse = values.is_floating_point() and values.dtype.itemsize < 4
        values = (values.float() if coarse else values).numpy()
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError("it is masked")
    array = np.asarray(values)[()] if hasattr(values, "__array__") else values
    kind = array.dtype.kind if isinstance(array, (np.ndarray, np.generic)) else ""
    if kind == "b" or isinstance(array, bool):
        raise TypeError("it holds booleans")
    return array


def clean_rows(
    name: str,
    rows: Any,
    coarse: bool = False,
    axes: tuple[Callable[[int], str], ...] = (),
) -> Any:
    """Distributions along the last axis of a float64 array or tensor, as the package uses them.

    A solver's dust, entries from -1e-9 to 0, counts as 0; a row whose sum differs from 1 by more than 1e-14 and at
    most 1e-9, or 1e-5 if its numbers were ``coarse``, is divided by it (a constant to the gradient). ``ValueError``
    names the first row that is none; ``axes`` say what its last indices are called. What needs no change is
    returned as it is.
    """
    tolerance = SINGLE_PRECISION_TOLERANCE if coarse else PROBABILITY_TOLERANCE
    fixed = rows.detach() if hasattr(rows, "detach") else rows
    if not bool((fixed >= -PROBABILITY_TOLERANCE).all()):
        _refuse_row(name, fixed, (fixed >= -PROBABILITY_TOLERANCE).all(-1), axes)
    if bool((fixed < 0).any()):
        rows, fixed = rows.clip(0), fixed.clip(0)
    total = np.asarray(fixed.sum(-1)) if isinstance(fixed, np.ndarray) else fixed.sum(-1)
    error = abs(total - 1)
    if not bool((error <= tolerance).all()):
        _refuse_row(name, fixed, error <= tolerance, axes)
    if not bool((error > ROW_ROUNDING).any()):
        return rows
    total[error <= ROW_ROUNDING] = 1
    return rows / total[..., None]


def _refuse_row(name: str, rows: Any, good: Any, axes: tuple[Callable[[int], str], ...]) -> None:
    index = tuple(np.argwhere(~np.array(good.tolist()))[0].tolist())
    row = np.array(rows[index].tolist())
    where = name + (f"[{', '.join(map(str, index))}]" if index else "")
    if axes:
        where += f" ({', '.join(a(i) for a, i in zip(axes, index[-len(axes) :]))})"
    if not np.isfinite(row).all():
        raise ValueError(f"{where} has a non-finite entry at {int(np.argmin(np.isfinite(row)))}")
    if (row < -PROBABILITY_TOLERANCE).any():
        raise ValueError(f"{where} has a negative probability {row.min():g} at {row.argmin()}")
    raise ValueError(f"{where} sums to {row.sum():.12g}, not 1")


def _from_objects(refused: str, array: np.ndarray) -> np.ndarray:
    for index, entry in np.ndenumerate(array):
        if not _is_number(type(entry)):
            raise ValueError(f"{refused}: its entry {list(index)} is {_shown(entry)}")
    try:
        return array.astype(np.float64)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{refused}: {error}") from None


def _is_number(kind: type) -> bool:
    # numpy's spans of time pass for whole numbers
    return issubclass(kind, (Real, Decimal)) and not issubclass(kind, (bool, np.timedelta64))


def _as_float(value: Any) -> float:
    try:
        return float(value) if _is_number(type(value)) else math.nan
    except OverflowError:
        return math.inf


def _shown(value: Any) -> str:
    return f"{value!r:.60}"
