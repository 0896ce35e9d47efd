"""The table of the box solver's parts, by hand and on what was measured."""

import importlib
import json
import sys
from pathlib import Path

import pytest

from study.figures.solver_parts import openings_frame, parts_table

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
WHOLE = [0.2, 0.2, 1.0]
CASES = [
    {
        "kind": "random", "name": "a", "radius": 1.0,
        "found": {"whole": WHOLE, "folds": [0.1, 0.3, 4.0], "naive program": WHOLE},
    },
    {
        "kind": "verification", "name": "b", "radius": 0.5,
        "found": {
            "whole": [0.1, 0.5, 1.0], "folds": None, "openings": [0.0, 0.5, 1.0],
            "naive program": [0.1, 0.2, 9.0],
        },
    },
]  # fmt: skip


def test_the_parts_by_hand():
    whole, folds, openings, naive = parts_table(CASES).to_dict("records")
    assert whole == {
        "without": "nothing", "used on": 2, "closed": 1, "wider": 0, "narrower": 0, "smaller gain": 0,
        "time": "1.00",
    }  # fmt: skip
    assert folds["used on"] == openings["used on"] == 1
    assert (folds["closed"], folds["wider"], folds["smaller gain"]) == (0, 1, 1)
    assert folds["time"] == "2.00", "a geometric mean, with the whole solver where it is not used"
    assert (openings["wider"], openings["smaller gain"]) == (1, 1)
    assert (naive["narrower"], naive["time"]) == (1, "3.00")
    assert openings_frame(CASES).to_numpy().tolist() == [["b", 0.5, 0.0, 0.1, 0.5]]


def test_a_bound_below_a_gain_is_refused():
    found = {"whole": WHOLE, "folds": [0.1, 0.15, 1.0], "naive program": WHOLE}
    with pytest.raises(ArithmeticError, match="the bound of 'folds' is below a gain"):
        parts_table([{"kind": "random", "name": "a", "radius": 1.0, "found": found}])


def test_every_case_is_kept_once_it_is_measured(tmp_path, monkeypatch):
    """In a fresh clone there is no folder for it yet; a run that breaks off has what was before."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    ablation = importlib.import_module("ablation")
    example = next(ablation.others())
    monkeypatch.setattr(ablation, "TARGET", tmp_path / "_build" / "ablation.json")
    monkeypatch.setattr(ablation, "cases", lambda: [example, None])
    monkeypatch.setattr(sys, "argv", ["ablation.py"])
    with pytest.raises(AttributeError):
        ablation.main()
    (kept,) = json.loads(ablation.TARGET.read_text(encoding="utf-8"))["cases"]
    assert kept["name"] == example.name
    assert {"whole", "naive program"} <= set(kept["found"])


def test_what_was_measured_contradicts_itself_nowhere():
    cases = json.loads((BENCHMARKS / "ablation.json").read_text(encoding="utf-8"))["cases"]
    table = parts_table(cases)
    assert table["used on"].iloc[0] == len(cases) >= 60
    assert len(openings_frame(cases)) >= 10
