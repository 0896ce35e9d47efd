"""The profiles that records make claims about, with their policies and what is claimed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

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


def profiles(case: Case) -> list[Profile]:
    """All profiles of a record; none for kinds without policies.

    Raises ``ValueError``, ``KeyError`` or ``IndexError`` where a record claims something about policies that
    it does not have.
    """
    return list(READERS.get(case.record.config["kind"], _none)(case))


def _none(case: Case) -> Iterator[Profile]:
    return iter(())


def _selected(case: Case) -> Iterator[Profile]:
    """The profiles that the searches of a ``solve`` or ``baseline`` record selected, each once."""
    record = case.record
    starts = record.arrays | selected_starts(record)
    for number, search in enumerate(record.metrics["searches"]):
        policies = record.arrays[f"search{number}/policies"]
        for index, policy in enumerate(policies):
            chosen = [
                (tolerance, selected, gain)
                for tolerance, selected, gain in zip(
                    record.config["tolerances"], search["selected"], search["gains"]
                )
                if selected is not None and selected["profile"] == index
            ]
            start = starts.get(f"search{number}/starts")
            yield Profile(
                where=f"search {number}, profile {index}",
                policies=policy,
                radius=search["radius"],
                tolerances=tuple(tolerance for tolerance, _, _ in chosen),
                utilities=tuple(chosen[0][1]["utilities"]) if chosen else None,
                gain=chosen[0][2] if chosen else None,
                start=None if start is None else int(start[index]),
            )


def _certified(case: Case) -> Iterator[Profile]:
    """The profiles of a ``certify`` record, each for every interval that is claimed about it."""
    record = case.record
    for number, row in enumerate(record.metrics["rows"]):
        policies = _row_policies(case, number, row)
        utilities = tuple(row["utilities"])
        for name, radius in (("local", row["radius"]), ("global", 1.0)):
            if row.get(name):
                where = f"row {number}, {name}"
                yield Profile(where, policies, radius, utilities=utilities, **_claimed(row[name]))
        if row.get("polished"):
            yield Profile(
                f"row {number}, polished",
                record.arrays[f"{number}/polished"],
                row["radius"],
                utilities=tuple(row["polished"]["utilities"]),
                **_claimed(row["polished"]),
            )


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
        yield Profile(
            f"run {number}",
            case.record.arrays["policies"][number],
            1.0,
            utilities=tuple(run["utilities"]) if run.get("utilities") else None,
            **_claimed(run),
            ties=run.get("ties", "lowest-index"),
        )


def _claimed(entry: dict[str, Any]) -> dict[str, Any]:
    """``regret`` and ``gains`` of a profile from an entry of a record."""
    regret, gains = entry.get("regret"), entry.get("gains")
    return {
        "regret": None if regret is None else _interval(regret),
        "gains": None if gains is None else tuple(map(_interval, gains)),
    }


def _interval(bounds: list[float]) -> tuple[float, float]:
    lower, upper = map(float, bounds)
    return lower, upper


READERS = {"solve": _selected, "baseline": _selected, "certify": _certified, "dynamics": _runs}
