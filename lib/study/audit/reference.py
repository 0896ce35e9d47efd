"""A game's reference record: its size, its random starts, how far utilities vary, and full revelation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from persuasion.games.seeded import build_game, starts_of
from persuasion.model.game import Game
from persuasion.model.policies import uniform_policies
from persuasion.model.seeds import seed_sequence
from study.audit.case import Case, Check, check, close
from study.audit.evaluate import ignores_deviations, units, utilities

VARIATION_SAMPLES = 1_000


def check_reference(case: Case) -> Iterator[Check]:
    """Everything that a reference record reports, from the game's seed."""
    config, metrics = case.record.config, case.record.metrics
    game = build_game(config["game"])
    unit = units(game)
    yield check(case, None, "game", "shape", metrics["shape"], game.shape._asdict())
    spread = float(np.ptp(game.senders))
    yield check(
        case, None, "game", "utility range", metrics["utility_range"], spread,
        close(metrics["utility_range"], spread, spread or unit.max()),
    )  # fmt: skip
    starts = _values(game, starts_of(game, config["game"], config["starts"])).mean(0)
    claimed = metrics["start_utilities"]
    yield check(
        case, None, "utility", "random starts", claimed, starts, close(claimed, starts, unit)
    )
    seed = seed_sequence("variation", config["game"])
    sample = uniform_policies(game, VARIATION_SAMPLES, np.random.default_rng(seed))
    variance, claimed = _values(game, sample).var(0), metrics["variance"]
    agrees = close(claimed, variance, unit**2)
    yield check(case, None, "game", "variance", claimed, variance, agrees)
    yield from _full_revelation(case, game, unit)


def _values(game: Game, policies: np.ndarray) -> np.ndarray:
    return np.array([utilities(game, profile) for profile in policies])


def _full_revelation(case: Case, game: Game, unit: np.ndarray) -> Iterator[Check]:
    claimed = case.record.metrics["full_revelation"]
    possible = can_reveal(game)
    text = "an equilibrium exists" if claimed is not None else "none by Theorem 4"
    yield check(
        case, None, "status", "full revelation", text, possible, possible == (claimed is not None)
    )
    if claimed is None:
        return
    policies = case.record.arrays["full_revelation"]
    value = utilities(game, policies)
    yield check(
        case, None, "utility", "full revelation", claimed, value, close(claimed, value, unit)
    )
    informed = np.array(
        [(game.prior * v[np.arange(len(v)), best(game)]).sum() for v in game.senders]
    )
    yield check(
        case, None, "status", "full revelation: the optimal action in every state", informed, value,
        close(informed, value, unit),
    )  # fmt: skip
    yield check(
        case, None, "status", "full revelation: no sender can change the action", True,
        ignores_deviations(game, policies),
    )  # fmt: skip


def best(game: Game) -> np.ndarray:
    """The first optimal action of every state, ``(states,)``."""
    return game.receiver.argmax(1)


def can_reveal(game: Game) -> bool:
    """Theorem 4's condition: unique optimal actions, and enough signals for them at distance 2."""
    unique = (game.receiver == game.receiver.max(1, keepdims=True)).sum(1) == 1
    actions = len(set(best(game).tolist()))
    shape = game.shape
    enough = actions == 1 or shape.signals ** (shape.senders - 1) >= actions
    return bool(unique.all()) and enough
