"""Jobs that train the first networks of a game and nothing else, and what training costs."""

from typing import Any

from study.records.job import Job

# costs are for the progress line only: seconds of one processor, roughly, per sample visit and network
SECONDS_PER_VISIT = 6e-6
RELATIVE_COST = {"relu": 1.0, "delu": 1.7, "dnl": 4.8}


def training_cost(training: dict[str, Any], method: str) -> float:
    """Of one network."""
    return SECONDS_PER_VISIT * RELATIVE_COST[method] * training["samples"] * training["epochs"]


def fit_job(game: dict[str, Any], method: str, training: dict[str, Any], networks: int) -> Job:
    """A job that fits the first networks of a game and keeps their errors."""
    settings = {
        "kind": "fit",
        "game": game,
        "method": method,
        "training": training,
        "networks": networks,
    }
    return Job(settings, networks * training_cost(training, method))
