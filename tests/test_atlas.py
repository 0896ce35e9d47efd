"""The atlas of equilibria: its jobs on games with a known answer, and its tables on rows written by hand."""

import time
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from persuasion import Game, best_response
from persuasion.equilibria.nash.columns import widened
from study import Record, preset
from study.designs import design
from study.figures import atlas, atlas_figures
from study.kinds import atlas as kind
from study.kinds import run_kind
from study.records.rows import AtlasRow, CertificateRow, Facts

CONVICT = np.array([[0, 1], [0, 1]])
JOB = {
    "kind": "atlas",
    "game": {},
    "starts": ["full revelation", "silence", "random"],
    "target": 1e-3,
    "seconds": 5.0,
    "seed": 0,
}


@pytest.mark.parametrize(("second", "value"), [(1 - CONVICT, 0.3), (CONVICT, 0.6)])
def test_the_prosecutor_with_an_opponent_reveals_and_with_an_ally_persuades(
    monkeypatch, second, value
):
    """Opposed senders have full revelation's value; aligned ones their joint optimum (Kamenica and Gentzkow)."""
    game = Game([0.7, 0.3], np.eye(2), [CONVICT, second], signals=2)
    monkeypatch.setattr(kind, "build_game", lambda _: game)
    monkeypatch.setattr(time, "perf_counter", time.process_time)  # whatever else the machine does
    found = run_kind(JOB)
    rows = {row.profile: row for row in found.rows if row.profile not in atlas.FOUND}
    assert rows["full revelation"].utilities[0] == pytest.approx(0.3)
    assert rows["no revelation"].utilities[0] == pytest.approx(0.0)
    assert rows["sender 0 alone"].utilities[0] == pytest.approx(0.6)
    certified = [(k, row) for k, row in enumerate(found.rows) if row.profile == atlas.CERTIFIED]
    assert certified
    best = max(row.utilities[0] for _, row in certified)
    assert best == pytest.approx(value, abs=2e-3)
    if value == 0.3:
        assert all(row.utilities[0] == pytest.approx(0.3, abs=2e-3) for _, row in certified)
    for number, row in certified:
        policies = found.arrays[f"{number}/policies"]
        wide = widened(game, policies.shape[-1])
        for sender in range(2):
            response = best_response(
                wide, policies, sender, method="enumerate", ties="lowest-index"
            )
            assert response.value - row.utilities[sender] <= 1e-3 + 1e-9


def test_the_smallest_games_come_first_and_of_a_size_the_first_ones():
    games = [job.config["game"] for job in design.jobs(preset("paper"), "atlas")]
    keys = [(max(g["parameters"][name] for name in atlas.SIZES), g["index"]) for g in games]
    assert keys == sorted(keys)
    assert len(games) == 27 * 5 + (125 - 27) + 125
    assert all(game["parameters"]["senders"] == 2 for game in games)
    later = [(size, game["parameters"]["logit_scale"]) for (size, k), game in zip(keys, games) if k]
    assert len(later) == 27 * 4
    assert {scale for _, scale in later} == {1.0}
    assert max(size for size, _ in later) == 6


def row(profile, utilities, receiver, **more):
    told = {"profile": profile, "utilities": utilities, "receiver_utility": receiver}
    return AtlasRow(row=0, **told, **more)


def record(rows, config=None, stakes=(2.0, 4.0), index=0):
    game = {
        "family": "synthetic",
        "parameters": {"senders": 2, "signals": 2, "states": 3, "actions": 4, "logit_scale": 1.0},
        "index": index,
        "seed": 0,
    }
    config = {"kind": "atlas", "game": game} | (config or {})
    facts = Facts(stakes=list(stakes), utility_range=9.0)
    return Record("k", config, "done", facts, rows, seconds=1.0)


MARKS = [
    row("no revelation", [1.0, 1.0], 5.0),
    row("full revelation", [2.0, 1.0], 7.0),
    row("sender 0 alone", [3.0, 1.0], 6.0),
    row("sender 1 alone", [1.0, 5.0], 5.0),
    row("collusion", [3.0, 5.0], 5.0),
]
FOUND = [
    row("equilibrium", [2.0, 1.0], 7.0, regret=[0.0, 0.0], gains=[[0.0, 0.0], [0.0, 0.0]]),
    row("equilibrium", [2.5, 2.0], 6.0, regret=[0.0, 0.001], gains=[[0.0, 0.001], [0.0, 0.001]]),
    row("equilibrium", [3.0, 0.0], 5.0, regret=[0.0, 0.0], gains=[[0.0, 0.0], [0.0, 0.0]]),
    row("approximate", [3.0, 3.0], 5.0, regret=[0.01, 0.01], gains=[[0.0, 0.0], [0.01, 0.01]]),
]


@pytest.fixture(scope="module")
def frame():
    idle = [
        row(name, [1.0, 1.0], 5.0) for name in ("no revelation", "full revelation", "collusion")
    ]
    return atlas.atlas_frame([record(FOUND + MARKS), record(idle, index=1)])


def test_utilities_are_shares_above_silence(frame):
    first = frame.iloc[1]
    assert (first["first"], first["second"], first["receiver"]) == (0.75, 0.25, 0.5)
    assert (first["lower"], first["upper"]) == (0.0, 0.0005)
    assert first["size"] == 4
    assert np.isnan(frame.iloc[-1]["receiver"]), "information is worth nothing there"


def test_a_game_is_compared_at_the_outcome_that_lifts_the_worse_off_most(frame):
    games = atlas.games_table(frame, 1e-3)
    one, idle = games.iloc[0], games.iloc[1]
    assert (one["outcomes"], one["idle"], idle["idle"]) == (3, False, True)
    assert one["both"] == 0.25
    assert one["cost"] == 0.5
    assert one["collusion"] == 2.0
    assert (one["best"], one["worst"]) == (1.0, 0.5)
    looser = atlas.games_table(frame, 0.01).iloc[0]
    assert (looser["outcomes"], looser["both"], looser["cost"]) == (4, 0.5, 1.0)
    said = atlas.summary(games, (2, 9), 1e-3)
    assert "In 1 of 1 two-sender" in said
    assert "2 of 9 games" in said
    assert "Left out are 1 in which no signal matters to a sender, and 0 in" in said
    assert "gains 25.0% of its stake" in said
    assert "gives up 50%" in said
    table = atlas.size_table(games, 1e-3).iloc[0]
    assert table["both prefer one to full revelation"] == "1 of 1"
    assert atlas.nearly(frame).endswith("in 1 of 1 games.")


def test_a_networks_profile_is_placed_beside_the_certified_outcomes(frame):
    settings = preset("paper")
    headline = settings.tolerances.index(settings.headline)
    kept = CertificateRow(
        row=1,
        radius=settings.searches[0].radius,
        selected_at=[headline],
        utilities=[2.5, 2.4],
        local_regret=[0.0, 0.1],
        local_exact=False,
        global_regret=[0.0, 0.1],
        global_gains=[[0.0, 0.1], [0.0, 0.02]],
    )
    other = replace(kept, row=0, selected_at=[])
    rows = [other, kept]
    certified = [
        record(rows, {"kind": "certify", "method": "dnl"}),
        record(rows, {"kind": "certify", "method": "relu"}),
        record(rows, {"kind": "certify", "method": "dnl"}, index=7),
    ]
    (found,) = atlas.networks_frame(certified, frame, settings).to_dict("records")
    assert (found["lower"], found["upper"]) == (0.0, 0.05)
    assert found["distance"] == pytest.approx(0.1)
    said = atlas.networks_summary(atlas.networks_frame(certified, frame, settings))
    assert said.startswith("Of 1 profiles of DNL")
    assert " 0 have a proven" in said
    none = atlas.networks_frame([], frame, settings)
    assert none.empty
    assert atlas.networks_summary(none).startswith("0 games")


def test_the_pictures_show_every_point(frame):
    games = atlas.games_table(frame, 1e-3)
    figure = atlas_figures.plane(frame[frame["game"] == games.index[0]], frame.iloc[:0])
    plt.close(figure)
    shown = sum(
        len(line.get_xdata()) for line in figure.axes[0].lines if line.get_marker() != "None"
    )
    assert shown == len(FOUND) + len(MARKS)
    below = atlas.welfare_rows(games)
    assert (below["below"] >= 0).all()
    assert len(below) == 6, "two alone, best and worst, no and full revelation"
