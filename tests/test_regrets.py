"""Regrets in records, as shares of the senders' own stakes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from persuasion.games.seeded import build_game
from study import Record
from study.records.regrets import record_stakes, recorded, relative_interval

GAME = {"family": "synthetic", "parameters": {"senders": 3}, "index": 0, "seed": 0}


@given(
    arrays_of.arrays(float, (3, 2), elements=st.floats(0, 10)),
    arrays_of.arrays(float, 3, elements=st.floats(0.1, 10)),
)
def test_an_old_entry_brackets_what_a_new_one_says(ends, stakes):
    gains = np.sort(ends, 1)
    entry = recorded(gains)
    lower, upper = relative_interval(**entry, stakes=stakes)
    assert lower == max(gain / stake for gain, stake in zip(gains[:, 0], stakes))
    assert upper == max(gain / stake for gain, stake in zip(gains[:, 1], stakes))
    least, most = relative_interval(entry["regret"], None, stakes)
    assert least <= lower * (1 + 1e-12)
    assert upper <= most * (1 + 1e-12)


def test_a_sender_with_little_at_stake_counts_as_much_as_one_with_a_lot():
    entry = recorded([[1.0, 1.0], [0.5, 0.6]])
    assert relative_interval(**entry, stakes=np.array([1e6, 1.0])) == (0.5, 0.6)


def test_what_is_not_known_is_no_number():
    assert np.isnan(relative_interval(**recorded(None), stakes=np.ones(2))).all()
    found = recorded([[0.5, np.inf], [0.0, 1.0]])
    assert found == {"regret": [0.5, None], "gains": [[0.5, None], [0.0, 1.0]]}
    lower, upper = relative_interval(**found, stakes=np.ones(2))
    assert lower == 0.5
    assert np.isnan(upper)


def test_stakes_are_of_those_whose_gains_are_recorded():
    def record(**settings):
        return Record("k", {"game": GAME, **settings}, "done")

    stakes = build_game(GAME).stakes
    assert record_stakes(record()).tolist() == stakes.tolist()
    assert record_stakes(record(movers="turns")).tolist() == stakes.tolist()
    assert record_stakes(record(movers="one")).tolist() == [pytest.approx(stakes[0])]
