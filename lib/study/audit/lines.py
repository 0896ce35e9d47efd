"""Files of one JSON object per line, each with a digest, that grow while an audit runs and survive its end."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self, TextIO

from persuasion.model.seeds import canonical
from persuasion.system.own_folder import absolute, make_folder
from study.records.provenance import provenance


class Lines:
    """The lines of a file, which need not exist yet; as a context manager it can be added to.

    The lines of a run follow one that says where it took place. Raises ``ValueError``, naming the file and the
    line, if one is of another kind or damaged. A last line that was cut off when a run was killed is dropped.
    """

    what: ClassVar[str]
    """What such a file is."""
    starts: ClassVar[tuple[str, ...]]
    """How its lines may begin."""

    def __init__(self, path: str | Path) -> None:
        self.path = absolute(path)
        self.runs: list[dict[str, Any]] = []
        """Where each run of the audit took place, and the version of its code."""
        self._file: TextIO | None = None
        self._begun = False
        whole = self._whole()
        for number, line in enumerate(whole.split("\n")[:-1], 1):
            self._read(number, line)
        self._size = len(whole.encode())

    def keep(self, entry: dict[str, Any]) -> None:
        """Take in an entry that was read or added; an error means that it is none."""
        raise NotImplementedError

    def _read(self, number: int, line: str) -> None:
        try:
            entry = json.loads(line)
            if entry.pop("digest") != digest(entry):
                raise ValueError("its digest does not match")
            if "run" in entry:
                self.runs.append(dict(entry["run"]))
            else:
                self.keep(entry)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{self.path}: line {number} is not one of {self.what} ({error!r})"
            raise ValueError(message) from None

    def _whole(self) -> str:
        """The text up to the last line end; none of a file that is not there."""
        if not self.path.exists():
            return ""
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{self.path}: cannot be read as {self.what} ({error})") from None
        whole = text[: text.rfind("\n") + 1]
        cut_off = text.removeprefix(whole)
        # only what a killed run may have left is dropped; anything else is somebody's file
        starts = ('{"run": {', *self.starts)
        if not any(cut_off.startswith(start[: len(cut_off)]) for start in starts):
            raise ValueError(f"{self.path}: its last line is not one of {self.what}")
        return whole

    def write(self, entry: dict[str, Any]) -> None:
        """Add an entry; at once, so that nothing is lost if the run is killed."""
        if self._file is None:
            raise ValueError(f"{self.path}: the file is not open")
        self.keep(entry)
        if not self._begun:
            self._begun = True
            self.runs.append(provenance("verify"))
            self._put({"run": self.runs[-1]})
        self._put(entry)

    def _put(self, entry: dict[str, Any]) -> None:
        assert self._file is not None
        self._file.write(json.dumps({**entry, "digest": digest(entry)}) + "\n")
        self._file.flush()

    def __enter__(self) -> Self:
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


def digest(entry: dict[str, Any]) -> str:
    """Eight digits, so that a damaged line is noticed."""
    return hashlib.sha256(canonical(entry).encode()).hexdigest()[:8]
