"""The slow part, profile by profile: the sampled check repeated, and the exact certificate beside it."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from persuasion.games.seeded import build_game
from persuasion.learn.sampled_check import samples_per_sender
from persuasion.model.game import Game
from persuasion.model.seeds import canonical, integer_seed
from study.audit.case import Case, Check, check, close
from study.audit.deviations import largest_gain
from study.audit.evaluate import units
from study.audit.profiles import Profile, profiles
from study.regrets import game_stakes, recorded_certificate, relative_interval

# what a solver may lose, in each sender's unit
SOLVER_SLACK = 1e-6
# a certificate whose interval is no longer, as a share of the stake, is closed
CLOSED = 1e-6


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
        if profile.gains is not None:
            content["gains"] = profile.gains
        digest = hashlib.sha256(canonical(content).encode())
        digest.update(profile.policies.tobytes())
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
            profile.tolerances, profile.gain, seconds,
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


def _examined(
    task: Task, game: Game, bounds: Callable[[], tuple[dict[str, Any], float]]
) -> Examined:
    checks, regret = [], None
    try:
        if task.resample:
            checks.append(_resampled(task.case, game, task.profile))
        if task.time_limit is not None:
            found, seconds = bounds()
            regret = Regret.of(task, found, seconds)
            checks += _against_certificate(task.case, game, task.profile, found)
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
    agrees = profile.gain is not None and close(profile.gain, gain, units(game).max())
    return check(case, profile.radius, "gain", profile.where, profile.gain, gain, agrees)


def _samples_factor(config: dict[str, Any], radius: float) -> int:
    return next(s["samples_factor"] for s in config["searches"] if s["radius"] == radius)


def _bounds(task: Task, game: Game) -> tuple[dict[str, Any], float]:
    """What every sender could gain, as records have it, and the seconds that it took to find out."""
    from persuasion.regret.certify import certify

    started = time.perf_counter()
    profile, limit = task.profile, task.time_limit
    assert limit is not None
    found = certify(game, profile.policies, profile.radius, ties=profile.ties, time_limit=limit)
    return recorded_certificate(found), time.perf_counter() - started


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
