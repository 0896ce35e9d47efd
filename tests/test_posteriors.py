"""What the receiver learns, against loops over joint signals."""

import numpy as np
import pytest
from hypothesis import given

from persuasion import Game, no_revelation
from persuasion.model.posteriors import likely_joint_signals
from problems import brute_force_utilities, games_with_policies, prosecutor


@given(games_with_policies(max_senders=3))
def test_beliefs_probabilities_and_actions_agree_with_loops(case):
    game, policies = case
    found = likely_joint_signals(game, policies)
    actions = brute_force_utilities(game, policies)[1]
    for signals, probability, posterior, action in zip(*found, strict=True):
        joint = [
            game.prior[state]
            * np.prod([policies[sender, state, s] for sender, s in enumerate(signals)])
            for state in range(game.shape.states)
        ]
        assert probability == pytest.approx(sum(joint))
        np.testing.assert_allclose(posterior, np.array(joint) / sum(joint))
        assert action == actions[tuple(signals)]
    assert found.probabilities.sum() == pytest.approx(1)
    assert (np.diff(found.probabilities) <= 0).all()
    assert (found.probabilities > 0).all()


def test_the_most_probable_come_first_and_no_more_than_asked_for():
    game = prosecutor()
    policies = np.array([[[0.25, 0.75], [0.0, 1.0]]])
    found = likely_joint_signals(game, policies, count=1)
    assert found.signals.tolist() == [[1]]
    assert found.probabilities.tolist() == [pytest.approx(0.825)]


def test_a_table_that_does_not_fit_is_refused_with_its_size():
    game = Game([1.0], [[0.0]], np.zeros((8, 1, 1)), signals=10)
    with pytest.raises(ValueError, match="100,000,000 entries"):
        likely_joint_signals(game, no_revelation(game))


def test_a_batch_is_no_profile():
    game = prosecutor()
    with pytest.raises(ValueError, match="one profile"):
        likely_joint_signals(game, no_revelation(game)[None])
