"""What a search costs, in programs: time limits reach every one of them, and no mechanism is lost unnoticed."""

import sys

import numpy as np
import pytest

from persuasion import certify, uniform_policies
from persuasion.games import synthetic
from persuasion.regret import highs
from persuasion.regret.best_response import METHODS, best_response

SEEDS = range(3)
SLACK = 1.2  # another processor rounds another way
WIDE = (2, 4, 4, 4)
MANY = (3, 2, 3, 3)
# whose programs are over one region or its interior: they are short
SHORT = "persuasion.regret.anywhere.regions"


def instances(counts):
    for seed in SEEDS:
        game = synthetic(*counts, logit_scale=1.0, seed=seed)
        yield game, uniform_policies(game, seed=seed)


def watched(monkeypatch) -> list[tuple[bool, float]]:
    """Every program that is run from now on: whether it is a short one, and within what time."""
    programs, run = [], highs.run

    def callers():
        frame = sys._getframe(2)
        while frame := frame.f_back:
            yield frame.f_globals["__name__"]

    def watching(solver, time_limit=np.inf):
        programs.append((SHORT in callers(), time_limit))
        return run(solver, time_limit)

    monkeypatch.setattr(highs, "run", watching)
    return programs


@pytest.mark.parametrize("method", [m for m in METHODS if m != "enumerate"])
def test_every_program_of_a_best_response_is_limited(monkeypatch, method):
    programs = watched(monkeypatch)
    for game, policies in instances((2, 3, 3, 3)):
        best_response(game, policies, 0, method=method, time_limit=60.0)
    limits = {limit for short, limit in programs if not short}
    assert 0 < max(limits) <= 60.0


def test_every_program_of_a_certificate_is_limited(monkeypatch):
    programs = watched(monkeypatch)
    for game, policies in instances(WIDE):
        certify(game, policies, radius=0.2, time_limit=60.0)
    assert 0 < max(limit for _, limit in programs) <= 60.0


@pytest.mark.parametrize(
    ("counts", "method", "margin", "most"),
    [
        (MANY, "enumerate", 0.0, 192),
        (MANY, "enumerate", 0.05, 284),
        (WIDE, "column-generation", 0.0, 595),
        (WIDE, "column-generation", 0.05, 628),
        (WIDE, "rays", 0.0, 6),
    ],
)
def test_a_best_response_takes_no_more_programs_than_it_did(
    monkeypatch, counts, method, margin, most
):
    programs = watched(monkeypatch)
    for game, policies in instances(counts):
        best_response(game, policies, 0, method=method, margin=margin)
    assert len(programs) <= SLACK * most


@pytest.mark.parametrize(
    ("counts", "radius", "most"), [(WIDE, 0.2, 389), (WIDE, 0.02, 18), (MANY, 0.2, 29)]
)
def test_a_certificate_takes_no_more_programs_than_it_did(monkeypatch, counts, radius, most):
    programs = watched(monkeypatch)
    for game, policies in instances(counts):
        certify(game, policies, radius=radius)
    assert len(programs) <= SLACK * most
