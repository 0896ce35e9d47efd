"""A setting changed by its dotted name, in the kind of value that it had."""

import math
from dataclasses import is_dataclass, replace
from typing import Any, TypeVar

S = TypeVar("S")


def override(settings: S, path: str, value: Any) -> S:
    """The settings with another value at a path such as ``training.epochs``, where a number picks from a tuple.

    Raises ``ValueError`` for an unknown field, naming the known ones, or a value of the wrong kind.
    """
    return _changed(settings, path.split("."), value, path)


def _changed(settings: Any, keys: list[str], value: Any, path: str) -> Any:
    if not keys:
        return _coerce(value, settings, path)
    key, *rest = keys
    known = vars(settings) if is_dataclass(settings) else {}
    if isinstance(settings, tuple):
        known = {str(place): item for place, item in enumerate(settings)}
    if key not in known:
        raise ValueError(
            f"unknown setting {path!r} at {key!r}; known: {', '.join(known) or 'none'}"
        )
    changed = {key: _changed(known[key], rest, value, path)}
    if isinstance(settings, tuple):
        return tuple({**known, **changed}.values())
    return replace(settings, **changed)


def _coerce(value: Any, current: Any, path: str) -> Any:
    """The value in the kind of the one that it replaces."""
    if isinstance(current, tuple) and isinstance(value, (list, tuple)):
        kinds = {type(item) for item in current}
        return tuple(_coerce(v, v if type(v) in kinds else current[0], path) for v in value)
    if isinstance(current, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(current):
        raise ValueError(
            f"setting {path!r} takes {type(current).__name__}, got {type(value).__name__} {value!r}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"setting {path!r} must be finite, got {value}")
    return value
