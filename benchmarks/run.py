"""Measure ours against naive baselines, in one run on one machine; `make benchmark`.

Prints the ratios and writes ``_build/benchmarks.json``: where they were measured (``machine``), and ``results``, a
list of objects with ``name``, ``baseline_seconds``, ``seconds``, ``ratio`` and what else each benchmark reports.
The book's pages show copies: ``benchmarks/measured.json`` of several parts in one run; ``train.json``,
``rays.json``, ``sampled_check.json`` and ``front_door.json`` of single ones.
"""

import json
import sys
from pathlib import Path

import accelerator
import best_response
import certify
import front_door
import nash
import rays
import sampled_check
import scaling
import simulate
import train
from persuasion.system.own_folder import own_folder
from study.records.provenance import provenance

TARGET = Path(__file__).resolve().parents[1] / "_build" / "benchmarks.json"
BENCHMARKS = {
    "simulate": simulate.run,
    "train": train.run,
    "accelerator": accelerator.run,
    "best-response": best_response.compare,
    "rays": rays.run,
    "sampled-check": sampled_check.run,
    "certify": certify.run,
    "scaling": scaling.run,
    "nash": nash.run,
    "front-door": front_door.run,
}


def main() -> int:
    """Run all benchmarks, or those named on the command line; exit code 2 for an unknown name."""
    names = sys.argv[1:] or list(BENCHMARKS)
    if unknown := sorted(set(names) - set(BENCHMARKS)):
        print(f"unknown benchmarks {unknown}; known: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    own_folder(TARGET.parent)
    results = []
    for name in names:
        found = BENCHMARKS[name]()
        results += found if isinstance(found, list) else [found]
        _write(results)
    for result in results:
        print(f"{result['name']:<24} {result['ratio']:6.2f} times faster than the baseline")
        for key, value in result.items():
            if key not in ("name", "ratio"):
                shown = f"{value:.3g}" if isinstance(value, float) else value
                print(f"    {key.replace('_', ' ')}: {shown}")
    print(f"written: {TARGET}")
    return 0


def _write(results: list[dict]) -> None:
    content = {"machine": provenance("fit"), "results": results}
    TARGET.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
