"""Proves the statements with z3, each within a time limit, and writes what came out: ``make proofs``."""

import argparse
import json
import time
from pathlib import Path

import z3
from statements import Statement, statements

from study.records.provenance import commit

ROOT = Path(__file__).resolve().parents[1]


def prove(statement: Statement, seconds: float) -> dict:
    """Whether the negation of every conclusion is unsatisfiable: ``proved``, ``refuted`` or ``took too long``."""
    begin = time.process_time()
    results = set()
    for conclusion in statement.conclusions:
        solver = z3.SolverFor("QF_NRA")
        solver.set("timeout", int(1000 * seconds))
        solver.add(*statement.premises, z3.Not(conclusion))
        results.add(str(solver.check()))
    satisfiable = z3.SolverFor("QF_NRA")
    satisfiable.set("timeout", int(1000 * seconds))
    satisfiable.add(*statement.premises)
    found = "proved" if results == {"unsat"} else "refuted" if "sat" in results else "took too long"
    if satisfiable.check() == z3.unsat:
        found = "empty: nothing meets the premises"
    return {
        "theorem": statement.theorem,
        "says": statement.says,
        "size": statement.size,
        "result": found,
        "seconds": round(time.process_time() - begin, 2),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="limit for one query")
    parser.add_argument("--out", type=Path, default=ROOT / "results/proofs.json")
    arguments = parser.parse_args()
    head, dirty = commit()
    rows = []
    for statement in statements():
        rows.append(prove(statement, arguments.seconds))
        print(
            "{theorem:8} {size:12} {result:14} {seconds:7.2f} s  {says}".format(**rows[-1]),
            flush=True,
        )
    record = {
        "commit": head,
        "dirty": dirty,
        "solver": f"z3 {z3.get_version_string()}",
        "seconds_a_query": arguments.seconds,
        "statements": rows,
    }
    arguments.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if any(row["result"].startswith(("refuted", "empty")) for row in rows):
        raise SystemExit("a statement is refuted")


if __name__ == "__main__":
    main()
