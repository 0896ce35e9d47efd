"""Multi-sender persuasion: exact games, networks that learn them, and local equilibria.

Names are imported on first use, so that the learning side runs with numpy and torch alone.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    "Game": "game",
    "TieRule": "ties",
    "TIE_TOLERANCE": "ties",
    "check_policies": "policies",
    "full_revelation": "policies",
    "no_revelation": "policies",
    "project_to_simplex": "policies",
    "softmax": "policies",
    "state_revelation": "policies",
    "uniform_policies": "policies",
    "deviation_utilities": "simulate",
    "outcome_distribution": "simulate",
    "receiver_actions": "simulate",
    "receiver_utility": "simulate",
    "sender_utilities": "simulate",
}

__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'persuasion' has no attribute {name!r}")
    return getattr(importlib.import_module(f"persuasion.{_EXPORTS[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_EXPORTS])
