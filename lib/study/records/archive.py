"""Export: finished records become parts of a folder of committed results.

Kept are facts and rows with the selected policies, the revealing profiles, the surfaces of Figure 1 and the
weights behind them. Left out is what can be recomputed from seeds, or supports no number of the book: the
utilities, gains and predictions of all starts.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from persuasion.system.one_at_a_time import one_at_a_time
from persuasion.system.own_folder import make_folder, own_folder
from persuasion.system.write_whole import write_whole
from study.records.job import Job
from study.records.parquet import to_parquet
from study.records.results import (
    MANIFEST,
    SCHEMA,
    Results,
    manifest_digest,
    part_file,
    read_manifest,
    read_part,
)
from study.records.store import Record, StoreError
from study.records.tables import to_tables

# names of arrays, as regular expressions
DROPPED = {
    "solve": r"search\d+/(utilities|predicted|gains)",
    "baseline": r"search\d+/(utilities|gains)",
    "reference": "start_utilities",
    # those of the record that they were made from
    "certify": r"\d+/policies",
}
# pictures: single precision is finer than any pixel
SINGLE = {"didactic": "./(exact|network)"}


def append(
    folder: Path, preset: str, name: str, records: Sequence[tuple[Job, Record]]
) -> list[Path]:
    """Add finished records to a preset's folder as the part ``<name>-0001``, ...; returns the files written.

    Only within :func:`persuasion.system.one_at_a_time.one_at_a_time` if others may add to it at the same time.

    The manifest is replaced last and in one step: a killed export leaves the folder as it was, with some
    files that the next export overwrites. Raises ``StoreError`` if the folder holds another preset or is
    damaged, ``ValueError`` for a record that is not done or does not fit the tables, or a folder without a manifest
    that holds other files.
    """
    manifest = _manifest(folder, preset)
    if not records:
        return []
    kept = [replace(compact(record), key=job.identity) for job, record in records]
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (job, _), record in zip(records, kept):
        for table, rows in to_tables(record, [need.identity for need in job.needs], name).items():
            tables[table] += rows
    tables["sources"] = list({row["source"]: row for row in tables["sources"]}.values())
    files = {table: to_parquet(table, rows) for table, rows in tables.items()}
    part = _add(folder, manifest, name, files)
    # compared before the manifest names it
    for found, record in zip(read_part(folder, part), kept, strict=True):
        if not found.same_result(record):
            raise StoreError(f"{folder}: record {record.key} does not read back as it was written")
    _write_manifest(folder, manifest)
    return [part_file(folder, table, part["name"]) for table in files]


def merge(folder: Path, preset: str, other: Path) -> list[str]:
    """Add the parts that another folder of the preset's results has and ``folder`` lacks; returns their new names.

    They count before those that are there. Raises ``StoreError`` as :func:`append`, for either folder.
    """
    with one_at_a_time(folder.parent):
        theirs = Results(other).manifest
        if theirs["preset"] != preset:
            raise StoreError(f"{other}: holds preset {theirs['preset']!r}, not {preset!r}")
        manifest = _manifest(folder, preset)
        known = [part["files"] for part in manifest["parts"]]
        added = []
        for part in theirs["parts"]:
            if part["files"] not in known:
                paths = {table: part_file(other, table, part["name"]) for table in part["files"]}
                files = {table: path.read_bytes() for table, path in paths.items()}
                name = part["name"].rpartition("-")[0]
                added.append(_add(folder, manifest, name, files)["name"])
        _write_manifest(folder, manifest)
    return added


def _add(
    folder: Path, manifest: dict[str, Any], name: str, files: dict[str, bytes]
) -> dict[str, Any]:
    """Write the files of a new part and enter it in the manifest, which is not written yet."""
    if Path(name).name != name:  # of a foreign manifest
        raise StoreError(f"{folder}: {name!r} is no name of a part")
    number = 1 + sum(part["name"].rpartition("-")[0] == name for part in manifest["parts"])
    digests = {table: hashlib.sha256(content).hexdigest() for table, content in files.items()}
    part: dict[str, Any] = {"name": f"{name}-{number:04}", "files": digests}
    paths = {part_file(folder, table, part["name"]): files[table] for table in files}
    for place in paths:
        make_folder(place.parent)
    write_whole(paths)
    manifest["parts"].append(part)
    return part


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    manifest["digest"] = manifest_digest(manifest)
    text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    write_whole({folder / MANIFEST: text.encode()})


def compact(record: Record) -> Record:
    """The record as it is committed, without some of its arrays."""
    if not record.done:
        raise ValueError(f"only finished records are exported; {record.key} is {record.status!r}")
    kind = record.config["kind"]
    arrays = {
        name: array.astype(np.float32).astype(array.dtype)
        if re.fullmatch(SINGLE.get(kind, ""), name)
        else array
        for name, array in record.arrays.items()
        if not re.fullmatch(DROPPED.get(kind, ""), name)
    }
    return replace(record, arrays=arrays)


def _manifest(folder: Path, preset: str) -> dict[str, Any]:
    if not (folder / MANIFEST).exists():
        own_folder(folder)
        return {"schema": SCHEMA, "preset": preset, "parts": []}
    manifest = read_manifest(folder)
    if manifest["preset"] != preset:
        raise StoreError(f"{folder}: holds preset {manifest['preset']!r}, not {preset!r}")
    return manifest
