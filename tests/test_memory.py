"""Games whose exact best responses would not fit into memory are refused before anything is computed."""

import tracemalloc

import numpy as np
import pytest

from persuasion import Game, best_response, local_best_response, solve, uniform_policies
from persuasion.__main__ import main
from persuasion.games.examples import EXAMPLES, example
from persuasion.model.memory import LIMIT, TABLE, best_response_memory
from persuasion.model.ties import TieRule
from persuasion.own_game import check_size
from persuasion.regret.problem import make_problem


def many_actions(actions, states=2, signals=2):
    random = np.random.default_rng(0)
    prior = np.full(states, 1 / states)
    return Game(
        prior, random.random((states, actions)), random.random((2, states, actions)), signals
    )


@pytest.mark.parametrize("actions", [1000, 3000])
def test_games_with_very_many_actions_are_refused_with_sizes_and_limit(actions, tmp_path, capsys):
    game = many_actions(actions)
    policies = uniform_policies(game, seed=0)
    message = f"comparing {actions:,} actions .* at 2 joint signals .* in 2 states .* limit is 4 GB"
    for attempt in (
        lambda: best_response(game, policies, 0),
        lambda: local_best_response(game, policies, 0, 0.01),
        lambda: solve(game),
    ):
        with pytest.raises(ValueError, match=message):
            attempt()
    game.to_json(tmp_path / "game.json")
    assert main(["solve", str(tmp_path / "game.json")]) == 2
    assert f"{actions:,} actions" in capsys.readouterr().err
    assert not (tmp_path / "game-solution").exists()


def test_usual_games_are_not_refused():
    for name in EXAMPLES:
        check_size(example(name))
    check_size(many_actions(700))
    check_size(many_actions(10, 10, 10))


@pytest.mark.parametrize(
    ("actions", "states", "signals"), [(100, 4, 10), (30, 20, 40), (300, 2, 2)]
)
def test_the_tables_take_no_more_than_foreseen_and_not_far_less(actions, states, signals):
    game = many_actions(actions, states, signals)
    policies = uniform_policies(game, seed=0)
    tracemalloc.start()
    make_problem(game, policies, 0, TieRule.parse("lowest-index"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    foreseen = TABLE * signals * actions**2 * states
    assert foreseen / 4 < peak < 1.2 * foreseen
    assert best_response_memory(signals, game.shape) > foreseen
    assert best_response_memory(signals, game.shape) < LIMIT
