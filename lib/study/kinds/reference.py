"""One game: random starts, full revelation, and how far utilities vary at all."""

from __future__ import annotations

from typing import Any

from persuasion.games.seeded import build_game, dataset, starts_of
from persuasion.model.seeds import seed_sequence
from persuasion.model.simulate import sender_utilities
from persuasion.theorems.full_revelation import full_revelation
from study.kinds import Payload

VARIATION_SAMPLES = 1_000


def run(job: dict[str, Any]) -> Payload:
    """Utilities at the starts and under full revelation, and their variance."""
    game = build_game(job["game"])
    starts = sender_utilities(game, starts_of(game, job["game"], job["starts"]))
    sample = dataset(game, VARIATION_SAMPLES, seed_sequence("variation", job["game"]))[1]
    metrics = {
        "shape": game.shape._asdict(),
        "utility_range": game.utility_range,
        "variance": sample.var(0).tolist(),
        "start_utilities": starts.mean(0).tolist(),
        "full_revelation": None,
        "obstacle": None,
    }
    arrays = {"start_utilities": starts}
    try:
        policies = full_revelation(game)
    except ValueError as error:
        metrics["obstacle"] = str(error)
    else:
        metrics["full_revelation"] = sender_utilities(game, policies).tolist()
        arrays["full_revelation"] = policies
    return metrics, arrays
