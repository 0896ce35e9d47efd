"""One architecture on the didactic game: the surfaces of Figure 1."""

from typing import Any

from persuasion.games.didactic import ROWS, didactic_surface
from persuasion.games.seeded import build_game
from persuasion.learn.of_game import errors, train
from persuasion.learn.training import Training
from persuasion.model.simulate import sender_utilities
from study.records.rows import Facts, Result


def run(job: dict[str, Any]) -> Result:
    """Exact and fitted surfaces of both rows, the errors and the weights."""
    identity = {"family": "didactic", "parameters": {}, "index": 0, "seed": job["seed"]}
    game = build_game(identity)
    fitted = train(game, identity, job["method"], Training(**job["training"]))
    arrays = {}
    for row in ROWS:
        grid, policies = didactic_surface(row, job["resolution"])
        arrays[f"{row}/grid"] = grid
        arrays[f"{row}/exact"] = sender_utilities(game, policies)
        arrays[f"{row}/network"] = fitted.model.predict(policies)
    weights = {f"model/{name}": value for name, value in fitted.model.to_arrays().items()}
    return Result(Facts.of_errors(errors(fitted)), arrays=arrays | weights)
