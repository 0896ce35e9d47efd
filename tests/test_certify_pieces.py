"""Certificates, what whole searches leave open: the pieces one by one, with a clock that the test moves."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

from persuasion.certify import search
from persuasion.certify.box import linear_range, policy_box


class Clock:
    """Stands still unless moved."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in ("search", "bracket", "climb", "decomposition", "mixed", "profile", "local"):
        # the package persuasion.certify hides behind the function of that name
        monkeypatch.setattr(import_module(f"persuasion.certify.{module}"), "time", clock)
    return clock


# --- the box


def test_the_box_is_what_radius_and_rows_allow():
    box = policy_box(np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]]), 0.1)
    assert pytest.approx(np.array([[0.4, 0.2, 0.1], [0.9, 0, 0]])) == box.lower.T
    assert pytest.approx(np.array([[0.6, 0.4, 0.3], [1, 0.1, 0.1]])) == box.upper.T
    assert box.missing == pytest.approx([0.3, 0.1])
    # with two signals one entry determines the other: 0.95 can rise by 0.05 only, so 0.05 cannot fall by more
    box = policy_box(np.array([[0.95, 0.05]]), 0.2)
    assert pytest.approx(np.array([[0.75, 0]])) == box.lower.T
    assert pytest.approx(np.array([[1, 0.25]])) == box.upper.T


def test_unit_coordinates_go_there_and_back():
    policy = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]])
    box = policy_box(policy, 0.1)
    assert box.unpack(box.pack(policy)) == pytest.approx(policy)
    assert box.pack(policy + 1) == pytest.approx(np.ones(6))
    assert box.pack(policy - 1) == pytest.approx(np.zeros(6))
    still = policy_box(np.array([[1.0]]), 0.1)  # one signal: nothing can move
    assert still.pack(np.array([[1.0]])) == pytest.approx([0])


def test_the_range_of_a_row_is_reached_at_corners():
    random = np.random.default_rng(0)
    box = policy_box(random.dirichlet(np.ones(3), size=4), 0.1)
    rows = random.normal(size=(5, 4))
    least, most = linear_range(rows, box)
    for signal in range(3):
        lower, upper = box.lower[signal], box.upper[signal]
        assert least[:, signal] == pytest.approx((rows * np.where(rows > 0, lower, upper)).sum(1))
        assert most[:, signal] == pytest.approx((rows * np.where(rows > 0, upper, lower)).sum(1))


# --- how the search spends its time


@pytest.mark.parametrize(
    ("elapsed", "seconds", "expected"),
    [
        (0.0, 50.0 / 16, 4 * 30),  # exactly four times as many would just end in time
        (0.0, 0.1, 4 * 30),  # never more than four times
        (0.0, 50.0 / 4, 2 * 30),
        (30.0, 5.0, 2 * 30),
        (0.0, 50.0 / 1.3**2 * 0.999, np.sqrt(50 / (50 / 1.3**2 * 0.999)) * 30),
        (0.0, 50.0 / 1.3**2 * 1.001, None),  # too little is gained
        (60.0, 1.0, None),  # half the time is over
    ],
)
def test_the_next_relaxation_is_as_large_as_time_allows(clock, elapsed, seconds, expected):
    started = object.__new__(search.Search)
    started.program, started.everything = SimpleNamespace(count=30), np.array([200, 300])
    started.started, started.deadline, started.seconds = 100.0, 200.0, seconds
    clock.now = 100.0 + elapsed
    assert started.next_size() == (None if expected is None else pytest.approx(expected))


def test_no_relaxation_is_larger_than_everything(clock):
    started = object.__new__(search.Search)
    started.started, started.deadline, started.seconds = 100.0, 200.0, 1.0
    started.everything = np.array([10, 20])
    started.program = SimpleNamespace(count=30)
    assert started.next_size() is None
    started.program = SimpleNamespace(count=29)
    assert started.next_size() == pytest.approx(4 * 29)
