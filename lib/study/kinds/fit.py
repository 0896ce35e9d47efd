"""One game, one architecture, one recipe: how well its networks fit, and nothing else."""

from typing import Any

from persuasion.games.seeded import build_game
from persuasion.learn.fit import DivergenceError
from persuasion.learn.of_game import errors, train
from persuasion.learn.training import Training
from study.records.rows import Facts, Result


def run(job: dict[str, Any]) -> Result:
    """Training and held-out errors of the first ``networks`` senders, and the loss curves.

    A recipe that diverges is a result, not a failure: ``diverged`` says why.
    """
    game = build_game(job["game"])
    training = Training(**job["training"])
    try:
        fitted = train(game, job["game"], job["method"], training, job["networks"])
    except DivergenceError as error:
        return Result(Facts(diverged=str(error)))
    return Result(Facts.of_errors(errors(fitted)), arrays={"losses": fitted.losses})
