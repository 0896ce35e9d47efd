"""What every record says, checked without training and without solvers: seconds for thousands of records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from persuasion.games.didactic import didactic_surface
from persuasion.games.seeded import build_game
from persuasion.model.game import Game
from persuasion.model.policies import check_policies
from persuasion.model.simulate import sender_utilities
from study.audit.case import Case, Check, check, close
from study.audit.evaluate import units, utilities
from study.audit.profiles import Profile, profiles
from study.audit.reference import check_reference
from study.audit.stakes import stakes

# surfaces are pictures and may be committed in single precision
SURFACE_RELATIVE = 1e-6


def check_record(case: Case) -> list[Check]:
    """All checks of one record; one that cannot be read in the way its kind is written is one failed check."""
    checker = CHECKERS.get(case.record.config["kind"])
    if checker is None:
        return []
    try:
        return list(checker(case))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        return [check(case, None, "record", "whole record", "readable", repr(error), False)]


def auditable(case: Case) -> bool:
    """Whether anything of the record can be re-derived without training."""
    return case.record.config["kind"] in CHECKERS


def recompute(game: Game, profile: Profile) -> np.ndarray:
    """The utilities ``(senders,)`` of a profile under the tie rule of its claims."""
    check_policies(game, profile.policies)
    if profile.ties == "lowest-index":
        return utilities(game, profile.policies)
    return sender_utilities(game, profile.policies, profile.ties)


def _solve(case: Case) -> Iterator[Check]:
    game = build_game(case.record.config["game"])
    found = profiles(case)
    for number, search in enumerate(case.record.metrics["searches"]):
        prefix = f"search {number}, "
        values = [recompute(game, p) for p in found if p.where.startswith(prefix)]
        yield from _search(case, game, number, search, values)


def _search(
    case: Case, game: Game, number: int, search: dict[str, Any], values: list[np.ndarray]
) -> Iterator[Check]:
    """Utilities, welfare and status at every tolerance of one search; ``values`` per selected profile."""
    radius, unit = search["radius"], units(game)
    gains = _gains(search, len(values))
    for tolerance, selected, gain in zip(
        case.record.config["tolerances"], search["selected"], search["gains"], strict=True
    ):
        where = f"search {number}, tolerance {tolerance:g}"
        if selected is not None:
            value = values[selected["profile"]]
            yield check(
                case, radius, "utility", where, selected["utilities"], value,
                close(selected["utilities"], value, unit),
            )  # fmt: skip
            if "welfare" in selected:
                yield check_welfare(case, radius, where, selected["welfare"], value, unit)
        # the rule of acceptance of the records that ship
        limit = tolerance * game.utility_range
        claimed = "none accepted" if selected is None else f"profile {selected['profile']}"
        claimed += "" if gain is None else f", gain {gain:.6g}"
        status = _status(selected, gain, values, gains, limit, unit)
        yield check(case, radius, "status", where, claimed, status or claimed, not status)


def _gains(search: dict[str, Any], count: int) -> list[float | None]:
    """The claimed gain of every selected profile; None for one that is selected nowhere."""
    gains: list[float | None] = [None] * count
    for selected, gain in zip(search["selected"], search["gains"]):
        if selected is not None:
            gains[selected["profile"]] = gain
    return gains


def _status(
    selected: dict[str, Any] | None,
    gain: float | None,
    values: list[np.ndarray],
    gains: list[float | None],
    limit: float,
    unit: np.ndarray,
) -> str:
    """What is wrong with the selection at one tolerance, or nothing.

    Among the stored profiles with a gain within the tolerance, the selected one has the highest welfare; none
    is selected only if there is no such profile.
    """
    if any(other is None for other in gains):
        return f"profile {gains.index(None)} is stored, but selected nowhere"
    passing = [k for k, other in enumerate(gains) if other is not None and other <= limit]
    if selected is None:
        if gain is not None:
            return "no profile, but a gain"
        return f"profile {passing[0]} passes" if passing else ""
    index = selected["profile"]
    if gain != gains[index]:
        return f"another tolerance claims gain {gains[index]}"
    if index not in passing:
        return f"gain {gain} exceeds {limit:.6g}"
    best = max(passing, key=lambda k: values[k].sum())
    if values[best].sum() > values[index].sum() + 1e-9 * unit.max():
        return f"profile {best} passes with higher welfare"
    return ""


def check_welfare(
    case: Case,
    radius: float | None,
    where: str,
    claimed: float,
    value: np.ndarray,
    unit: np.ndarray,
) -> Check:
    """A claimed welfare against the sum of recomputed utilities."""
    total = float(sum(value.tolist()))
    agrees = close(claimed, total, unit.sum())
    return check(case, radius, "welfare", where, claimed, total, agrees)


def _stored_profiles(case: Case) -> Iterator[Check]:
    """Utilities of every profile with claimed ones, stakes, and intervals that contain what sampling found."""
    game = build_game(case.record.config["game"])
    unit = units(game)
    sampled = _sampled_gains(case)
    if (claimed := case.record.metrics.get("stakes")) is not None:
        found = stakes(game)
        yield check(case, None, "game", "stakes", claimed, found, close(claimed, found, found))
    yield from _from_the_source(case)
    for profile in profiles(case):
        value = recompute(game, profile)
        if profile.utilities is not None:
            agrees = close(profile.utilities, value, unit)
            yield check(
                case, profile.radius, "utility", profile.where, profile.utilities, value, agrees
            )
        if profile.regret is not None:
            lower, upper = profile.regret
            least = sampled.get((profile.radius, profile.policies.tobytes()), 0.0)
            rounding = 1e-9 * unit.max()
            good = -rounding <= lower <= upper + rounding
            good &= upper >= least - 1e-7 * unit.max()
            good &= profile.gains is None or _in_order(profile, unit)
            text = f"an interval with its end above the sampled gain {least:.6g}"
            yield check(
                case, profile.radius, "certificate", profile.where, profile.regret, text, good
            )


def _in_order(profile: Profile, unit: np.ndarray) -> bool:
    """Whether every sender's gains are an interval, and the largest ends are those of the regret."""
    gains = np.array(profile.gains)
    ordered = (gains[:, 0] >= -1e-9 * unit) & (gains[:, 0] <= gains[:, 1] + 1e-9 * unit)
    return bool(ordered.all()) and close(profile.regret, gains.max(0), unit.max())


def _from_the_source(case: Case) -> Iterator[Check]:
    """A certificate is about profiles that its source reports, and about no others."""
    reported = [
        policies.tobytes()
        for source in case.sources
        for name, array in source.arrays.items()
        for policies in (array if name.endswith("/policies") else [array])
    ]
    for name, policies in case.record.arrays.items():
        if case.sources and name.endswith("/policies"):
            known = policies.tobytes() in reported
            yield check(case, None, "certificate", name, "a profile of its source", known, known)


def _sampled_gains(case: Case) -> dict[tuple[float, bytes], float]:
    """The gains that the sampled check found at the profiles of a certificate's source."""
    found = {}
    for source in case.sources:
        for profile in profiles(Case(case.experiment, source)):
            if profile.gain is not None:
                found[profile.radius, profile.policies.tobytes()] = profile.gain
    return found


def _didactic(case: Case) -> Iterator[Check]:
    game = build_game({"family": "didactic", "parameters": {}, "index": 0, "seed": 0})
    for name, claimed in case.record.arrays.items():
        row, _, what = name.partition("/")
        if what == "exact":
            policies = didactic_surface(row, len(claimed))[1]
            value = np.array([[utilities(game, p) for p in line] for line in policies])
            error = float(np.abs(value - claimed).max())
            good = error <= SURFACE_RELATIVE * units(game).min()
            yield check(case, None, "utility", f"surface {row}", 0.0, error, good)


CHECKERS: dict[str, Callable[[Case], Iterator[Check]]] = {
    "solve": _solve,
    "baseline": _solve,
    "reference": check_reference,
    "didactic": _didactic,
    "certify": _stored_profiles,
    "dynamics": _stored_profiles,
}
