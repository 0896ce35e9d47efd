"""The slow part, profile by profile: the sampled check repeated, and the exact certificate beside it."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from persuasion.audit.case import Case, Check, check, close
from persuasion.audit.deviations import largest_gain
from persuasion.audit.evaluate import payoff_scale
from persuasion.audit.profiles import Profile, profiles
from persuasion.experiments.games import build_game
from persuasion.experiments.seeds import canonical, integer_seed
from persuasion.game import Game
from persuasion.learn.sampled_check import samples_per_sender

# what a solver may lose, relative to the largest payoff
SOLVER_SLACK = 1e-6


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
    def question(self) -> tuple[Any, ...]:
        """What a certificate depends on."""
        profile = self.profile
        settings = (self.case.record.config["game"], profile.radius, profile.ties, self.time_limit)
        return canonical(settings), profile.policies.tobytes()

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
        digest = hashlib.sha256(canonical(content).encode())
        digest.update(profile.policies.tobytes())
        return digest.hexdigest()[:20]


@dataclass(frozen=True)
class Regret:
    """The exact certificate of one profile, relative to the game's utility range.

    ``accepted`` lists the tolerances at which the sampled check accepted it.
    """

    case: str
    experiment: str
    method: str
    radius: float
    where: str
    lower: float
    upper: float
    accepted: tuple[float, ...]
    gain: float | None
    seconds: float

    @classmethod
    def of(cls, task: Task, lower: float, upper: float, seconds: float) -> Regret:
        """The regret of a task's profile between bounds relative to the utility range."""
        case, profile = task.case, task.profile
        unit = build_game(case.record.config["game"]).utility_range or 1.0
        return cls(
            case.name, case.experiment, case.method, profile.radius, profile.where, lower, upper,
            profile.tolerances, None if profile.gain is None else profile.gain / unit, seconds,
        )  # fmt: skip

    def verdict(self, tolerance: float) -> str:
        """``"equilibrium"``, ``"refuted"`` or ``"open"`` at a tolerance relative to the utility range."""
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


def bundled(todo: Iterable[Task]) -> list[tuple[Task, ...]]:
    """Tasks that ask for the same certificate together, in order of the first of each bundle."""
    bundles: dict[Any, list[Task]] = {}
    for task in todo:
        bundles.setdefault(task.question, []).append(task)
    return list(map(tuple, bundles.values()))


def examine(bundle: Sequence[Task]) -> list[Examined]:
    """Run tasks with the same question in one thread; what is certified is certified once."""
    torch.set_num_threads(1)
    first = bundle[0]
    game = build_game(first.case.record.config["game"])
    bounds = functools.cache(lambda: _bounds(first, game))
    return [_examined(task, game, bounds) for task in bundle]


def _examined(task: Task, game: Game, bounds: Callable[[], tuple[float, float, float]]) -> Examined:
    checks, regret = [], None
    try:
        if task.resample:
            checks.append(_resampled(task.case, game, task.profile))
        if task.time_limit is not None:
            regret = Regret.of(task, *bounds())
            checks += _against_certificate(task.case, game, task.profile, regret)
    except (ValueError, ArithmeticError) as error:
        where = task.profile.where
        checks.append(
            check(task.case, task.profile.radius, "record", where, "valid", repr(error), False)
        )
    return Examined(task.fingerprint, task.cost, tuple(checks), regret)


def _resampled(case: Case, game: Game, profile: Profile) -> Check:
    """The sampled check once more, with the record's seed."""
    seed = integer_seed("check", case.record.config["game"], profile.radius) % 2**32
    samples = samples_per_sender(game, _samples_factor(case.record.config, profile.radius))
    gain = largest_gain(game, profile.policies, profile.radius, samples, (seed, profile.start or 0))
    agrees = profile.gain is not None and close(profile.gain, gain, payoff_scale(game))
    return check(case, profile.radius, "gain", profile.where, profile.gain, gain, agrees)


def _samples_factor(config: dict[str, Any], radius: float) -> int:
    return next(s["samples_factor"] for s in config["searches"] if s["radius"] == radius)


def _bounds(task: Task, game: Game) -> tuple[float, float, float]:
    """Lower and upper end of the exact regret relative to the utility range, and the seconds that it took."""
    from persuasion.certify import certify

    started = time.perf_counter()
    profile, limit = task.profile, task.time_limit
    assert limit is not None
    found = certify(game, profile.policies, profile.radius, ties=profile.ties, time_limit=limit)
    unit = game.utility_range or 1.0
    lower, upper = (float(bound) / unit for bound in found.regret)
    return lower, upper, time.perf_counter() - started


def _against_certificate(case: Case, game: Game, profile: Profile, regret: Regret) -> list[Check]:
    """What the exact interval must not contradict: the sampled gain, and a recorded interval."""
    unit = game.utility_range or 1.0
    slack = SOLVER_SLACK * payoff_scale(game) / unit
    interval = (regret.lower, regret.upper)
    checks = []
    if profile.gain is not None:
        possible = profile.gain / unit <= regret.upper + slack
        checks.append(
            check(case, profile.radius, "gain", f"{profile.where}, against the exact regret",
                  profile.gain / unit, interval, possible)
        )  # fmt: skip
    if profile.regret is not None:
        lower, upper = (end / unit for end in profile.regret)
        overlap = lower <= regret.upper + slack and regret.lower <= upper + slack
        checks.append(
            check(
                case,
                profile.radius,
                "certificate",
                profile.where,
                (lower, upper),
                interval,
                overlap,
            )
        )
    return checks
