"""Export: finished records become parts of a folder of committed results.

Kept are the metrics and the selected policies, the revealing profiles, the surfaces of Figure 1 and the
weights behind them. Left out is what can be recomputed from seeds, or supports no number of the book: the
utilities, gains and predictions of all starts.
"""

from __future__ import annotations

import fnmatch
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from persuasion.model.seeds import canonical
from persuasion.system.own_folder import own_folder
from persuasion.system.write_whole import write_whole
from study.jobs import Job
from study.records.coding import Packer
from study.records.results import (
    MANIFEST,
    SCHEMA,
    identity,
    manifest_digest,
    read_manifest,
    read_part,
    squeeze,
)
from study.records.store import Record, StoreError

RECORDS_PER_PART = 500
DROPPED = {
    "solve": ("search*/utilities", "search*/predicted", "search*/gains"),
    "baseline": ("search*/utilities", "search*/gains"),
    "reference": ("start_utilities",),
    # those of the record that they were made from
    "certify": ("*/policies",),
}
# pictures: single precision is finer than any pixel
SINGLE = {"didactic": ("?/exact", "?/network")}


def append(
    folder: Path, preset: str, name: str, records: Sequence[tuple[Job, Record]]
) -> list[Path]:
    """Add finished records to a preset's folder as parts ``<name>-0001``, ...; returns the files written.

    The manifest is replaced last and in one step: a killed export leaves the folder as it was, with some
    files that the next export overwrites. Raises ``StoreError`` if the folder holds another preset or is
    damaged, ``ValueError`` for a record that is not done, or a folder without a manifest that holds other files.
    """
    manifest = _manifest(folder, preset)
    written = []
    for start in range(0, len(records), RECORDS_PER_PART):
        number = 1 + sum(part["name"].rpartition("-")[0] == name for part in manifest["parts"])
        chunk = records[start : start + RECORDS_PER_PART]
        part, paths = _write_part(folder, f"{name}-{number:04}", chunk, manifest)
        _read_back(folder, part, manifest, chunk)
        manifest["parts"].append(part)
        written += paths
    if written:
        manifest["digest"] = manifest_digest(manifest)
        text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
        write_whole({folder / MANIFEST: text.encode()})
    return written


def _read_back(
    folder: Path,
    part: dict[str, Any],
    manifest: dict[str, Any],
    records: Sequence[tuple[Job, Record]],
) -> None:
    """Compare what was written, before the manifest names it, with what was to be written."""
    for found, (job, record) in zip(read_part(folder, part, manifest), records, strict=True):
        if not found.same_result(replace(compact(record), key=identity(job))):
            raise StoreError(f"{folder}: record {record.key} does not read back as it was written")


def compact(record: Record) -> Record:
    """The record as it is committed: some arrays left out, and the start of every selected profile added."""
    if not record.done:
        raise ValueError(f"only finished records are exported; {record.key} is {record.status!r}")
    kind = record.config["kind"]
    arrays = {
        name: array.astype(np.float32).astype(array.dtype)
        if _matches(name, SINGLE.get(kind, ()))
        else array
        for name, array in record.arrays.items()
        if not _matches(name, DROPPED.get(kind, ()))
    }
    return replace(record, arrays=arrays | selected_starts(record))


def selected_starts(record: Record) -> dict[str, np.ndarray]:
    """``search<k>/starts``: which start each selected profile came from; the seed of its check needs it.

    Among starts with the same utilities and gain the first was accepted: the search walks equal welfare in
    order of the index.
    """
    found = {}
    for number, search in enumerate(record.metrics.get("searches", ())):
        prefix = f"search{number}"
        if f"{prefix}/gains" not in record.arrays or f"{prefix}/starts" in record.arrays:
            continue
        gains, utilities = (record.arrays[f"{prefix}/{name}"] for name in ("gains", "utilities"))
        starts = np.zeros(len(record.arrays[f"{prefix}/policies"]), dtype=np.uint16)
        for selected, gain in zip(search["selected"], search["gains"]):
            if selected is not None:
                same = (gains == gain) & (utilities == selected["utilities"]).all(1)
                starts[selected["profile"]] = same.argmax()
        found[f"{prefix}/starts"] = starts
    return found


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _manifest(folder: Path, preset: str) -> dict[str, Any]:
    if not (folder / MANIFEST).exists():
        own_folder(folder)
        return {"schema": SCHEMA, "preset": preset, "settings": {}, "sources": {}, "parts": []}
    manifest = read_manifest(folder)
    if manifest["preset"] != preset:
        raise StoreError(f"{folder}: holds preset {manifest['preset']!r}, not {preset!r}")
    return manifest


def _write_part(
    folder: Path, name: str, records: Sequence[tuple[Job, Record]], manifest: dict[str, Any]
) -> tuple[dict[str, Any], list[Path]]:
    packer = Packer()
    lines = [canonical(_line(*pair, packer, manifest)) for pair in records]
    text = "".join(f"{line}\n" for line in lines).encode()
    arrays = _npz(packer.flat())
    paths = [folder / f"{name}.jsonl", folder / f"{name}.npz"]
    write_whole(dict(zip(paths, (text, arrays))))
    part = {
        "name": name,
        "records": len(records),
        "text": hashlib.sha256(text).hexdigest(),
        "arrays": hashlib.sha256(arrays).hexdigest(),
    }
    return part, paths


def _line(job: Job, record: Record, packer: Packer, manifest: dict[str, Any]) -> dict[str, Any]:
    if canonical(job.config) != canonical(record.config):
        raise ValueError(f"record {record.key} has another configuration than its job")
    kept = compact(record)
    settings = {name: value for name, value in kept.config.items() if name != "game"}
    line = {
        "settings": _shared(manifest["settings"], settings),
        "source": _shared(manifest["sources"], kept.provenance),
        "seconds": round(kept.seconds, 3),
        "metrics": squeeze(kept.metrics),
        "arrays": {name: packer.add(array) for name, array in sorted(kept.arrays.items())},
    }
    if "game" in kept.config:
        line["game"] = kept.config["game"]
    if job.needs:
        line["needs"] = [identity(needed) for needed in job.needs]
    return line


def _shared(table: dict[str, Any], value: Any) -> str:
    """The name of a value in a table of the manifest, entered if it is new."""
    name = hashlib.sha256(canonical(value).encode()).hexdigest()[:8]
    if table.setdefault(name, value) != value:
        raise ValueError(f"two different entries share the name {name}")
    return name


def _npz(arrays: dict[str, np.ndarray]) -> bytes:
    """An ``.npz`` whose bytes depend on the arrays alone; ``np.savez`` would write the time into it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy")
            archive.writestr(member, content.getvalue(), zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()
