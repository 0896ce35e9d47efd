"""The audit as a table: per experiment, method and radius what is claimed, what was found, and the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from study.audit.case import Case, Check
from study.audit.examine import KEPT, PROVED, SOLVED, SOLVER_SLACK, Regret, Task
from study.audit.log import Log
from study.audit.run import Audit, Settings, to_examine

SHOWN = 20


def summary(audit: Audit, headline: float) -> pd.DataFrame:
    """One row per experiment, method and radius.

    ``accepted`` counts the profiles that the sampled check accepted at the headline tolerance; of those
    certified, ``equilibrium``, ``refuted`` and ``open`` tell what the exact regret says: a refuted one is a
    finding about the sampled check, not a disagreement. Regrets are shares of the senders' own stakes,
    as median of the lower and of the upper bounds, and the largest upper bound.
    """
    groups: dict[tuple[str, str, float | None], list[Check]] = {}
    for check in audit.checks:
        groups.setdefault((check.experiment, check.method, check.radius), []).append(check)
    order = sorted(groups, key=lambda key: (key[0], key[1], -1.0 if key[2] is None else key[2]))
    return pd.DataFrame([_row(audit, key, groups[key], headline) for key in order])


def _row(
    audit: Audit, key: tuple[str, str, float | None], checks: list[Check], headline: float
) -> dict[str, Any]:
    experiment, method, radius = key
    wrong = sum(not check.agrees for check in checks)
    row: dict[str, Any] = {
        "experiment": experiment,
        "method": method,
        "radius": "" if radius is None else f"{radius:g}",
    }
    for title, claims in (
        ("utilities", ("utility", "welfare")), ("statuses", ("status",)), ("gains", ("gain",)),
        ("other", ("game", "certificate", "record")),
    ):  # fmt: skip
        part = [check for check in checks if check.claim in claims]
        row[title] = f"{sum(c.agrees for c in part)}/{len(part)}" if part else ""
    return (
        row
        | _certified(audit, key, headline)
        | {"verdict": f"{wrong} DISAGREE" if wrong else "agrees"}
    )


def _certified(audit: Audit, key: tuple[str, str, float | None], headline: float) -> dict[str, Any]:
    mine = [r for r in audit.regrets if (r.experiment, r.method, r.radius) == key]
    verdicts = [r.verdict(headline) for r in mine if headline in r.accepted]
    row: dict[str, Any] = {"certified": len(mine) or ""}
    for name in ("equilibrium", "refuted", "open"):
        row[name] = verdicts.count(name) if mine else ""
    lower, upper = (
        pd.Series([getattr(r, end) for r in mine], dtype=float) for end in ("lower", "upper")
    )
    row["regret (median)"] = f"{lower.median():.1e}–{upper.median():.1e}" if mine else ""
    row["largest"] = f"{upper.max():.1e}" if mine else ""
    return row


def logged(cases: Sequence[Case], log: Log, settings: Settings | None = None) -> pd.DataFrame:
    """One row per experiment: profiles that there are to examine, those that the log has, and what came of them.

    ``closed`` counts certificates whose interval is shorter than 1e-6 of the stake; ``disagree`` claims.
    """
    groups: dict[str, list[Task]] = {}
    for task in to_examine(cases, settings or Settings()):
        groups.setdefault(task.case.experiment, []).append(task)
    rows = [_logged_row(name, groups[name], log) for name in sorted(groups)]
    return pd.DataFrame(rows, columns=LOGGED)


LOGGED = [
    "experiment", "profiles", "examined", "sampled checks repeated", "certificates", "closed", "disagree",
]  # fmt: skip


def logged_regrets(
    cases: Sequence[Case], log: Log, settings: Settings | None = None
) -> list[Regret]:
    """The certificates that the log has of the profiles that there are to examine."""
    known = (log.find(task) for task in to_examine(cases, settings or Settings()))
    return [found.regret for found in known if found is not None and found.regret is not None]


def _logged_row(name: str, tasks: list[Task], log: Log) -> tuple[str, int, int, int, int, int, int]:
    pairs = [(task, found) for task in tasks if (found := log.find(task))]
    examined = [found for _, found in pairs]
    repeated = sum(task.resample for task, _ in pairs)
    regrets = [found.regret for found in examined if found.regret is not None]
    closed = sum(regret.closed for regret in regrets)
    wrong = sum(not check.agrees for found in examined for check in found.checks)
    return name, len(tasks), len(examined), repeated, len(regrets), closed, wrong


def proved(regrets: Sequence[Regret]) -> str:
    """How many intervals rest on a checked proof, how many on a solver's word, and how far proofs reach."""
    how = Counter(regret.how for regret in regrets)
    shares = {name: f"{how[name]} ({how[name] / len(regrets):.1%})" for name in (PROVED, SOLVED)}
    slacks = [r.slack for r in regrets if r.slack is not None and r.slack <= SOLVER_SLACK]
    worst = (
        f"by at most {max(slacks):.1e} of the stake" if slacks else "nowhere, as none was checked"
    )
    return (
        f"{len(regrets)} certificates: {shares[PROVED]} by checking a kept proof, {how[KEPT]} by a solver's word "
        f"that was kept, {shares[SOLVED]} solved again; "
        f"a checked proof is beyond the solver's interval {worst}"
    )


def lines(audit: Audit, headline: float) -> Iterator[str]:
    """Everything to print: the table, the disagreements by name, and what was not done."""
    yield summary(audit, headline).to_string(index=False)
    yield ""
    wrong = audit.disagreements
    for check in wrong[:SHOWN]:
        what = f"{check.claim} at {check.where}: claimed {check.claimed}, found {check.found}"
        yield f"DISAGREES: {check.case}: {what}"
    if len(wrong) > SHOWN:
        yield f"... and {len(wrong) - SHOWN} more"
    without = sum(case.record.config["kind"] in ("fit", "kinks") for case in audit.cases)
    yield (
        f"{audit.reached} of {len(audit.cases)} records, {len(audit.checks)} claims, {len(wrong)} disagree; "
        f"{audit.examined} of {audit.planned} profiles examined; {without} records have no policies to check; "
        f"{audit.seconds:.0f} s"
    )
    if audit.regrets:
        yield proved(audit.regrets)
    if audit.reached < len(audit.cases):
        yield "the time was up before all records were checked; --minutes 0 has no limit"
    if audit.regrets:
        yield (
            f"equilibrium / refuted / open: whether no sender gains more than {headline:g} of its own stake at the "
            "profiles that the sampled check accepts at this share of the game's utility range"
        )
