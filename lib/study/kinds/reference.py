"""One game: random starts, full revelation, and how far utilities vary at all."""

from typing import Any

from persuasion.games.seeded import build_game, dataset, starts_of
from persuasion.model.seeds import seed_sequence
from persuasion.model.simulate import sender_utilities
from persuasion.theorems.full_revelation import full_revelation
from study.records.rows import Facts, Result

VARIATION_SAMPLES = 1_000


def run(job: dict[str, Any]) -> Result:
    """Utilities at the starts and under full revelation, and their variance."""
    game = build_game(job["game"])
    starts = sender_utilities(game, starts_of(game, job["game"], job["starts"]))
    sample = dataset(game, VARIATION_SAMPLES, seed_sequence("variation", job["game"]))[1]
    arrays = {"start_utilities": starts}
    told: dict[str, Any] = {}
    try:
        policies = full_revelation(game)
    except ValueError as error:
        told["obstacle"] = str(error)
    else:
        told["full_revelation"] = sender_utilities(game, policies).tolist()
        arrays["full_revelation"] = policies
    facts = Facts(
        utility_range=game.utility_range,
        variance=sample.var(0).tolist(),
        start_utilities=starts.mean(0).tolist(),
        **{f"shape_{name}": size for name, size in game.shape._asdict().items()},
        **told,
    )
    return Result(facts, arrays=arrays)
