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
            chosen = [
                (tolerance, selected["utilities"], gain)
                for tolerance, selected, gain in zip(
                    record.config["tolerances"], search["selected"], search["gains"]
                )
                if selected is not None and selected["profile"] == index
            ]
            yield Profile(
                where=f"search {number}, profile {index}",
                policies=policies,
                radius=search["radius"],
                tolerances=tuple(tolerance for tolerance, *_ in chosen),
                utilities=tuple(chosen[0][1]) if chosen else None,
                gain=chosen[0][2] if chosen else None,
                start=None if start is None else int(start[index]),
            )


def _certified(case: Case) -> Iterator[Profile]:
    """The profiles of a ``certify`` record, each for every interval that is claimed about it."""
    for number, row in enumerate(case.record.metrics["rows"]):
        policies = _row_policies(case, number, row)
        for name, radius in (("local", row["radius"]), ("global", 1.0)):
            if row.get(name):
                yield _claimed(f"row {number}, {name}", policies, radius, row, row[name])
        if polished := row.get("polished"):
            policies = case.record.arrays[f"{number}/polished"]
            yield _claimed(f"row {number}, polished", policies, row["radius"], polished, polished)


def _row_policies(case: Case, number: int, row: dict[str, Any]) -> np.ndarray:
    """The profile of a row: the record's own, or where that was not kept, the one that its source selected."""
    own = case.record.arrays.get(f"{number}/policies")
    if own is not None:
        return own
    (source,) = case.sources
    if source.config["kind"] == "reference":
        return source.arrays["full_revelation"]
    for k, search in enumerate(source.metrics["searches"]):
        if search["radius"] == row["radius"]:
            chosen = search["selected"][row["selected_at"][0]]
            return source.arrays[f"search{k}/policies"][chosen["profile"]]
    raise ValueError(f"row {number}: its source searched at no radius {row['radius']:g}")


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
