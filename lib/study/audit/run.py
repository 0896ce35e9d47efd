"""The audit: collect the records, check them all, then examine profiles until the time is up."""

import contextlib
import math
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from persuasion.system.progress import watched
from study.audit.case import Case, Check
from study.audit.examine import (
    Entry,
    Examined,
    Task,
    Work,
    bundled,
    examine,
    in_log,
    not_examined,
    tasks,
)
from study.audit.labels import wrong_labels
from study.audit.lines import Kept, Log
from study.audit.records import auditable, check_record, check_tables, unreadable
from study.designs import design
from study.designs.settings import Preset
from study.records.results import REMEDY, Results, open_records
from study.records.store import StoreError
from study.run.executors import check_workers, default_workers, workers_for


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
        if not 0 < self.time_limit < math.inf:
            raise ValueError(f"time limit must be positive and finite, got {self.time_limit}")
        for name in ("minutes", "sample"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(
                    f"{name} must be finite and not negative, got {getattr(self, name)}"
                )
        if self.log and self.log == self.proofs:
            raise ValueError(f"the log and the proofs need a file each, got {self.log} for both")
        if self.workers is not None:
            check_workers(self.workers)


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes
    ----------
    cases : every record that there was to audit
    reached : records that were checked; fewer than there were if the time was up
    checks : every claim compared
    examined : what came of profiles, now or before according to the log
    planned : profiles that there were to examine
    seconds : wall time
    """

    cases: tuple[Case, ...]
    reached: int
    checks: tuple[Check, ...]
    examined: tuple[Examined, ...]
    planned: int
    seconds: float

    @property
    def disagreements(self) -> list[Check]:
        """The claims that do not hold."""
        return [check for check in self.checks if not check.agrees]

    @property
    def certified(self) -> list[Examined]:
        """The profiles that have a certificate."""
        return [found for found in self.examined if found.certified]


def collect(path: str | Path, preset: Preset) -> list[Case]:
    """The finished records of a preset in a store or a folder of committed results.

    ``StoreError`` if it is neither, or damaged, or its tables contradict its records; ``ValueError`` if there is
    nothing to audit.
    """
    cases = []
    with open_records(path, preset.name) as opened:
        if isinstance(opened, Results):
            for wrong in wrong_labels(opened):
                raise StoreError(f"{wrong}; {REMEDY}")
        for name in design.EXPERIMENTS:
            for job in design.jobs(preset, name):
                record = opened.find(job)
                if record is not None and record.done:
                    needed = (opened.find(other) for other in job.needs)
                    cases.append(Case(name, record, tuple(filter(None, needed))))
    if not cases:
        raise ValueError(f"{path}: has no finished records of preset {preset.name!r} to verify")
    return cases


def strangers(path: str | Path, preset: Preset) -> int:
    """How many committed records belong to no job of the preset, so that no audit of it sees them."""
    with open_records(path, preset.name) as opened:
        if not isinstance(opened, Results):
            return 0  # a working store has records of older code
        asked = {
            one.identity
            for name in design.EXPERIMENTS
            for job in design.jobs(preset, name)
            for one in (job, *job.needs)
        }
        return sum(record.key not in asked for record in opened)


def audit(cases: Sequence[Case], settings: Settings | None = None, quiet: bool = False) -> Audit:
    """Check every record, then examine profiles, until the time is up; see :class:`Settings`."""
    settings, started = settings or Settings(), time.monotonic()
    deadline = started + 60 * (settings.minutes or math.inf)
    work = [case for case in cases if auditable(case)]
    random.Random(settings.seed).shuffle(work)
    todo = to_examine(cases, settings)
    with (
        contextlib.closing(Kept(settings.proofs)) as kept,
        contextlib.closing(Log(settings.log)) as log,
        workers_for(settings.workers or default_workers(), deadline) as run,
    ):
        log.open()
        done = run(check_record, work, unreadable)
        count = len(work)
        parts = list(watched(done, lambda _: 1.0, count, count, quiet=quiet, unit="records"))
        checks = [check for part in parts for check in part]
        if len(parts) == count:
            checks += _tables(work, checks)
        # what disagreed is examined again
        found = [each for each in in_log(todo, log) if not each.entry["wrong"]]
        known = {each.task.fingerprint for each in found}
        chosen = [task for task in todo if task.fingerprint not in known]
        chosen = chosen[: settings.sample or None]
        bundles = _bundles(chosen, Kept(None) if settings.afresh else kept)
        found += watched(
            _written(run(examine, bundles, not_examined), chosen, kept, log),
            lambda each: each.task.cost, sum(task.cost for task in chosen),
            len(known) + len(chosen), len(known), quiet, "profiles",
        )  # fmt: skip
    checks += [check for each in found for check in each.checks]
    reached, seconds = len(cases) - count + len(parts), time.monotonic() - started
    return Audit(tuple(cases), reached, tuple(checks), tuple(found), len(todo), seconds)


def _bundles(chosen: Sequence[Task], kept: Kept) -> list[Work]:
    """The tasks with what was kept about them; those with a proof, which take a moment, first."""
    work = []
    for bundle in bundled(chosen):
        keys = {bundle[0].question, *(task.sample for task in bundle if task.resample)}
        work.append(Work(bundle, {key: entry for key in keys if (entry := kept.find(key))}))
    return sorted(work, key=lambda one: not one.kept)


def _written(
    done: Iterable[tuple[list[Entry], list[Entry]]], chosen: Sequence[Task], kept: Kept, log: Log
) -> Iterator[Examined]:
    """What came of the tasks one by one, after what is new was written down."""
    named = {task.fingerprint: task for task in chosen}
    for lines, new in done:
        for entry in new:
            kept.add(entry)
        for line in lines:
            log.add(line)
            yield Examined(named[line["profile"]], line)


def _tables(cases: Sequence[Case], checks: Sequence[Check]) -> list[Check]:
    """The book's tables of the experiments whose records agree; a wrong record is reported once, as such."""
    wrong = {check.experiment for check in checks if not check.agrees}
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.experiment, []).append(case)
    return [c for name, group in groups.items() if name not in wrong for c in check_tables(group)]


def to_examine(cases: Sequence[Case], settings: Settings) -> list[Task]:
    """A task per profile to examine, in the random order of the settings."""
    limit = settings.time_limit if settings.certificates else None
    if limit is not None:
        try:  # said before the audit starts
            from persuasion.regret.certify import certify  # noqa: F401
        except ImportError as error:
            message = f"certificates need the solvers ({error}); without: --no-certificates"
            raise ValueError(message) from None
    found = tasks(cases, settings.resample, limit)
    random.Random(settings.seed).shuffle(found)
    return found
