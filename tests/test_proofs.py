"""What ``make proofs`` hands to the SMT solver: true statements are proved, false variants refuted."""

import dataclasses
import json
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def proofs(monkeypatch):
    pytest.importorskip("z3")
    monkeypatch.syspath_prepend(ROOT / "proofs")
    import statements

    import run

    return run, statements


def test_small_statements_are_proved_and_false_ones_refuted(proofs):
    run, statements = proofs
    found = [*statements.verification(nx.path_graph(3)), *statements.reduction(2)]
    assert {run.prove(statement, 20)["result"] for statement in found} == {"proved"}
    claims = {statement.says: statement for statement in found}
    lead = claims["with a lead it earns at most the independence number"]
    kept = [premise for premise in lead.premises if "w <= K" not in str(premise)]
    assert len(kept) == len(lead.premises) - 1
    weaker = dataclasses.replace(lead, premises=tuple(kept))
    assert run.prove(weaker, 20)["result"] == "refuted"
    alone = claims["off the lure, no other receiver's part is worth as much as nothing"]
    kept = [premise for premise in alone.premises if "M*(N - 1)" not in str(premise)]
    assert len(kept) == len(alone.premises) - 1
    weaker = dataclasses.replace(alone, premises=tuple(kept))
    assert run.prove(weaker, 20)["result"] == "refuted"
    empty = dataclasses.replace(
        lead, premises=(*lead.premises, lead.conclusions[0] != lead.conclusions[0])
    )
    assert run.prove(empty, 20)["result"].startswith("empty")


def test_the_record_is_of_these_statements(proofs):
    _, statements = proofs
    record = json.loads((ROOT / "results/proofs.json").read_text())
    assert not record["dirty"]
    expected = [(s.theorem, s.says, s.size) for s in statements.statements()]
    assert [(r["theorem"], r["says"], r["size"]) for r in record["statements"]] == expected
