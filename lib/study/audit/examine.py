"""Profile by profile: the sampled check, and the exact certificate beside it; from what was kept, or once more."""

import contextlib
import hashlib
import time
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch

from persuasion.learn.sampled_check import samples_per_sender
from persuasion.model.game import Game
from persuasion.model.seeds import canonical, integer_seed
from study.audit.case import UNREADABLE, Case, Check, check, close
from study.audit.deviations import best_sample, gain_at
from study.audit.duality import checked_gains
from study.audit.evaluate import units
from study.audit.lines import Log
from study.audit.profiles import Profile, game_of, profiles
from study.records.regrets import game_stakes

# what a solver may lose, in each sender's unit
SOLVER_SLACK = 1e-6
# share of the stake by which a recorded end of an interval may say more than the audit's
TIGHTER = 1e-5
# a certificate whose intervals are no longer, as shares of the stakes, is closed
CLOSED = 1e-6
# where an interval comes from: a kept proof that was checked, a solver's word that was kept because its proof falls
# short of it, or a solver that was asked in this run
PROVED, KEPT, SOLVED = "proved", "kept", "solved"
Entry = dict[str, Any]
NO_CERTIFICATE: Entry = dict.fromkeys(("gains", "seconds", "how", "slack"))


@dataclass(frozen=True, eq=False)
class Task:
    """One profile to examine, and the hashes under which what comes of it is kept."""

    case: Case
    profile: Profile
    samples_factor: int | None
    """How many samples its record's check took, in units of the game's own number; None: not to be repeated."""
    time_limit: float | None
    """Seconds per certificate, None for no certificate."""

    @property
    def resample(self) -> bool:
        """Whether the sampled check is to be repeated."""
        return self.samples_factor is not None

    @property
    def cost(self) -> float:
        """Rough relative cost: joint signals times actions times the deviations to try."""
        senders, states, signals = self.profile.policies.shape
        samples = self.case.record.config.get("searches", [{}])[0].get("samples_factor", 0)
        return signals**senders * states * (1.0 + senders * samples * signals * states)

    @cached_property
    def question(self) -> str:
        """Hash of what a certificate is about."""
        profile = self.profile
        return self._hash([self.case.record.config["game"], profile.radius, profile.ties])

    @cached_property
    def sample(self) -> str:
        """Hash of what a sampled check is about."""
        game, profile = self.case.record.config["game"], self.profile
        return self._hash([game, profile.radius, profile.start, self.samples_factor])

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the profile, of everything claimed about it and of how it is to be examined."""
        profile = self.profile
        content = {
            "experiment": self.case.experiment,
            "config": self.case.record.config,
            "claims": [
                profile.where, profile.radius, profile.tolerances, profile.utilities, profile.gain,
                profile.start, profile.regret, profile.ties,
            ],
            "resample": self.resample,
            "time_limit": self.time_limit,
        }  # fmt: skip
        if profile.gains is not None:
            content["gains"] = profile.gains
        return self._hash(content)

    def _hash(self, content: Any) -> str:
        digest = hashlib.sha256(canonical(content).encode())
        digest.update(self.profile.policies.tobytes())
        return digest.hexdigest()[:20]


@dataclass(frozen=True, eq=False)
class Examined:
    """What came of a task: the line about it in a log."""

    task: Task
    entry: Entry

    @property
    def checks(self) -> list[Check]:
        """The claims that agree, by their sort, and those that do not."""
        case, profile = self.task.case, self.task.profile
        agree = [Check(sort, profile.where, "", "", True) for sort in self.entry["agree"]]
        found = [*agree, *(Check(a, b, c, d, False) for a, b, c, d in self.entry["wrong"])]
        return case.named(one._replace(radius=profile.radius) for one in found)

    @property
    def certified(self) -> bool:
        """Whether there is a certificate."""
        return self.entry["gains"] is not None

    @cached_property
    def shares(self) -> np.ndarray:
        """What every sender gains at least and at most, as a share of its own stake ``(senders, 2)``."""
        stakes = game_stakes(self.task.case.record.config["game"])
        return np.array(self.entry["gains"], dtype=float) / stakes[:, None]

    @property
    def regret(self) -> tuple[float, float]:
        """The largest share of a stake, at least and at most."""
        lower, upper = self.shares.max(0).tolist()
        return lower, upper

    @property
    def closed(self) -> bool:
        """Whether the intervals are shorter than 1e-6 of the stakes."""
        return bool(np.ptp(self.shares, axis=1).max() <= CLOSED)

    @property
    def tighter(self) -> bool:
        """Whether an end of a recorded interval says more than the audit found, by over 1e-5 of the stake."""
        profile, gains = self.task.profile, np.array(self.entry["gains"] or [], dtype=float)
        stakes = game_stakes(self.task.case.record.config["game"])
        if profile.gains is not None:
            claimed = np.array(profile.gains, dtype=float)
        elif profile.regret is not None:  # of older records: the largest gain in utility
            claimed, gains = np.array([profile.regret]), gains.max(0, keepdims=True)
            stakes = stakes.max(keepdims=True)
        else:
            return False
        if claimed.shape != gains.shape:
            return False
        more = np.maximum(claimed[:, 0] - gains[:, 0], gains[:, 1] - claimed[:, 1])
        return bool((more > TIGHTER * stakes).any())

    def verdict(self, tolerance: float) -> str:
        """``"equilibrium"``, ``"refuted"`` or ``"open"`` at a tolerance, a share of the stake."""
        lower, upper = self.regret
        return "equilibrium" if upper <= tolerance else "refuted" if lower > tolerance else "open"


def tasks(cases: Sequence[Case], resample: bool, time_limit: float | None) -> list[Task]:
    """A task per profile about which there is something to examine; unreadable records have none."""
    found = []
    for case in cases:
        with contextlib.suppress(*UNREADABLE):  # the checks of the record report it
            found += list(_tasks(case, resample, time_limit))
    return found


def _tasks(case: Case, resample: bool, time_limit: float | None) -> Iterator[Task]:
    factors = {s["radius"]: s["samples_factor"] for s in case.record.config.get("searches", ())}
    for profile in profiles(case):
        drawn = resample and profile.start is not None
        limit = time_limit if profile.tolerances or profile.regret else None
        if drawn or limit is not None:
            yield Task(case, profile, factors[profile.radius] if drawn else None, limit)


def in_log(todo: Sequence[Task], log: Log) -> list[Examined]:
    """What the log has of the tasks."""
    return [Examined(task, entry) for task in todo if (entry := log.find(task.fingerprint))]


class Work(NamedTuple):
    """Tasks with the same question, and what was kept about them."""

    bundle: tuple[Task, ...]
    kept: Mapping[str, Entry] = MappingProxyType({})


def bundled(found: Sequence[Task]) -> list[tuple[Task, ...]]:
    """The tasks by their question, in order of the first of each: a certificate answers it for all."""
    groups: dict[str, list[Task]] = {}
    for task in found:
        groups.setdefault(task.question, []).append(task)
    return [tuple(group) for group in groups.values()]


def examine(work: Work) -> tuple[list[Entry], list[Entry]]:
    """Lines for the log, one per task, and what is new to keep; runs in one thread."""
    torch.set_num_threads(1)
    kept: ChainMap[str, Entry] = ChainMap({}, dict(work.kept))
    lines = [_examined(task, kept) for task in work.bundle]
    return lines, list(kept.maps[0].values())


def _examined(task: Task, kept: ChainMap[str, Entry]) -> Entry:
    checks: list[Check] = []
    certificate = NO_CERTIFICATE
    try:
        game = game_of(task.case, task.profile.policies.shape[-1])
        if task.samples_factor is not None:
            samples = samples_per_sender(game, task.samples_factor)
            checks.append(_resampled(task, game, kept, samples))
        if task.time_limit is not None:
            certificate = _certificate(task, game, kept)
            found = [*_against_certificate(task.profile, game, certificate)]
            if certificate["how"] == KEPT and not all(check.agrees for check in found):
                # a solver's word proves nothing, and it may be an older version's
                certificate = _certificate(task, game, kept, afresh=True)
                found = [*_against_certificate(task.profile, game, certificate)]
            checks += found
    except (ValueError, ArithmeticError) as error:
        checks.append(_invalid(task, error))
    return _line(task, checks, certificate)


def not_examined(work: Work, error: Exception) -> tuple[list[Entry], list[Entry]]:
    """The lines of tasks whose worker was lost again and again."""
    return [_line(task, [_invalid(task, error)], NO_CERTIFICATE) for task in work.bundle], []


def _invalid(task: Task, error: Exception) -> Check:
    return check("record", task.profile.where, "valid", repr(error), False)


def _line(task: Task, checks: Sequence[Check], certificate: Entry) -> Entry:
    agree = [one.claim for one in checks if one.agrees]
    wrong = [list(one[:4]) for one in checks if not one.agrees]
    return {"profile": task.fingerprint, "agree": agree, "wrong": wrong, **certificate}


def _resampled(task: Task, game: Game, kept: ChainMap[str, Entry], samples: int) -> Check:
    """The sampled check once more, with the record's seed; or its best deviation, where that is known."""
    profile = task.profile
    seed = integer_seed("check", task.case.record.config["game"], profile.radius) % 2**32
    seeds = (seed, profile.start or 0)
    if task.sample in kept:
        gain = gain_at(game, profile.policies, profile.radius, seeds, kept[task.sample]["sample"])
    else:
        gain, place = best_sample(game, profile.policies, profile.radius, samples, seeds)
        kept[task.sample] = {"of": task.sample, "sample": place}
    agrees = profile.gain is not None and close(profile.gain, gain, units(game).max())
    return check("gain", profile.where, profile.gain, gain, agrees)


def _certificate(task: Task, game: Game, kept: ChainMap[str, Entry], afresh: bool = False) -> Entry:
    """What every sender could gain, how that is known, and the solver's seconds."""
    key, profile = task.question, task.profile
    place = game, profile.policies, profile.radius, profile.ties
    try:
        gains, proved = _consistent(*place, {} if afresh else kept[key])
    except (*UNREADABLE, RecursionError):  # what does not fit proves nothing
        kept[key] = {"of": key, **_solved(task, game)}
        gains, proved = _consistent(*place, kept[key])
    entry = kept[key]
    beyond = np.maximum(gains[:, 0] - proved[:, 0], proved[:, 1] - gains[:, 1])
    slack = float((beyond / game.stakes).max())
    how = SOLVED if key in kept.maps[0] else PROVED if slack <= SOLVER_SLACK else KEPT
    held = proved if slack <= SOLVER_SLACK else gains
    return {"gains": held.tolist(), "seconds": entry["seconds"], "how": how, "slack": slack}


def _consistent(
    game: Game, policies: np.ndarray, radius: float, ties: Any, entry: Entry
) -> tuple[np.ndarray, np.ndarray]:
    """A solver's intervals ``(senders, 2)``, and those that are proved; ``ArithmeticError`` if they are apart."""
    proved = checked_gains(game, policies, radius, ties, entry["proof"])
    gains = np.array(entry["gains"], dtype=float)
    slack = SOLVER_SLACK * game.stakes
    if not (_overlap(gains, proved, slack) and _overlap(proved, proved, slack)):
        raise ArithmeticError(f"a solver says {gains.tolist()}, its proof {proved.tolist()}")
    return gains, proved


def _solved(task: Task, game: Game) -> Entry:
    """A certificate and its proof."""
    from persuasion.regret.certify import certify
    from study.audit.prove import prove

    profile, limit, started = task.profile, task.time_limit or 0.0, time.perf_counter()
    found = certify(game, profile.policies, profile.radius, ties=profile.ties, time_limit=limit)
    seconds = time.perf_counter() - started
    proof = prove(game, profile.policies, profile.radius, profile.ties, found, limit)
    gains = [[entry.gain, entry.bound] for entry in found.senders]
    return {"gains": gains, "seconds": seconds, "proof": proof}


def _against_certificate(profile: Profile, game: Game, certificate: Entry) -> Iterator[Check]:
    """What the exact intervals must not contradict: the sampled gain, and recorded intervals."""
    gains = np.array(certificate["gains"])
    slack, exact, where = SOLVER_SLACK * units(game), gains.max(0), profile.where
    if profile.gain is not None:
        possible = profile.gain <= exact[1] + slack.max()
        yield check("gain", f"{where}, against the exact regret", profile.gain, exact, possible)
    if profile.regret is not None:
        agrees = _overlap(np.array([profile.regret]), exact[None], slack.max())
        yield check("certificate", where, profile.regret, exact, agrees)
    if profile.gains is not None:
        agrees = _overlap(np.array(profile.gains), gains, slack)
        yield check("certificate", f"{where}, sender by sender", profile.gains, gains, agrees)


def _overlap(first: np.ndarray, second: np.ndarray, slack: float | np.ndarray) -> bool:
    """Whether no interval lies beyond another one by more than ``slack``."""
    return first.shape == second.shape and bool(
        (first[:, 0] <= second[:, 1] + slack).all() and (second[:, 0] <= first[:, 1] + slack).all()
    )
