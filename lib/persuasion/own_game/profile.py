"""The profile to examine: by name, or from a file."""

from pathlib import Path
from typing import Any

import numpy as np

from persuasion.model.game import Game
from persuasion.model.json_text import parse_json, read_text, reading
from persuasion.model.policies import (
    no_revelation,
    one_profile,
    state_revelation,
    uniform_policies,
)
from persuasion.theorems.full_revelation import full_revelation

SCHEMA = "persuasion/profile/1"
NAMED = ("no-revelation", "full-revelation", "random")


def named_profile(game: Game, name: str, seed: int = 0) -> np.ndarray:
    """``no-revelation``, ``full-revelation`` or ``random``; ``ValueError`` where there is none."""
    if name not in NAMED:
        known = ", ".join(NAMED)
        raise ValueError(f"there is no profile {name!r}; there are {known}, or name a file")
    if name == "random":
        return uniform_policies(game, seed=seed)
    return no_revelation(game) if name == "no-revelation" else revealing_profile(game)


def revealing_profile(game: Game) -> np.ndarray:
    """Theorem 4's construction; for a lone sender, or where actions tie, everybody names the state.

    Raises ``ValueError`` as :func:`persuasion.full_revelation` if there are too few signals for either.
    """
    try:
        return full_revelation(game)
    except ValueError:
        if min(game.counts[i] for i in game.choosing) < game.shape.states:
            raise
        return state_revelation(game)


def read_profile(game: Game, path: Path) -> np.ndarray:
    """The policies (senders, states, signals) of a JSON file: a list, or an object with ``policies``.

    ``ValueError`` names the file, and the shape or the row that is wrong.
    """
    with reading(path):
        return profile_from(game, parse_json("profile", read_text(path)))


def profile_from(game: Game, data: Any) -> np.ndarray:
    """A checked profile from parsed JSON; inverse of :func:`profile_to_dict`.

    Rows of a sender with fewer signals than others may leave out the signals that it lacks.
    """
    if isinstance(data, dict):
        if str(data.get("schema")).startswith("persuasion/solution/"):
            raise ValueError(
                "this is a solution, which holds many profiles: give the policies of one, as those of its found[0]"
            )
        if data.get("schema", SCHEMA) != SCHEMA:
            raise ValueError(f"profile schema is {data['schema']!r}; this version reads {SCHEMA!r}")
        if unknown := sorted(data.keys() - {"schema", "policies"}):
            raise ValueError(f"profile has unknown keys: {', '.join(map(str, unknown))}")
        if "policies" not in data:
            raise ValueError("profile lacks policies")
        data = data["policies"]
    return one_profile(game, _padded(game, data))


def _padded(game: Game, data: Any) -> Any:
    """Zeros after every row that has as many entries as its sender has signals."""
    if not isinstance(data, list) or len(data) != len(game.counts):
        return data

    def padded(row: Any, count: int) -> Any:
        full = isinstance(row, list) and len(row) == count
        return row + [0] * (game.signals - count) if full else row

    return [
        [padded(row, count) for row in policy] if isinstance(policy, list) else policy
        for policy, count in zip(data, game.counts)
    ]


def own_signals(game: Game, sender: int, policy: np.ndarray) -> np.ndarray:
    """A policy ``(states, signals)`` without what pads it: the sender's signals, or more where it uses more."""
    used = np.flatnonzero(policy.any(0)).max(initial=0) + 1
    return policy[:, : max(game.counts[sender], used)]


def profile_to_dict(policies: np.ndarray) -> dict[str, Any]:
    """Plain lists with a schema tag."""
    return {"schema": SCHEMA, "policies": np.asarray(policies).tolist()}
