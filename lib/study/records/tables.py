"""A record as rows of the tables, and back, the same values bit for bit."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from persuasion.model.seeds import canonical
from study.records.parquet import Columns
from study.records.rows import ROWS, SIZES, ArrayRow, Facts, Head, SourceRow, Subject, hints
from study.records.store import Record


def to_tables(
    record: Record, needs: Sequence[str], experiment: str
) -> dict[str, list[dict[str, Any]]]:
    """The rows of a record, per table of :data:`~study.records.rows.TABLES`.

    Raises ``ValueError`` for arrays or a provenance that the tables have no column for.
    """
    about = subject_of(record, experiment)
    subject = vars(about)
    head = Head(
        config=canonical(record.config), needs=list(needs), seconds=round(record.seconds, 3)
    )
    arrays = [_array(name, array) for name, array in sorted(record.arrays.items())]
    found: dict[str, list[Any]] = {table: record.rows_of(kind) for table, kind in ROWS.items()} | {
        "arrays": arrays
    }
    tables = {table: [subject | vars(row) for row in rows] for table, rows in found.items() if rows}
    try:
        origin = SourceRow(source=about.source, **record.provenance)
    except TypeError as error:
        raise ValueError(f"record {record.key} does not fit the tables: {error}") from None
    return tables | {
        "records": [subject | vars(head) | vars(record.facts)],
        "sources": [vars(origin)],
    }


def subject_of(record: Record, experiment: str) -> Subject:
    """What all rows of a record begin with; ``experiment`` is what it was exported for."""
    game = record.config.get("game", {})
    return Subject(
        record=record.key,
        source=hashlib.sha256(canonical(record.provenance).encode()).hexdigest()[:8],
        experiment=experiment,
        kind=record.config["kind"],
        family=game.get("family"),
        instance=game.get("index"),
        method=record.config.get("method"),
        **{name: game.get("parameters", {}).get(name) for name in SIZES},
    )


def to_record(head: dict[str, Any], others: dict[str, Columns], source: dict[str, Any]) -> Record:
    """The record of a row of ``records``, its columns in other tables, and a row of ``sources``.

    A column that came later is None. Raises ``KeyError`` or ``TypeError`` if another is missing.
    """
    return Record(
        head["record"],
        json.loads(head["config"]),
        "done",
        Facts(**{name: head[name] for name in hints(Facts) if name in head}),
        [kind(**row) for table, kind in ROWS.items() for row in rows(others.get(table, {}))],
        {row["name"]: _as_array(row) for row in rows(others.get("arrays", {}))},
        {n: value for n, value in source.items() if value is not None and n != "source"},
        head["seconds"],
    )


def rows(columns: Columns) -> Iterator[dict[str, Any]]:
    """The rows of some columns."""
    return (dict(zip(columns, values)) for values in zip(*columns.values(), strict=True))


def _array(name: str, array: np.ndarray) -> ArrayRow:
    if array.dtype.hasobject or array.dtype.kind not in "biufU":
        raise ValueError(f"arrays of dtype {array.dtype} are not kept; only numbers and text are")
    text = str(array) if array.dtype.kind == "U" else None
    values = None if text is not None else array.ravel().astype(float)
    shape = list(array.shape)
    return ArrayRow(name=name, dtype=array.dtype.str, shape=shape, values=values, text=text)


def _as_array(row: dict[str, Any]) -> np.ndarray:
    found = row["text"] if row["values"] is None else row["values"]
    return np.array(found).astype(row["dtype"]).reshape(row["shape"])
