"""The audit: collect the records, check them all, then examine profiles until the time is up."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from persuasion.system.progress import watched
from study.audit.case import Case, Check
from study.audit.examine import Done, Examined, Regret, Task, Work, bundled, examine, tasks
from study.audit.kept import Kept
from study.audit.log import Log
from study.audit.pool import Run, pool
from study.audit.records import auditable, check_record
from study.audit.reported import check_reported
from study.designs import design
from study.designs.config import Preset
from study.records.results import open_records
from study.run.executors import default_workers


@dataclass(frozen=True)
class Settings:
    """How thoroughly to audit.

    Attributes
    ----------
    certificates : exact certificates of the selected profiles
    resample : the sampled checks
    time_limit : seconds per certificate that is solved, and per sender for its proof
    minutes : time for everything, the checks of the records first, 0 for no limit; what is under way is finished,
        what is not reached is counted as such. Records and profiles come in random order, so that a partial
        audit is a random sample.
    sample : examine at most this many profiles, 0 for all
    seed : of the random order
    workers : processes, default one per core
    log : file that keeps what has been examined: those profiles are not examined again, and new ones are added
    proofs : file that keeps proofs: what has one is checked instead of solved, and new ones are added
    afresh : solve and sample everything again, whatever is kept
    """

    certificates: bool = True
    resample: bool = True
    time_limit: float = 5.0
    minutes: float = 0.0
    sample: int = 0
    seed: int = 0
    workers: int | None = None
    log: Path | None = None
    proofs: Path | None = None
    afresh: bool = False

    def __post_init__(self) -> None:
        if self.time_limit <= 0:
            raise ValueError(f"time limit must be positive, got {self.time_limit}")
        for name in ("minutes", "sample"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes
    ----------
    cases : every record that there was to audit
    reached : records that were checked; fewer than there were if the time was up
    checks : every claim compared
    regrets : every certificate computed
    planned : profiles that there were to examine
    examined : profiles that were, now or before according to the log
    seconds : wall time
    """

    cases: tuple[Case, ...]
    reached: int
    checks: tuple[Check, ...]
    regrets: tuple[Regret, ...]
    planned: int
    examined: int
    seconds: float

    @property
    def disagreements(self) -> list[Check]:
        """The claims that do not hold."""
        return [check for check in self.checks if not check.agrees]


def collect(path: str | Path, preset: Preset) -> list[Case]:
    """The finished records of a preset in a store or a folder of committed results.

    ``StoreError`` if it is neither or damaged; ``ValueError`` if there is nothing to audit.
    """
    cases = []
    with open_records(path, preset.name) as opened:
        for name in design.EXPERIMENTS:
            for job in design.jobs(preset, name):
                record = opened.find(job)
                needed = [opened.find(other) for other in job.needs]
                if record is not None and record.done:
                    cases.append(Case(name, record, tuple(filter(None, needed))))
    if not cases:
        raise ValueError(f"{path}: has no finished records of preset {preset.name!r} to verify")
    return cases


def audit(
    cases: Sequence[Case], preset: Preset, settings: Settings | None = None, quiet: bool = False
) -> Audit:
    """Check every record, then examine profiles, until the time is up; see :class:`Settings`."""
    settings = settings or Settings()
    started = time.monotonic()
    deadline = started + 60 * settings.minutes if settings.minutes else None
    work = [case for case in cases if auditable(case)]
    random.Random(settings.seed).shuffle(work)
    reached = len(cases) - len(work)
    todo = to_examine(work, settings)
    checks: list[Check] = []
    with (
        contextlib.closing(Kept(settings.proofs)) as kept,
        Log(settings.log) if settings.log else contextlib.nullcontext() as log,
        pool(settings.workers or default_workers()) as run,
    ):
        known = [] if log is None else [found for task in todo if (found := log.find(task))]
        for part in watched(
            run(check_record, work, deadline), lambda _: 1.0, len(work), len(work), quiet=quiet,
            unit="records",
        ):  # fmt: skip
            checks += part
            reached += 1
        names = {found.task for found in known}
        left = [task for task in todo if task.fingerprint not in names]
        examined = known + _examine(left, run, settings, log, kept, len(known), quiet, deadline)
    checks += [check for result in examined for check in result.checks]
    if reached == len(cases) and not (deadline and time.monotonic() > deadline):
        checks += _tables(work, checks, preset)
    regrets = tuple(result.regret for result in examined if result.regret is not None)
    seconds = time.monotonic() - started
    return Audit(tuple(cases), reached, tuple(checks), regrets, len(todo), len(examined), seconds)


def _examine(
    left: Sequence[Task],
    run: Run,
    settings: Settings,
    log: Log | None,
    kept: Kept,
    before: int,
    quiet: bool,
    deadline: float | None,
) -> list[Examined]:
    """Examine profiles until the time is up, writing each down as it comes."""
    chosen = left[: settings.sample] if settings.sample else left
    total = sum(task.cost for task in chosen)
    work = [_work(bundle, kept, settings.afresh) for bundle in bundled(chosen)]
    work.sort(key=lambda one: not one.kept)  # what has a proof takes a moment
    results = _kept(run(examine, work, deadline), kept)
    examined = []
    for result in watched(
        results, lambda r: r.cost, total, len(chosen),
        before + len(chosen), quiet, "profiles",
    ):  # fmt: skip
        examined.append(result)
        if log is not None:
            log.add(result)
    return examined


def _work(bundle: tuple[Task, ...], kept: Kept, afresh: bool) -> Work:
    keys = {bundle[0].question, *(task.sample for task in bundle if task.resample)}
    known = {key: entry for key in keys if (entry := kept.find(key))}
    return Work(bundle, {} if afresh else known)


def _kept(results: Iterable[Done], kept: Kept) -> Iterator[Examined]:
    """What came of the tasks one by one, after what is new was kept."""
    for done in results:
        for entry in done.keep:
            kept.add(entry)
        yield from done.examined


def _tables(cases: Sequence[Case], checks: Sequence[Check], preset: Preset) -> list[Check]:
    """The book's tables of the experiments whose records agree; a wrong record is reported once, as such."""
    wrong = {check.experiment for check in checks if not check.agrees}
    names = dict.fromkeys(case.experiment for case in cases if case.experiment not in wrong)
    groups = [[case for case in cases if case.experiment == name] for name in names]
    return [check for group in groups for check in check_reported(group, preset)]


def to_examine(cases: Sequence[Case], settings: Settings) -> list[Task]:
    """A task per profile to examine, in the random order of the settings."""
    limit = settings.time_limit if settings.certificates else None
    if limit is not None:
        _require_solvers()
    found = tasks([case for case in cases if auditable(case)], settings.resample, limit)
    random.Random(settings.seed).shuffle(found)
    return found


def _require_solvers() -> None:
    """End the audit before it starts if certificates cannot be computed."""
    try:
        from persuasion.regret.certify import certify  # noqa: F401
    except ImportError as error:
        message = f"certificates need the solvers ({error}); without: --no-certificates"
        raise ValueError(message) from None
