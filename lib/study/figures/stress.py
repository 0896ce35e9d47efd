"""What the stress tests found, as tables; from the file that ``make stress`` writes."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

PARTS = ("determinism", "faults", "input", "numerics", "invariances", "planted", "mutation")
DAMAGED = ("store damaged", "committed results damaged")
KINDS = {
    "reference": "exact evaluations of a game",
    "baseline": "searches without networks",
    "fit": "networks trained",
    "solve": "training, search, selection",
    "didactic": "Figure 1",
}


def read_measured(path: Path) -> dict[str, Any]:
    """The parts of a whole run. ``ValueError`` names a part that is missing."""
    measured = json.loads(path.read_text(encoding="utf-8"))
    if missing := [name for name in PARTS if name not in measured]:
        raise ValueError(f"{path}: lacks {', '.join(missing)}; run make stress")
    return measured


def runs_table(measured: dict[str, Any]) -> pd.DataFrame:
    """When and where each part ran."""
    return pd.DataFrame(
        {
            "part": name,
            "minutes": round(measured[name]["minutes"]),
            "commit": measured[name]["machine"]["commit"][:8],
            "processor": measured[name]["machine"]["processor"],
        }
        for name in measured
    )


def determinism_table(measured: dict[str, Any]) -> pd.DataFrame:
    """Recomputed committed records, per kind of job."""
    names = {"records": "recomputed", "identical": "identical to the bit", "close": "equal to 1e-9"}
    found = {KINDS.get(k, k): v for k, v in measured["determinism"]["found"]["committed"].items()}
    table = _table(found, "record", names | {"failed": "failed"})
    other = table["recomputed"] - table["identical to the bit"] - table["equal to 1e-9"]
    table.insert(4, "other", other)
    return table


def _table(found: dict[str, Any], first: str, names: dict[str, str]) -> pd.DataFrame:
    """A row per entry: what it is called, then its numbers of these names, under new ones."""
    table = pd.DataFrame.from_dict(found, orient="index")[list(names)]
    return table.rename(columns=names).rename_axis(first).reset_index()


def faults_table(measured: dict[str, Any]) -> pd.DataFrame:
    """Faults injected into runs."""
    found = measured["faults"]["found"].items()
    kept = {k: v for k, v in found if isinstance(v, dict) and "survived" in v}
    names = {"faults": "injected", "survived": "survived"}
    return _table(kept, "fault", names | {"lost": "records lost", "wrong": "records wrong"})


def damage_table(measured: dict[str, Any]) -> pd.DataFrame:
    """Flipped bits, cut and removed files."""
    found = {n.removesuffix(" damaged"): measured["faults"]["found"][n] for n in DAMAGED}
    names = {"faults": "times", "named": "error names the file", "harmless": "no effect"}
    names |= {"computed again": "records computed again", "wrong": "wrong record read"}
    return _table(found, "damaged", names)


def input_table(measured: dict[str, Any]) -> pd.DataFrame:
    """Malformed input, by kind."""
    found = measured["input"]["found"]["kinds"]
    return pd.DataFrame(
        {
            "input": kind,
            "tried": counts["inputs"],
            "refused": counts.get("refused"),
            "slowest, ms": round(1000 * counts["slowest"]) if "slowest" in counts else None,
            "failures": len(counts["failures"]),
        }
        for kind, counts in found.items()
    ).astype({"refused": "Int64", "slowest, ms": "Int64"})


def numerics_table(measured: dict[str, Any]) -> pd.DataFrame:
    """Worst errors against exact arithmetic, by family of games."""
    found = measured["numerics"]["found"]
    return pd.DataFrame(
        {
            "games": name,
            "tried": entry["games"],
            **entry["worst"],
            "wrong": entry["outside"],
            "open": entry["open"],
        }
        for name, entry in found.items()
    )


def rays_table(measured: dict[str, Any]) -> pd.DataFrame:
    """Best responses by rays against a reference in fractions and the other methods, by number of states."""
    found = measured["rays"]["found"]
    return pd.DataFrame(
        {
            "states": states,
            "games": entry["games"],
            "with the reference": entry["reference"],
            "the same fraction": entry["as fractions"],
            "optima of other methods": sum(entry["proved"].values()),
            "worst difference": max(entry["worst"].values()),
            "contradictions": len(entry["wrong"]),
        }
        for states, entry in found.items()
    )


def planted_table(measured: dict[str, Any]) -> pd.DataFrame:
    """Planted faults and the file of the test that fails."""
    found = measured["planted"]["found"]
    return pd.DataFrame(
        {"planted": name, "noticed by": test.partition("::")[0] if test else "nobody"}
        for name, test in found.items()
    )


def mutation_table(measured: dict[str, Any]) -> pd.DataFrame:
    """Mutants by part of the library, with a 95% (Wilson) interval for the share that the tests notice."""
    modules = pd.DataFrame.from_dict(measured["mutation"]["found"]["modules"], orient="index")
    parts = modules.groupby(modules.index.str.partition(".").get_level_values(0)).sum()
    parts.loc["all"] = parts.sum()
    return pd.DataFrame(
        {
            "part": part,
            "mutants": counts["mutants"],
            "tried": counts["tried"],
            "killed": counts["killed"],
            "share killed": f"{counts['killed'] / counts['tried']:.1%}",
            "95% interval": _wilson(counts["killed"], counts["tried"]),
        }
        for part, counts in parts.iterrows()
    )


def _wilson(successes: int, tried: int) -> str:
    from scipy import stats

    low, high = stats.binomtest(int(successes), int(tried)).proportion_ci(method="wilson")
    return f"{low:.1%} to {high:.1%}"


def read_reasons(path: Path) -> list[dict[str, Any]]:
    """Why a mutant may live: entries with a ``reason`` and the regular expressions ``which`` it covers."""
    return list(yaml.safe_load(path.read_text(encoding="utf-8")))


def survivors_table(measured: dict[str, Any], reasons: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Every mutant that no test noticed: where, the change, and the first reason that covers it.

    Raises ``ValueError`` naming the mutants that no reason covers.
    """
    rows = [
        {
            "where": f"{mutant['module']}.{mutant['function']}",
            "line": mutant["before"],
            "became": mutant["after"],
            "reason": _reason(mutant, reasons),
        }
        for mutant in measured["mutation"]["found"]["survivors"]
    ]
    if unexplained := [f"{r['where']}: {r['became']}" for r in rows if r["reason"] is None]:
        raise ValueError("no reason for these mutants:\n" + "\n".join(unexplained))
    return pd.DataFrame(rows, columns=["where", "line", "became", "reason"])


def _reason(mutant: dict[str, str], reasons: Sequence[dict[str, Any]]) -> str | None:
    text = f"{mutant['module']}.{mutant['function']}: {mutant['before']} -> {mutant['after']}"
    for entry in reasons:
        if any(re.search(pattern, text, re.DOTALL) for pattern in entry["which"]):
            return str(entry["reason"])
    return None
