"""The proofs that an audit keeps, so that the next one checks instead of solving, and where samples gained most."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from study.audit.lines import Lines


class Kept(Lines):
    """Proofs in a file, beside the log; without ``path`` none are kept beyond the run.

    A line is ``{"of": key, "gains": [[lower, upper], ...], "seconds": ..., "proof": text}``: what a solver said
    that every sender gains, how long it took, and what proves it; or ``{"of": key, "sample": place}``.
    """

    what = "an audit's proofs"
    starts = ('{"of": "',)

    def __init__(self, path: str | Path | None) -> None:
        self._entries: dict[str, dict[str, Any]] = {}
        self._kept = path is not None
        if path is not None:
            super().__init__(path)

    def keep(self, entry: dict[str, Any]) -> None:
        """The last entry of a key counts."""
        if set(entry) == {"of", "gains", "seconds", "proof"}:
            str(entry["proof"])
            [(float(lower), float(upper)) for lower, upper in entry["gains"]]
        elif set(entry) == {"of", "sample"}:
            entry["sample"] is None or list(map(int, entry["sample"]))
        else:
            raise ValueError("neither a proof nor a sample")
        self._entries[entry["of"]] = entry

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: str) -> dict[str, Any] | None:
        """The entry of a key."""
        return self._entries.get(key)

    def add(self, entry: dict[str, Any]) -> None:
        """Keep an entry. The file is not touched before there is one."""
        if not self._kept:
            self.keep(entry)
            return
        if self._file is None:
            self.__enter__()
        self.write(entry)

    def close(self) -> None:
        """Close the file."""
        if self._kept:
            self.__exit__(None, None, None)
