"""Committed results: a folder of Parquet tables that git can keep, read like the store.

``results/<preset>/<table>/<part>.parquet`` are the tables of :mod:`study.records.rows`, in parts; ``manifest.json``
names the parts that count, with the digests of their files. Exports add parts and never change one; where two parts
have the same record, the later part's counts.

A record is found by its configuration, and that of the jobs that it needed: one that an older version of the
code made still counts, and its provenance says so.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persuasion.model.seeds import canonical
from persuasion.system.own_folder import absolute
from study.records.job import config_identity
from study.records.parquet import Columns, from_parquet
from study.records.store import Record, Store, StoreError
from study.records.tables import rows, to_record

if TYPE_CHECKING:
    from study.records.job import Job

SCHEMA = "persuasion/results/2"
MANIFEST = "manifest.json"
REMEDY = "restore it from git, or remove the folder and export again"


class Results:
    """The committed results in one folder; read-only.

    Raises ``StoreError``, naming the file and what to do, if the folder holds none, or if a file is missing,
    truncated or changed.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder)
        self.manifest = read_manifest(self.path)
        collecting = gc.isenabled()
        gc.disable()  # it would walk all these objects, none of them garbage, time and again
        try:
            self.parts = [read_part(self.path, part) for part in self.manifest["parts"]]
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            message = f"is not a manifest ({type(error).__name__}: {error}); {REMEDY}"
            raise StoreError(f"{self.path / MANIFEST}: {message}") from None
        finally:
            if collecting:
                gc.enable()
        self._records = {record.key: record for part in self.parts for record in part}

    def find(self, job: Job) -> Record | None:
        """The record of the job's configuration, whatever version of the code made it, or None."""
        return self._records.get(job.identity)

    def done(self, jobs: Iterable[Job]) -> set[str]:
        """Keys of those of the jobs whose configuration has a record."""
        return {job.key for job in jobs if job.identity in self._records}

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def __enter__(self) -> Results:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open; here so that results can stand where a store does."""


Records = Store | Results
"""What can be read."""


def is_committed(path: Path) -> bool:
    """Whether a path is that of committed results: they are a folder, a working store is a file."""
    return path.is_dir()


def open_records(path: str | Path, preset: str, create: bool = False) -> Records:
    """The result store at a path, or the committed results of a preset if the path is a folder.

    The folder may hold the results themselves or one folder per preset; a store that is not there is made if
    ``create``. Raises ``StoreError`` if it is neither, or has no results of the preset.
    """
    place = absolute(path)
    if not is_committed(place):
        return Store(place, create)
    for folder in (place, place / preset):
        if holds_results(folder):
            results = read_once(folder)
            if results.manifest["preset"] == preset:
                return results
    raise StoreError(f"{path}: is a folder without committed results of preset {preset!r}")


def read_once(folder: Path) -> Results:
    """The results in a folder, read once while no file changes: a page asks for one experiment after the other."""
    return _results(folder, _stamp(folder))


@functools.lru_cache(maxsize=2)
def _results(folder: Path, stamp: frozenset[tuple[str, int, int]]) -> Results:
    return Results(folder)


def _stamp(folder: Path) -> frozenset[tuple[str, int, int]]:
    """Names, times of the last change and sizes of the files."""
    files = ((str(path), path.stat()) for path in folder.rglob("*") if path.is_file())
    return frozenset((name, state.st_ctime_ns, state.st_size) for name, state in files)


def committed_folder(root: str | Path, preset: str) -> Path | None:
    """The folder of a preset's committed results below ``root``, or None if there are none."""
    folder = Path(root) / preset
    return folder if holds_results(folder) else None


def holds_results(folder: Path) -> bool:
    """Whether a folder is that of one preset's committed results."""
    return (folder / MANIFEST).exists()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder, its own digest checked."""
    path = folder / MANIFEST
    if not path.is_file():
        raise StoreError(f"{folder}: holds no committed results (no {MANIFEST})")
    try:
        manifest = json.loads(_bytes(path).decode("utf-8"))
    except ValueError as error:
        raise StoreError(f"{path}: is damaged ({error}); {REMEDY}") from None
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if schema != SCHEMA:
        raise StoreError(f"{path}: has schema {schema!r}; this version reads {SCHEMA!r}")
    if not {"preset", "parts"} <= manifest.keys():
        raise StoreError(f"{path}: is damaged (it lacks preset or parts); {REMEDY}")
    if manifest.get("digest") != manifest_digest(manifest):
        raise StoreError(f"{path}: is damaged (its digest does not match); {REMEDY}")
    return manifest


def manifest_digest(manifest: dict[str, Any]) -> str:
    """SHA-256 of everything in the manifest but the digest itself."""
    rest = {name: value for name, value in manifest.items() if name != "digest"}
    return hashlib.sha256(canonical(rest).encode()).hexdigest()


def part_file(folder: Path, table: str, name: str) -> Path:
    """Where a part has its rows of a table."""
    return folder / table / f"{name}.parquet"


def read_part(folder: Path, part: dict[str, Any]) -> list[Record]:
    """The records of one part; ``StoreError`` if its files are not those that the manifest describes."""
    tables = {
        table: _read(part_file(folder, table, part["name"]), table, digest)
        for table, digest in part["files"].items()
    }
    try:
        return list(_records(tables))
    except StoreError as error:
        raise StoreError(f"{folder}: {part['name']} {error}; {REMEDY}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"cannot be read ({type(error).__name__}: {error})"
        raise StoreError(f"{folder}: {part['name']} {message}; {REMEDY}") from None


def _records(tables: dict[str, Columns]) -> Iterator[Record]:
    """The records of a part; ``StoreError`` for what says two things."""
    sources, heads = (list(rows(tables.pop(name))) for name in ("sources", "records"))
    by_name = {source["source"]: source for source in sources}
    found: dict[str, dict[str, Columns]] = {head["record"]: {} for head in heads}
    if len(found) < len(heads):
        raise StoreError("holds a record twice")
    for table, columns in tables.items():
        for name, span in _spans(columns.pop("record")):
            if table in found[name]:
                raise StoreError(f"has other rows of {table} between those of record {name}")
            found[name][table] = {column: values[span] for column, values in columns.items()}
    for head in heads:
        needs = head.pop("needs")
        record = to_record(head, found[head["record"]], by_name[head["source"]])
        if config_identity(record.config, needs) != record.key:
            raise StoreError(f"has a record {record.key} of another configuration")
        yield record


def _spans(names: list[str]) -> Iterator[tuple[str, slice]]:
    """The names, each with where it stands in the list."""
    start = 0
    for name, group in itertools.groupby(names):
        end = start + sum(1 for _ in group)
        yield name, slice(start, end)
        start = end


def _read(path: Path, table: str, digest: str) -> Columns:
    content = _bytes(path)
    if hashlib.sha256(content).hexdigest() != digest:
        raise StoreError(f"{path}: is damaged (its digest is not the manifest's); {REMEDY}")
    try:
        return from_parquet(table, content)
    except (ValueError, KeyError) as error:
        raise StoreError(f"{path}: is not the table {table!r} ({error}); {REMEDY}") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); {REMEDY}") from None
