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

import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.game import Game
from persuasion.model.simulate import receiver_utility, sender_utilities
from persuasion.regret.best_response import best_response
from persuasion.theorems.full_revelation import Code, parity_code, revelation_by_code


class ClaimRefuted(AssertionError):
    """A theorem's claim does not hold on the instance at hand; the message says how."""


class ClaimUndecided(RuntimeError):
    """Neither a theorem's claim nor its opposite was proved on the instance at hand, in the time there was."""


def reflected_gray_code(signals: int, length: int) -> np.ndarray:
    """The reflected Gray code: ``(signals ** length, length)`` strings, one digit changing by 1 a step.

    The code for one digit less is written forwards behind digit 0, backwards behind 1, and so on.
    """
    signals, length = whole_number("signals", signals, 1), whole_number("length", length)
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
    signals, length = whole_number("signals", signals, 1), whole_number("length", length)
    places = signals ** np.arange(length)[::-1]
    digits = np.arange(signals**length)[:, None] // places % signals
    return np.diff(digits, axis=1, prepend=0) % signals


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
    words, signals = whole_number("words", words), whole_number("signals", signals, 1)
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


def best_gains(game: Game, policies: np.ndarray) -> np.ndarray:
    """What each sender gains at most by an exact global best response, ``(senders,)``.

    Uses proven upper bounds, with ties in the deviator's favour: no tie rule and no policy gains more.
    """
    return np.asarray(_gains(game, policies)[1] * game.stakes)


def _gains(game: Game, policies: np.ndarray) -> np.ndarray:
    """What each sender gains by the best deviation found, and at most by any, ``(2, senders)`` in own stakes."""
    now = sender_utilities(game.standard, policies)
    found = [best_response(game.standard, policies, sender) for sender in range(len(now))]
    return np.array([[f.value for f in found], [f.upper_bound for f in found]]) - now


def check_revelation(game: Game, code: Code = parity_code, tolerance: float = 1e-7) -> float:
    """Theorem 4 on one game: the code reveals the optimal action, and no sender gains by deviating.

    Returns the largest gain over the senders that no policy exceeds, as a share of the sender's own stake; solver
    tolerances make it differ from 0. Raises :class:`ClaimRefuted` where either half of the claim fails, and
    :class:`ClaimUndecided` where no deviation was found that gains, nor a bound that rules one out.
    """
    policies = revelation_by_code(game, code)
    if receiver_utility(game.standard, policies) < -tolerance:  # the informed receiver gets 0
        raise ClaimRefuted("the joint signal does not reveal the receiver's optimal action")
    least, most = _gains(game, policies)
    if least.max() > tolerance:
        raise ClaimRefuted(
            f"sender {int(least.argmax())} gains {least.max():.3g} of its stake by deviating"
        )
    if most.max() > tolerance:
        raise ClaimUndecided(
            f"sender {int(most.argmax())} may gain up to {most.max():.3g} of its stake by deviating"
        )
    return float(most.max())
