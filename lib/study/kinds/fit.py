"""One game, one architecture, one recipe: how well its networks fit, and nothing else."""

from __future__ import annotations

from typing import Any

from persuasion.games.seeded import build_game
from persuasion.learn.fit import DivergenceError
from persuasion.learn.of_game import errors, train
from persuasion.learn.training import Training
from study.kinds import Payload


def run(job: dict[str, Any]) -> Payload:
    """Training and held-out errors of the first ``networks`` senders, and the loss curves.

    A recipe that diverges is a result, not a failure: ``{"diverged": message}``.
    """
    game = build_game(job["game"])
    training = Training(**job["training"])
    try:
        fitted = train(game, job["game"], job["method"], training, job["networks"])
    except DivergenceError as error:
        return {"diverged": str(error)}, {}
    return {"errors": errors(fitted)}, {"losses": fitted.losses}
