"""Arrays in the fewest bytes that give them back bit for bit, many in one flat array per coding.

A float64 array whose entries are small whole numbers is kept as bytes, one on the grid of
:mod:`study.kinds.grid` as 16-bit numbers, one that float32 holds exactly as float32; any other
array of numbers as it is. Text is kept as code points.

>>> packer = Packer()
>>> packer.add(np.array([[0.25, 0.75]]))
['grid', 'float64', 1, 2]
>>> Unpacker(packer.flat()).take(['grid', 'float64', 1, 2]).tolist()
[[0.25, 0.75]]
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from study.kinds.grid import STEPS

# name of the coding: dtype in the file, factor from array to file
COMPACT: dict[str, tuple[str, float]] = {
    "byte": ("uint8", 1.0),
    "grid": ("uint16", STEPS),
    "single": ("float32", 1.0),
}
TEXT, CODE_POINT = "text", 4


class Packer:
    """Collects arrays; :meth:`flat` returns one array per coding."""

    def __init__(self) -> None:
        self._parts: dict[str, list[np.ndarray]] = {}

    def add(self, array: np.ndarray) -> list[Any]:
        """Append an array; returns its description ``[coding, dtype, *shape]``.

        Raises ``ValueError`` for an array that only pickling could keep.
        """
        if array.dtype.hasobject or array.dtype.kind not in "biufU":
            raise ValueError(
                f"arrays of dtype {array.dtype} are not kept; only numbers and text are"
            )
        coding, stored = _encode(np.ascontiguousarray(array))
        self._parts.setdefault(coding, []).append(stored.reshape(-1))
        dtype = array.dtype.str if coding == TEXT else array.dtype.name
        return [coding, dtype, *array.shape]

    def flat(self) -> dict[str, np.ndarray]:
        """Coding to one-dimensional array."""
        return {name: np.concatenate(parts) for name, parts in sorted(self._parts.items())}


class Unpacker:
    """Gives arrays back in the order in which a :class:`Packer` took them."""

    def __init__(self, flat: Mapping[str, np.ndarray]) -> None:
        self._flat = flat
        self._used = dict.fromkeys(flat, 0)

    def take(self, description: Sequence[Any]) -> np.ndarray:
        """The next array of the described coding, dtype and shape; ``ValueError`` if there is none."""
        coding, dtype, *shape = description
        size = math.prod(shape) * (np.dtype(dtype).itemsize // CODE_POINT if coding == TEXT else 1)
        start = self._used.get(coding, 0)
        if coding not in self._flat or start + size > self._flat[coding].size:
            raise ValueError(f"lacks {size} numbers in coding {coding!r}")
        self._used[coding] = start + size
        return _decode(coding, self._flat[coding][start : start + size], dtype).reshape(shape)

    def finish(self) -> None:
        """Raise ``ValueError`` unless everything has been taken."""
        if left := [name for name, used in self._used.items() if used != self._flat[name].size]:
            raise ValueError(f"has numbers that no record describes, in coding {left[0]!r}")


def _encode(array: np.ndarray) -> tuple[str, np.ndarray]:
    if array.dtype.kind == "U":
        return TEXT, array.astype(array.dtype.newbyteorder("<")).reshape(-1).view("<u4")
    if array.dtype == np.float64:
        for name, (dtype, factor) in COMPACT.items():
            with np.errstate(all="ignore"):  # what does not fit is noticed below
                stored = (array * factor).astype(dtype)
            if _decode(name, stored, "float64").tobytes() == array.tobytes():
                return name, stored
    return array.dtype.name, array


def _decode(coding: str, stored: np.ndarray, dtype: str) -> np.ndarray:
    if coding == TEXT:
        return stored.astype("<u4").view(dtype)
    if coding in COMPACT:
        return stored.astype(np.float64) / COMPACT[coding][1]
    return stored.astype(dtype)
