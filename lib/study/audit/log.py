"""What has been examined, a line per profile, so that a long audit can be stopped and continued.

A profile counts as examined as long as its policies, everything that is claimed about it and the way to examine it
are what they were; if one of them changes, it is examined again. The lines of a run follow one that says where it
took place.
"""

from __future__ import annotations

from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

from persuasion.games.seeded import build_game
from study.audit.case import Check
from study.audit.examine import SOLVED, Examined, Regret, Task
from study.audit.lines import Lines
from study.records.regrets import recorded


class Log(Lines):
    """The log in a file; see :class:`study.audit.lines.Lines`."""

    what = "an audit's log"
    starts = ('{"profile": "',)

    def __init__(self, path: str | Path) -> None:
        self._lines: dict[str, dict[str, Any]] = {}
        super().__init__(path)

    def keep(self, entry: dict[str, Any]) -> None:
        """The last line about a profile counts."""
        _restored_parts(entry)
        self._lines[entry["profile"]] = entry

    def __len__(self) -> int:
        return len(self._lines)

    def find(self, task: Task) -> Examined | None:
        """What came of the task, or None if it has not been examined as it is now."""
        entry = self._lines.get(task.fingerprint)
        if entry is None:
            return None
        claims, wrong, found, seconds = _restored_parts(entry)
        check = Check(
            task.case.name, task.case.experiment, task.case.method, task.profile.radius,
            "", task.profile.where, "", "", True,
        )  # fmt: skip
        good = [replace(check, claim=claim) for claim in claims]
        bad = [
            replace(check, claim=claim, where=where, claimed=claimed, found=found, agrees=False)
            for claim, where, claimed, found in wrong
        ]
        if found is not None and found["gains"] is None:
            # older versions wrote shares of the game's utility range
            unit = build_game(task.case.record.config["game"]).utility_range or 1.0
            found = {"regret": [unit * bound for bound in found["regret"]], "gains": None}
        known = None if found is None else Regret.of(task, found, seconds)
        return Examined(task.fingerprint, task.cost, (*good, *bad), known)

    def add(self, examined: Examined) -> None:
        """Write down what came of a task; at once, so that nothing is lost if the run is killed."""
        regret = examined.regret
        entry: dict[str, Any] = {
            "profile": examined.task,
            "agree": [check.claim for check in examined.checks if check.agrees],
            "wrong": [astuple(check)[4:8] for check in examined.checks if not check.agrees],
            "gains": None if regret is None else regret.gains,
            "seconds": None if regret is None else regret.seconds,
            "how": None if regret is None else regret.how,
            "slack": None if regret is None else regret.slack,
        }
        self.write(entry)


def _restored_parts(
    entry: dict[str, Any],
) -> tuple[list[str], list[tuple[str, str, str, str]], dict[str, Any] | None, float]:
    """Claims that agree, those that do not, the certificate as records have one, and its seconds."""
    found, seconds = None, 0.0
    if entry.get("gains") is not None:
        found, seconds = recorded(entry["gains"]), float(entry["seconds"])
        # older versions solved everything and proved nothing
        found |= {"how": entry.get("how", SOLVED), "slack": entry.get("slack")}
    elif entry.get("regret") is not None:
        lower, upper, seconds = map(float, entry["regret"])
        found = {"regret": [lower, upper], "gains": None}
    wrong = [(str(a), str(b), str(c), str(d)) for a, b, c, d in entry["wrong"]]
    return list(map(str, entry["agree"])), wrong, found, seconds
