import copy
import json
import re
import sys
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from persuasion import (
    Game,
    full_revelation,
    outcome_distribution,
    sender_utilities,
    uniform_policies,
)
from persuasion.games import synthetic
from persuasion.games.seeded import build_game
from persuasion.learn.sampled_check import sampled_gain
from persuasion.model.projections import project_to_box
from persuasion.model.seeds import canonical
from study import Record, Results, Store, export, preset, produce
from study.__main__ import main
from study.audit import Case, Settings, audit, collect, derived, lines, summary
from study.audit import logged as logged_table
from study.audit.deviations import best_sample, nearest_in_box
from study.audit.evaluate import attained, ignores_deviations, most_by_persuasion, utilities
from study.audit.evaluate import stakes as own_stakes
from study.audit.examine import Examined, Work, bundled, examine, tasks
from study.audit.lines import Kept, Log
from study.audit.profiles import profiles
from study.audit.proof import Leaf, SenderProof, write
from study.audit.records import check_record
from study.figures import frames
from study.kinds import run_kind
from study.records.archive import append
from study.records.job import Job
from study.records.rows import CertificateRow, DynamicsRow, Facts

TINY = {
    "methods": ["relu", "dnl"],
    "scenarios": ["ride-hailing"],
    "instances": 1,
    "synthetic.senders": [2],
    "synthetic.logit_scale": 1.0,
    "training.samples": 64,
    "training.held_out": 32,
    "didactic.training.samples": 64,
    "didactic.training.epochs": 1,
}
SET = [f"--set={name}={json.dumps(value)}" for name, value in TINY.items()]
VERIFY = ["verify", "--preset", "smoke", "--workers", "1", "--no-certificates", *SET]
FAST = Settings(certificates=False, workers=1)


@pytest.fixture(scope="module")
def tiny():
    return preset("smoke", TINY)


@pytest.fixture(scope="module")
def store(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "s.sqlite"
    produce(tiny, ("didactic", "synthetic", "scenarios"), path, workers=1, quiet=True)
    return path


@pytest.fixture(scope="module")
def records(store):
    with Store(store) as opened:
        return list(opened)


def informative(records):
    """A solve record of a game in which policies matter; its first search selects at some tolerances only."""
    for record in records:
        if record.config["kind"] == "solve":
            game = build_game(record.config["game"])
            varies = sender_utilities(game, uniform_policies(game, 50, 0)).std(0).max() > 0.1
            selected = [row.profile is not None for row in record.rows if row.search == 0]
            if varies and any(selected) and not all(selected):
                return record
    raise AssertionError("no informative record among the tiny ones")


def store_with(records, changed, path):
    """A store of one game's records, its digests in order, in which one record says something else."""
    with Store(path) as opened:
        for record in records:
            if record.config.get("game") != changed.config["game"]:
                continue
            opened.put(changed if record.key == changed.key else record)
    return path


# the audit's own arithmetic


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))
def test_own_utilities_equal_the_simulators(seed, senders, signals, states):
    game = synthetic(senders, states, 3, signals, seed=seed)
    for profile in uniform_policies(game, 5, seed):
        np.testing.assert_allclose(
            utilities(game, profile), sender_utilities(game, profile), rtol=0, atol=1e-10
        )


def test_own_utilities_equal_rational_arithmetic():
    game = Game([0.25, 0.75], [[1, 0], [0, 2]], [[[0, 1], [2, 3]], [[1, 0], [5, 4]]], 2)
    policies = np.array([[[0.5, 0.5], [0.25, 0.75]], [[1.0, 0.0], [0.5, 0.5]]])
    total = [Fraction(0), Fraction(0)]
    for s in range(2):
        for t in range(2):
            weights = [
                Fraction(game.prior[w]) * Fraction(policies[0, w, s]) * Fraction(policies[1, w, t])
                for w in range(2)
            ]
            values = [
                sum(weights[w] * Fraction(game.receiver[w, a]) for w in range(2)) for a in range(2)
            ]
            action = values.index(max(values))
            for i in range(2):
                total[i] += sum(weights[w] * Fraction(game.senders[i, w, action]) for w in range(2))
    np.testing.assert_allclose(utilities(game, policies), [float(x) for x in total], atol=1e-15)


def test_ties_go_to_the_lowest_index():
    game = Game([0.5, 0.5], [[1, 1], [1, 1]], [[[3, 9], [5, 9]]], 1)
    assert utilities(game, np.ones((1, 2, 1))).tolist() == [4.0]


@settings(max_examples=60)
@given(
    st.integers(0, 10**6),
    st.integers(1, 5),
    st.sampled_from([0.005, 0.3, 1.0]),
    st.booleans(),
)
def test_own_projection_equals_the_librarys(seed, signals, radius, corner):
    random = np.random.default_rng(seed)
    centre = random.dirichlet(np.ones(signals), 3)
    if corner:
        centre = np.eye(signals)[random.integers(signals, size=3)]
    moved = centre + random.uniform(-radius, radius, (7, 3, signals))
    wanted = project_to_box(torch.as_tensor(moved), torch.as_tensor(centre), radius).numpy()
    np.testing.assert_allclose(nearest_in_box(moved, centre, radius), wanted, rtol=0, atol=1e-12)


# a deviation that excludes a state, up to rounding
@example(350, 1, 2, 4, True)
@settings(max_examples=30)
@given(
    st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.booleans()
)
def test_own_sampled_check_equals_the_librarys(seed, senders, signals, states, ties):
    game = synthetic(senders, states, 3, signals, seed=seed)
    if ties:  # whole numbers on few values: the receiver is often indifferent
        receiver = np.random.default_rng(seed).integers(0, 2, game.receiver.shape)
        game = Game(np.full(states, 1 / states), receiver, game.senders, signals)
    profile = uniform_policies(game, seed=seed)
    gains = sampled_gain(game, profile, 0.2, 70, seed=(seed, 3)).gains
    found, _ = best_sample(game, profile, 0.2, 70, (seed, 3))
    assert found == pytest.approx(gains.max(), abs=1e-9 * np.abs(game.senders).max())


def test_structure_of_an_equilibrium():
    game = synthetic(senders=2, states=4, actions=3, signals=4, seed=1)
    assert len(set(game.receiver.argmax(1).tolist())) > 1
    revealed = full_revelation(game)
    assert ignores_deviations(game, revealed)
    naming = np.broadcast_to(np.eye(4), (2, 4, 4))
    assert ignores_deviations(game, naming)
    alone = revealed.copy()
    alone[1] = np.eye(4)[[0, 0, 0, 0]]
    assert not ignores_deviations(game, alone), "the first sender alone decides"
    assert not ignores_deviations(game, uniform_policies(game, seed=0)), "not without randomness"


# a store that is as it was written


def test_everything_agrees(tiny, store, capsys):
    assert main([*VERIFY, "--store", str(store)]) == 0
    output = capsys.readouterr().out
    assert "0 disagree" in output
    assert "DISAGREES" not in output


def test_every_record_and_every_sort_of_claim_is_checked(tiny, store):
    found = audit(collect(store, tiny), FAST, quiet=True)
    assert {check.claim for check in found.checks} == {
        "utility", "welfare", "status", "gain", "game", "record",
    }  # fmt: skip
    assert {check.case for check in found.checks} == {case.name for case in found.cases}
    assert len(found.examined) == found.planned > 10
    accepted = sum(len(p.tolerances) for case in found.cases for p in profiles(case))
    utility = [c for c in found.checks if c.claim == "utility" and c.where.startswith("search")]
    assert len(utility) == accepted
    table = summary(found, tiny.headline)
    assert set(table["verdict"]) == {"agrees"}


def test_committed_results_agree_as_well(tiny, store, tmp_path, monkeypatch, capsys):
    root = tmp_path / "results"
    export(tiny, store, root)
    assert main([*VERIFY, "--store", str(root)]) == 0
    monkeypatch.setattr("study.__main__.default_results", lambda: root)
    monkeypatch.delenv("PERSUASION_STORE", raising=False)
    assert main([*VERIFY[:1], *VERIFY[3:]]) == 0, "what is committed is what is verified"
    assert f"preset smoke, {root}" in capsys.readouterr().out


def test_every_committed_preset_is_verified_and_its_proofs_are_beside_it(
    tiny, tmp_path, monkeypatch
):
    """A study alone, without the benchmark, is no book, and is verified; one preset's folder says which it is."""
    produce(tiny, "didactic", tmp_path / "s.sqlite", workers=1, quiet=True)
    root = tmp_path / "results"
    export(tiny, tmp_path / "s.sqlite", root)
    verified = []

    def audited(cases, how):
        verified.append((len(cases), how.proofs))
        return audit(cases, replace(how, proofs=None), quiet=True)

    monkeypatch.setattr("study.audit.audit", audited)
    monkeypatch.setattr("study.__main__.default_results", lambda: root)
    monkeypatch.delenv("PERSUASION_STORE", raising=False)
    plain = [*VERIFY[:1], *VERIFY[3:]]
    for where in ([], ["--store", str(root)], ["--store", str(root / "smoke")]):
        assert main([*plain, *where]) == 0
        assert main([*VERIFY, *where]) == 0
    assert set(verified) == {(len(tiny.methods), root / "smoke-proofs.jsonl")}
    assert len(verified) == 6


def test_two_workers_find_the_same(tiny, store):
    cases = collect(store, tiny)[:9]
    one = audit(cases, FAST, quiet=True)
    assert one.examined
    two = audit(cases, replace(FAST, workers=2), quiet=True)
    assert set(one.checks) == set(two.checks)


def test_a_sample_is_random_and_reproducible(tiny, store):
    cases = collect(store, tiny)

    def gains(seed):
        found = audit(cases, replace(FAST, sample=5, seed=seed), quiet=True)
        assert len(found.examined) == 5
        return {(c.case, c.where) for c in found.checks if c.claim == "gain"}

    assert gains(1) == gains(1) != gains(2)


def test_the_time_limit_ends_the_audit_in_good_order(tiny, store):
    found = audit(collect(store, tiny), replace(FAST, minutes=1e-9), quiet=True)
    assert len(found.examined) == 0 < found.planned
    assert found.reached < len(found.cases)  # the records are checked within the time, too
    assert not found.checks
    text = "\n".join(lines(found, tiny.headline))
    assert f"{found.reached} of {len(found.cases)} records" in text
    assert "the time was up before all records were checked" in text


# an audit that goes on where it stopped


def logged(tiny, path, log, **changes):
    how = replace(FAST, log=log, **changes)
    return audit(collect(path, tiny), how, quiet=True)


def entries(found):
    return sorted((each.entry for each in found.examined), key=lambda entry: entry["profile"])


def verdicts(found):
    return sorted((c.case, c.claim, c.agrees) for c in found.checks)


def test_a_stopped_audit_goes_on(tiny, store, tmp_path, monkeypatch):
    log = tmp_path / "new" / "audit.jsonl"
    first = logged(tiny, store, log, sample=5)
    assert len(first.examined) == len(Log(log)) == 5
    rest = logged(tiny, store, log)
    whole = audit(collect(store, tiny), FAST, quiet=True)
    assert len(rest.examined) == rest.planned == len(Log(log)) == len(whole.examined)
    assert verdicts(rest) == verdicts(whole)
    assert [run["code"] for run in Log(log).runs] == 2 * [Log(log).runs[0]["code"]]
    monkeypatch.setattr("study.audit.run.examine", None)
    assert verdicts(logged(tiny, store, log)) == verdicts(whole), "nothing is examined twice"


def test_the_log_as_a_table(tiny, store, tmp_path, monkeypatch):
    stub(monkeypatch, 0.0, 1e6)
    how = Settings(workers=1, sample=7, log=tmp_path / "log")
    cases = collect(store, tiny)
    found = audit(cases, how, quiet=True)
    table = logged_table(cases, Log(tmp_path / "log"), how)
    assert table["profiles"].sum() == found.planned
    counts = ["examined", "sampled checks repeated", "certificates", "closed", "disagree"]
    assert table[counts].sum().tolist() == [7, 7, len(found.certified), 0, 0]
    assert set(table["experiment"]) == {"scenarios", "second", "synthetic"}
    fresh = logged_table(cases, Log(tmp_path / "none"), how)
    assert fresh["examined"].sum() == 0


def test_certificates_are_kept(tiny, store, tmp_path, monkeypatch):
    stub(monkeypatch, 1e6, 2e6)
    how = {"certificates": True, "resample": False}
    first = logged(tiny, store, tmp_path / "log", **how)
    again = logged(tiny, store, tmp_path / "log", **how)
    assert first.certified
    assert entries(first) == entries(again)
    other = logged(tiny, store, tmp_path / "log", time_limit=1.0, sample=1, **how)
    assert len(other.examined) == 1, "another time limit is another certificate"


def test_what_changed_is_examined_again_and_what_was_wrong_stays_so(tiny, records, tmp_path):
    log = tmp_path / "log"
    record = copy.deepcopy(informative(records))
    logged(tiny, store_with(records, record, tmp_path / "true.sqlite"), log)
    before = len(Log(log))
    changed_gain(record)
    path = store_with(records, record, tmp_path / "s.sqlite")
    wrong = logged(tiny, path, log).disagreements
    assert {c.claim for c in wrong} >= {"gain"}
    assert len(Log(log)) > before
    assert sorted(logged(tiny, path, log).disagreements, key=repr) == sorted(wrong, key=repr)


def test_a_line_cut_off_is_dropped(tiny, store, tmp_path):
    log = tmp_path / "log"
    logged(tiny, store, log, sample=4)
    log.write_bytes(log.read_bytes()[:-9])
    assert len(Log(log)) == 3
    assert len(logged(tiny, store, log).examined) == len(Log(log))


def test_line_ends_of_another_system_do_no_harm(tiny, store, tmp_path):
    log = tmp_path / "log"
    logged(tiny, store, log, sample=3)
    log.write_bytes(log.read_bytes().replace(b"\n", b"\r\n"))
    logged(tiny, store, log, sample=2)
    assert len(Log(log)) == 5


def test_two_audits_do_not_overwrite_each_other(tmp_path):
    first, second = (Kept(tmp_path / "proofs") for _ in range(2))
    first.add({"of": "one", "sample": [0, 0, 0]})
    with pytest.raises(ValueError, match="another audit"):
        second.add({"of": "two", "sample": [0, 0, 1]})
    assert len(Kept(tmp_path / "proofs")) == 1


@pytest.mark.parametrize(
    "line", ["nonsense", "[1]", "{}", '{"run": {}}', '{"run": {}, "digest": "01234567"}']
)
def test_a_file_that_is_no_log_is_refused(store, tmp_path, line, capsys):
    log = tmp_path / "log"
    log.write_text(line + "\n", encoding="utf-8")
    assert main([*VERIFY, "--store", str(store), "--log", str(log)]) == 2
    assert f"{log}: line 1 is not one of an audit's log" in capsys.readouterr().err
    assert line in log.read_text(encoding="utf-8"), "and not overwritten"


def test_a_damaged_log_is_refused_or_goes_without_its_last_line(tiny, store, tmp_path):
    log = tmp_path / "log"
    logged(tiny, store, log, sample=3)
    content = log.read_bytes()
    random = np.random.default_rng(0)
    for place in [*random.integers(len(content) - 1, size=200), content.index(b"\n")]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << random.integers(8)
        log.write_bytes(damaged)
        with pytest.raises(ValueError, match=re.escape(str(log))):
            Log(log)
    log.write_bytes(content[:-1] + b"\x0b")
    assert len(Log(log)) == 2


def test_a_log_that_cannot_be_written_is_said_before_the_work(store, tmp_path, capsys):
    for log in (tmp_path, store / "below"):
        assert main([*VERIFY, "--store", str(store), "--log", str(log)]) == 2
        assert capsys.readouterr().err.startswith(f"study: {log}: cannot be")


# one changed number each


def change(record, number, **values):
    """Another row in place of one."""
    record.rows[number] = replace(record.rows[number], **values)


def accepting(record):
    """Places of the rows of the profile that the first search accepted first."""
    first = next(row for row in record.rows if row.profile is not None)
    assert first.search == 0
    place = (0, first.profile)
    return [k for k, row in enumerate(record.rows) if (row.search, row.profile) == place]


def changed_utility(record):
    number = accepting(record)[0]
    first, *others = record.rows[number].utilities
    change(record, number, utilities=[first + 1e-6, *others])


def changed_policy(record):
    for number in accepting(record):
        row = record.rows[number]
        policies = row.policies.reshape(row.shape).copy()
        policies[0] = policies[0][:, ::-1][::-1]
        change(record, number, policies=policies.ravel())


def swapped_status(record):
    nothing = dict.fromkeys(("profile", "gain", "utilities", "policies", "start"))
    last = max(k for k, row in enumerate(record.rows) if row.search == 0)  # the largest tolerance
    change(record, last, **nothing)


def invented_status(record):
    chosen = record.rows[accepting(record)[0]]
    for number, row in enumerate(record.rows):
        if row.search == 0 and row.profile is None:
            record.rows[number] = replace(chosen, tolerance=row.tolerance, gain=0.0)


def changed_gain(record):
    for number in accepting(record):
        change(record, number, gain=record.rows[number].gain * 0.9)


def changed_tolerance(record):
    change(record, 0, tolerance=0.5)


def lost_row(record):
    del record.rows[0]


def lost_policies(record):
    change(record, accepting(record)[0], policies=None)


def flat_policies(record):
    row = record.rows[accepting(record)[0]]
    change(record, accepting(record)[0], shape=[row.policies.size])


def invalid_policy(record):
    for number in accepting(record):
        record.rows[number].policies[0] += 0.01


def two_policies_of_one_profile(record):
    first = record.rows[accepting(record)[0]]
    last = max(k for k, row in enumerate(record.rows) if row.search == 0)
    change(record, last, profile=first.profile, policies=first.policies[::-1].copy())


@pytest.mark.parametrize(
    ("spoil", "claim"),
    [
        (changed_utility, "utility at search 0"),
        (changed_policy, "utility at search 0"),
        (swapped_status, "status at search 0"),
        (invented_status, "status at search 0"),
        (changed_gain, "gain at search 0"),
        (changed_tolerance, "record at radii and tolerances"),
        (lost_row, "record at radii and tolerances"),
        (two_policies_of_one_profile, "record at whole record"),
        (lost_policies, "record at whole record"),
        (flat_policies, "record at whole record"),
        (invalid_policy, "record at whole record"),
    ],
)
def test_a_change_is_found_and_named(records, tmp_path, spoil, claim, capsys):
    record = copy.deepcopy(informative(records))
    spoil(record)
    path = store_with(records, record, tmp_path / "s.sqlite")
    assert main([*VERIFY, "--store", str(path)]) == 1
    output = capsys.readouterr().out
    assert f"[{record.key[:10]}]: {claim}" in output
    named = {line.split(": ")[1] for line in output.splitlines() if line.startswith("DISAGREES")}
    assert len(named) == 1, "no other record is blamed"


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        ("start_utilities", "utility at random starts"),
        ("full_revelation", "utility at full revelation"),
        ("variance", "game at variance"),
    ],
)
def test_a_change_of_a_reference_is_found(records, tmp_path, name, claim, capsys):
    record = copy.deepcopy(next(r for r in records if r.facts.full_revelation))
    getattr(record.facts, name)[0] += 1e-3
    path = store_with(records, record, tmp_path / "s.sqlite")
    assert main([*VERIFY, "--store", str(path)]) == 1
    assert f"[{record.key[:10]}]: {claim}" in capsys.readouterr().out


def test_a_claimed_equilibrium_that_is_none_is_found(records):
    record = copy.deepcopy(
        next(r for r in records if "full_revelation" in r.arrays and _words(r) > 1)
    )
    record.arrays["full_revelation"][1] = record.arrays["full_revelation"][1][0]
    wrong = [c for c in check_record(Case("synthetic", record)) if not c.agrees]
    assert wrong
    assert all(c.where.startswith("full revelation") for c in wrong)
    denied = replace(record, facts=replace(record.facts, full_revelation=None))
    wrong = [c for c in check_record(Case("synthetic", denied)) if not c.agrees]
    assert [(c.claim, c.claimed) for c in wrong] == [("status", "none by Theorem 4")]


def _words(record):
    return len(np.unique(record.arrays["full_revelation"][0], axis=0))


def test_a_wrong_table_is_found_although_the_records_are_right(tiny, store, monkeypatch):
    honest = frames.equilibria_frame

    def average(*arguments):
        frame = honest(*arguments)
        return frame.assign(welfare=frame["welfare"] / frame["senders"])

    monkeypatch.setattr(frames, "equilibria_frame", average)
    wrong = audit(collect(store, tiny), FAST, quiet=True).disagreements
    assert {(c.claim, c.where.split(",")[0]) for c in wrong} == {("welfare", "table")}


def test_a_surface_is_checked(records):
    record = copy.deepcopy(next(r for r in records if r.config["kind"] == "didactic"))
    assert all(c.agrees for c in check_record(Case("didactic", record)))
    for name in ("exact", "network"):
        record.arrays[f"B/{name}"][3, 4, 1] += 1e-3
        assert wrong_places(Case("didactic", record)) == [f"{name} surface B"]
        record.arrays[f"B/{name}"][3, 4, 1] -= 1e-3
    record.facts.errors_held_out[1] *= 1.01
    assert wrong_places(Case("didactic", record)) == ["held-out errors"]


# the atlas, and the room that lost constants leave


def made(config):
    """The record of a job."""
    found = run_kind(config)
    what = found.facts, found.rows, found.arrays
    return Record("k" * 64, config, "done", *what, {"code": "x"})


@pytest.fixture(scope="module")
def atlas():
    pytest.importorskip("highspy")
    sizes = {"senders": 2, "states": 3, "actions": 3, "signals": 2, "logit_scale": 1.0}
    game = {"family": "synthetic", "parameters": sizes, "index": 1, "seed": 0}
    settings = {"starts": ["full revelation", "random"], "target": 1e-3, "seconds": 3.0, "seed": 0}
    return made({"kind": "atlas", "game": game, **settings})


def test_outcomes_of_the_atlas_are_certified_again_with_as_many_signals_as_they_use(atlas):
    case = Case("atlas", atlas)
    assert all(c.agrees for c in check_record(case))
    found = [examined(task) for task in tasks([case], True, 5.0)]
    assert found
    assert {tuple(one.entry["agree"]) for one in found} == {("certificate", "certificate")}
    assert not any(one.entry["wrong"] for one in found)


def _row(name, **values):
    """A change of a landmark; ``first`` and ``second`` are the senders' utilities."""

    def spoil(record):
        number = next(k for k, row in enumerate(record.rows) if row.profile == name)
        utilities = [values.pop("first", None), values.pop("second", None)]
        pairs = zip(utilities, record.rows[number].utilities)
        own = [old if new is None else new for new, old in pairs]
        change(record, number, utilities=own, **values)

    return spoil


def _outcome(**values):
    """A change of what was found; ``end`` is the upper one of the regret."""

    def spoil(record):
        number = next(k for k, row in enumerate(record.rows) if row.regret)
        if "end" in values:
            change(record, number, regret=[record.rows[number].regret[0], values["end"]])
        else:
            change(record, number, **values)

    return spoil


def _facts(**values):
    def spoil(record):
        for name, value in values.items():
            object.__setattr__(record.facts, name, value)

    return spoil


def _hides(record):
    del record.rows[-1]


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (_outcome(receiver_utility=0.5), "receiver"),
        (_outcome(utilities=[0.5, 0.5]), ""),
        (_outcome(profile="unheard of"), ""),
        (_outcome(support=[7, 7]), "signals"),
        (_outcome(end=-1.0), ""),
        (_outcome(end=10**400), "whole record"),
        (lambda r: r.arrays.pop("0/policies"), "whole record"),
        (lambda r: r.arrays.update({"0/policies": np.ones(4)}), "whole record"),
        (lambda r: r.facts.stakes.__setitem__(1, 0.5), "stakes"),
        (_facts(utility_range=0.5), "utility range"),
        (_row("no revelation", first=0.5), "no revelation"),
        (_row("full revelation", receiver_utility=0.5), "full revelation"),
        (_row("sender 0 alone", first=0.5), "its own"),
        (_row("sender 1 alone", first=1e3), "all"),
        (_row("collusion", second=0.5), "its own"),
        (_row("collusion", receiver_utility=-1e3), "all"),
        (_hides, "landmarks"),
    ],
)
def test_a_change_of_the_atlas_is_found(atlas, spoil, where):
    record = copy.deepcopy(atlas)
    spoil(record)
    tasks([Case("atlas", record)], True, 5.0)  # whatever it says, the audit goes on
    wrong = [c.where for c in check_record(Case("atlas", record)) if not c.agrees]
    assert any(place.endswith(where) for place in wrong), wrong


@pytest.fixture(scope="module", params=["quality-advertising", "ride-hailing"])
def reach(request):
    game = {"family": request.param, "parameters": {}, "index": 0, "seed": 0}
    return made({"kind": "reach", "game": game, "instances": 2, "profiles": 5})


@pytest.mark.parametrize("name", ["silent", "random", "best_random", "honest", "bound"])
def test_the_room_that_constants_leave_is_checked(reach, name):
    record = copy.deepcopy(reach)
    assert all(c.agrees for c in check_record(Case("plausible", record)))
    change(record, 1, **{name: getattr(record.rows[1], name) + 1e-4})
    wrong = [c.where for c in check_record(Case("plausible", record)) if not c.agrees]
    assert wrong == [f"row 1, {name}"]


def test_own_bound_on_persuasion_is_the_prosecutors():
    game = Game([0.7, 0.3], np.eye(2), [[[0, 1], [0, 1]]], signals=2)
    assert most_by_persuasion(game, game.senders[0]) == pytest.approx(0.6, abs=1e-9)
    payoffs = np.concatenate([game.senders, game.receiver[None]])
    slack = np.full(2, 1e-6)
    assert attained(game, payoffs, np.array([0.6, 0.7]), slack)
    assert not attained(game, payoffs, np.array([0.6, 0.71]), slack), "she then gains nothing"
    assert not attained(game, payoffs, np.array([0.61, 0.7]), slack), "nobody convicts so often"


# certificates


def certificate(lower, upper, senders=2):
    """The same interval for every sender."""
    return SimpleNamespace(
        senders=[SimpleNamespace(gain=lower, bound=upper, policy=None)] * senders
    )


def stub(monkeypatch, lower, upper):
    """A certificate that always says the same, in place of the solver's, and nothing is proved."""
    module = SimpleNamespace(
        certify=lambda game, *a, **k: certificate(lower, upper, game.shape.senders)
    )
    monkeypatch.setitem(sys.modules, "persuasion.regret.certify", module)
    monkeypatch.setattr(sys.modules["persuasion"], "certify", module, raising=False)
    monkeypatch.setattr(
        "study.audit.examine.checked_gains",
        lambda game, *_: np.tile([0.0, 1e9], (game.shape.senders, 1)),
    )


def examined(task, kept=()):
    """What comes of a single task."""
    (line,), _ = examine(Work((task,), dict(kept)))
    return Examined(task, line)


def test_a_refuted_status_is_a_finding_and_no_disagreement(tiny, store, monkeypatch):
    stub(monkeypatch, 1e6, 2e6)
    found = audit(collect(store, tiny), Settings(workers=1, resample=False), quiet=True)
    assert found.certified
    assert not found.disagreements
    table = summary(found, tiny.headline)
    assert pd.to_numeric(table["refuted"]).sum() > 0
    assert pd.to_numeric(table["equilibrium"]).sum() == 0


def test_what_asks_for_the_same_certificate_shares_it(records, monkeypatch):
    asked = []

    def certify(*arguments, **_):
        asked.append(arguments)
        return certificate(0.0, 1e6)

    monkeypatch.setitem(sys.modules, "persuasion.regret.certify", SimpleNamespace(certify=certify))
    record = informative(records)
    todo = [
        task for name in ("synthetic", "second") for task in tasks([Case(name, record)], False, 1.0)
    ]
    bundles = bundled(todo)
    found = [line for bundle in bundles for line in examine(Work(bundle))[0]]
    assert 2 * len(asked) == 2 * len(bundles) == len(todo) == len(found)
    assert sorted(e["profile"] for e in found) == sorted(task.fingerprint for task in todo)
    other = tasks([Case("synthetic", record)], False, 2.0)
    assert len(bundled([*todo, *other])) == len(bundles), "the limit is not part of the question"


def test_a_gain_above_the_exact_regret_is_a_disagreement(records, monkeypatch):
    stub(monkeypatch, 0.0, 0.0)
    record = informative(records)
    found = [examined(task) for task in tasks([Case("synthetic", record)], False, 1.0)]
    gains = [p.gain for p in profiles(Case("synthetic", record))]
    scale = np.abs(build_game(record.config["game"]).senders).max()
    assert [all(c.agrees for c in e.checks) for e in found] == [g <= 1e-6 * scale for g in gains]


def certifying_job(source, place):
    """A job that certifies what the first search selected at a tolerance, and no more."""
    return {
        "kind": "certify",
        "game": source.config["game"],
        "method": "relu",
        "radii": [source.config["searches"][0]["radius"]],
        "headline": place,
        "certificates": {"every_tolerance": False, "global_senders": 0, "polish_rounds": 0},
    }


def certified(source, **about):
    """A row about the profile that the first search accepted first."""
    places = accepting(source)
    row = source.rows[places[0]]
    own = {"row": 0, "radius": row.radius, "selected_at": places, "utilities": row.utilities}
    return CertificateRow(**own, **{"local_exact": False, **about})


@pytest.mark.parametrize(
    ("claimed", "agrees"),
    [([0.5, 0.7], True), ([0.9, 1.2], True), ([1.1, 1.2], False), ([0.0, 0.3], False)],
)
def test_recorded_certificates_must_overlap(records, monkeypatch, claimed, agrees):
    stub(monkeypatch, 0.4, 1.0)
    source = informative(records)
    place = accepting(source)[0]
    policies = source.rows[place].policies.reshape(source.rows[place].shape)
    config = certifying_job(source, place)
    row = certified(source, local_regret=claimed)

    def case(row, arrays):
        game = build_game(source.config["game"])
        facts = Facts(utility_range=float(np.ptp(game.senders)))
        record = Record("k" * 64, config, "done", facts, [row], arrays, source.provenance)
        return Case("certificates", record, (source,))

    for arrays in ({"0/policies": policies}, {}):
        (task,) = tasks([case(row, arrays)], True, 1.0)
        assert task.profile.policies.tobytes() == policies.tobytes()
        (check,) = examined(task).checks
        assert check.agrees is agrees
        assert all(c.agrees for c in check_record(case(row, arrays)))
    crossed = replace(row, local_regret=[1, 0])
    assert not all(c.agrees for c in check_record(case(crossed, {})))
    other = {"0/policies": policies[::-1]}
    assert not all(c.agrees for c in check_record(case(row, other)))


def test_where_dynamics_ended_is_checked(tmp_path):
    game = {"family": "synthetic", "parameters": {"senders": 2}, "index": 0, "seed": 0}
    policies = uniform_policies(build_game(game), 3, 1)
    explicit = np.zeros((4, 4), dtype=int).tolist()
    rules = ("lowest-index", "sender-1", explicit)
    runs = [
        DynamicsRow(
            row=start,
            utilities=sender_utilities(build_game(game), profile, ties=rule).tolist(),
            ties=canonical(rule),
            margin=0.0,
            start=start,
            status="budget",
            rounds=1,
            moves=0,
        )
        for start, (profile, rule) in enumerate(zip(policies, rules))
    ]
    config = {"kind": "dynamics", "game": game, "margins": [0.0], "starts": 3, "rounds": 1}
    outcomes = np.stack(
        [outcome_distribution(build_game(game), p, ties=r) for p, r in zip(policies, rules)]
    )
    facts = Facts(utility_range=build_game(game).utility_range)
    job, arrays = Job(config), {"policies": policies, "outcomes": outcomes}
    record = Record(job.key, job.config, "done", facts, runs, arrays, {"code": "x"})
    append(tmp_path, "p", "dynamics", [(job, record)])
    for found in (record, Results(tmp_path).find(job)):
        assert wrong_places(Case("dynamics", found)) == []
    runs[2].utilities[1] += 1e-5
    assert wrong_places(Case("dynamics", record)) == ["run 2"]


def test_a_solvers_word_that_was_kept_is_not_held_against_a_record(records, monkeypatch):
    """An older version of a solver may have been wrong: the certificate is made anew."""
    source = informative(records)
    place = accepting(source)[0]
    senders = build_game(source.config["game"]).shape.senders
    row = certified(source, local_regret=[0.5, 0.6], local_gains=[[0.5, 0.6]] * senders)
    facts = Facts(utility_range=float(np.ptp(build_game(source.config["game"]).senders)))
    config = certifying_job(source, place)
    record = Record("k" * 64, config, "done", facts, [row], {}, source.provenance)
    (task,) = tasks([Case("certificates", record, (source,))], False, 1.0)
    for solver, agrees in (([0.55, 0.56], True), ([0.1, 0.2], False)):
        stub(monkeypatch, *solver)
        word = {"of": task.question, "gains": [[0.1, 0.2]] * senders, "seconds": 1.0, "proof": ""}
        (line,), (new,) = examine(Work((task,), {task.question: word}))
        assert (line["wrong"] == []) is agrees
        assert new["gains"] == [solver] * senders


# what follows from a record's source, its configuration and its intervals


def wrong_places(case):
    """Where the record disagrees."""
    return [check.where for check in check_record(case) if not check.agrees]


@pytest.fixture(scope="module")
def certifying(tmp_path_factory):
    """The records of a game with a polished profile, and those of a play, of one size."""
    sizes = {"synthetic.levels": [3], "second.levels": [3], "certificates.searches": 1}
    small = preset("smoke", {**TINY, **sizes})
    path = tmp_path_factory.mktemp("certifying") / "s.sqlite"
    produce(small, ("certificates", "dynamics"), path, workers=1, quiet=True)
    cases = {(case.kind, case.method): case for case in collect(path, small)}
    assert cases["certify", "relu"].record.rows[0].polished_regret
    return cases


def tampered(case, spoil):
    """The case with another record."""
    record = copy.deepcopy(case.record)
    spoil(record)
    return replace(case, record=record)


def at(number, **values):
    """A change of a row."""

    def spoil(record):
        assert all(getattr(record.rows[number], name) != value for name, value in values.items())
        change(record, number, **values)

    return spoil


def spoil_outcomes(record):
    record.arrays["outcomes"][:] = record.arrays["outcomes"][:, ::-1]


@pytest.mark.parametrize(
    ("kind", "method", "spoil", "place"),
    [
        ("certify", "relu", _facts(utility_range=1e4), "utility range"),
        ("certify", "relu", at(0, selected_at=[0, 1, 2, 3, 4, 5]), "rows"),
        ("certify", "relu", at(0, polished_status="certified"), "row 0, polished, "),
        ("certify", "relu", at(0, polished_regret=None), "row 0, polished"),
        ("certify", "relu", at(0, global_regret=None), "row 0, global"),
        ("certify", "full-revelation", lambda record: record.rows.clear(), "rows"),
        ("certify", "dnl", lambda record: record.rows.pop(), "rows"),
        ("dynamics", "dynamics", _facts(utility_range=1e4), "utility range"),
        ("dynamics", "dynamics", at(0, status="margin equilibrium"), "run 0"),
        ("dynamics", "dynamics", at(0, status="cycle"), "run 0"),
        ("dynamics", "dynamics", at(3, status="equilibrium"), "run 3"),
        ("dynamics", "dynamics", at(3, cycle_length=4), "run 3"),
        ("dynamics", "dynamics", at(3, rounds=10_000), "run 3"),
        ("dynamics", "dynamics", at(1, start=0), "runs"),
        ("dynamics", "dynamics", spoil_outcomes, "run 0, outcome"),
        ("solve", "relu", at(0, radius=0.006), "radii"),
    ],
)
def test_what_follows_from_elsewhere_is_checked(certifying, kind, method, spoil, place):
    case = certifying[kind, method]
    assert wrong_places(case) == []
    wrong = wrong_places(tampered(case, spoil))
    assert any(where.startswith(place) for where in wrong), wrong


def test_an_interval_that_is_not_closed_is_not_exact(certifying):
    case = certifying["certify", "relu"]
    row = case.record.rows[0]
    assert row.local_exact
    (lower, upper), gains = row.local_regret, [[low, high + 1.0] for low, high in row.local_gains]
    longer = at(0, local_regret=[lower, upper + 1.0], local_gains=gains)
    assert wrong_places(tampered(case, longer)) == ["row 0, local, exact"]


def test_an_interval_is_exact_in_the_unit_of_its_sender(certifying):
    case = certifying["certify", "relu"]
    row, stakes = case.record.rows[0], case.record.facts.stakes
    for share, wrong in ((0.9e-6, []), (1.1e-6, ["row 0, local, exact"])):
        gains = [[0.0, share * stake] for stake in stakes]
        regret = np.max(gains, 0).tolist()
        spoil = at(0, local_gains=gains, local_regret=regret)
        found = wrong_places(tampered(case, spoil))
        assert [where for where in found if where.endswith("exact")] == wrong
    assert row.local_exact


def test_older_regrets_in_a_game_without_stakes_are_read():
    """All utilities are the same: nobody gains, whatever the unit."""
    entry = {"regret": [0.0, 0.0]}
    assert derived._reached("here", entry, True, 1e-6, [1.0, 1.0], 0.0).agrees
    assert not derived._reached("here", entry, False, 1e-6, [1.0, 1.0], 0.0).agrees


def test_a_wrong_radius_is_a_disagreement_and_no_crash(certifying):
    def spoil(record):
        for number in accepting(record):
            change(record, number, radius=0.006)

    case = tampered(certifying["solve", "relu"], spoil)
    assert {task.profile.radius for task in tasks([case], True, 1.0)} == set()


def test_a_record_that_breaks_the_arithmetic_is_a_disagreement(certifying, monkeypatch):
    def breaks(*_):
        raise ArithmeticError("the possible outcomes were not found")

    monkeypatch.setattr("study.audit.records.stakes", breaks)
    (check,) = check_record(certifying["certify", "relu"])
    assert not check.agrees
    assert "possible outcomes" in check.found


# command line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--store", "nowhere.sqlite"], "nowhere.sqlite: there is no such store or folder"),
        (["--time-limit", "0"], "time limit must be positive"),
        (["--sample", "-1"], "sample must be finite and not negative"),
        (["--minutes", "nan"], "minutes must be finite and not negative"),
        (["--time-limit", "nan"], "time limit must be positive and finite"),
        (["--log", "a", "--proofs", "a"], "the log and the proofs need a file each"),
        (["--workers", "0"], "workers must be at least 1"),
        (["--preset", "huge"], "unknown preset 'huge'"),
    ],
)
def test_bad_input_ends_with_2(arguments, message, capsys):
    assert main(["verify", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_without_solvers_it_says_so(store, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "persuasion.regret.certify", None)
    command = [*VERIFY, "--certificates", "--store", str(store)]
    assert main(command) == 2
    assert "--no-certificates" in capsys.readouterr().err


def test_an_empty_store_and_a_damaged_folder_end_with_2(tiny, store, tmp_path, capsys):
    Store(tmp_path / "empty.sqlite").close()
    assert main([*VERIFY, "--store", str(tmp_path / "empty.sqlite")]) == 2
    assert "has no finished records of preset 'smoke'" in capsys.readouterr().err
    export(tiny, store, tmp_path / "results")
    damaged = tmp_path / "results" / "smoke" / "profiles" / "synthetic-0001.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert main([*VERIFY, "--store", str(tmp_path / "results")]) == 2
    assert "synthetic-0001.parquet: is damaged" in capsys.readouterr().err


def test_exact_certificates_of_a_real_store(tiny, store):
    pytest.importorskip("highspy")
    how = Settings(workers=1, resample=False, sample=6, time_limit=10)
    found = audit(collect(store, tiny), how, quiet=True)
    assert not found.disagreements
    assert len(found.certified) == 6
    for one in found.certified:
        lower, upper = one.regret
        assert -1e-9 <= lower <= upper
        most = np.max(one.entry["gains"], 0)[1]
        assert one.task.profile.gain <= most + 1e-6, "sampling finds no more than there is"


def test_a_game_whose_reference_is_not_computed_yet_is_audited_all_the_same(tiny, store):
    """A run cut short leaves one; the book's tables leave the game out."""
    cases = [case for case in collect(store, tiny) if case.experiment == "synthetic"]
    references = [case for case in cases if case.record.config["kind"] == "reference"]
    assert len(references) > 1
    left_out = references[0].record.config["game"]
    found = audit([case for case in cases if case is not references[0]], FAST, quiet=True)
    assert not found.disagreements
    names = {case.name for case in cases if case.record.config["game"] == left_out}
    about = [check.where.startswith("table") for check in found.checks if check.case in names]
    assert about
    assert not any(about)
    assert any(check.where.startswith("table") for check in found.checks)


# units: what zero points, scales and forbidden actions must not change


def _met_by_a_mixture(receiver, action):
    """Whether the others mixed are nowhere worse, better somewhere, and somewhere tie as neither does alone.

    The library, which grants ties within a tolerance, counts outcomes there that the audit does not.
    """
    one, other = (receiver[:, [k]] - receiver[:, [action]] for k in range(3) if k != action)
    apart = one[:, 0] * other[:, 0] < 0
    for state in np.flatnonzero(apart):  # whole numbers: exact
        weights = abs(other[state, 0]), abs(one[state, 0])
        lead = weights[0] * one + weights[1] * other
        if (lead >= 0).all() and lead.any():
            return True
    return False


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_the_audit_decides_alike_in_all_units(seed, senders):
    generator = np.random.default_rng(seed)
    # whole numbers, so that there are ties
    receiver = generator.integers(0, 3, (3, 3)).astype(float)
    assume(not any(_met_by_a_mixture(receiver, action) for action in range(3)))
    values = generator.integers(0, 3, (senders, 3, 3)).astype(float)
    policies = generator.multinomial(2, [0.5, 0.5], (senders, 3)) / 2
    unit = float(10.0 ** generator.integers(-3, 4))
    shifted = 1e3 * receiver + generator.integers(-(10**6), 10**6, (3, 1))
    place = int(generator.integers(4))
    game = Game([0.25, 0.25, 0.5], receiver, values, 2)
    other = Game(
        game.prior,
        np.insert(shifted, place, -1e12, axis=1),  # an action that is never taken
        np.insert(unit * values, place, 1e9, axis=2),
        2,
    )
    np.testing.assert_allclose(
        utilities(other, policies), unit * utilities(game, policies), atol=1e-9 * unit
    )
    gains = [best_sample(g, policies, 0.1, 200, (seed,))[0] for g in (game, other)]
    assert gains[1] == pytest.approx(unit * gains[0], rel=1e-6, abs=1e-9 * unit)
    np.testing.assert_allclose(own_stakes(game), game.stakes)
    np.testing.assert_allclose(own_stakes(other), other.stakes)


def test_claims_about_one_sender_and_its_stake_are_checked(records, monkeypatch):
    source = informative(records)
    stub(monkeypatch, 0.2, 0.3)
    place = accepting(source)[0]
    game = build_game(source.config["game"])
    stakes = game.stakes.tolist()

    def wrong(gains, claimed=stakes):
        regret = np.max(gains, 0).tolist()
        row = certified(source, local_regret=regret, local_gains=gains)
        facts = Facts(stakes=claimed, utility_range=game.utility_range)
        config = certifying_job(source, place)
        record = Record("k" * 64, config, "done", facts, [row], {}, source.provenance)
        case = Case("certificates", record, (source,))
        (task,) = tasks([case], False, 1.0)
        found = [*check_record(case), *examined(task).checks]
        return [(c.claim, c.where) for c in found if not c.agrees]

    own = "row 0, local, sender by sender"
    assert wrong([[0.2, 0.3], [0.25, 0.25]]) == []
    assert wrong([[0.2, 0.3], [0.0, 0.1]]) == [("certificate", own)]
    assert wrong([[0.2, 0.3], [0.3, 0.2]])[0] == ("certificate", "row 0, local")
    assert wrong([[0.2, 0.3]] * 2, [2 * stake for stake in stakes]) == [("game", "stakes")]


# proofs


def how_known(found):
    return [entry["how"] for entry in entries(found)]


def test_what_has_a_proof_is_checked_and_not_solved_again(tiny, store, tmp_path, monkeypatch):
    pytest.importorskip("highspy")
    proofs = tmp_path / "proofs"
    how = Settings(workers=1, sample=6, time_limit=10, proofs=proofs)
    cases = collect(store, tiny)
    first = audit(cases, how, quiet=True)
    assert not first.disagreements
    assert how_known(first) == ["solved"] * 6
    assert max(entry["slack"] for entry in entries(first)) < 1e-6
    written = proofs.read_bytes()

    def refuse(*_, **__):
        raise AssertionError("it has a proof")

    with monkeypatch.context() as without:
        without.setitem(sys.modules, "persuasion.regret.certify", SimpleNamespace(certify=refuse))
        without.setattr("study.audit.examine.best_sample", refuse)
        again = audit(cases, how, quiet=True)
    assert how_known(again) == ["proved"] * 6
    assert verdicts(again) == verdicts(first)
    assert [e["gains"] for e in entries(again)] == [e["gains"] for e in entries(first)]
    assert proofs.read_bytes() == written
    text = "\n".join(lines(again, tiny.headline))
    assert "6 certificates: 6 (100.0%) by checking a kept proof, 0 by a solver's word" in text
    afresh = audit(cases, replace(how, afresh=True), quiet=True)
    assert how_known(afresh) == ["solved"] * 6


def nothing(policies):
    """A leaf without multipliers."""
    none = np.zeros(0, int)
    return Leaf(none, np.zeros(0), none, np.zeros((0, policies.shape[1]), int))


def test_a_proof_of_something_else_does_not_help(records, monkeypatch):
    """What a proof does not reach is the solver's word; what does not fit is solved again."""
    pytest.importorskip("highspy")
    task = tasks([Case("synthetic", informative(records))], False, 5.0)[0]
    _, (entry,) = examine(Work((task,)))
    assert entry["of"] == task.question
    weaker = [SenderProof(None, np.array([-1]), (nothing(task.profile.policies),))]
    text = write(weaker * len(task.profile.policies), task.profile.policies, task.profile.radius)
    assert examined(task, {task.question: {**entry, "proof": text}}).entry["how"] == "kept"
    for gains in (np.array(entry["gains"]) + 1e6, np.array(entry["gains"]) - 1e6, None):
        false = {**entry, "gains": gains if gains is None else gains.tolist()}
        assert examined(task, {task.question: false}).entry["how"] == "solved", "a contradiction"
    for proof in (None, 3, "", entry["proof"][:-9]):
        assert examined(task, {task.question: {**entry, "proof": proof}}).entry["how"] == "solved"
    unfit = {**entry, "proof": "c" + entry["proof"]}
    (line,), (again,) = examine(Work((task,), {task.question: unfit}))
    assert line["how"] == "solved"
    assert again["proof"] == entry["proof"]


def test_the_command_keeps_proofs_beside_the_records(store, tmp_path, capsys):
    pytest.importorskip("highspy")
    command = ["verify", "--preset", "smoke", "--workers=1", "--sample=2", *SET]
    command += ["--store", str(store), "--proofs", str(tmp_path / "proofs")]
    assert main(command) == 0
    assert "2 (100.0%) solved again" in capsys.readouterr().out
    assert main(command) == 0
    assert "2 certificates: 2 (100.0%) by checking a kept proof" in capsys.readouterr().out
    (tmp_path / "proofs").write_text("something else\n")
    assert main(command) == 2
    assert "is not one of an audit's proofs" in capsys.readouterr().err
