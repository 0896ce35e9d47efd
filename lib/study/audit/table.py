"""The audit as a table: per experiment, method and radius what is claimed, what was found, and the verdict."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from study.audit.case import Case, Check
from study.audit.examine import KEPT, PROVED, SOLVED, SOLVER_SLACK, Examined, in_log
from study.audit.lines import Log
from study.audit.records import auditable
from study.audit.run import Audit, Settings, to_examine

SHOWN = 20
SORTS = {
    "utilities": ("utility", "welfare"), "statuses": ("status",), "gains": ("gain",),
    "other": ("game", "certificate", "record"),
}  # fmt: skip
KEYS = ["experiment", "method", "radius"]


def summary(audit: Audit, headline: float) -> pd.DataFrame:
    """One row per experiment, method and radius.

    ``certified`` counts profiles with a certificate; of those that the sampled check accepted at the headline
    tolerance, ``equilibrium``, ``refuted`` and ``open`` tell what the exact regret says: a refuted one is a
    finding about the sampled check, not a disagreement. Regrets are shares of the senders' own stakes,
    as median of the lower and of the upper bounds, and the largest upper bound.
    """
    checks = pd.DataFrame(audit.checks, columns=Check._fields)
    exact: dict[Any, list[Examined]] = {}
    for found in audit.certified:
        case, profile = found.task.case, found.task.profile
        exact.setdefault((case.experiment, case.method, profile.radius), []).append(found)
    rows = []
    parts: Any = checks.groupby(KEYS, dropna=False)
    for key, part in parts:
        wrong = int((~part["agrees"].astype(bool)).sum())
        row = dict(zip(KEYS, key)) | {"radius": "" if pd.isna(key[2]) else f"{key[2]:g}"}
        for title, sorts in SORTS.items():
            right = part["agrees"][part["claim"].isin(sorts)]
            row[title] = f"{right.sum()}/{len(right)}" if len(right) else ""
        row |= _certified(exact.get(key, []), headline)
        rows.append(row | {"verdict": f"{wrong} DISAGREE" if wrong else "agrees"})
    return pd.DataFrame(rows)


def _certified(found: list[Examined], headline: float) -> dict[str, Any]:
    names = ("equilibrium", "refuted", "open")
    if not found:
        return dict.fromkeys(("certified", *names, "regret (median)", "largest"), "")
    accepted = [one for one in found if headline in one.task.profile.tolerances]
    count = Counter(one.verdict(headline) for one in accepted)
    ends = pd.DataFrame([one.regret for one in found])
    lower, upper = ends.median()
    row: dict[str, Any] = {"certified": len(found)} | {name: count[name] for name in names}
    row["regret (median)"] = f"{lower:.1e}–{upper:.1e}"
    return row | {"largest": f"{ends[1].max():.1e}"}


def logged(cases: Sequence[Case], log: Log, settings: Settings | None = None) -> pd.DataFrame:
    """One row per experiment: profiles that there are to examine, those that the log has, and what came of them.

    ``closed`` counts certificates whose intervals are shorter than 1e-6 of the stakes; ``disagree`` claims.
    """
    todo = to_examine(cases, settings or Settings())
    planned = Counter(task.case.experiment for task in todo)
    groups: dict[str, list[Examined]] = {name: [] for name in sorted(planned)}
    for found in in_log(todo, log):
        groups[found.task.case.experiment].append(found)
    rows = [
        {
            "experiment": name,
            "profiles": planned[name],
            "examined": len(part),
            "sampled checks repeated": sum(one.task.resample for one in part),
            "certificates": sum(one.certified for one in part),
            "closed": sum(one.certified and one.closed for one in part),
            "disagree": sum(len(one.entry["wrong"]) for one in part),
        }
        for name, part in groups.items()
    ]
    return pd.DataFrame(rows)


def proved(found: Sequence[Examined]) -> str:
    """How many intervals rest on a checked proof, how many on a solver's word, and how far proofs reach."""
    certified = [one.entry for one in found if one.certified]
    how = Counter(entry["how"] for entry in certified)
    shares = {
        name: f"{how[name]:,} ({how[name] / max(len(certified), 1):.1%})"
        for name in (PROVED, SOLVED)
    }
    slacks = [entry["slack"] for entry in certified if entry["slack"] <= SOLVER_SLACK]
    worst = (
        f"by at most {max(slacks):.1e} of the stake" if slacks else "nowhere, as none was checked"
    )
    return (
        f"{len(certified):,} certificates: {shares[PROVED]} by checking a kept proof, {how[KEPT]:,} by a "
        f"solver's word that was kept, {shares[SOLVED]} solved again; "
        f"a checked proof is beyond the solver's interval {worst}. {sum(one.tighter for one in found):,} recorded "
        "certificates have an end that is tighter than the audit's, by more than 1e-5 of the stake, and that "
        "nothing contradicts"
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
    without = sum(not auditable(case) for case in audit.cases)
    yield (
        f"{audit.reached} of {len(audit.cases)} records, {len(audit.checks)} claims, {len(wrong)} disagree; "
        f"{len(audit.examined)} of {audit.planned} profiles examined; {without} records have no policies to check; "
        f"{audit.seconds:.0f} s"
    )
    if audit.reached < len(audit.cases):
        yield "the time was up before all records were checked; without --minutes there is no limit"
    if audit.certified:
        yield proved(audit.examined)
        yield (
            f"equilibrium / refuted / open: whether no sender gains more than {headline:g} of its own stake at the "
            "profiles that the sampled check accepts at this share of the game's utility range"
        )
