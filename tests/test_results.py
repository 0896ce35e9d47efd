import dataclasses
import hashlib
import importlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_origin

import numpy as np
import pandas as pd
import pyarrow
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from pyarrow import parquet

import study
from study import (
    Record,
    Results,
    Store,
    StoreError,
    export,
    load,
    open_records,
    origin,
    preset,
    produce,
)
from study.__main__ import main
from study.audit import collect, strangers
from study.designs import design
from study.figures import frames, surfaces
from study.kinds import KINDS
from study.kinds.grid import STEPS, round_to_grid
from study.records.archive import append, compact, merge
from study.records.dictionary import dictionary
from study.records.job import Job, config_identity
from study.records.parquet import from_parquet, to_parquet
from study.records.results import MANIFEST, manifest_digest, part_file, read_manifest
from study.records.rows import ROWS, CertificateRow, Facts, ProfileRow, ReachRow, hints, plain
from study.records.tables import rows, to_record, to_tables

TINY = {
    "methods": ["relu", "dnl"],
    "scenarios": ["ride-hailing"],
    "instances": 1,
    "synthetic.senders": [2],
    "training.samples": 64,
    "training.held_out": 32,
    "didactic.training.samples": 64,
    "didactic.training.epochs": 1,
}
SET = [f"--set={name}={json.dumps(value)}" for name, value in TINY.items()]
ROOT = Path(__file__).resolve().parents[1]
SHOWN = ("didactic", "synthetic", "scenarios")


@pytest.fixture(scope="module")
def tiny():
    return preset("smoke", TINY)


@pytest.fixture(scope="module")
def store(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "s.sqlite"
    produce(tiny, SHOWN, path, workers=1, quiet=True)
    return path


@pytest.fixture(scope="module")
def exported(tiny, store):
    export(tiny, store, store.parent / "results")
    return store.parent / "results"


@pytest.fixture
def folder(exported, tmp_path):
    """A copy that a test may damage."""
    return Path(shutil.copytree(exported, tmp_path / "results"))


# the format


NUMBER = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = {
    str: st.text(),
    int: st.integers(0, 9),
    float: NUMBER,
    bool: st.booleans(),
    np.ndarray: arrays_of.arrays("float64", arrays_of.array_shapes(max_dims=1), elements=NUMBER),
}


def values(hint):
    """What a column of a type may hold; the end of an interval that is not known is None."""
    inner = get_args(hint)
    if get_origin(hint) is list:
        return st.lists(values(inner[0]) | (st.none() if inner[0] is float else st.nothing()))
    return st.dictionaries(st.text(), values(inner[1])) if inner else PLAIN[hint]


def rows_with(kind):
    """Rows of a class, with and without what may be missing."""
    needed = {f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING}
    return st.builds(
        kind,
        **{
            name: values(hint) if name in needed else st.none() | values(hint)
            for name, (hint, _) in hints(kind).items()
        },
    )


ARRAYS = arrays_of.arrays(
    st.sampled_from(["float64", "float32", "int32", "uint8", "bool"]),
    arrays_of.array_shapes(min_dims=0, min_side=0, max_dims=3),
)


@st.composite
def records(draw):
    """A finished record, with rows of one class and some arrays."""
    config = {
        "kind": draw(st.sampled_from(KINDS)),
        "game": {"family": draw(st.text()), "index": 3, "parameters": {"states": 4}},
    }
    return Record(
        "k",
        config,
        "done",
        draw(rows_with(Facts)),
        draw(st.one_of(st.lists(rows_with(kind), max_size=3) for kind in ROWS.values())),
        draw(st.dictionaries(st.sampled_from(["a", "b/c", "losses"]), ARRAYS)),
        {"code": "x", "packages": {"numpy": "2"}},
        0.25,
    )


def through_files(record):
    """The record from the bytes of its tables."""
    files = {
        table: from_parquet(table, to_parquet(table, found))
        for table, found in to_tables(record, [], "any").items()
    }
    (head,), (source,) = (rows(files.pop(name)) for name in ("records", "sources"))
    for columns in files.values():
        assert set(columns.pop("record")) <= {record.key}
    return to_record(head, files, source)


@given(records())
def test_records_of_every_kind_survive_bit_for_bit(record):
    with Store(":memory:") as opened:
        opened.put(record)
        for found in (through_files(record), opened.get("k")):
            assert found.same_result(record)
            assert [plain(row) for row in found.rows] == [plain(row) for row in record.rows]
            assert plain(found.facts) == plain(record.facts)
            assert {name: array.shape for name, array in found.arrays.items()} == {
                name: array.shape for name, array in record.arrays.items()
            }
            assert (found.provenance, found.seconds) == (record.provenance, record.seconds)


@given(records(), st.data())
def test_no_changed_number_goes_unnoticed(record, data):
    assume(record.rows)
    place = data.draw(st.integers(0, len(record.rows) - 1))
    row = record.rows[place]
    changed = record.rows.copy()
    changed[place] = data.draw(rows_with(type(row)).filter(lambda new: plain(new) != plain(row)))
    assert not record.same_result(dataclasses.replace(record, rows=changed))
    assert not record.same_result(dataclasses.replace(record, rows=record.rows[1:]))


def test_rows_have_the_class_that_is_asked_for():
    row = ReachRow(row=0, silent=0.0, random=0.1, best_random=0.2, honest=0.3, bound=0.4)
    record = Record("k", {"kind": "reach"}, "done", rows=[row])
    assert record.rows_of(ReachRow) == [row]
    assert record.rows_of(CertificateRow) == []
    assert Record("k", {"kind": "reach"}, "failed", error="x").rows_of(ReachRow) == []


def one_array(array):
    return Record("k", {"kind": "fit"}, "done", arrays={"x": array}, provenance={"code": "x"})


@pytest.mark.parametrize(
    "bits", [0x7FF8000000000000, 0x7FF8000000000001, 0xFFF8000000000000, 1, 1 << 63]
)
def test_arrays_keep_every_bit_of_a_float(bits):
    array = np.array([bits, 0x7FF8000000000000, 0], np.uint64).view(np.float64)
    assert through_files(one_array(array)).arrays["x"].tobytes() == array.tobytes()


def test_text_is_kept_and_what_would_have_to_be_pickled_is_refused():
    assert through_files(one_array(np.array("ä b"))).arrays["x"] == np.array("ä b")
    for array in (np.array([{"a": 1}], dtype=object), np.array([b"a"])):
        with pytest.raises(ValueError, match="only numbers and text are"):
            to_tables(one_array(array), [], "any")


def test_what_the_tables_have_no_column_for_is_refused():
    record = Record("k", {"kind": "fit"}, "done", provenance={"new": 1.0})
    with pytest.raises(ValueError, match=r"does not fit the tables: .* 'new'"):
        to_tables(record, [], "any")
    number = Record("k", {"kind": "fit"}, "done", Facts(utility_range="wide"))
    with pytest.raises(ValueError, match="table records: "):
        to_parquet("records", to_tables(number, [], "any")["records"])


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1).filter(
        lambda rows: all(sum(row) > 1e-3 for row in rows)
    )
)
def test_rounding_to_the_grid(rows):
    policies = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    rounded = round_to_grid(policies)
    assert (rounded.sum(1) == 1).all()
    assert (rounded >= 0).all()
    assert (rounded * STEPS == np.floor(rounded * STEPS)).all()
    assert np.abs(rounded - policies).max() < 1.0000001 / STEPS
    np.testing.assert_array_equal(round_to_grid(rounded), rounded)


# export and read


def kept_equals(found, original):
    """Everything but the key and what an export leaves out is the same."""
    first, second = compact(original), found
    assert first.same_result(dataclasses.replace(second, key=first.key))
    assert first.config == second.config
    assert first.provenance == second.provenance
    assert first.arrays.keys() == second.arrays.keys()
    for name in first.arrays:
        assert first.arrays[name].dtype == second.arrays[name].dtype
        assert first.arrays[name].tobytes() == second.arrays[name].tobytes()


def test_round_trip(tiny, store, folder):
    results = Results(folder / "smoke")
    jobs = [job for name in SHOWN for job in design.jobs(tiny, name)]
    assert len(results) == len(jobs)
    with Store(store) as opened:
        for job in jobs:
            kept_equals(results.find(job), opened.get(job.key))
    assert results.done(jobs) == {job.key for job in jobs}
    assert {record.key for record in results} == {job.identity for job in jobs}


def test_what_does_not_read_back_is_not_committed(tmp_path, monkeypatch):
    job = Job({"kind": "fit"})
    record = dataclasses.replace(one_array(np.arange(3.0)), key=job.key, config=job.config)
    monkeypatch.setattr("study.records.tables._as_array", lambda _: np.array([0.0, 1.0, 3.0]))
    with pytest.raises(StoreError, match="does not read back as it was written"):
        append(tmp_path / "p", "p", "any", [(job, record)])
    assert not (tmp_path / "p" / MANIFEST).exists()


def test_policies_are_kept_and_datasets_are_not(tiny, folder):
    for record in Results(folder / "smoke"):
        names = {name.split("/")[-1] for name in record.arrays}
        if record.config["kind"] == "solve":
            assert not names
            assert all(row.start is not None for row in record.rows if row.profile is not None)
        assert not names & {"gains", "predicted", "start_utilities", "weight"}


def test_frames_and_figures_are_those_of_the_store(tiny, store, folder):
    for name in ("synthetic", "scenarios"):
        first = produce(tiny, name, store, quiet=True)
        second = produce(tiny, name, folder, quiet=True)
        for frame in (frames.games_frame, frames.equilibria_frame, frames.errors_frame):
            pd.testing.assert_frame_equal(frame(first), frame(second), check_exact=True)
    pictures = [
        surfaces.figure_1(produce(tiny, "didactic", path, quiet=True)) for path in (store, folder)
    ]
    drawn = [np.asarray(_drawn(picture)) for picture in pictures]
    assert np.abs(drawn[0].astype(int) - drawn[1]).max() <= 8  # single precision moves no pixel far


def test_a_game_that_a_partial_run_has_not_measured_is_left_out(tiny, store):
    records = produce(tiny, ["synthetic", "scenarios"], store, quiet=True)
    whole = frames.equilibria_frame(records)
    lost = whole["game"].iloc[0]
    partial = [
        record
        for record in records
        if record.config["kind"] != "reference" or frames.game_id(record) != lost
    ]
    for frame in (frames.errors_frame, frames.equilibria_frame):
        expected = frame(records)
        expected = expected[expected["game"] != lost]
        # the types too: no NaN among booleans
        pd.testing.assert_frame_equal(frame(partial), expected)


def _drawn(figure):
    figure.canvas.draw()
    return figure.canvas.buffer_rgba()


def test_nothing_is_computed_for_committed_results(tiny, folder, monkeypatch):
    monkeypatch.setattr(sys.modules["study.run.produce"], "execute", None)
    assert len(produce(tiny, "synthetic", folder)) == 12
    with pytest.raises(StoreError, match="holds nothing of experiment 'second'"):
        produce(tiny, "second", folder)


def test_what_was_read_before_is_read_again_once_a_file_has_changed(tiny, folder):
    load(tiny, folder)
    part = next(folder.rglob("*-0001.parquet"))
    content, state = part.read_bytes(), part.stat()
    part.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    os.utime(part, ns=(state.st_atime_ns, state.st_mtime_ns))  # same size, and its old time
    with pytest.raises(StoreError, match="is damaged"):
        load(tiny, folder)
    part.write_bytes(content)
    assert load(tiny, folder)


@pytest.fixture
def newer_code(monkeypatch):
    """Another version of the code; jobs that were planned before know only the old one."""
    monkeypatch.setattr("study.records.job.code_version", lambda kind: "newer")
    monkeypatch.setattr(design, "_planned", design._planned.__wrapped__)


@pytest.mark.usefixtures("newer_code")
def test_another_version_of_the_code_still_counts(tiny, folder):
    jobs = design.jobs(tiny, "synthetic")
    results = Results(folder / "smoke")
    assert results.done(jobs) == {job.key for job in jobs}
    table = frames.sources_table(list(results))
    assert table["records"].sum() == len(results)
    assert set(table["code"]) == {r.provenance["code"][:10] for r in results}


def test_committed_results_are_not_computed_again(tiny, folder, tmp_path, monkeypatch):
    ran = []

    def run(jobs, *rest):
        ran.extend(jobs)
        return iter(())

    monkeypatch.setattr(sys.modules["study.run.produce"], "execute", run)
    known = Results(folder / "smoke")
    found = produce(
        tiny, ("synthetic", "second"), tmp_path / "new.sqlite", quiet=True, committed=known
    )
    assert {job.key for job in ran} == {job.key for job in design.jobs(tiny, "second")}
    assert len(found) == 12
    ran.clear()
    produce(tiny, "synthetic", tmp_path / "new.sqlite", quiet=True)
    assert len(ran) == 12, "without being told, a run starts from scratch"


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*.parquet")}


def test_sessions_add_parts_and_change_none(tiny, store, tmp_path):
    root = tmp_path / "results"
    with Store(store) as whole, Store(tmp_path / "part.sqlite") as part:
        for job in design.jobs(tiny, "synthetic")[:3]:
            part.put(whole.get(job.key))
    export(tiny, tmp_path / "part.sqlite", root)
    before = contents(root)
    assert {path.parent.name for path in before} >= {"records", "profiles", "sources"}
    lines = export(tiny, store, root)
    assert "synthetic: 9 records exported" in " ".join(lines)
    assert all(path.read_bytes() == content for path, content in before.items())
    assert len(load(tiny, root)) == len(load(tiny, store))
    again = contents(root)
    export(tiny, store, root)
    assert contents(root) == again


def test_exports_of_the_same_records_are_the_same_bytes(tiny, store, tmp_path):
    for name in "ab":
        export(tiny, store, tmp_path / name)
    for path, content in contents(tmp_path / "a").items():
        assert (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes() == content


def test_a_killed_export_leaves_the_folder_readable(tiny, store, folder, monkeypatch):
    job = Job({"kind": "fit", "game": {"index": 9}})
    record = Record(job.key, job.config, "done", provenance={"code": "x"}, seconds=1.0)
    before = len(Results(folder / "smoke"))
    killed = monkeypatch.context()
    with killed as patch:
        patch.setattr("study.records.archive.manifest_digest", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            append(folder / "smoke", "smoke", "synthetic", [(job, record)])
    assert len(Results(folder / "smoke")) == before
    append(folder / "smoke", "smoke", "synthetic", [(job, record)])
    assert len(Results(folder / "smoke")) == before + 1


def test_jobs_with_other_needs_are_other_records(tmp_path):
    sources = [Job({"kind": "fit", "epochs": epochs}) for epochs in (1, 2)]
    jobs = [Job({"kind": "fit", "radius": 1}, needs=(source,)) for source in sources]
    source = {"code": "x"}
    pairs = [
        (job, Record(job.key, job.config, "done", Facts(utility_range=float(n)), provenance=source))
        for n, job in enumerate(jobs)
    ]
    append(tmp_path / "p", "p", "second-stage", pairs)
    results = Results(tmp_path / "p")
    assert [results.find(job).facts.utility_range for job in jobs] == [0, 1]
    assert results.find(Job({"kind": "fit", "radius": 1})) is None


def test_failed_records_are_not_exported(tiny, tmp_path):
    job = design.jobs(tiny, "synthetic")[0]
    failed = Record(job.key, job.config, "failed", error="x")
    with Store(tmp_path / "s.sqlite") as opened:
        opened.put(failed)
    export(tiny, tmp_path / "s.sqlite", tmp_path / "results")
    assert not (tmp_path / "results").exists()
    with pytest.raises(ValueError, match="only finished records"):
        append(tmp_path / "p", "smoke", "synthetic", [(job, failed)])


@pytest.mark.usefixtures("newer_code")
def test_records_of_other_code_are_exported_on_request(tiny, store, tmp_path):
    export(tiny, store, tmp_path / "own")
    assert not (tmp_path / "own").exists()
    export(tiny, store, tmp_path / "any", any_code=True)
    assert len(load(tiny, tmp_path / "any")) > 10


def test_a_record_computed_anew_counts_in_place_of_the_old_one(tiny, store, folder, tmp_path):
    job = next(job for job in design.jobs(tiny, "synthetic") if not job.needs)
    parts = {path: path.read_bytes() for path in folder.rglob("*-0001.parquet")}
    count = len(load(tiny, folder))
    lines = export(tiny, store, folder, renew=True)
    assert all("0 of them exported anew" in line for line in lines), "this version made them all"
    old = Results(folder / "smoke").find(job)
    source = {**old.provenance, "code": "newer"}
    with Store(tmp_path / "newer.sqlite") as opened:
        opened.put(dataclasses.replace(old, key=job.key, provenance=source, seconds=123.0))
    for renew, seconds in ((False, old.seconds), (True, 123.0)):
        export(tiny, tmp_path / "newer.sqlite", folder, renew=renew)
        assert Results(folder / "smoke").find(job).seconds == seconds
    assert len(load(tiny, folder)) == count
    assert {path: path.read_bytes() for path in parts} == parts


def test_starts_name_the_seed_of_each_check(tiny, store):
    checked = 0
    for record in produce(tiny, "synthetic", store, quiet=True):
        for row in record.rows_of(ProfileRow):
            gains, utilities = (
                record.arrays[f"search{row.search}/{name}"] for name in ("gains", "utilities")
            )
            if row.profile is not None:
                assert gains[row.start] == row.gain
                assert utilities[row.start].tolist() == row.utilities
                checked += 1
    assert checked


def test_results_of_two_clones_are_united(tiny, store, tmp_path, capsys):
    ours, theirs = (tmp_path / name / "smoke" for name in ("ours", "theirs"))
    jobs = design.jobs(tiny, "synthetic")
    with Store(store) as opened:
        pairs = [(job, opened.get(job.key)) for job in jobs]
    for folder in (ours, theirs):
        append(folder, "smoke", "synthetic", pairs[:4])
    append(ours, "smoke", "synthetic", pairs[4:6])
    newer = dataclasses.replace(pairs[4][1], seconds=123.0)
    append(theirs, "smoke", "synthetic", [(jobs[4], newer), *pairs[6:]])
    before = contents(ours)
    command = ["export", "--preset", "smoke", "--to", str(ours.parent), "--from"]
    assert main([*command, str(theirs.parent)]) == 0
    assert "1 parts added: synthetic-0003" in capsys.readouterr().out
    united = Results(ours)
    assert united.done(jobs) == {job.key for job in jobs}
    assert united.find(jobs[4]).seconds == 123.0, "what is added last counts"
    assert {path: contents(ours)[path] for path in before} == before
    assert merge(ours, "smoke", theirs) == [], "they are there"
    with pytest.raises(StoreError, match="holds preset 'smoke', not 'paper'"):
        merge(tmp_path / "paper", "paper", theirs)
    with pytest.raises(StoreError, match=r"'\.\./x' is no name of a part"):
        append(ours, "smoke", "../x", pairs[:1])
    next(iter(contents(theirs))).write_bytes(b"")
    assert main([*command, str(theirs)]) == 2
    assert "is damaged" in capsys.readouterr().err


# what ships


@pytest.fixture(scope="module")
def shipped():
    return Results(ROOT / "results" / "paper")


def test_what_ships_has_its_identities_and_survives_another_round_trip(shipped):
    needs = pd.read_parquet(ROOT / "results" / "paper" / "records").set_index("record")["needs"]
    assert len(needs) == len(shipped) == needs.index.nunique()
    kinds = {}
    for record in shipped:
        assert record.key == config_identity(record.config, needs[record.key].tolist())
        kinds.setdefault(record.config["kind"], []).append(record)
    assert set(kinds) == set(KINDS)
    for records in kinds.values():
        for record in records[:: len(records) // 20 + 1]:
            found = through_files(record)
            assert found.same_result(record)
            assert (found.provenance, found.seconds) == (record.provenance, record.seconds)


def test_the_tables_say_what_the_records_say(shipped):
    """Read by pandas alone, with the shapes that stand beside the policies."""
    tables = ROOT / "results" / "paper"
    profiles = pd.read_parquet(tables / "profiles").groupby("record")
    certificates = pd.read_parquet(tables / "certificates").groupby("record")
    counts = {"profiles": 0, "certificates": 0}
    for record in itertools.islice(shipped, 0, None, 29):
        if found := record.rows_of(ProfileRow):
            table = profiles.get_group(record.key).to_dict("records")
            for said, row in zip(table, found, strict=True):
                assert said["tolerance"] == row.tolerance
                assert (said["policies"] is None) == (row.profile is None)
                if row.profile is not None:
                    assert np.array_equal(said["policies"], row.policies)
                    assert said["shape"].tolist() == row.shape
                    assert said["utilities"].tolist() == row.utilities
                counts["profiles"] += 1
        elif found := record.rows_of(CertificateRow):
            table = certificates.get_group(record.key).to_dict("records")
            for said, row in zip(table, found, strict=True):
                assert said["local_regret"].tolist() == row.local_regret
                assert said["method"] == record.config["method"]
                counts["certificates"] += 1
    assert all(counts.values())


def changed(folder, table, change):
    """A table of the first part that has it is changed, and signed anew."""
    manifest = read_manifest(folder)
    part = next(part for part in manifest["parts"] if table in part["files"])
    path = part_file(folder, table, part["name"])
    parquet.write_table(change(parquet.read_table(path, partitioning=None)), path)
    part["files"][table] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest["digest"] = manifest_digest(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return path


def without(folder, table, column):
    """A column is taken out of a part, as if it had been written before there was one."""
    changed(folder, table, lambda found: found.drop_columns([column]))


def rewritten(column, change):
    """A change of a table that rewrites one column's values."""

    def change_of(table):
        place = table.schema.get_field_index(column)
        field = table.schema.field(place)
        values = [change(value) for value in table[column].to_pylist()]
        return table.set_column(place, field, pyarrow.array(values, field.type))

    return change_of


@pytest.mark.parametrize("table", ["records", "profiles"])
@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("method", {"relu": "dnl", "dnl": "relu"}.get),
        ("experiment", lambda _: "second"),
        ("senders", lambda _: 7),
        ("source", lambda name: name[::-1]),
    ],
)
def test_columns_for_other_readers_are_held_against_the_records(
    tiny, folder, table, column, change
):
    place = folder / "smoke"
    if column == "source" and table == "records":  # which finds the source
        changed(place, "sources", rewritten(column, change))
    path = changed(place, table, rewritten(column, change))
    with pytest.raises(StoreError, match=f"{re.escape(str(path))}: has rows that begin with"):
        collect(folder, tiny)


def test_a_record_has_the_hash_of_its_configuration(folder):
    place = folder / "smoke"
    epochs = rewritten("config", lambda text: text.replace('"epochs":', '"epochs":1'))
    changed(place, "records", epochs)
    with pytest.raises(StoreError, match=r"-0001 has a record \w+ of another configuration"):
        Results(place)


def test_rows_of_a_record_stand_together(folder):
    place = folder / "smoke"
    changed(place, "profiles", lambda table: table.sort_by("tolerance"))
    with pytest.raises(StoreError, match="-0001 has other rows of profiles between those of"):
        Results(place)


def test_a_file_that_no_manifest_names_is_found_by_the_audit(tiny, folder):
    place = folder / "smoke" / "profiles"
    first = next(place.glob("*.parquet"))
    shutil.copy(first, place / "mine-0001.parquet")
    with pytest.raises(StoreError, match=r"mine-0001.parquet: is named by no manifest"):
        collect(folder, tiny)


def test_records_of_no_job_are_counted(tiny, folder, capsys):
    assert strangers(folder, tiny) == 0
    other = preset("smoke", {"training.epochs": 7})
    assert 0 < strangers(folder, other) <= len(Results(folder / "smoke"))


def test_a_column_may_come_later(folder):
    before = [
        dataclasses.replace(record.facts, stakes=None) for record in Results(folder / "smoke")
    ]
    without(folder / "smoke", "records", "stakes")
    assert [record.facts for record in Results(folder / "smoke")] == before
    without(folder / "smoke", "records", "config")
    with pytest.raises(StoreError, match=r"-0001 cannot be read \(KeyError: 'config'\)"):
        Results(folder / "smoke")


def test_every_file_of_what_ships_is_named_in_its_manifest(shipped):
    found = {str(p.relative_to(shipped.path)) for p in shipped.path.rglob("*.parquet")}
    assert found == {
        f"{table}/{part['name']}.parquet"
        for part in shipped.manifest["parts"]
        for table in part["files"]
    }


def test_the_data_dictionary_is_up_to_date():
    assert (ROOT / "results" / "README.md").read_text(encoding="utf-8") == dictionary()


def test_the_readme_opens_the_results(shipped):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import pandas\n.*?)```", readme, re.DOTALL)
    told = "print(len(welfare), means['size'].sum(), {*welfare.experiment} == {*means.index.levels[0]})"
    command = [sys.executable, "-c", example + told]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "dnl" in run.stdout
    paper = preset("paper")
    jobs = [job for name in ("synthetic", "second") for job in design.jobs(paper, name)]
    expected = sum(
        row.tolerance == 0.001 and row.profile is not None
        for record in filter(None, map(shipped.find, jobs))
        for row in record.rows_of(ProfileRow)
    )
    assert run.stdout.split()[-3:] == [str(expected), str(expected), "True"]
    assert expected > 0


def test_pyarrow_is_imported_only_to_read_results():
    code = "import sys, study, study.__main__; assert not {'pandas', 'pyarrow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# damage


def corruptions():
    def flip(path):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    def truncate(path):
        path.write_bytes(path.read_bytes()[:-7])

    def remove(path):
        path.unlink()

    def empty(path):
        path.write_bytes(b"")

    return [flip, truncate, remove, empty]


@pytest.mark.parametrize(
    "name", ["records/synthetic-0001.parquet", "profiles/synthetic-0001.parquet", MANIFEST]
)
@pytest.mark.parametrize("damage", corruptions(), ids=lambda f: f.__name__)
def test_damage_is_noticed_and_named(folder, name, damage):
    path = folder / "smoke" / name
    damage(path)
    with pytest.raises(StoreError) as error:
        Results(folder / "smoke")
    if path.exists():
        assert str(path) in str(error.value)
        assert "restore it from git" in str(error.value) or "has schema" in str(error.value)
    else:
        assert name in str(error.value)


def test_a_changed_manifest_is_noticed(folder):
    path = folder / "smoke" / MANIFEST
    path.write_text(path.read_text().replace("synthetic-0001", "synthetic-0002"))
    with pytest.raises(StoreError, match=r"manifest\.json: is damaged \(its digest"):
        Results(folder / "smoke")
    with pytest.raises(StoreError, match="is damaged"):
        append(folder / "smoke", "smoke", "x", [])


def test_another_schema_or_preset(folder, tmp_path):
    with pytest.raises(StoreError, match="holds preset 'smoke', not 'paper'"):
        append(folder / "smoke", "paper", "x", [])
    with pytest.raises(StoreError, match="without committed results of preset 'paper'"):
        open_records(folder, "paper")
    path = folder / "smoke" / MANIFEST
    path.write_text(path.read_text().replace("persuasion/results/2", "persuasion/results/9"))
    with pytest.raises(StoreError, match="has schema 'persuasion/results/9'"):
        Results(folder / "smoke")


# command line


def test_export_from_the_command_line(tiny, store, tmp_path, capsys, monkeypatch):
    to = tmp_path / "results"
    command = ["export", "--preset", "smoke", "--store", str(store), "--to", str(to), *SET]
    assert main(command) == 0
    assert "records exported" in capsys.readouterr().out
    assert len(Results(to / "smoke")) == len(load(tiny, store))
    monkeypatch.setenv("PERSUASION_STORE", str(to))
    assert main(["status", "--preset", "smoke", "--json", *SET]) == 0
    counts = json.loads(capsys.readouterr().out)["smoke"]
    assert counts["synthetic"] == {"games": 4, "committed": 0, "design": 4}
    monkeypatch.setenv("PERSUASION_STORE", str(tmp_path / "empty.sqlite"))
    monkeypatch.setattr("study.__main__.default_results", lambda: to)
    assert main(["status", "--preset", "smoke", "--json", *SET]) == 0
    counts = json.loads(capsys.readouterr().out)["smoke"]
    assert counts["synthetic"] == {"games": 0, "committed": 4, "design": 4}
    assert main(["status", "--preset", "smoke", *SET]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["synthetic", "0", "4", "4"] in rows, "in the store, committed, in the design"
    assert "committed results" in origin(tiny, to)
    assert origin(tiny, store) == "computed on this machine"


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (["export", "--store", "TYPO"], 2, "TYPO: there is no such store"),
        (["export", "--store", "TYPO/s.sqlite"], 2, "TYPO/s.sqlite: there is no such store"),
        (["export", "--store", "empty"], 2, "empty: is empty, not a result store"),
        (["export", "--from", "NONE", "--to", "X"], 2, "NONE: holds no committed results"),
        (["verify", "--store", "TYPO"], 2, "TYPO: there is no such store or folder"),
        (["verify", "--store", "empty"], 2, "empty: is empty, not a result store"),
        (["status"], 0, ""),
    ],
)
def test_reading_makes_and_changes_no_file(command, code, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERSUASION_STORE", "default.sqlite")
    Path("empty").touch()
    assert main([*command, "--preset", "smoke"]) == code
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]
    assert Path("empty").read_bytes() == b""


def test_nothing_there_is_nothing_to_load(tiny, tmp_path):
    with pytest.raises(StoreError, match="there is no such store"):
        load(tiny, tmp_path / "none.sqlite")
    assert not list(tmp_path.iterdir())


def test_a_job_of_several_experiments_is_exported_once(tmp_path, monkeypatch):
    changed = {"recipes.candidates": 1, "recipes.learning_rates": [0.01]}
    own = preset("smoke", TINY | changed)
    (job, *_) = design.jobs(own, "recipe-search")
    module = importlib.import_module("study.run.export")
    monkeypatch.setattr(
        module.design, "jobs", lambda _, name: [job] if name.startswith("recipe") else []
    )
    produce(own, "recipe-search", tmp_path / "s.sqlite", workers=1, quiet=True)
    opened = []
    monkeypatch.setattr(
        module, "read_once", lambda folder: opened.append(folder) or Results(folder)
    )
    for expected in (
        ["1 records exported", "0 were there"],
        ["0 records exported", "1 were there"],
    ):
        lines = export(own, tmp_path / "s.sqlite", tmp_path / "results")
        found = [line for line in lines if "of 1 are" in line]
        assert all(words in found[0] for words in expected)
        assert all("0 records exported" in line and "1 were there" in line for line in found[1:])
        assert len(found) == 3
    assert len(Results(tmp_path / "results" / "smoke").manifest["parts"]) == 1
    assert len(opened) == 1, "read once, whatever the number of experiments"


@pytest.mark.parametrize("command", ["run", "reproduce", "export"])
def test_nothing_is_computed_into_committed_results(folder, command, monkeypatch, capsys):
    monkeypatch.setenv("PERSUASION_STORE", str(folder))
    assert main([command, "--preset", "smoke"]) == 2
    assert "is a folder of results" in capsys.readouterr().err


def test_the_book_prefers_what_is_committed(tiny, store, tmp_path, monkeypatch):
    built = []
    monkeypatch.setattr("study.run.reproduce.run_pages", lambda *a: tmp_path)
    monkeypatch.setattr("study.run.reproduce.build_book", lambda *a: built.append(a))
    monkeypatch.setattr("study.__main__.produce", lambda *a, **k: built.append("computed"))
    monkeypatch.setattr("study.__main__.default_results", lambda: tmp_path / "results")
    monkeypatch.delenv("PERSUASION_STORE", raising=False)
    assert main(["book"]) == 0
    assert built[0] == "computed"
    assert built[1][0] == "quick"
    built.clear()
    export(tiny, store, tmp_path / "results")
    assert main(["book"]) == 0
    assert [(name, path) for name, _, path, _ in built] == [("smoke", tmp_path / "results")]
    built.clear()
    monkeypatch.setenv("PERSUASION_STORE", str(store))
    assert main(["book", "--preset", "smoke"]) == 0
    assert built[0] == "computed"


def test_make_passes_a_preset_on_only_if_the_caller_chose_one():
    def dry(*arguments):
        command = ["make", "-n", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "study book --preset paper" in dry("book", "PRESET=paper")
    assert "--preset" not in dry("verify")
    assert "export --compute --preset quick" in dry("results")


def test_make_alone_lists_the_targets_and_how_long_each_takes():
    said = subprocess.run(["make"], capture_output=True, text=True, check=True).stdout
    targets = [line.split() for line in said.splitlines() if line.startswith("  make ")]
    assert {"reproduce", "test", "book", "verify", "serve"} <= {words[1] for words in targets}
    for _, name, *words in targets:
        time = re.search(r"\((\d+ (s|min|hour)|hours|until Ctrl-C)\)$", " ".join(words))
        assert time or name == "help", name


def test_paper_scale_hands_out_what_is_committed_and_nothing_else(tmp_path, monkeypatch):
    assert study.paper_scale("didactic", tmp_path) == []
    tiny = preset("smoke", {"methods": ["relu"], "didactic.training.epochs": 1})
    named = dataclasses.replace(tiny, name="paper")
    module = importlib.import_module("study.run.export")
    monkeypatch.setattr(module, "named_preset", lambda _: named)
    produce(named, "didactic", tmp_path / "store.sqlite", workers=1, quiet=True)
    export(named, tmp_path / "store.sqlite", tmp_path)
    (record,) = study.paper_scale("didactic", tmp_path)
    assert record.config["method"] == "relu"
    assert "model/description" in record.arrays
    assert study.paper_scale("learning-curve", tmp_path) == []


def test_games_of_other_seeds_are_other_games():
    configs = [
        {"family": "didactic", "parameters": {}, "index": 0, "seed": seed} for seed in (0, 1)
    ]
    names = [frames.game_id(Record("k", {"game": config}, "done")) for config in configs]
    assert names == ["didactic()#0", "didactic()#0, seed 1"]


def test_means_are_over_games_that_every_method_has():
    def finished(index, method, status="done"):
        config = {"game": {"family": "synthetic", "parameters": {}, "index": index}}
        config |= {"method": method} if method else {}
        return Record(f"{index}{method}", config, status)

    records = [
        *(finished(0, method) for method in ("relu", "dnl", None)),
        finished(1, "relu"),
        *(finished(2, method) for method in ("dnl", "relu", "delu")),
        finished(3, "relu"),
        finished(3, "dnl", "failed"),
    ]
    frame = pd.DataFrame({"game": [frames.game_id(record) for record in records]})
    kept = frames.with_all_methods(frame, records, ("relu", "dnl"))
    assert kept.index.tolist() == [0, 1, 2, 4, 5, 6]
    # a game may have no row of a method that finished and selected nothing
    assert len(frames.with_all_methods(frame[:1], records, ("relu", "dnl"))) == 1
    assert frames.with_all_methods(frame, records[3:4], ("relu", "dnl")).empty
