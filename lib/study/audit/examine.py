"""Profile by profile: the sampled check, and the exact certificate beside it; from what was kept, or once more."""

from __future__ import annotations

import hashlib
import time
from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from persuasion.games.seeded import build_game
from persuasion.learn.sampled_check import samples_per_sender
from persuasion.model.game import Game
from persuasion.model.seeds import canonical, integer_seed
from study.audit.case import Case, Check, check, close
from study.audit.checked import checked_gains
from study.audit.deviations import best_sample, gain_at
from study.audit.evaluate import units
from study.audit.profiles import Profile, profiles
from study.records.regrets import game_stakes, recorded, relative_interval

# what a solver may lose, in each sender's unit
SOLVER_SLACK = 1e-6
# a certificate whose interval is no longer, as a share of the stake, is closed
CLOSED = 1e-6
# where an interval comes from: a kept proof that was checked, a solver's word that was kept because its proof falls
# short of it, or a solver that was asked in this run
PROVED, KEPT, SOLVED = "proved", "kept", "solved"


@dataclass(frozen=True)
class Task:
    """One profile to examine."""

    case: Case
    profile: Profile
    resample: bool
    time_limit: float | None
    """Seconds per certificate, None for no certificate."""

    @property
    def cost(self) -> float:
        """Rough relative cost: joint signals times actions times the deviations to try."""
        senders, states, signals = self.profile.policies.shape
        samples = self.case.record.config.get("searches", [{}])[0].get("samples_factor", 0)
        return signals**senders * states * (1.0 + senders * samples * signals * states)

    @property
    def question(self) -> str:
        """Hash of what a certificate is about."""
        profile = self.profile
        return _hash(
            [self.case.record.config["game"], profile.radius, profile.ties], profile.policies
        )

    @property
    def sample(self) -> str:
        """Hash of what a sampled check is about."""
        config, profile = self.case.record.config, self.profile
        factor = _samples_factor(config, profile.radius)
        return _hash([config["game"], profile.radius, profile.start, factor], profile.policies)

    @property
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
        return _hash(content, profile.policies)


def _hash(content: Any, policies: np.ndarray) -> str:
    digest = hashlib.sha256(canonical(content).encode())
    digest.update(policies.tobytes())
    return digest.hexdigest()[:20]


@dataclass(frozen=True)
class Regret:
    """The exact certificate of one profile.

    Attributes
    ----------
    lower, upper : ends of the regret as a share of the sender's own stake
    least, most : its ends in utility units
    gains : those of every sender; None from the log of an older version
    closed : whether the interval is shorter than 1e-6 of the stake
    accepted : tolerances at which the sampled check accepted the profile, shares of the game's utility range
    gain : what that check found, in utility units
    how : where the interval comes from: ``PROVED``, ``KEPT`` or ``SOLVED``
    slack : how far the proved interval is beyond the solver's, as a share of the stake; None if unknown
    """

    case: str
    experiment: str
    method: str
    radius: float
    where: str
    lower: float
    upper: float
    least: float
    most: float
    gains: tuple[tuple[float, float], ...] | None
    closed: bool
    accepted: tuple[float, ...]
    gain: float | None
    seconds: float
    how: str = SOLVED
    slack: float | None = None

    @classmethod
    def of(cls, task: Task, found: dict[str, Any], seconds: float) -> Regret:
        """The regret of a task's profile, ``found`` as records have it."""
        case, profile = task.case, task.profile
        stakes = game_stakes(case.record.config["game"])
        lower, upper = relative_interval(found, stakes)
        least, most = found["regret"]
        gains = found.get("gains")
        widths = np.ptp(gains, axis=1) / stakes if gains else (most - least) / stakes.min()
        return cls(
            case.name, case.experiment, case.method, profile.radius, profile.where, lower, upper,
            least, most, gains and tuple((a, b) for a, b in gains), bool(np.max(widths) <= CLOSED),
            profile.tolerances, profile.gain, seconds, found.get("how", SOLVED), found.get("slack"),
        )  # fmt: skip

    def verdict(self, tolerance: float) -> str:
        """``"equilibrium"``, ``"refuted"`` or ``"open"`` at a tolerance, a share of the stake."""
        if self.upper <= tolerance:
            return "equilibrium"
        return "refuted" if self.lower > tolerance else "open"


@dataclass(frozen=True)
class Examined:
    """What came of a task, named by its fingerprint; ``regret`` is None without a certificate."""

    task: str
    cost: float
    checks: tuple[Check, ...]
    regret: Regret | None = None


def tasks(cases: list[Case], resample: bool, time_limit: float | None) -> list[Task]:
    """A task per profile about which there is something to examine; unreadable records have none."""
    found = []
    for case in cases:
        try:
            known = profiles(case)
        except (ValueError, KeyError, IndexError, TypeError):
            continue  # the checks of the record report it
        for profile in known:
            task = Task(
                case, profile, resample and profile.start is not None,
                time_limit if profile.tolerances or profile.regret else None,
            )  # fmt: skip
            if task.resample or task.time_limit is not None:
                found.append(task)
    return found


@dataclass(frozen=True)
class Work:
    """Tasks with the same question, and what was kept about them."""

    bundle: tuple[Task, ...]
    kept: Mapping[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What came of the tasks, and what is new to keep."""

    examined: tuple[Examined, ...]
    keep: tuple[dict[str, Any], ...] = ()


def bundled(todo: Iterable[Task]) -> list[tuple[Task, ...]]:
    """Tasks that ask for the same certificate together, in order of the first of each bundle."""
    bundles: dict[Any, list[Task]] = {}
    for task in todo:
        bundles.setdefault(task.question, []).append(task)
    return list(map(tuple, bundles.values()))


# what is new first, then what was kept
Entries = ChainMap[str, dict[str, Any]]


def examine(work: Work) -> Done:
    """Run tasks with the same question in one thread; what is certified is certified once."""
    torch.set_num_threads(1)
    game = build_game(work.bundle[0].case.record.config["game"])
    kept = Entries({}, dict(work.kept))
    examined = tuple(_examined(task, game, kept) for task in work.bundle)
    return Done(
        examined, tuple(entry for key, entry in kept.items() if work.kept.get(key) is not entry)
    )


def _examined(task: Task, game: Game, kept: Entries) -> Examined:
    checks, regret = [], None
    try:
        if task.resample:
            checks.append(_resampled(task, game, kept))
        if task.time_limit is not None:
            found, seconds = _bounds(task, game, kept)
            regret = Regret.of(task, found, seconds)
            checks += _against_certificate(task.case, game, task.profile, found)
    except (ValueError, ArithmeticError) as error:
        where = task.profile.where
        checks.append(
            check(task.case, task.profile.radius, "record", where, "valid", repr(error), False)
        )
    return Examined(task.fingerprint, task.cost, tuple(checks), regret)


def _resampled(task: Task, game: Game, kept: Entries) -> Check:
    """The sampled check once more, with the record's seed; or its best deviation, where that is known."""
    case, profile = task.case, task.profile
    seed = integer_seed("check", case.record.config["game"], profile.radius) % 2**32
    seeds = (seed, profile.start or 0)
    if task.sample in kept:
        gain = gain_at(game, profile.policies, profile.radius, seeds, kept[task.sample]["sample"])
    else:
        samples = samples_per_sender(game, _samples_factor(case.record.config, profile.radius))
        gain, place = best_sample(game, profile.policies, profile.radius, samples, seeds)
        kept[task.sample] = {"of": task.sample, "sample": place}
    agrees = profile.gain is not None and close(profile.gain, gain, units(game).max())
    return check(case, profile.radius, "gain", profile.where, profile.gain, gain, agrees)


def _samples_factor(config: dict[str, Any], radius: float) -> int:
    return next(s["samples_factor"] for s in config["searches"] if s["radius"] == radius)


def _bounds(task: Task, game: Game, kept: Entries) -> tuple[dict[str, Any], float]:
    """What every sender could gain, as records have it, ``how`` that is known, and the solver's seconds."""
    key, stakes = task.question, game_stakes(task.case.record.config["game"])
    if key not in kept:
        kept[key] = _solved(task, game)
    new = key in kept.maps[0]
    entry, profile = kept[key], task.profile
    gains = np.array(entry["gains"], dtype=float)
    try:
        proved = checked_gains(game, profile.policies, profile.radius, profile.ties, entry["proof"])
    except ValueError:
        if new:
            raise
        del kept.maps[1][key]  # what does not fit proves nothing
        return _bounds(task, game, kept)
    beyond = np.maximum(gains[:, 0] - proved[:, 0], proved[:, 1] - gains[:, 1])
    slack = float((beyond / stakes).max())
    if slack <= SOLVER_SLACK:
        gains = proved
    how = SOLVED if new else PROVED if slack <= SOLVER_SLACK else KEPT
    return {**recorded(gains), "how": how, "slack": slack}, entry["seconds"]


def _solved(task: Task, game: Game) -> dict[str, Any]:
    """A certificate and its proof, to be kept."""
    from persuasion.regret.certify import certify
    from study.audit.prove import prove

    started = time.perf_counter()
    profile, limit = task.profile, task.time_limit
    assert limit is not None
    found = certify(game, profile.policies, profile.radius, ties=profile.ties, time_limit=limit)
    seconds = time.perf_counter() - started
    proof = prove(game, profile.policies, profile.radius, profile.ties, found, limit)
    gains = [[entry.gain, entry.bound] for entry in found.senders]
    return {"of": task.question, "gains": gains, "seconds": seconds, "proof": proof}


def _against_certificate(
    case: Case, game: Game, profile: Profile, found: dict[str, Any]
) -> list[Check]:
    """What the exact intervals must not contradict: the sampled gain, and recorded intervals."""
    slack = SOLVER_SLACK * units(game)
    exact = found["regret"]
    claims: list[tuple[str, str, Any, Any, bool]] = []
    if profile.gain is not None:
        possible = profile.gain <= exact[1] + slack.max()
        where = f"{profile.where}, against the exact regret"
        claims.append(("gain", where, profile.gain, exact, possible))
    if profile.regret is not None:
        agrees = _overlap([profile.regret], [exact], slack.max())
        claims.append(("certificate", profile.where, profile.regret, exact, agrees))
    if profile.gains is not None:
        gains = found["gains"]
        agrees = _overlap(profile.gains, gains, slack)
        where = f"{profile.where}, sender by sender"
        claims.append(("certificate", where, profile.gains, gains, agrees))
    return [check(case, profile.radius, *claim) for claim in claims]


def _overlap(claimed: Any, found: Any, slack: float | np.ndarray) -> bool:
    """Whether no interval lies beyond another one by more than ``slack``."""
    first, second = np.asarray(claimed, dtype=float), np.asarray(found, dtype=float)
    return first.shape == second.shape and bool(
        (first[:, 0] <= second[:, 1] + slack).all() and (second[:, 0] <= first[:, 1] + slack).all()
    )
