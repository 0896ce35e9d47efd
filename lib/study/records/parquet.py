"""Rows of a table as the bytes of a Parquet file, and back; pyarrow is imported on first use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args, get_origin

import numpy as np

from study.records.rows import Subject, columns

if TYPE_CHECKING:
    import pyarrow

NAMES = {str: "string", int: "int64", float: "float64", bool: "bool"}
# what most tables begin with is for other readers: the configuration says it, too
REPEATED = Subject.__dataclass_fields__.keys() - {"record"} | {"needs"}
Columns = dict[str, list[Any]]


def schema(table: str) -> pyarrow.Schema:
    """The Parquet schema of a table."""
    import pyarrow

    return pyarrow.schema([(name, _arrow(hint)) for name, (hint, _) in columns(table).items()])


def _arrow(hint: Any) -> pyarrow.DataType:
    import pyarrow

    if hint is np.ndarray:
        return pyarrow.list_(pyarrow.float64())
    if get_origin(hint) is list:
        return pyarrow.list_(_arrow(get_args(hint)[0]))
    if get_origin(hint) is dict:
        return pyarrow.map_(pyarrow.string(), _arrow(get_args(hint)[1]))
    return pyarrow.type_for_alias(NAMES[hint])


def to_parquet(table: str, rows: Sequence[dict[str, Any]]) -> bytes:
    """The file, its bytes dependent on the rows alone; ``ValueError`` for a value that the schema has no place for.

    Arrays are split by bytes, which compresses well, and go into no dictionary, which might unite NaNs.
    """
    import pyarrow
    from pyarrow import parquet

    hints = {name: hint for name, (hint, _) in columns(table).items()}
    try:
        content = pyarrow.Table.from_pylist(list(rows), schema=schema(table))
    except (TypeError, OverflowError, pyarrow.ArrowInvalid) as error:
        raise ValueError(f"table {table}: {error}") from None
    buffer = pyarrow.BufferOutputStream()
    parquet.write_table(
        content,
        buffer,
        compression="zstd",
        write_statistics=False,
        use_dictionary=[name for name, hint in hints.items() if hint in NAMES],
        column_encoding={
            f"{name}.list.element": "BYTE_STREAM_SPLIT"
            for name, hint in hints.items()
            if hint is np.ndarray
        },
    )
    return buffer.getvalue().to_pybytes()


def from_parquet(table: str, content: bytes) -> Columns:
    """The columns that a reader of ours needs, in order of the rows, as far as the file has them.

    Raises ``ValueError`` or ``KeyError`` for a file of something else.
    """
    import pyarrow
    from pyarrow import parquet

    own = {"records": {"source", "needs"}, "sources": REPEATED}.get(table, set())
    skipped = REPEATED - own
    hints = {name: hint for name, (hint, _) in columns(table).items() if name not in skipped}
    file = parquet.ParquetFile(pyarrow.BufferReader(content))
    found = file.read(columns=list(hints), use_threads=False)
    return {n: _values(found[n].combine_chunks(), hints[n]) for n in found.column_names}


def _values(column: pyarrow.Array, hint: Any) -> list[Any]:
    if hint is not np.ndarray:  # a map as a list of pairs
        values = column.to_pylist()
        return [v if v is None else dict(v) for v in values] if get_origin(hint) is dict else values
    values, offsets = column.values.to_numpy(), column.offsets.to_pylist()
    return [
        values[start:end] if valid else None
        for valid, start, end in zip(column.is_valid().to_pylist(), offsets, offsets[1:])
    ]
