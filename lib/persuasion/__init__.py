"""Multi-sender persuasion: exact games, networks that learn them, and local equilibria.

Most names are imported on first use, and solvers only when called, so that the learning side runs with
numpy and torch alone.
"""

from __future__ import annotations

import importlib
from typing import Any

from persuasion.system.interrupted import leave_quietly

leave_quietly()  # before the imports that take seconds
# the functions, not the packages of the same names, whatever is imported first
from persuasion.regret.best_response import best_response as best_response  # noqa: E402
from persuasion.regret.certify import certify as certify  # noqa: E402
from persuasion.system import after_fork as after_fork  # noqa: E402

__version__ = "0.1.0"

_EXPORTS = {
    "model.game": ("Game",),
    "model.ties": (
        "TieRule",
        "TIE_TOLERANCE",
    ),
    "model.policies": (
        "check_policies",
        "full_revelation",
        "no_revelation",
        "project_to_simplex",
        "softmax",
        "state_revelation",
        "uniform_policies",
    ),
    "model.simulate": (
        "deviation_utilities",
        "outcome_distribution",
        "receiver_actions",
        "receiver_utility",
        "sender_utilities",
    ),
    "model.posteriors": ("likely_joint_signals",),
    "own_game.request": ("Request",),
    "own_game.solve": ("solve",),
    "games": (
        "didactic",
        "product_advertising",
        "quality_advertising",
        "ride_hailing",
        "synthetic",
    ),
    "networks": (
        "DNL",
        "DeLU",
        "ReLU",
    ),
    "learn.training": ("Training",),
    "learn.fit": ("fit",),
    "learn.extragradient": ("extragradient",),
    "learn.sampled_check": (
        "sampled_gain",
        "select_local_equilibria",
    ),
    "regret.response": ("BestResponse",),
    "regret.certificate": ("Certificate",),
    "regret.nearby.local": ("local_best_response",),
    "regret.certify_many": ("certify_many",),
    "regret.nearby.piece": ("gain_within_piece",),
    "equilibria.polish": ("polish",),
    "equilibria.dynamics": ("best_response_dynamics",),
    "equilibria.anneal": ("annealed_dynamics",),
    "equilibria.distinct": ("distinct_equilibria",),
    "equilibria.tie_map": ("common_tie_map",),
}
_MODULE_OF = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = sorted([*_MODULE_OF, "best_response", "certify"])


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'persuasion' has no attribute {name!r}")
    return getattr(importlib.import_module(f"persuasion.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULE_OF])
