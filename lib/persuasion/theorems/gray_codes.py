r"""Which code full revelation may use, and the check of Theorem 4 with any of them.

The paper takes the words from a Gray code (Guan, 1998), as we read it every :math:`|S|`-th string. That depends on
which Gray code is meant:

>>> reflected_code(3, senders=2, signals=3).tolist()
[[0, 0], [1, 2], [2, 0]]
>>> modular_code(3, senders=2, signals=3).tolist()
[[0, 0], [1, 2], [2, 1]]
>>> minimum_distance(reflected_code(3, 2, 3)), minimum_distance(modular_code(3, 2, 3))
(1, 2)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from persuasion.model.game import Game
from persuasion.model.policies import optimal_action_by_state
from persuasion.model.simulate import receiver_utility, sender_utilities
from persuasion.regret.best_response import best_response
from persuasion.theorems.full_revelation import parity_code, signals_needed

Code = Callable[[int, int, int], np.ndarray]


class ClaimRefuted(AssertionError):
    """A theorem's claim does not hold on the instance at hand; the message says how."""


def reflected_gray_code(signals: int, length: int) -> np.ndarray:
    """The reflected Gray code: ``(signals ** length, length)`` strings, one digit changing by 1 a step.

    The code for one digit less is written forwards behind digit 0, backwards behind 1, and so on.
    """
    code = np.zeros((1, 0), dtype=int)
    for _ in range(length):
        blocks = [code[::-1] if digit % 2 else code for digit in range(signals)]
        digits = np.repeat(np.arange(signals), len(code))
        code = np.column_stack([digits, np.vstack(blocks)])
    return code


def modular_gray_code(signals: int, length: int) -> np.ndarray:
    """The modular Gray code: ``(signals ** length, length)`` strings, one digit rising by 1 mod ``signals``.

    Digit ``j`` is the difference of two neighbouring base-``signals`` digits of the position.
    """
    places = signals ** np.arange(length)[::-1]
    digits = np.arange(signals**length)[:, None] // places % signals
    before = np.column_stack([np.zeros(len(digits), dtype=int), digits[:, :-1]])
    return (digits - before) % signals


def reflected_code(words: int, senders: int, signals: int) -> np.ndarray:
    """The first ``words`` of every ``signals``-th string of the reflected Gray code, ``(words, senders)``."""
    return _every_signalth(reflected_gray_code(signals, senders), words, signals)


def modular_code(words: int, senders: int, signals: int) -> np.ndarray:
    """The first ``words`` of every ``signals``-th string of the modular Gray code, ``(words, senders)``.

    Every step adds 1 to the digit sum, so these are strings of digit sum 0 mod ``signals``: the parity
    code in another order, any two at distance 2 or more.
    """
    return _every_signalth(modular_gray_code(signals, senders), words, signals)


def _every_signalth(code: np.ndarray, words: int, signals: int) -> np.ndarray:
    chosen = code[::signals]
    if words > len(chosen):
        raise ValueError(f"one string in {signals} gives {len(chosen)} words, {words} are needed")
    return chosen[:words]


def minimum_distance(words: np.ndarray) -> int:
    """Least number of places in which two of the words ``(words, senders)`` differ (Hamming, 1950).

    Raises ``ValueError`` for fewer than two words.
    """
    if len(words) < 2:
        raise ValueError("a distance needs at least two words")
    distances = (words[:, None] != words[None]).sum(-1)
    return int(distances[np.triu_indices(len(words), 1)].min())


def revelation_by_code(game: Game, code: Code = parity_code) -> np.ndarray:
    """Every sender sends its digit of the word of the state's optimal action.

    ``code(words, senders, signals)`` returns ``(words, senders)`` digits. With the parity code this is
    ``full_revelation``. Returns ``(senders, states, signals)``.

    Raises ``ValueError`` if a state has several optimal actions, or there are too few signals.
    """
    actions, word_of_state = np.unique(optimal_action_by_state(game), return_inverse=True)
    needed = signals_needed(len(actions), game.shape.senders)
    if game.signals < needed:
        raise ValueError(
            f"{len(actions)} words at distance 2 need {needed} signals, game has {game.signals}"
        )
    words = code(len(actions), game.shape.senders, game.shape.signals)
    return np.eye(game.signals)[words[word_of_state]].transpose(1, 0, 2)


def best_gains(game: Game, policies: np.ndarray) -> np.ndarray:
    """What each sender gains at most by an exact global best response, ``(senders,)``.

    Uses proven upper bounds, with ties in the deviator's favour: no tie rule and no policy gains more.
    """
    standard = game.standard
    now = sender_utilities(standard, policies)
    best = [best_response(standard, policies, sender).upper_bound for sender in range(len(now))]
    return np.asarray((np.array(best) - now) * game.stakes)


def check_revelation(game: Game, code: Code = parity_code, tolerance: float = 1e-7) -> float:
    """Theorem 4 on one game: the code reveals the optimal action, and no sender gains by deviating.

    Returns the largest gain over the senders, as a share of the sender's own stake; solver tolerances
    make it differ from 0. Raises :class:`ClaimRefuted` where either half of the claim fails.
    """
    policies = revelation_by_code(game, code)
    standard = game.standard  # in which the informed receiver gets 0
    if receiver_utility(standard, policies) < -tolerance:
        raise ClaimRefuted("the joint signal does not reveal the receiver's optimal action")
    gains = best_gains(standard, policies)
    if gains.max() > tolerance:
        raise ClaimRefuted(
            f"sender {int(gains.argmax())} gains {gains.max():.3g} of its stake by deviating"
        )
    return float(gains.max())
