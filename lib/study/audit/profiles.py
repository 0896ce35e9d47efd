"""The profiles that records make claims about, with their policies and what is claimed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from persuasion.games.seeded import build_game
from persuasion.model.game import Game
from study.audit.case import Case
from study.records.rows import AtlasRow, CertificateRow, DynamicsRow, ProfileRow
from study.records.store import Record


@dataclass(frozen=True, eq=False)
class Profile:
    """A joint policy and what a record says about it.

    Attributes
    ----------
    where : place in the record
    policies : (senders, states, signals)
    radius : of the neighbourhood that the claims are about; 1 for all policies
    tolerances : accepted gains, relative to the utility range, at which the sampled check selected it
    utilities : claimed utilities, None if there is no claim
    gain : claimed largest gain of the sampled check
    start : index of the start that it came from, which seeds its check
    regret : claimed (lower, upper) bounds of the regret, in utility units
    gains : the same of every sender, where they are claimed
    ties : tie rule of the claims: a name, or nested lists with an action per joint signal
    """

    where: str
    policies: np.ndarray
    radius: float
    tolerances: tuple[float, ...] = ()
    utilities: tuple[float, ...] | None = None
    gain: float | None = None
    start: int | None = None
    regret: tuple[float, float] | None = None
    gains: tuple[tuple[float, float], ...] | None = None
    ties: Any = "lowest-index"

    def __post_init__(self) -> None:
        if self.policies.ndim != 3:
            raise ValueError(f"{self.where}: an array {self.policies.shape} is no profile")


def game_of(case: Case, signals: int | None = None) -> Game:
    """The game of a record; with more signals than it has where those are free."""
    game = build_game(case.record.config["game"])
    if signals is None or signals <= game.signals:
        return game
    return Game(game.prior, game.receiver, game.senders, signals)


def profiles(case: Case) -> list[Profile]:
    """All profiles of a record; none for kinds without policies.

    Raises one of :data:`~study.audit.case.UNREADABLE` where a record claims something about policies that it does
    not have.
    """
    return list(READERS[case.kind](case)) if case.kind in READERS else []


def _selected(case: Case) -> Iterator[Profile]:
    """The profiles that the searches of a ``solve`` or ``baseline`` record selected, each once."""
    for rows in selections(case.record):
        first = rows[0]
        yield Profile(
            where=f"search {first.search}, profile {first.profile}",
            policies=policies_of(first),
            radius=first.radius,
            tolerances=tuple(row.tolerance for row in rows),
            utilities=tuple(first.utilities or ()),
            gain=first.gain,
            start=first.start,
        )


def selections(record: Record) -> list[list[ProfileRow]]:
    """The rows of every selected profile, search by search; ``ValueError`` if two rows differ about one."""

    def place(row: ProfileRow) -> tuple[int, int]:
        return row.search, int(row.profile or 0)

    chosen = [row for row in record.rows_of(ProfileRow) if row.profile is not None]
    found = [list(rows) for _, rows in groupby(sorted(chosen, key=place), place)]
    for rows in found:
        if len({policies_of(row).tobytes() for row in rows}) > 1:
            raise ValueError(f"search {rows[0].search}: profile {rows[0].profile} is not one")
    return found


def policies_of(row: ProfileRow) -> np.ndarray:
    """``(senders, states, signals)``."""
    return np.array(row.policies, dtype=float).reshape(row.shape)


def _certified(case: Case) -> Iterator[Profile]:
    """The profiles of a ``certify`` record, each for every interval that is claimed about it."""
    arrays, reported = case.record.arrays, list(source_rows(case)) if case.sources else []
    for number, row in enumerate(case.record.rows_of(CertificateRow)):
        policies = arrays.get(f"{number}/policies")
        if policies is None:  # not kept, as its source has it
            *_, policies = reported[number]
        for name, radius in (("local", row.radius), ("global", 1.0)):
            if entry := row.about(name):
                values = {"utilities": row.utilities, **entry}
                yield _claimed(f"row {number}, {name}", policies, radius, values)
        if polished := row.about("polished"):
            policies = np.array(polished["policies"], dtype=float).reshape(row.shape)
            yield _claimed(f"row {number}, polished", policies, row.radius, polished)


def source_rows(case: Case) -> Iterator[tuple[float, list[int], np.ndarray]]:
    """What the rows of a ``certify`` record are about: the profiles that its source reports.

    Radius, positions of the tolerances that selected it, and policies of each, in order.
    """
    config, (source,) = case.record.config, case.sources
    if source.config["kind"] == "reference":
        if "full_revelation" in source.arrays:
            for radius in config["radii"]:
                yield radius, [], source.arrays["full_revelation"]
        return
    for rows in selections(source):
        row, places = rows[0], [source.config["tolerances"].index(row.tolerance) for row in rows]
        shown = config["certificates"]["every_tolerance"] or config["headline"] in places
        if row.radius in config["radii"] and shown:
            yield row.radius, places, policies_of(row)


def _runs(case: Case) -> Iterator[Profile]:
    """Where the runs of a ``dynamics`` record ended."""
    for number, run in enumerate(case.record.rows_of(DynamicsRow)):
        policies, ties = case.record.arrays["policies"][number], json.loads(run.ties)
        yield _claimed(f"run {number}", policies, 1.0, vars(run) | {"ties": ties})


def _outcomes(case: Case) -> Iterator[Profile]:
    """What was found of a game of the ``atlas``; its landmarks have no policies."""
    for number, row in enumerate(case.record.rows_of(AtlasRow)):
        if row.regret:
            policies = case.record.arrays[f"{number}/policies"]
            yield _claimed(f"row {number}, {row.profile}", policies, 1.0, vars(row))


def _claimed(where: str, policies: np.ndarray, radius: float, values: dict[str, Any]) -> Profile:
    """A profile with what is said about it: its utilities, regret, gains and tie rule, as far as they are."""
    regret, gains = values.get("regret"), values.get("gains")
    return Profile(
        where, policies, radius,
        utilities=tuple(values["utilities"]),
        regret=None if regret is None else _interval(regret),
        gains=tuple(map(_interval, gains)) if gains else None,
        ties=values.get("ties", "lowest-index"),
    )  # fmt: skip


def _interval(bounds: list[float]) -> tuple[float, float]:
    lower, upper = map(float, bounds)
    return lower, upper


READERS = {
    "solve": _selected, "baseline": _selected, "certify": _certified, "dynamics": _runs,
    "atlas": _outcomes,
}  # fmt: skip
