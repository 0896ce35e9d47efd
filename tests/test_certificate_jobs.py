"""The jobs behind the chapter on certificates, and the tables made of their records."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from persuasion import certify, sender_utilities
from persuasion.games.seeded import build_game
from study import preset
from study.designs import design
from study.figures import certificates, checks, plays
from study.records.rows import CertificateRow, ProfileRow
from study.run.job import run_job

SETTINGS = preset(
    "smoke",
    {
        "methods": ["relu"],
        "training.samples": 64,
        "training.held_out": 32,
        "synthetic.levels": [2],
        "second.levels": [2],
        "kinks.steps": [0, 3],
        "dynamics.starts": 1,
        "dynamics.rounds": 5,
    },
)


def ran(experiment):
    """Records of an experiment's jobs, in order, after what they need."""
    known = {}

    def run(job):
        if job.key not in known:
            known[job.key] = run_job(job, [run(need) for need in job.needs])
        return known[job.key]

    records = [run(job) for job in design.jobs(SETTINGS, experiment)]
    assert all(record.done for record in records), [record.error for record in records]
    return records


@pytest.fixture(scope="module")
def certified():
    return ran("certificates")


@pytest.fixture(scope="module")
def played():
    return ran("dynamics")


def test_every_selected_profile_is_certified(certified):
    methods = {record.config["method"] for record in certified}
    assert methods == {"relu", "full-revelation"}
    for record in certified:
        game = build_game(record.config["game"])
        assert record.facts.stakes == game.stakes.tolist()
        close = 1e-6 * game.utility_range
        for k, row in enumerate(record.rows_of(CertificateRow)):
            policies = record.arrays[f"{k}/policies"]
            assert row.utilities == sender_utilities(game, policies).tolist()
            again = certify(game, policies, row.radius)
            assert row.local_regret == pytest.approx(again.regret, abs=close)
            gains = np.array([(sender.gain, sender.bound) for sender in again.senders])
            np.testing.assert_allclose(row.local_gains, gains, atol=close)
            if record.config["method"] == "full-revelation":
                assert row.local_regret[1] <= close
                if game.shape.senders == 2:
                    assert row.global_regret[1] <= close


def test_what_table_1_shows_is_certified_and_nothing_else():
    (accepting, radius) = (
        SETTINGS.tolerances.index(SETTINGS.headline),
        SETTINGS.searches[0].radius,
    )
    jobs = [
        job
        for job in design.jobs(SETTINGS, "table-1-certificates")
        if job.config["game"]["family"] != "quality-advertising"  # the largest, and like the others
    ]
    assert {job.config["method"] for job in jobs} == {"relu", "full-revelation"}
    for job in jobs:
        source = run_job(job.needs[0])
        rows = run_job(job, [source]).rows_of(CertificateRow)
        if job.config["method"] == "full-revelation":
            assert len(rows) == (source.facts.full_revelation is not None)
            continue
        shown = source.rows_of(ProfileRow)[accepting]
        assert len(rows) == (shown.profile is not None)
        for row in rows:
            assert row.radius == radius
            assert row.polished_regret is None
            assert row.global_regret is None
            assert row.utilities == pytest.approx(shown.utilities)
            # no sample finds more than the certificate allows
            assert row.local_regret[1] >= shown.gain - 1e-9


def test_global_regret_of_table_1_is_for_presets_that_can_wait():
    for (name, largest), experiment in itertools.product(
        (("smoke", 0), ("quick", 2), ("paper", 2)),
        ("table-1-certificates", "scenario-certificates"),
    ):
        job = design.jobs(preset(name), experiment)[0]
        assert job.config["certificates"]["global_senders"] == largest
        assert "scenario_global" not in job.config["certificates"]


def test_a_certificate_depends_on_the_job_that_found_the_profile():
    job = next(job for job in design.jobs(SETTINGS, "certificates") if job.needs)
    (source,) = job.needs
    changed = {**source.config, "starts": 999}
    other = type(job)(job.config, job.cost, (type(source)(changed),))
    assert other.key != job.key


def test_the_table_of_verdicts_counts_every_selection(certified):
    frame = certificates.certificates_frame(certified, SETTINGS)
    table = checks.verdict_table(frame)
    assert (table[["holds", "refuted", "open"]].sum(axis=1) == table["selected"]).all()
    assert table["selected"].sum() == frame["tolerances"].map(len).sum()


def test_verdicts_by_hand():
    """In the unit of the check, whatever is at stake for a sender."""
    row = {
        "senders": 2, "method": "relu", "radius": 0.005, "tolerances": [1e-3, 1e-2], "utility_range": 4.0,
    }  # fmt: skip
    frame = pd.DataFrame(
        [
            row | {"regret_least": 0.0, "regret_most": 2e-3},
            row | {"regret_least": 2e-2, "regret_most": 2e-2},
            row | {"regret_least": 0.0, "regret_most": 2e-2},
        ]
    )
    table = checks.verdict_table(frame).set_index("tolerance")
    assert table.loc[1e-3, ["holds", "refuted", "open"]].tolist() == [1, 1, 1]
    assert table.loc[1e-2, ["holds", "refuted", "open"]].tolist() == [3, 0, 0]


def older(record):
    """The record as it would be without what newer versions of the code add."""

    def without(row):
        added = ("gains", "stakes")
        return replace(row, **{name: None for name in vars(row) if name.endswith(added)})

    return replace(record, facts=without(record.facts), rows=[*map(without, record.rows)])


def test_regrets_of_older_records_are_bracketed(certified, played):
    kinks = ran("kinks")
    pairs = [
        (make(records), make([older(record) for record in records]), columns)
        for make, records, columns in (
            (lambda r: certificates.certificates_frame(r, SETTINGS), certified, "local polished"),
            (checks.kinks_frame, kinks, ""),
            (certificates.dynamics_frame, played, ""),
        )
    ]
    for new, old, names in pairs:
        for prefix in [f"{name}_" for name in names.split()] or [""]:
            lower, upper = f"{prefix}lower", f"{prefix}upper"
            known = new[upper].notna()
            assert known.any()
            assert (old[upper].notna() == known).all()
            assert (old[lower] <= new[lower] + 1e-12)[known].all()
            assert (old[upper] >= new[upper] - 1e-12)[known].all()
    new, old, _ = pairs[1]
    assert (old["sampled"] >= new["sampled"] - 1e-12).all()
    one = new["movers"] == "one"
    columns = ["lower", "upper", "sampled"]
    pd.testing.assert_frame_equal(old.loc[one, columns], new.loc[one, columns])


def test_samples_never_beat_the_certificate_along_the_steps():
    frame = checks.kinks_frame(ran("kinks"))
    assert set(frame["step"]) == {0, 3}
    assert set(frame["movers"]) == {"one", "turns"}
    assert (frame["sampled"] <= frame["upper"] + 1e-6).all()


def test_miss_rates_by_hand():
    frame = pd.DataFrame(
        {
            "movers": "one",
            "senders": 2,
            "signals": 4,
            "step": 6,
            "samples": 100,
            "lower": [0.0, 1e-3, 1e-3, 0.0],
            "upper": [0.0, 1e-3, 1e-3, 1.0],
            "sampled": [0.0, 0.0, 1e-3, 0.0],
        }
    )
    (row,) = checks.miss_rates(frame, 1e-6).to_dict("records")
    assert (row["refuted"], row["missed"], row["undecided"], row["profiles"]) == (2, 1, 1, 4)


def test_plays_end_as_they_claim(played):
    frame = certificates.dynamics_frame(played)
    assert set(frame["margin"]) == set(SETTINGS.dynamics.margins)
    for record in played:
        game = build_game(record.config["game"])
        for run, policies in zip(record.rows, record.arrays["policies"], strict=True):
            if run.status == "equilibrium":
                rule = json.loads(run.ties)
                ties = np.array(rule) if isinstance(rule, list) else rule
                assert run.utilities == pytest.approx(sender_utilities(game, policies, ties=ties))
                assert certify(game, policies, 1.0, ties=ties).regret[0] <= 1e-5


def test_welfare_of_plays_against_revelation_and_networks(played):
    frame = certificates.dynamics_frame(played)
    records = [*ran("second"), *ran("synthetic")]
    comparison = plays.welfare_comparison(frame, records, SETTINGS)
    assert len(comparison) <= frame["game"].nunique()
    assert (comparison["best"] >= comparison["worst"]).all()
    assert isinstance(plays.answer(comparison), str)
    plays.welfare_table(comparison), plays.endings_table(frame), plays.regret_table(frame)


def test_outcomes_tell_equilibria_apart(played):
    for record in played:
        labels = certificates._outcome_labels(record)
        for k, label in enumerate(labels):
            if label is not None:
                outcomes = record.arrays["outcomes"]
                assert np.abs(outcomes[k] - outcomes[label]).max() <= 1e-6
