"""Committed results: a folder of text and arrays that git can keep, read like the store.

``results/<preset>/`` holds ``manifest.json`` and parts. A part is a text file with one record per line and
an ``.npz`` with the records' arrays; the manifest names the parts with their digests, and what many records
share: their settings and where they come from. Exports add parts and never change one; where two parts have the
same record, the later part's counts.

A record is found by its configuration, and that of the jobs that it needed: one that an older version of the
code made still counts, and its provenance says so.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from persuasion.model.seeds import canonical
from persuasion.system.own_folder import absolute
from study.records.coding import Unpacker
from study.records.store import Record, Store, StoreError

if TYPE_CHECKING:
    from study.jobs import Job

SCHEMA = "persuasion/results/1"
MANIFEST = "manifest.json"
RUNS = "*runs"
REMEDY = "restore it from git, or remove the folder and export again"


class Results:
    """The committed results in one folder; read-only.

    Raises ``StoreError``, naming the file and what to do, if the folder holds none, or if a file is missing,
    truncated or changed.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder)
        self.manifest = read_manifest(self.path)
        self._records: dict[str, Record] = {}
        try:
            self._read()
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            message = f"is not a manifest ({type(error).__name__}: {error}); {REMEDY}"
            raise StoreError(f"{self.path / MANIFEST}: {message}") from None

    def _read(self) -> None:
        for part in self.manifest["parts"]:
            held: dict[str, Record] = {}
            for record in read_part(self.path, part, self.manifest):
                if held.setdefault(record.key, record) is not record:
                    where = f"{self.path}: {part['name']}"
                    raise StoreError(f"{where} holds the record {record.key} twice; {REMEDY}")
            self._records |= held

    def find(self, job: Job) -> Record | None:
        """The record of the job's configuration, whatever version of the code made it, or None."""
        return self._records.get(identity(job))

    def done(self, jobs: Iterable[Job]) -> set[str]:
        """Keys of those of the jobs whose configuration has a record."""
        return {job.key for job in jobs if identity(job) in self._records}

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def close(self) -> None:
        """Nothing is held open; here so that results can stand where a store does."""

    def __enter__(self) -> Results:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_records(path: str | Path, preset: str) -> Store | Results:
    """The result store at a path, or the committed results of a preset if the path is a folder.

    The folder may hold the results themselves or one folder per preset. Raises ``StoreError`` if it is
    neither, or has no results of the preset.
    """
    place = absolute(path)
    if not place.is_dir():
        return Store(place)
    for folder in (place, place / preset):
        if (folder / MANIFEST).exists():
            results = Results(folder)
            if results.manifest["preset"] == preset:
                return results
    raise StoreError(f"{path}: is a folder without committed results of preset {preset!r}")


def committed_folder(root: str | Path, preset: str) -> Path | None:
    """The folder of a preset's committed results below ``root``, or None if there are none."""
    folder = Path(root) / preset
    return folder if (folder / MANIFEST).exists() else None


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
    if manifest.get("digest") != manifest_digest(manifest):
        raise StoreError(f"{path}: is damaged (its digest does not match); {REMEDY}")
    return manifest


def manifest_digest(manifest: dict[str, Any]) -> str:
    """SHA-256 of everything in the manifest but the digest itself."""
    rest = {name: value for name, value in manifest.items() if name != "digest"}
    return hashlib.sha256(canonical(rest).encode()).hexdigest()


def identity(job: Job) -> str:
    """Hash of what a job is, whatever version of the code runs it; the key of its committed record."""
    return config_identity(job.config, [identity(needed) for needed in job.needs])


def config_identity(config: dict[str, Any], needs: Sequence[str] = ()) -> str:
    """Hash of a configuration and of the identities of the jobs that it needs."""
    content = {"config": config, "needs": list(needs)}
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def read_part(folder: Path, part: dict[str, Any], manifest: dict[str, Any]) -> Iterator[Record]:
    """The records of one part; ``StoreError`` if its files are not those that the manifest describes."""
    text, arrays = folder / f"{part['name']}.jsonl", folder / f"{part['name']}.npz"
    for path, digest in ((text, part["text"]), (arrays, part["arrays"])):
        if hashlib.sha256(_bytes(path)).hexdigest() != digest:
            raise StoreError(f"{path}: is damaged (its digest is not the manifest's); {REMEDY}")
    try:
        with np.load(arrays, allow_pickle=False) as archive:
            unpacker = Unpacker({name: archive[name] for name in archive.files})
        for line in text.read_text(encoding="utf-8").splitlines():
            yield _record(json.loads(line), manifest, unpacker)
        unpacker.finish()
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise StoreError(f"{text}: cannot be read with its arrays: {error}; {REMEDY}") from None


def _record(line: dict[str, Any], manifest: dict[str, Any], unpacker: Unpacker) -> Record:
    config = dict(manifest["settings"][line["settings"]])
    if "game" in line:
        config["game"] = line["game"]
    source = manifest["sources"][line["source"]]
    arrays = {name: unpacker.take(where) for name, where in sorted(line["arrays"].items())}
    return Record(
        config_identity(config, line.get("needs", ())),
        config,
        "done",
        expand(line["metrics"]),
        arrays,
        source,
        line["seconds"],
    )


def squeeze(value: Any) -> Any:
    """JSON with repeated neighbours in lists written once: ``[a, a, b]`` as ``{"*runs": [[2, a], [1, b]]}``.

    >>> expand(squeeze([{"x": 1}, {"x": 1}, None])) == [{"x": 1}, {"x": 1}, None]
    True
    """
    if isinstance(value, dict):
        if RUNS in value:
            raise ValueError(f"metrics must not use the name {RUNS!r}")
        return {name: squeeze(item) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    runs: list[list[Any]] = []
    for item, text in ((squeeze(item), canonical(item)) for item in value):
        if runs and runs[-1][2] == text:
            runs[-1][0] += 1
        else:
            runs.append([1, item, text])
    if len(runs) == len(value):
        return [item for _, item, _ in runs]
    return {RUNS: [[count, item] for count, item, _ in runs]}


def expand(value: Any) -> Any:
    """What :func:`squeeze` was given."""
    if isinstance(value, dict):
        if RUNS in value:
            return [expand(item) for count, item in value[RUNS] for _ in range(count)]
        return {name: expand(item) for name, item in value.items()}
    return [expand(item) for item in value] if isinstance(value, list) else value


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); {REMEDY}") from None
