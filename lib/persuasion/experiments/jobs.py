"""Jobs: one configuration in, one record out, a pure function of the configuration.

Kinds of jobs
-------------
``solve``      one game, one network architecture: train a network per sender, search, select, check
``reference``  one game: random starts, full revelation, how far utilities vary at all
``didactic``   one architecture on the didactic game: the surfaces of Figure 1

All random draws are seeded by what they are for (game, method, purpose), so methods share their
training policies and starts on the same game, and the order of the jobs does not matter.
"""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from persuasion.experiments import config
from persuasion.experiments.provenance import code_version, provenance
from persuasion.experiments.seeds import canonical, integer_seed, seed_sequence
from persuasion.experiments.store import Record
from persuasion.game import Game
from persuasion.games import GENERATORS
from persuasion.games.didactic import ROWS, didactic_surface
from persuasion.learn.extragradient import extragradient
from persuasion.learn.fit import Fit, fit
from persuasion.learn.model import UtilityModel
from persuasion.learn.sampled_check import samples_per_sender, select_local_equilibria
from persuasion.learn.training import Training
from persuasion.networks import build_network, member_seeds
from persuasion.policies import full_revelation, uniform_policies
from persuasion.simulate import sender_utilities

Payload = tuple[dict[str, Any], dict[str, np.ndarray]]
VARIATION_SAMPLES = 1_000


@dataclass(frozen=True)
class Job:
    """A unit of work; ``config`` is JSON-able and says everything that the result depends on."""

    config: dict[str, Any]
    cost: float = 1.0

    @property
    def key(self) -> str:
        """Hash of the full-precision configuration and the code version."""
        text = canonical({"config": self.config, "code": code_version()})
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def label(self) -> str:
        """Short human name for progress and error lists."""
        game = self.config.get("game", {})
        sizes = "x".join(str(v) for v in game.get("parameters", {}).values())
        parts = [game.get("family", "didactic"), sizes, f"#{game.get('index', 0)}"]
        return (
            f"{self.config['kind']} {self.config.get('method', '')} {' '.join(filter(None, parts))}"
        )


def run_job(job: Job) -> Record:
    """Run one job in one thread. An exception becomes a record of status "failed", never a lost result."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    started = time.perf_counter()
    try:
        metrics, arrays = KINDS[job.config["kind"]](job.config)
        status = "done"
    except Exception as error:
        metrics = {
            "error": f"{type(error).__name__}: {error}",
            "traceback": traceback.format_exc(),
        }
        arrays, status = {}, "failed"
    seconds = time.perf_counter() - started
    source = provenance()
    torch.set_num_threads(threads)
    return Record(job.key, job.config, status, metrics, arrays, source, seconds)


def build_game(game: dict[str, Any]) -> Game:
    """The game of a configuration ``{"family", "parameters", "index", "seed"}``."""
    if game["family"] not in GENERATORS:
        raise ValueError(f"unknown family {game['family']!r}; known: {', '.join(GENERATORS)}")
    return GENERATORS[game["family"]](**game["parameters"], seed=seed_sequence("game", game))


def train(game: Game, identity: Any, method: str, training: Training) -> Fit:
    """A network per sender on uniformly sampled joint policies and their exact utilities."""
    data = [
        _dataset(game, count, seed_sequence(purpose, identity))
        for purpose, count in (("training", training.samples), ("held-out", training.held_out))
    ]
    inputs = game.shape.senders * game.shape.states * game.shape.signals
    seeds = member_seeds(integer_seed("network", identity, method), game.shape.senders)
    network = build_network(
        method, inputs, game.shape.senders, seeds, **training.network_options(method)
    )
    shuffle = integer_seed("shuffle", identity, method) % 2**62
    return fit(network, *data[0], training, data[1] if training.held_out else None, shuffle)


def _dataset(game: Game, count: int, seed: Any) -> tuple[np.ndarray, np.ndarray]:
    policies = uniform_policies(game, count, np.random.default_rng(seed))
    utilities = sender_utilities(game, policies, validate=False)
    return policies.reshape(count, -1), utilities


def _solve(job: dict[str, Any]) -> Payload:
    game = build_game(job["game"])
    fitted = train(game, job["game"], job["method"], Training(**job["training"]))
    metrics: dict[str, Any] = {"errors": _errors(fitted), "searches": []}
    arrays: dict[str, np.ndarray] = {}
    for number, settings in enumerate(job["searches"]):
        search = config.Search(**settings)
        found, profiles = _search(game, job, fitted.model, search)
        metrics["searches"].append(found)
        arrays |= {f"search{number}/{name}": value for name, value in profiles.items()}
    return metrics, arrays


def _errors(fitted: Fit) -> dict[str, list[float]]:
    return {
        "training": fitted.training_error.tolist(),
        "held_out": np.nan_to_num(fitted.held_out_error, nan=-1).tolist(),
        "variance": fitted.target_variance.tolist(),
    }


def _search(
    game: Game, job: dict[str, Any], model: UtilityModel, search: config.Search
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Extra-gradient from the game's starts, then the best accepted profile for every tolerance."""
    ends = extragradient(
        model.own_gradients,
        starts_of(game, job["game"], search.starts),
        search.iterations,
        search.step_size,
        search.projection,
    )
    ends = ends / ends.sum(-1, keepdims=True)
    selection = select_local_equilibria(
        game,
        ends,
        search.radius,
        samples_per_sender(game, search.samples_factor),
        [tolerance * game.utility_range for tolerance in job["tolerances"]],
        integer_seed("check", job["game"], search.radius) % 2**32,
    )
    utilities = sender_utilities(game, ends)
    chosen = [acceptance.index for acceptance in selection.accepted]
    kept = sorted({index for index in chosen if index is not None})
    metrics = {
        "radius": search.radius,
        "checked": selection.checked,
        "selected": [
            None if k is None else {"profile": kept.index(k), "utilities": utilities[k].tolist()}
            for k in chosen
        ],
        "gains": [acceptance.gain for acceptance in selection.accepted],
    }
    return metrics, {
        "policies": ends[kept],
        "utilities": utilities,
        "predicted": model.predict(ends),
        "gains": selection.gains,
    }


def starts_of(game: Game, identity: Any, count: int) -> np.ndarray:
    """The random starting profiles of a game, the same for all methods and searches."""
    return uniform_policies(game, count, np.random.default_rng(seed_sequence("starts", identity)))


def _reference(job: dict[str, Any]) -> Payload:
    game = build_game(job["game"])
    starts = sender_utilities(game, starts_of(game, job["game"], job["starts"]))
    sample = _dataset(game, VARIATION_SAMPLES, seed_sequence("variation", job["game"]))[1]
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


def _didactic(job: dict[str, Any]) -> Payload:
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
    return {"errors": _errors(fitted)}, arrays | weights


KINDS: dict[str, Callable[[dict[str, Any]], Payload]] = {
    "solve": _solve,
    "reference": _reference,
    "didactic": _didactic,
}
