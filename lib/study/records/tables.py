"""A record as rows of the tables, and back, the same values bit for bit.

A list in a record's metrics becomes the rows of a table of its own, nested entries become columns (the
``regret`` of ``local`` is ``local_regret``); the rest is in ``records`` and ``arrays``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from persuasion.model.seeds import canonical
from study.records.parquet import Columns
from study.records.rows import TABLES
from study.records.store import Record

R = TypeVar("R")
# kind of job: the list in its metrics, the table for it, and what is None where a column is null
LISTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "solve": ("searches", "profiles", ()),
    "baseline": ("searches", "profiles", ()),
    "certify": ("rows", "certificates", ("global", "polished")),
    "kinks": ("rows", "checks", ()),
    "dynamics": ("runs", "dynamics", ("regret", "cycle_length")),
    "reach": ("rows", "reach", ()),
    "atlas": ("rows", "atlas", ()),
}
NULLS = {"reference": ("full_revelation", "obstacle")}
GROUPS = ("errors", "shape", "local", "global", "polished")
SIZES = ("senders", "states", "actions", "signals")


def rows_of(record: Record, table: type[R]) -> list[R]:
    """A record's rows of a table, given by its class; none of a failed job, or where it has rows of others only.

    Raises ``ValueError`` as :func:`to_rows`.
    """
    tables = to_rows(record, (), "").values() if record.done else ()
    return [row for found in tables for row in found if type(row) is table]


def to_rows(record: Record, needs: Sequence[str], experiment: str) -> dict[str, list[Any]]:
    """The rows of a record, per table, of the classes in :data:`~study.records.rows.TABLES`.

    Raises ``ValueError`` for metrics, settings or arrays that the tables have no column for.
    """
    kind, game = record.config["kind"], record.config.get("game", {})
    source = hashlib.sha256(canonical(record.provenance).encode()).hexdigest()[:8]
    first = {
        "record": record.key,
        "source": source,
        "experiment": experiment,
        "kind": kind,
        "family": game.get("family"),
        "instance": game.get("index"),
        **{name: game.get("parameters", {}).get(name) for name in SIZES},
        "method": record.config.get("method"),
    }
    metrics, arrays = dict(record.metrics), dict(record.arrays)
    found: dict[str, list[dict[str, Any]]] = {}
    if kind in LISTS:
        name, table, _ = LISTS[kind]
        made = _selections(record, arrays) if name == "searches" else _items(metrics[name], arrays)
        found[table] = list(made)
        del metrics[name]
    about = {
        "config": canonical(record.config),
        "needs": needs,
        "seconds": round(record.seconds, 3),
    }
    found["records"] = [about | _flat(metrics)]
    found["arrays"] = [_array(name, array) for name, array in sorted(arrays.items())]
    try:
        whole = {t: [TABLES[t](**first, **row) for row in rows] for t, rows in found.items()}
        return whole | {"sources": [TABLES["sources"](source=source, **record.provenance)]}
    except TypeError as error:
        raise ValueError(f"record {record.key} does not fit the tables: {error}") from None


def to_record(head: dict[str, Any], others: dict[str, Columns], source: dict[str, Any]) -> Record:
    """The record of a row of ``records``, its columns in other tables, and a row of ``sources``."""
    head = {name: value for name, value in head.items() if value is not None}
    identity, text, seconds, _ = (
        head.pop(name) for name in ("record", "config", "seconds", "source")
    )
    config = json.loads(text)
    kind = config["kind"]
    metrics = _nested(head, NULLS.get(kind, ()))
    arrays = {entry["name"]: _as_array(entry) for entry in rows(others.get("arrays", {}))}
    if kind in LISTS:
        name, table, nulls = LISTS[kind]
        found = others.get(table, {})
        if name == "searches":
            metrics[name] = _searches(found, len(config["tolerances"]), arrays)
        else:
            metrics[name] = _listed(found, nulls, arrays)
    provenance = {
        name: value for name, value in source.items() if value is not None and name != "source"
    }
    return Record(identity, config, "done", metrics, arrays, provenance, seconds)


def rows(columns: Columns) -> Iterator[dict[str, Any]]:
    """The rows of some columns."""
    return (dict(zip(columns, values)) for values in zip(*columns.values(), strict=True))


def _flat(item: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in item.items():
        if name in GROUPS and isinstance(value, dict):
            row |= {f"{name}_{inner}": kept for inner, kept in _flat(value).items()}
        elif name == "gains":
            row[name] = value or []  # empty: not known; null: not recorded
        elif value is not None:
            row[name] = value
    return row


def _nested(row: dict[str, Any], nulls: Sequence[str] = ()) -> dict[str, Any]:
    groups: dict[str, dict[str, Any]] = {}
    item = dict.fromkeys(nulls)
    for name, value in row.items():
        group, _, rest = name.partition("_")
        if value is None:
            continue
        if rest and group in GROUPS:
            groups.setdefault(group, {})[rest] = value
        else:
            item[name] = (value or None) if name == "gains" else value
    return item | {name: _nested(inner) for name, inner in groups.items()}


def _items(
    items: Sequence[dict[str, Any]], arrays: dict[str, np.ndarray]
) -> Iterator[dict[str, Any]]:
    for number, item in enumerate(items):
        row = {"row": number} | _flat(item)
        if "ties" in row:
            row["ties"] = canonical(row["ties"])
        if (policies := arrays.pop(f"{number}/polished", None)) is not None:
            row |= {"shape": policies.shape, "polished_policies": policies.ravel()}
        yield row


def _listed(
    columns: Columns, nulls: Sequence[str], arrays: dict[str, np.ndarray]
) -> list[dict[str, Any]]:
    items = []
    for row in rows(columns):
        number, shape, policies = (
            row.pop(name, None) for name in ("row", "shape", "polished_policies")
        )
        if policies is not None:
            arrays[f"{number}/polished"] = np.array(policies).reshape(shape)
        if "ties" in row:
            row["ties"] = json.loads(row["ties"])
        items.append(_nested(row, nulls))
    return items


def _selections(record: Record, arrays: dict[str, np.ndarray]) -> Iterator[dict[str, Any]]:
    for number, search in enumerate(record.metrics["searches"]):
        policies = arrays.pop(f"search{number}/policies")
        starts = arrays.pop(f"search{number}/starts", None)  # only committed records say them
        shared = {"search": number, "shape": policies.shape[1:]}
        shared |= {name: search[name] for name in ("radius", "checked")}
        for tolerance, selected, gain in zip(
            record.config["tolerances"], search["selected"], search["gains"], strict=True
        ):
            row = shared | {"tolerance": tolerance, "gain": gain}
            if selected is not None:
                which = selected["profile"]
                row["start"] = None if starts is None else int(starts[which])
                row["policies"] = policies[which].ravel()
            yield row | (selected or {})


def _searches(columns: Columns, size: int, arrays: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    searches = []
    for number, start in enumerate(range(0, len(columns.get("search", ())), size)):
        names = ("profile", "utilities", "gain", "start", "policies")
        profiles, utilities, gains, starts, policies = (
            columns[name][start : start + size] for name in names
        )
        kept = {profile: k for k, profile in enumerate(profiles) if profile is not None}
        chosen = [kept[profile] for profile in sorted(kept)]
        shape = (len(chosen), *columns["shape"][start])
        arrays[f"search{number}/policies"] = np.array([policies[k] for k in chosen]).reshape(shape)
        arrays[f"search{number}/starts"] = np.array([starts[k] for k in chosen], np.uint16)
        selected = [
            profile if profile is None else {"profile": profile, "utilities": found}
            for profile, found in zip(profiles, utilities)
        ]
        whole = {name: columns[name][start] for name in ("radius", "checked")}
        searches.append(whole | {"selected": selected, "gains": gains})
    return searches


def _array(name: str, array: np.ndarray) -> dict[str, Any]:
    if array.dtype.hasobject or array.dtype.kind not in "biufU":
        raise ValueError(f"arrays of dtype {array.dtype} are not kept; only numbers and text are")
    row = {"name": name, "dtype": array.dtype.str, "shape": array.shape}
    if array.dtype.kind == "U":
        return row | {"text": str(array)}
    return row | {"values": array.ravel().astype(float)}


def _as_array(row: dict[str, Any]) -> np.ndarray:
    found = row["text"] if row["values"] is None else row["values"]
    return np.array(found).astype(row["dtype"]).reshape(row["shape"])
