"""Files of one JSON object per line, each with a digest, that grow while an audit runs and survive its end."""

import hashlib
import json
from pathlib import Path
from typing import Any, ClassVar, TextIO

from persuasion.model.seeds import canonical
from persuasion.system.own_folder import absolute, make_folder
from study.records.provenance import provenance


class Lines:
    """The lines of a file by their key, which need not exist yet; without ``path`` they are kept in memory.

    The last line of a key counts. The lines of a run follow one that says where it took place. Nothing is written
    before there is something to add, or :meth:`open`. Raises ``ValueError``, naming the file and the line, if one
    is of another kind or damaged. A last line that was cut off when a run was killed is dropped.
    """

    what: ClassVar[str]
    """What such a file is."""
    key: ClassVar[str]
    """The first name of a line."""
    others: ClassVar[tuple[set[str], ...]]
    """The other names that a line may have."""

    def __init__(self, path: str | Path | None) -> None:
        self.runs: list[dict[str, Any]] = []
        """Where each run of the audit took place, and the version of its code."""
        self._entries: dict[str, dict[str, Any]] = {}
        self._file: TextIO | None = None
        self._begun = False
        self.path = None if path is None else absolute(path)
        self._size = 0
        whole = self._whole()
        for number, line in enumerate(whole.split("\n")[:-1], 1):
            self._read(number, line)
        self._whole_size = len(whole.encode())

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: str) -> dict[str, Any] | None:
        """The entry of a key."""
        return self._entries.get(key)

    def _read(self, number: int, line: str) -> None:
        try:
            entry = json.loads(line)
            if entry.pop("digest") != digest(entry):
                raise ValueError("its digest does not match")
            if "run" in entry:
                self.runs.append(dict(entry["run"]))
            elif entry.keys() - {self.key} in self.others:
                self._entries[entry[self.key]] = entry
            else:
                raise ValueError(f"it has the names {', '.join(entry)}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{self.path}: line {number} is not one of {self.what} ({error!r})"
            raise ValueError(message) from None

    def _whole(self) -> str:
        """The text up to the last line end; none of a file that is not there."""
        if self.path is None or not self.path.exists():
            return ""
        try:
            content = self.path.read_bytes()
            text, self._size = content.decode("utf-8"), len(content)
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{self.path}: cannot be read as {self.what} ({error})") from None
        whole = text[: text.rfind("\n") + 1]
        cut_off = text.removeprefix(whole)
        # only what a killed run may have left is dropped; anything else is somebody's file
        starts = ('{"run": {', f'{{"{self.key}": "')
        if not any(cut_off.startswith(start[: len(cut_off)]) for start in starts):
            raise ValueError(f"{self.path}: its last line is not one of {self.what}")
        return whole

    def add(self, entry: dict[str, Any]) -> None:
        """Add an entry; at once, so that nothing is lost if the run is killed."""
        self._entries[entry[self.key]] = entry
        if self.path is None:
            return
        self.open()
        if not self._begun:
            self._begun = True
            self.runs.append(provenance("verify"))
            self._put({"run": self.runs[-1]})
        self._put(entry)

    def _put(self, entry: dict[str, Any]) -> None:
        assert self._file is not None
        self._file.write(json.dumps({**entry, "digest": digest(entry)}) + "\n")
        self._file.flush()

    def open(self) -> None:
        """Make the file ready, if it is not; ``ValueError`` if it cannot be written."""
        if self._file is not None or self.path is None:
            return
        try:
            make_folder(self.path.parent)
            self._file = self.path.open("a", encoding="utf-8", newline="\n")
            if self.path.stat().st_size != self._size:
                raise ValueError("something has been added since it was read, by another audit?")
        except (OSError, ValueError) as error:
            raise ValueError(f"{self.path}: cannot be written ({error})") from None
        self._file.truncate(self._whole_size)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Log(Lines):
    """What has been examined, a line per profile, so that a long audit can be stopped and continued.

    A line names the fingerprint of a :class:`~study.audit.examine.Task`, the sorts of claims that agree, those that
    do not, and the certificate. A profile counts as examined as long as its policies, everything that is claimed
    about it and the way to examine it are what they were; if one of them changes, it is examined again.
    """

    what, key = "an audit's log", "profile"
    others = ({"agree", "wrong", "gains", "seconds", "how", "slack"},)


class Kept(Lines):
    """The proofs that an audit keeps, so that the next one checks instead of solving; where samples gained most.

    A line is ``{"of": key, "gains": [[lower, upper], ...], "seconds": ..., "proof": text}``: what a solver said
    that every sender gains, how long it took, and what proves it; or ``{"of": key, "sample": place}``.
    """

    what, key = "an audit's proofs", "of"
    others = ({"gains", "seconds", "proof"}, {"sample"})


def digest(entry: dict[str, Any]) -> str:
    """Eight digits, so that a damaged line is noticed."""
    return hashlib.sha256(canonical(entry).encode()).hexdigest()[:8]
