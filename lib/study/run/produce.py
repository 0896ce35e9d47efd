"""Produce or load: run the jobs of a preset that the store lacks, then hand out all its records.

>>> import tempfile
>>> from study import preset
>>> tiny = preset("smoke", {"methods": ["relu"], "didactic.training.epochs": 1})
>>> with tempfile.TemporaryDirectory() as folder:
...     records = produce(tiny, "didactic", f"{folder}/store.sqlite", workers=1, quiet=True)
>>> [record.status for record in records]
['done']
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from persuasion.system.progress import Progress
from study.designs import design
from study.designs.settings import Preset
from study.records.job import Job
from study.records.places import default_store
from study.records.results import Records, Results, is_committed, open_records
from study.records.store import Record, Store, StoreError
from study.run.executors import check_workers, default_workers, execute


class JobsFailed(RuntimeError):
    """Some jobs failed; the others are in the store. The message lists the failed ones with their errors."""


def produce(
    preset: Preset,
    experiment: str | Sequence[str],
    store: str | Path | None = None,
    workers: int | None = None,
    quiet: bool = False,
    committed: Records | None = None,
    progress: Progress | None = None,
) -> list[Record]:
    """All records of one or several experiments, in design order; what is missing is computed first.

    From a folder of committed results the records that it holds are handed out, and nothing is computed.

    Parameters
    ----------
    preset : see :func:`study.preset`
    experiment : one of :data:`study.EXPERIMENTS`, or several of them
    store : path of the result store or of committed results, default :func:`~study.records.places.default_store`
    workers : processes, default one per core; ``SCHEDULER`` in the environment names a running cluster, ``DEVICE``
        a torch device (``cuda``) on which the networks of many games are trained at once
    quiet : no progress
    committed : results that count as done, whatever version of the code made them
    progress : of the whole run that this is a part of

    Raises
    ------
    JobsFailed
        after all other jobs have run and are stored
    StoreError
        if the path is not a result store, or is a folder that lacks a whole experiment
    ValueError
        for an unknown experiment, or workers that are no whole number from 1
    """
    if workers is not None:
        check_workers(workers)
    names = [experiment] if isinstance(experiment, str) else experiment
    jobs = [job for name in names for job in design.jobs(preset, name)]
    with open_records(store or default_store(), preset.name, create=True) as opened:
        if isinstance(opened, Results):
            _check_coverage(opened, preset, names)
        else:
            run_missing(jobs, opened, workers, progress or Progress(quiet), committed)
        sources = [opened] if committed is None else [committed, opened]
        return [record for job in jobs if (record := _find(job, sources))]


def load(preset: Preset, store: str | Path | None = None) -> list[Record]:
    """The finished records of a preset in a store or among committed results; computes nothing."""
    with open_records(store or default_store(), preset.name) as opened:
        jobs = {job.key: job for name in design.EXPERIMENTS for job in design.jobs(preset, name)}
        return [record for job in jobs.values() if (record := opened.find(job)) and record.done]


def origin(preset: Preset, store: str | Path | None = None) -> str:
    """A line for the reader: whether the pages show committed results or what was computed here."""
    path = Path(store or default_store())
    if not is_committed(path):
        return "computed on this machine"
    with open_records(path, preset.name) as opened:
        codes = len({record.provenance["code"] for record in opened})
        kinds = len({record.config["kind"] for record in opened})
        versions = "" if codes <= kinds else f", made by {codes} versions of the code"
        return f"read from committed results ({len(opened):,} records{versions})"


def _check_coverage(results: Records, preset: Preset, experiments: Sequence[str]) -> None:
    for name in experiments:
        if not any(results.find(job) for job in design.jobs(preset, name)):
            raise StoreError(
                f"{results.path}: holds nothing of experiment {name!r} as preset {preset.name} has it "
                "now; show a computed store, or export the experiment"
            )


def run_missing(
    jobs: Sequence[Job],
    store: Store,
    workers: int | None = None,
    progress: Progress | None = None,
    committed: Records | None = None,
) -> None:
    """Run the jobs without a finished record and store each as it ends; see :func:`produce`.

    What they need is run before; a job whose needs failed is left out.
    """
    sources = [store] if committed is None else [store, committed]
    missing = _missing(jobs, sources)
    work, everything = (
        sum(job.cost for job in part.values()) for part in (missing, _by_key(jobs) | missing)
    )
    progress = progress or Progress(quiet=True)
    progress.expect(work, before=everything - work)
    records = _records(
        list(missing.values()),
        workers or default_workers(),
        lambda job: [record for need in job.needs if (record := _find(need, sources))],
    )
    failures, ended = [], 0
    with progress:
        progress.say(f"{len(missing)} jobs to run")
        for ended, record in enumerate(records, 1):
            store.put(record)
            job = missing[record.key]
            progress.advance(job.cost, f"{ended} of {len(missing)} jobs, last {job.label}")
            if not record.done:
                failures.append(f"{job.label}: {record.error}")
    if failures:
        left = len(missing) - ended
        needing = f", and {left} that need them were left out" if left else ""
        raise JobsFailed(
            f"{len(failures)} of {len(jobs)} jobs failed{needing} (a rerun retries them):\n  "
            + "\n  ".join(failures)
        )


def _missing(jobs: Iterable[Job], sources: Sequence[Records]) -> dict[str, Job]:
    """Those of the jobs without a finished record, by key, each after those of its needs that lack one, too."""
    every = list(_with_needs(jobs))
    finished = set().union(*(source.done(every) for source in sources))
    return _by_key(job for job in _with_needs(jobs, finished) if job.key not in finished)


def _with_needs(jobs: Iterable[Job], finished: Collection[str] = ()) -> Iterator[Job]:
    """The jobs, each after all that it needs, unless it is finished."""
    for job in jobs:
        if job.key not in finished:
            yield from _with_needs(job.needs, finished)
        yield job


def _by_key(jobs: Iterable[Job]) -> dict[str, Job]:
    return {job.key: job for job in jobs}


def _records(
    jobs: Sequence[Job], workers: int, given: Callable[[Job], Sequence[Record]]
) -> Iterator[Record]:
    """Executed where the environment says: on a cluster, with the training on a device, or here."""
    scheduler, device = os.environ.get("SCHEDULER"), os.environ.get("DEVICE", "cpu")
    if device == "cpu":
        return execute(jobs, workers, scheduler or None, given)
    if scheduler:
        raise ValueError(f"set SCHEDULER or DEVICE, not both (DEVICE={device})")
    from study.run.stacked import check_device, execute_stacked

    return execute_stacked(jobs, check_device(device), workers, given)


def _find(job: Job, sources: Sequence[Records]) -> Record | None:
    """The job's record, a finished one before a failed one."""
    found = [record for source in sources if (record := source.find(job))]
    return next((record for record in found if record.done), found[0] if found else None)
