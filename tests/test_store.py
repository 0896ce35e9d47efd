import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persuasion.model.seeds import canonical, integer_seed
from study.records.rows import Facts
from study.records.store import Record, Store, StoreError

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def record(key="k", status="done", value=None, error=""):
    arrays = {
        "policies": np.random.default_rng(0).random((2, 3)),
        "search0/gains": np.array([np.nan]),
    }
    facts = Facts(utility_range=value)
    return Record(key, {"kind": "solve"}, status, facts, [], arrays, {"commit": "abc"}, 1.5, error)


@given(st.dictionaries(st.text(), JSON))
def test_records_survive_exactly(config):
    with Store(":memory:") as store:
        store.put(Record("k", config, "failed", error="x", traceback="y", provenance=config))
        found = store.get("k")
        assert found.config == found.provenance == config
        assert (found.error, found.traceback) == ("x", "y")
        assert found.same_result(store.get("k"))


def test_put_get_iterate_and_reopen(tmp_path):
    path = tmp_path / "deep" / "store.sqlite"
    with Store(path) as store:
        store.put(record("b", value=1))
        store.put(record("a", value=2))
        assert store.get("missing") is None
    with Store(path) as store:
        assert [r.key for r in store] == ["a", "b"]
        assert len(store) == 2
        np.testing.assert_array_equal(
            store.get("a").arrays["policies"], record().arrays["policies"]
        )


def test_done_records_are_final_and_failed_ones_are_replaced(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        store.put(record(status="failed", error="x"))
        assert not store.get("k").done
        store.put(record(value=1))
        store.put(record(value=2))
        store.put(record(status="failed", error="y"))
        assert store.get("k").facts.utility_range == 1


def test_same_result_ignores_time_and_origin_only():
    other = replace(record(value=1), provenance={"commit": "z"}, seconds=9.0)
    assert record(value=1).same_result(other)
    assert record(value=1).same_result(replace(other, facts=Facts(utility_range=1, timings=[2.0])))
    assert not record(value=2).same_result(other)
    nearly = np.nextafter(record().arrays["policies"], 1)
    flat = record().arrays["policies"].ravel()
    for policies in (nearly, flat):
        arrays = {**record().arrays, "policies": policies}
        assert not record(value=1).same_result(replace(record(value=1), arrays=arrays))


def test_pickled_arrays_are_refused_on_the_way_in(tmp_path):
    bad = Record("k", {}, "done", arrays={"x": np.array([{"a": 1}], dtype=object)})
    with (
        Store(tmp_path / "s.sqlite") as store,
        pytest.raises(ValueError, match=r"[Oo]bject arrays"),
    ):
        store.put(bad)


def test_a_file_that_is_no_store(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a database, and long enough to be looked at" * 50)
    with pytest.raises(StoreError, match=r"notes\.txt: is not a result store or is damaged"):
        Store(text)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE shopping (item TEXT)")
    with pytest.raises(StoreError, match="is a database, but not a result store"):
        Store(other)
    with pytest.raises(StoreError, match="cannot be used as a result store"):
        Store(tmp_path)


def test_another_schema(tmp_path):
    path = tmp_path / "s.sqlite"
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value='persuasion/store/99'")
    with pytest.raises(StoreError, match=r"has schema 'persuasion/store/99'"):
        Store(path)


def test_a_changed_record_is_noticed(tmp_path):
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        store.put(record(value=1))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE records SET found=?", (canonical({"value": 2}),))
    with Store(path) as store, pytest.raises(StoreError, match=r"s\.sqlite: record k is damaged"):
        store.get("k")


def test_a_store_that_was_removed_takes_no_more_records(tmp_path):
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        path.unlink()
        with pytest.raises(StoreError, match=r"s\.sqlite: was removed during the run"):
            store.put(record())


def test_many_first_runs_on_one_store_meet_no_half_made_one(tmp_path):
    for attempt in range(20):
        path, barrier = tmp_path / f"{attempt}.sqlite", threading.Barrier(8)

        def first_run(number, path=path, barrier=barrier):
            barrier.wait()
            with Store(path) as store:
                store.put(record(f"key{number}"))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(first_run, range(8)))
        with Store(path) as store:
            assert len(store) == 8


def test_two_writers_do_not_disturb_each_other(tmp_path):
    path = tmp_path / "s.sqlite"

    def write(offset):
        with Store(path) as store:
            for number in range(offset, offset + 40):
                store.put(record(f"key{number % 60:03}", value=number % 60))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (0, 30)))
    with Store(path) as store:
        assert len(store) == 60
        assert all(r.facts.utility_range == int(r.key[3:]) for r in store)


def test_seeds_depend_on_the_identity_alone():
    assert integer_seed("game", {"a": 1, "b": 0.1}) == integer_seed("game", {"b": 0.1, "a": 1})
    assert len({integer_seed("game", k) for k in range(1000)}) == 1000
    assert integer_seed("x", 0.1 + 0.2) != integer_seed("x", 0.3)
