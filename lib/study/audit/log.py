"""What has been examined, a line per profile, so that a long audit can be stopped and continued.

A profile counts as examined as long as its policies, everything that is claimed about it and the way to examine it
are what they were; if one of them changes, it is examined again. The lines of a run follow one that says where it
took place.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, replace
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from persuasion.games.seeded import build_game
from persuasion.model.seeds import canonical
from persuasion.system.own_folder import absolute, make_folder
from study.audit.case import Check
from study.audit.examine import Examined, Regret, Task
from study.records.provenance import provenance
from study.regrets import recorded

LINE_STARTS = ('{"run": {', '{"profile": "')


class Log:
    """The log in a file, which need not exist yet; as a context manager it can be added to.

    Raises ``ValueError``, naming the file and the line, if a line is none of a log or is damaged. A last line that
    was cut off when a run was killed is dropped.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = absolute(path)
        self.runs: list[dict[str, Any]] = []
        """Where each run of the audit took place, and the version of its code."""
        self._lines: dict[str, dict[str, Any]] = {}
        self._file: TextIO | None = None
        self._begun = False
        whole = _whole_lines(self.path)
        for number, line in enumerate(whole.split("\n")[:-1], 1):
            self._read(number, line)
        self._size = len(whole.encode())

    def _read(self, number: int, line: str) -> None:
        try:
            entry = json.loads(line)
            if entry.pop("digest") != _digest(entry):
                raise ValueError("its digest does not match")
            if "run" in entry:
                self.runs.append(dict(entry["run"]))
            else:
                _restored_parts(entry)
                self._lines[entry["profile"]] = entry
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{self.path}: line {number} is not one of an audit's log ({error!r})"
            raise ValueError(message) from None

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
        if self._file is None:
            raise ValueError(f"{self.path}: the log is not open")
        regret = examined.regret
        entry: dict[str, Any] = {
            "profile": examined.task,
            "agree": [check.claim for check in examined.checks if check.agrees],
            "wrong": [astuple(check)[4:8] for check in examined.checks if not check.agrees],
            "gains": None if regret is None else regret.gains,
            "seconds": None if regret is None else regret.seconds,
        }
        if not self._begun:
            self._begun = True
            self.runs.append(provenance("verify"))
            self._write({"run": self.runs[-1]})
        self._lines[examined.task] = entry
        self._write(entry)

    def _write(self, entry: dict[str, Any]) -> None:
        assert self._file is not None
        self._file.write(json.dumps({**entry, "digest": _digest(entry)}) + "\n")
        self._file.flush()

    def __enter__(self) -> Log:
        try:
            make_folder(self.path.parent)
            self._file = self.path.open("a", encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ValueError(f"{self.path}: cannot be written ({error})") from None
        self._file.truncate(self._size)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _digest(entry: dict[str, Any]) -> str:
    """Eight digits, so that a damaged line is noticed."""
    return hashlib.sha256(canonical(entry).encode()).hexdigest()[:8]


def _restored_parts(
    entry: dict[str, Any],
) -> tuple[list[str], list[tuple[str, str, str, str]], dict[str, Any] | None, float]:
    """Claims that agree, those that do not, the certificate as records have one, and its seconds."""
    found, seconds = None, 0.0
    if entry.get("gains") is not None:
        found, seconds = recorded(entry["gains"]), float(entry["seconds"])
    elif entry.get("regret") is not None:
        lower, upper, seconds = map(float, entry["regret"])
        found = {"regret": [lower, upper], "gains": None}
    wrong = [(str(a), str(b), str(c), str(d)) for a, b, c, d in entry["wrong"]]
    return list(map(str, entry["agree"])), wrong, found, seconds


def _whole_lines(path: Path) -> str:
    """The text up to the last line end; none of a file that is not there."""
    if not path.exists():
        return ""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read as an audit's log ({error})") from None
    whole = text[: text.rfind("\n") + 1]
    cut_off = text.removeprefix(whole)
    # only what a killed run may have left is dropped; anything else is somebody's file
    if not any(cut_off.startswith(start[: len(cut_off)]) for start in LINE_STARTS):
        raise ValueError(f"{path}: its last line is not one of an audit's log")
    return whole
