"""The result store: one SQLite file, add-only, transactional, checked on every read.

A record is a row: its configuration, status, facts and typed rows (JSON), arrays (an npz blob, never pickled) and
provenance, with a digest over all of them. A killed run leaves either the whole row or none.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from persuasion.model.seeds import canonical
from persuasion.system.own_folder import absolute, make_folder
from study.records.rows import ROWS, Facts, R, plain, revived

if TYPE_CHECKING:
    from study.records.job import Job

SCHEMA = "persuasion/store/2"
_CREATE = (
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS records ("
    "key TEXT PRIMARY KEY, config TEXT NOT NULL, status TEXT NOT NULL, found TEXT NOT NULL, "
    "arrays BLOB NOT NULL, provenance TEXT NOT NULL, seconds REAL NOT NULL, digest TEXT NOT NULL)",
)
IN_MEMORY = ":memory:"  # as SQLite names it
_PATIENCE = 60  # seconds to wait for another run's lock
_COLUMNS = "key, config, status, found, arrays, provenance, seconds, digest"


@dataclass(frozen=True)
class Record:
    """One finished job.

    Attributes
    ----------
    key : hash of the configuration and of the code version
    config : the job's configuration, JSON-able
    status : "done" or "failed"
    facts : what it says once
    rows : of one of the classes in :data:`~study.records.rows.ROWS`
    arrays : named arrays beside those in the rows
    provenance : see :func:`study.records.provenance.provenance`
    seconds : wall time of the job
    error, traceback : of a failed job
    """

    key: str
    config: dict[str, Any]
    status: str
    facts: Facts = field(default_factory=Facts)
    rows: list[Any] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""
    traceback: str = ""

    @property
    def done(self) -> bool:
        """Whether the job ended without an error."""
        return self.status == "done"

    def rows_of(self, row: type[R]) -> list[R]:
        """Its rows of a class; none where it has those of another."""
        return [found for found in self.rows if type(found) is row]

    def same_result(self, other: Record) -> bool:
        """Equal in everything but provenance and wall times, arrays bit for bit."""
        return (
            (self.key, canonical(self.config), self.status, _untimed(self))
            == (other.key, canonical(other.config), other.status, _untimed(other))
            and self.arrays.keys() == other.arrays.keys()
            and all(_identical(self.arrays[name], other.arrays[name]) for name in self.arrays)
        )


def _untimed(record: Record) -> str:
    return _found(replace(record, facts=replace(record.facts, timings=None), traceback=""))


def _found(record: Record) -> str:
    """Facts, rows and error as JSON."""
    rows = {table: [plain(row) for row in record.rows_of(kind)] for table, kind in ROWS.items()}
    error = {"error": record.error, "traceback": record.traceback}
    return canonical({"facts": plain(record.facts), "rows": rows} | error)


def _identical(first: np.ndarray, second: np.ndarray) -> bool:
    same_kind = (first.dtype, first.shape) == (second.dtype, second.shape)
    return same_kind and first.tobytes() == second.tobytes()


class StoreError(ValueError):
    """A result store that is none, is damaged, or has another schema; the message names the file."""


class Store:
    """Records in one SQLite file, made if missing (with its folder); not so for a reader, ``create=False``.

    Raises ``StoreError`` if the path is something else than a result store, or if there is nothing to read.
    """

    def __init__(self, path: str | Path, create: bool = True) -> None:
        self.path = Path(path) if str(path) == IN_MEMORY else absolute(path)
        if not create and not self.path.exists():
            raise StoreError(f"{self.path}: there is no such store")
        if create:
            self._make_folder()
        place = self.path if create else f"{self.path.as_uri()}?mode=rw"
        with self._guard():
            self._connection = sqlite3.connect(
                place, timeout=_PATIENCE, isolation_level=None, uri=not create
            )
            if create:
                self._create()
            self._check()

    def _make_folder(self) -> None:
        try:
            make_folder(self.path.parent)
        except ValueError as error:
            raise StoreError(f"{self.path}: cannot be used as a result store: {error}") from None

    def _create(self) -> None:
        """Create the tables, unless there are some, in one transaction: two first runs do not meet half-way."""
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        with self._connection:
            if not self._tables():
                for statement in _CREATE:
                    execute(statement)
                execute("INSERT INTO meta VALUES ('schema', ?)", (SCHEMA,))

    def _check(self) -> None:
        if not {"meta", "records"} <= (tables := self._tables()):
            what = "is a database, but not" if tables else "is empty, not"
            raise StoreError(f"{self.path}: {what} a result store")
        query = "SELECT value FROM meta WHERE name='schema'"
        ((found,),) = self._connection.execute(query).fetchall() or [(None,)]
        if found != SCHEMA:
            raise StoreError(f"{self.path}: has schema {found!r}; this version reads {SCHEMA!r}")

    def _tables(self) -> set[str]:
        return {row[0] for row in self._connection.execute("SELECT name FROM sqlite_master")}

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:  # locked, full, no permission
            raise StoreError(f"{self.path}: cannot be used as a result store: {error}") from None
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self.path}: is not a result store or is damaged ({error}); move it away and rerun"
            ) from None

    def put(self, record: Record) -> None:
        """Add a record in one transaction. A finished record is never replaced, a failed one is."""
        row = _encode(record)
        # SQLite would go on without a word
        if str(self.path) != IN_MEMORY and not self.path.exists():
            raise StoreError(f"{self.path}: was removed during the run; what was in it is lost")
        with self._guard():
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                self._connection.execute(
                    "DELETE FROM records WHERE key=? AND status='failed'", (record.key,)
                )
                marks = ", ".join("?" * len(row))
                self._connection.execute(f"INSERT OR IGNORE INTO records VALUES ({marks})", row)

    def get(self, key: str) -> Record | None:
        """The record of a key, or None; ``StoreError`` if it does not match its digest."""
        with self._guard():
            query = f"SELECT {_COLUMNS} FROM records WHERE key=?"
            row = self._connection.execute(query, (key,)).fetchone()
        return None if row is None else _decode(row, self.path)

    def find(self, job: Job) -> Record | None:
        """The job's record, made by this version of the code, or None."""
        return self.get(job.key)

    def done(self, jobs: Iterable[Job]) -> set[str]:
        """Keys of those of the jobs whose record is done."""
        with self._guard():
            rows = self._connection.execute("SELECT key FROM records WHERE status='done'")
            return {row[0] for row in rows} & {job.key for job in jobs}

    def by_config(self) -> dict[str, str]:
        """Configuration (canonical JSON) of every finished record, whatever code made it, to its key."""
        with self._guard():
            query = "SELECT config, key FROM records WHERE status='done' ORDER BY rowid"
            return dict(self._connection.execute(query).fetchall())

    def __iter__(self) -> Iterator[Record]:
        with self._guard():
            rows = self._connection.execute(
                f"SELECT {_COLUMNS} FROM records ORDER BY key"
            ).fetchall()
        return (_decode(row, self.path) for row in rows)

    def __len__(self) -> int:
        return self._connection.execute("SELECT count(*) FROM records").fetchone()[0]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _encode(record: Record) -> tuple:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **record.arrays)
    row = (
        record.key,
        canonical(record.config),
        record.status,
        _found(record),
        buffer.getvalue(),
        canonical(record.provenance),
        float(record.seconds),
    )
    return (*row, _digest(row))


def _decode(row: tuple, path: Path) -> Record:
    *content, digest = row
    if _digest(tuple(content)) != digest:
        raise StoreError(
            f"{path}: record {row[0]} is damaged (its digest does not match); delete it"
        )
    key, config, status, text, blob, provenance, seconds = content
    found = json.loads(text)
    return Record(
        key,
        json.loads(config),
        status,
        revived(Facts, found["facts"]),
        [revived(ROWS[table], row) for table, rows in found["rows"].items() for row in rows],
        _load_arrays(blob, path),
        json.loads(provenance),
        seconds,
        found["error"],
        found["traceback"],
    )


def _load_arrays(blob: bytes, path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(blob), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, zipfile.BadZipFile) as error:
        raise StoreError(f"{path}: arrays cannot be read: {error}") from None


def _digest(row: tuple) -> str:
    digest = hashlib.sha256()
    for value in row:
        content = value if isinstance(value, bytes) else repr(value).encode()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()
