"""The profile to examine: by name, or from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from persuasion.game import Game
from persuasion.policies import as_policies, full_revelation, no_revelation, uniform_policies

SCHEMA = "persuasion/profile/1"
NAMED = ("no-revelation", "full-revelation", "random")


def named_profile(game: Game, name: str, seed: int = 0) -> np.ndarray:
    """``no-revelation``, ``full-revelation`` or ``random``; ``ValueError`` where there is none."""
    if name == "random":
        return uniform_policies(game, seed=seed)
    if name not in NAMED:
        raise ValueError(
            f"there is no profile {name!r}; there are {', '.join(NAMED)}, or name a file"
        )
    return no_revelation(game) if name == "no-revelation" else full_revelation(game)


def read_profile(game: Game, path: Path) -> np.ndarray:
    """The policies (senders, states, signals) of a JSON file: a list, or an object with ``policies``.

    ``ValueError`` names the file, and the shape or the row that is wrong.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return profile_from(game, data)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: is not valid JSON: {error}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def profile_from(game: Game, data: Any) -> np.ndarray:
    """A checked profile from parsed JSON; inverse of :func:`profile_to_dict`."""
    if isinstance(data, dict):
        if data.get("schema", SCHEMA) != SCHEMA:
            raise ValueError(f"profile schema is {data['schema']!r}; this version reads {SCHEMA!r}")
        if unknown := sorted(data.keys() - {"schema", "policies"}):
            raise ValueError(f"profile has unknown keys: {', '.join(map(str, unknown))}")
        if "policies" not in data:
            raise ValueError("profile lacks policies")
        data = data["policies"]
    try:
        array = np.array(data, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise ValueError("policies is not a rectangular array of real numbers") from None
    if array.ndim != 3:
        raise ValueError(f"policies must have 3 axes (senders, states, signals), got {array.shape}")
    return as_policies(game, array)


def profile_to_dict(policies: np.ndarray) -> dict[str, Any]:
    """Plain lists with a schema tag."""
    return {"schema": SCHEMA, "policies": np.asarray(policies).tolist()}
