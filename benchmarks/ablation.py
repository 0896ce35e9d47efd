"""What every part of the box solver is worth: certificates of fixed profiles, with one part at a time switched off.

Of every profile one sender, the one to whom elimination leaves most choices. Parts are replaced from outside, so
that the library has no switches. All variants of a case run in turn, so that a busy machine slows all of
them, and seconds are the processor's, in limits as well. Writes ``_build/ablation.json``; parts named as arguments
are measured and printed only. The book shows ``benchmarks/ablation.json``, a copy.
"""

import functools
import itertools
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import networkx
import numpy as np
import pandas as pd

from certify import Case as Climbed
from certify import profile as climbed
from naive_certificate import plain_gain
from persuasion import Game, certify, full_revelation, uniform_policies
from persuasion.games import synthetic
from persuasion.games.seeded import build_game
from persuasion.model.ties import TieRule
from persuasion.regret import highs
from persuasion.regret.nearby import bracket, hull, search
from persuasion.regret.nearby.box import policy_box
from persuasion.regret.nearby.climb import Climber
from persuasion.regret.nearby.elimination import eliminate, tolerant
from persuasion.regret.problem import Problem, make_problem
from persuasion.system.own_folder import own_folder
from persuasion.theorems.verification import verification_game
from study.records.provenance import provenance
from study.records.results import part_file, read_manifest

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "_build" / "ablation.json"
RESULTS = ROOT / "results" / "paper"
LIMIT = 3.0
BUILT = 100_000  # products from which on the naive program is not built
CLOSED = 1e-6  # of the stake, as in certificates
VERIFICATION = "verification"
# Theorem A's games: one vertex more than the bound is independent, or none is
GRAPHS = {
    "path of 3": networkx.path_graph(3),
    "path of 4": networkx.path_graph(4),
    "star of 4": networkx.star_graph(3),
    "cycle of 5": networkx.cycle_graph(5),
}
# choices left open in a committed profile: elimination settles most others, which tells nothing
LEAST_OPEN = 10


class Case(NamedTuple):
    """A profile, the sender who deviates from it, and what kind of profile it is."""

    kind: str
    name: str
    game: Game
    policies: np.ndarray
    radius: float
    sender: int


class Found(NamedTuple):
    """Ends of the interval, as shares of the stake, and processor seconds."""

    gain: float
    bound: float
    seconds: float

    @property
    def width(self) -> float:
        return self.bound - self.gain


# --- profiles


def cases() -> list[Case]:
    """The same in every run."""
    return [*optimised(), *responses(), *others()]


def case(kind: str, name: str, game: Game, policies: np.ndarray, radius: float) -> tuple[int, Case]:
    """With the sender whom elimination leaves most choices, and how many."""
    policies = policies / policies.sum(-1, keepdims=True)
    left = []
    for sender in range(game.shape.senders):
        problem = make_problem(game, policies, sender, TieRule("sender", sender=sender))
        box = policy_box(problem.own, radius)
        left.append(int((eliminate(tolerant(problem), box).allowed.sum(-1) - 1).sum()))
    return max(left), Case(kind, name, game, policies, radius, int(np.argmax(left)))


def committed(table: str, columns: list[str] | None = None) -> pd.DataFrame:
    """A table of the committed results: of the parts that count, in order of their names."""
    parts = read_manifest(RESULTS)["parts"]
    names = sorted(part["name"] for part in parts if table in part["files"])
    return pd.read_parquet([part_file(RESULTS, table, name) for name in names], columns=columns)


def optimised() -> Iterator[Case]:
    """Where extra-gradient on a DNL or a ReLU network ended, of both synthetic benchmarks."""
    table = committed("profiles")
    table = table[table["policies"].notna() & table["method"].isin(["dnl", "relu"])]
    table = table[table["experiment"].isin(["synthetic", "second"]) & table["states"].between(4, 8)]
    table = table.drop_duplicates(["record", "radius"], keep="last").sample(frac=1, random_state=0)
    for (senders, _, _), group in table.groupby(["senders", "states", "radius"]):
        yield from itertools.islice(
            contested(group, f"optimised, {senders:.0f} senders"), int(8 // senders)
        )


def contested(table: pd.DataFrame, kind: str) -> Iterator[Case]:
    """The profiles of which elimination leaves something."""
    for row in table.itertuples():
        name = (
            f"{row.method} {row.senders:.0f}x{row.states:.0f} {row.record[:8]} radius {row.radius}"
        )
        policies = np.reshape(row.policies, row.shape)
        left, made = case(kind, name, recorded_game(row.record), policies, row.radius)
        if left >= LEAST_OPEN:
            yield made


@functools.cache
def configurations() -> dict[str, str]:
    """Of all committed records."""
    table = committed("records", ["record", "config"])
    return dict(zip(table["record"], table["config"]))


def recorded_game(record: str) -> Game:
    """The game of a committed record."""
    return build_game(json.loads(configurations()[record])["game"])


def responses() -> Iterator[Case]:
    """Where alternating best responses ended, and points of exact gradients."""
    table = committed("arrays")
    table = table[(table["experiment"] == "dynamics") & (table["name"] == "policies")]
    for row in table[table["states"] == 8].itertuples():
        game, policies = recorded_game(row.record), np.reshape(row.values, row.shape)[0]
        name = f"2x8, {game.shape.actions} actions"
        yield case("best responses", name, game, policies, 0.005)[1]
    for senders, size, games in ((2, 6, 1), (2, 8, 3), (2, 10, 1), (4, 4, 1)):
        for seed in range(games):
            game, policies = climbed(Climbed(senders, size, 0.0, games), 300, seed)
            name = f"{senders}x{size} seed {seed}"
            yield case("exact gradients", name, game, policies, 0.005)[1]


def others() -> Iterator[Case]:
    """Random profiles, full revelation, and the profiles of the hardness of verification."""
    for senders, size in ((2, 6), (2, 10), (3, 6), (4, 4)):
        game = synthetic(senders, size, size, size, logit_scale=1.0, seed=7)
        for radius in (0.005, 0.05):
            policies = uniform_policies(game, seed=7)
            yield case("random", f"{senders}x{size} radius {radius}", game, policies, radius)[1]
        yield case("full revelation", f"{senders}x{size}", game, full_revelation(game), 0.01)[1]
    for name, graph in GRAPHS.items():
        largest = independent(graph)
        for bound, radius in ((largest - 1, 0.005), (largest - 1, 0.05), (largest, 0.005)):
            if bound:
                made = verification_game(graph, bound)
                game, policies = made.game.floats(), made.policies.astype(float)
                yield Case(VERIFICATION, f"{name}, bound {bound}", game, policies, radius, 0)


def independent(graph: networkx.Graph) -> int:
    """How many vertices without an edge between them there are at most."""
    return networkx.max_weight_clique(networkx.complement(graph), weight=None)[1]


# --- variants


def nothing(*_: Any) -> None:
    """In place of a step."""


class Part(NamedTuple):
    """The function that is called where the part is used, and what replaces it."""

    used: tuple[Any, str]
    off: list[tuple[Any, str, Any]]


Search = search.Search
PARTS = {
    "elimination": Part((search, "eliminate"), [(search, "eliminate", lambda problem, _: problem)]),
    "folds": Part(
        (bracket, "choose_folded"),
        [(bracket, "choose_folded", lambda _, spread, *__: np.zeros(spread.shape, bool))],
    ),
    "refinement": Part((Search, "refine"), [(Search, "next_size", nothing)]),
    "flips": Part((Climber, "flip"), [(Climber, "flip", nothing)]),
    "rounding": Part((Search, "approach"), [(Search, "approach", nothing)]),
    "openings": Part((Search, "open_signals"), [(Search, "open_signals", nothing)]),
    "lean branching": Part((Search, "branch"), [(hull, "LEAN", {})]),
}
WHOLE, NAIVE = "whole", "naive program"


def patched(replaced: list[tuple[Any, str, Any]]) -> ExitStack:
    """A context in which they are."""
    with ExitStack() as stack:
        for owner, name, replacement in replaced:
            stack.enter_context(patch.object(owner, name, replacement))
        return stack.pop_all()


def counting(calls: set[str]) -> ExitStack:
    """A context that notes the parts that are used."""
    wrapped: dict[tuple[Any, str], list[str]] = {}
    for part, (used, _) in PARTS.items():
        wrapped.setdefault(used, []).append(part)
    return patched(
        [(*used, _noting(getattr(*used), names, calls)) for used, names in wrapped.items()]
    )


def _noting(function: Any, names: list[str], calls: set[str]) -> Any:
    def call(*arguments: Any, **options: Any) -> Any:
        calls.update(names)
        return function(*arguments, **options)

    return call


def all_variants(example: Case, chosen: list[str]) -> dict[str, Found]:
    """The whole solver, without each of the chosen parts that it uses on this case, and the naive program."""
    used: set[str] = set()
    with counting(used):
        found = {WHOLE: solve(example)}
    for part in chosen:
        if part in used:
            with patched(PARTS[part].off):
                found[part] = solve(example)
    rule = TieRule("sender", sender=example.sender)
    problem = make_problem(example.game.standard, example.policies, example.sender, rule)
    found[NAIVE] = naive(problem, example)
    highest = max(entry.gain for entry in found.values())
    short = {name: entry for name, entry in found.items() if entry.bound < highest - 2 * CLOSED}
    assert not short, (example.kind, example.name, highest, short)
    return found


def naive(problem: Problem, example: Case) -> Found:
    """The program that knows no part; one that takes longer to build than to be given up is not built."""
    if problem.signals * problem.gains.size > BUILT:
        own = float(problem.utilities(problem.own[None])[0])
        return Found(0.0, problem.trivial_bound() - own, LIMIT)
    gain, bound, seconds = plain_gain(problem, example.policies, example.radius, LIMIT)
    return Found(max(gain, 0.0), max(bound, 0.0), seconds)


def solve(example: Case) -> Found:
    """The case's interval, with ties in favour of the deviator."""
    start, ties = time.process_time(), f"sender-{example.sender}"
    senders = [example.sender]
    found = certify(
        example.game, example.policies, example.radius, ties=ties, time_limit=LIMIT, senders=senders
    )
    return Found(*found.relative_regret, time.process_time() - start)


def processor_limits() -> ExitStack:
    """A context in which limits are in processor time, those of HiGHS too, whose own clock is the wall's."""
    run = highs.run

    def limited(solver: Any, time_limit: float = np.inf) -> highs.Solution:
        if not len(solver.getLp().integrality_) and solver.getNumNz() < highs.LARGE:
            return run(solver, 10 * time_limit)
        solver.HandleUserInterrupt = True
        ended, until = threading.Event(), time.process_time() + time_limit

        def watch() -> None:
            while not ended.wait(0.02):
                if time.process_time() > until:
                    solver.cancelSolve()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            return run(solver, np.inf)
        finally:
            ended.set()
            thread.join()

    return patched([(time, "perf_counter", time.process_time), (highs, "run", limited)])


def main() -> None:
    """Measure, print, and keep the whole of it."""
    chosen = sys.argv[1:] or list(PARTS)
    own_folder(TARGET.parent)
    examples, measured = cases(), []
    with processor_limits():
        solve(examples[0])  # loads the solvers
        for example in examples:
            found = all_variants(example, chosen)
            described = {name: getattr(example, name) for name in ("kind", "name", "radius")}
            measured.append({**described, "found": found})
            print(json.dumps(measured[-1]), flush=True)
            if len(sys.argv) == 1:
                write(measured)


def write(measured: list[dict[str, Any]]) -> None:
    """Keep what was measured so far."""
    content = {"machine": provenance("certify"), "limit": LIMIT, "cases": measured}
    TARGET.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
