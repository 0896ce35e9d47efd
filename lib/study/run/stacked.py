"""Training jobs in stacks on one device: the driver trains the networks of many games at once, workers do the rest.

With ``DEVICE=cuda`` in the environment :func:`~study.run.produce` uses this. A job's networks come of the same
arithmetic as training it alone, up to rounding, which long trainings amplify; its record names the device.
"""

import itertools
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from persuasion.games.seeded import build_game
from persuasion.learn.batch import fit_games
from persuasion.learn.fit import DivergenceError
from persuasion.learn.of_game import errors, task
from persuasion.learn.training import Training
from persuasion.model.seeds import canonical
from study.records.job import Job
from study.records.store import Record
from study.run.executors import execute, workers_for
from study.run.job import record_of

Trained = tuple[dict[str, Any], dict[str, list[float]] | None, float]
"""Arrays of a model, its errors (None if they are not finite), and its share of the seconds of its stack."""


def check_device(name: str) -> str:
    """The name of a device that is here; ``ValueError`` for another."""
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"device {name!r} cannot be used: {reason}") from None
    return name


def execute_stacked(
    jobs: Sequence[Job],
    device: str,
    workers: int = 1,
    given: Callable[[Job], Sequence[Record]] = lambda job: (),
    games_at_once: int = 32,
) -> Iterator[Record]:
    """Records of the jobs as they finish: those that are not trained, stack by stack, then those that need others.

    ``device`` is a torch device, see :func:`check_device`; ``workers`` processes search and check what was trained;
    a stack has ``games_at_once`` games, which bounds memory.
    """
    failed = set()
    trained = [job for job in jobs if job.config["kind"] == "solve"]
    alone = [job for job in jobs if not job.needs and job.config["kind"] != "solve"]
    for record in itertools.chain(
        execute(alone, workers, None, given), _trained(trained, device, workers, games_at_once)
    ):
        yield record
        if not record.done:
            failed.add(record.key)
    rest = [job for job in jobs if job.needs and not failed & {need.key for need in job.needs}]
    yield from execute(rest, workers, None, given)


def _trained(
    jobs: Sequence[Job], device: str, workers: int, games_at_once: int
) -> Iterator[Record]:
    """Records of jobs whose networks are trained here, stack by stack."""
    with workers_for(workers) as run:
        for stack in stacks(jobs, games_at_once):
            begun = time.perf_counter()
            try:
                fitted = _train(stack, device)
            except Exception as error:
                text = traceback.format_exc()
                yield from (_failed(job, error, device, text) for job in stack)
                continue
            share = (time.perf_counter() - begun) / len(stack)
            work = [(job, (*found, share), device) for job, found in zip(stack, fitted)]
            yield from run(_finish, work, lambda item, error: _failed(item[0], error, device))


def stacks(jobs: Sequence[Job], size: int) -> list[list[Job]]:
    """Jobs alike in architecture, recipe and length of input, at most ``size`` together, ordered by their first."""
    found: list[list[Job]] = []
    growing: dict[str, list[Job]] = {}
    for job in jobs:
        shape = build_game(job.config["game"]).shape
        inputs = shape.senders * shape.states * shape.signals
        key = canonical([job.config["method"], job.config["training"], inputs])
        if len(growing.get(key, ())) % size == 0:
            growing[key] = []
            found.append(growing[key])
        growing[key].append(job)
    return found


def _train(stack: Sequence[Job], device: str) -> list[tuple[dict[str, Any], Any]]:
    method, training = stack[0].config["method"], Training(**stack[0].config["training"])
    tasks = [task(build_game(job.config["game"]), job.config["game"], method) for job in stack]
    fits = fit_games(tasks, method, training, device)
    return [(fit.model.to_arrays(), None if fit.diverged.any() else errors(fit)) for fit in fits]


def _finish(work: tuple[Job, Trained, str]) -> Record:
    """Search, select and check with networks that are already trained."""
    from persuasion.learn.model import UtilityModel
    from study.kinds import solve

    job, (arrays, found, seconds), device = work

    def finish() -> Any:
        if found is None:
            raise DivergenceError("a loss or an error of its networks is not finite")
        return solve.finish(job.config, UtilityModel.from_arrays(arrays), found)

    return record_of(job, finish, device, seconds)


def _failed(job: Job, error: Exception, device: str, text: str = "") -> Record:
    def again() -> Any:
        raise RuntimeError(f"its stack failed: {type(error).__name__}: {error}\n{text}")

    return record_of(job, again, device)
