"""Global equilibria: the double oracle beside annealed best responses in turn, and ``solve`` on the examples.

Random games of two senders, as many states, signals and actions, prior logits of scale 1, from a seed of their own.
Counted are games in which a search ends, in 60 seconds on one core, with a proven regret of at most 0.1% of every
sender's own range. The double oracle is not given full revelation as a start; ``share_other`` counts only ends
with another outcome. All limits are in processor time, so that the machine's load does not matter.

``python benchmarks/nash.py 3 20`` measures one size and so many games, without arguments the examples. The book
shows ``nash.json``, in which every row names the commit that it was measured at.
"""

import json
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np

from persuasion import Game, annealed_dynamics, full_revelation, nash, uniform_policies
from persuasion.__main__ import main as persuasion
from persuasion.games import synthetic
from persuasion.games.examples import EXAMPLES, example
from persuasion.model.simulate import outcome_distribution

SIZES, GAMES = (3, 4, 6, 8), 20
TARGETS = {3: 1.0, 4: 0.95, 6: 0.8, 8: 0.4}
SECONDS, REGRET = 60.0, 1e-3
SEED = 2511
STARTS = ("alone", "silence", "random", "random", "random")
SAME_OUTCOME = 5e-3
LARGE = ("quality-advertising", "product-advertising")
SOLVE_LIMIT = 20.0


def run() -> list[dict[str, Any]]:
    """A row per size, and one for ``solve``."""
    return [*(equilibria(size) for size in SIZES), solve_examples()]


def equilibria(size: int, games: int = GAMES) -> dict[str, Any]:
    """Shares of games solved, and median processor seconds a game, by either method."""
    with patch("time.perf_counter", time.process_time):
        cases = [_case(size, index) for index in range(games)]
    ours, baseline = ([case[key] for case in cases] for key in ("seconds", "baseline_seconds"))
    shares = ("share", "share_other", "baseline_share", "better_for_both")
    return {
        "name": f"nash-{size}",
        "baseline_seconds": statistics.median(baseline),
        "seconds": statistics.median(ours),
        "ratio": statistics.median(baseline) / statistics.median(ours),
        "games": games,
        "target": TARGETS.get(size),
        **{key: statistics.mean(case[key] for case in cases) for key in shares},
        "regrets": [case["regret"] for case in cases],
    }


def _case(size: int, index: int) -> dict[str, Any]:
    game = synthetic(2, size, size, size, logit_scale=1.0, seed=[SEED, size, index])
    begin = time.process_time()
    found = nash(game, starts=STARTS, target=REGRET, time_limit=SECONDS)
    seconds = time.process_time() - begin
    proven = [entry for entry in found if entry.relative_regret[1] <= REGRET]
    revealed = outcome_distribution(game, full_revelation(game))
    worth = np.einsum("wa,iwa->i", revealed, game.senders)
    other = [entry for entry in proven if np.abs(entry.outcome - revealed).max() > SAME_OUTCOME]
    begin = time.process_time()
    return {
        "seconds": seconds,
        "share": bool(proven),
        "share_other": bool(other),
        "better_for_both": any((entry.utilities > worth).all() for entry in other),
        "regret": found[0].relative_regret[1],
        "baseline_share": _annealed(game, index),
        "baseline_seconds": time.process_time() - begin,
    }


def _annealed(game: Game, seed: int) -> bool:
    """Whether best responses in turn from a random start end with so little regret in the same time."""
    records = annealed_dynamics(
        game, uniform_policies(game, seed=seed), time_limit=SECONDS / 5, response_limit=SECONDS / 20
    )
    regrets = [record.relative_regret for record in records]
    return any(regret is not None and regret[1] <= REGRET for regret in regrets)


def solve_examples(names: Sequence[str] = tuple(EXAMPLES)) -> dict[str, Any]:
    """The longest processor time of ``solve`` over the examples but the two large; baseline is the limit."""
    rows = {name: _solve(name) for name in names if name not in LARGE}
    longest = max(row["seconds"] for row in rows.values())
    return {
        "name": "solve-examples",
        "baseline_seconds": SOLVE_LIMIT,
        "seconds": longest,
        "ratio": SOLVE_LIMIT / longest,
        "examples": rows,
    }


def _solve(name: str) -> dict[str, Any]:
    with TemporaryDirectory() as folder, patch("time.perf_counter", time.process_time):
        path = Path(folder, "game.json")
        example(name).to_json(path)
        begin = time.process_time()
        with redirect_stdout(sys.stderr):
            persuasion(["solve", str(path), "--quiet"])
        seconds = time.process_time() - begin
        data = json.loads(Path(folder, "game-solution", "solution.json").read_text())
    return {"seconds": seconds, "outcomes": data["outcomes"]}


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    print(json.dumps(equilibria(*arguments) if arguments else solve_examples(), indent=1))
