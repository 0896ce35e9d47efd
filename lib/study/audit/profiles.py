"""The profiles that records make claims about, with their policies and what is claimed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from persuasion.games.seeded import build_game
from persuasion.model.game import Game
from study.audit.case import Case
from study.records.archive import selected_starts


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
    record = case.record
    starts = record.arrays | selected_starts(record)
    for number, search in enumerate(record.metrics["searches"]):
        start = starts.get(f"search{number}/starts")
        for index, policies in enumerate(record.arrays[f"search{number}/policies"]):
            places = _selecting(search, index)
            yield Profile(
                where=f"search {number}, profile {index}",
                policies=policies,
                radius=search["radius"],
                tolerances=tuple(record.config["tolerances"][k] for k in places),
                utilities=tuple(search["selected"][places[0]]["utilities"]) if places else None,
                gain=search["gains"][places[0]] if places else None,
                start=None if start is None else int(start[index]),
            )


def _certified(case: Case) -> Iterator[Profile]:
    """The profiles of a ``certify`` record, each for every interval that is claimed about it."""
    arrays, reported = case.record.arrays, list(source_rows(case)) if case.sources else []
    for number, row in enumerate(case.record.metrics["rows"]):
        policies = arrays.get(f"{number}/policies")
        if policies is None:  # not kept, as its source has it
            *_, policies = reported[number]
        for name, radius in (("local", row["radius"]), ("global", 1.0)):
            if row.get(name):
                yield _claimed(f"row {number}, {name}", policies, radius, row, row[name])
        if polished := row.get("polished"):
            policies = arrays[f"{number}/polished"]
            yield _claimed(f"row {number}, polished", policies, row["radius"], polished, polished)


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
    for number, search in enumerate(source.metrics["searches"]):
        for index, policies in enumerate(source.arrays[f"search{number}/policies"]):
            places = _selecting(search, index)
            shown = config["certificates"]["every_tolerance"] or config["headline"] in places
            if search["radius"] in config["radii"] and shown:
                yield search["radius"], places, policies


def _selecting(search: dict[str, Any], index: int) -> list[int]:
    """Positions of the tolerances at which a search selected its profile of that index."""
    return [k for k, entry in enumerate(search["selected"]) if entry and entry["profile"] == index]


def _runs(case: Case) -> Iterator[Profile]:
    """Where the runs of a ``dynamics`` record ended."""
    for number, run in enumerate(case.record.metrics["runs"]):
        yield _claimed(f"run {number}", case.record.arrays["policies"][number], 1.0, run, run)


def _outcomes(case: Case) -> Iterator[Profile]:
    """What was found of a game of the ``atlas``; its landmarks have no policies."""
    for number, row in enumerate(case.record.metrics["rows"]):
        if row.get("regret"):
            policies = case.record.arrays[f"{number}/policies"]
            yield _claimed(f"row {number}, {row['profile']}", policies, 1.0, row, row)


def _claimed(
    where: str, policies: np.ndarray, radius: float, row: dict[str, Any], entry: dict[str, Any]
) -> Profile:
    """A profile whose utilities are in a row, and whose regret is in an entry of it or the same."""
    values, regret, gains = row.get("utilities"), entry.get("regret"), entry.get("gains")
    return Profile(
        where, policies, radius,
        utilities=tuple(values) if values else None,
        regret=None if regret is None else _interval(regret),
        gains=None if gains is None else tuple(map(_interval, gains)),
        ties=row.get("ties", "lowest-index"),
    )  # fmt: skip


def _interval(bounds: list[float]) -> tuple[float, float]:
    lower, upper = map(float, bounds)
    return lower, upper


READERS = {
    "solve": _selected, "baseline": _selected, "certify": _certified, "dynamics": _runs,
    "atlas": _outcomes,
}  # fmt: skip
