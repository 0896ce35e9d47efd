"""Full revelation is an equilibrium (Theorem 4): a code lets few signals carry it.

Each optimal action gets one word, a joint signal. If any two words differ in at least two places, the other
senders' signals name the word, so that nobody can pass off one action as another.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.game import MAX_SIGNALS, Game
from persuasion.model.policies import no_revelation, optimal_action_by_state
from persuasion.model.restrictions import read_counts

Code = Callable[[int, int, Any], np.ndarray]


def full_revelation(game: Game) -> np.ndarray:
    r"""The equilibrium of Theorem 4: the joint signal reveals the receiver's optimal action.

    Each optimal action gets a word of the parity code :math:`\{s:\sum_i s_i\equiv0 \bmod |S|\}`. Any two words
    differ in at least two places, so no sender can pass off one action as another. The words are those of the
    senders that choose; what the others report then changes no action. Returns ``(senders, states, signals)``.

    Raises ``ValueError`` if a state has several optimal actions, or (with the number needed) if there
    are too few signals.

    >>> game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]] * 2, signals=2)
    >>> full_revelation(game)[0].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return revelation_by_code(game, parity_code)


def revelation_by_code(game: Game, code: Code) -> np.ndarray:
    """Every sender that chooses sends its digit of the word of the state's optimal action.

    ``code(words, senders, signals)`` returns ``(words, senders)`` digits, ``signals`` a number, or a list if
    they differ. Returns ``(senders, states, signals)``; raises ``ValueError`` as :func:`full_revelation`.
    """
    actions, word_of_state = np.unique(optimal_action_by_state(game), return_inverse=True)
    choosing = game.choosing
    counts = [game.counts[i] for i in choosing]
    if math.prod(counts) // max(counts) < len(actions):
        needed = signals_needed(len(actions), len(choosing))
        raise ValueError(
            f"revealing {len(actions)} optimal actions against unilateral deviations needs "
            f"{needed} signals with {len(choosing)} senders, the game has {_listed(counts)}"
        )
    policies = no_revelation(game)
    words = code(len(actions), len(choosing), counts if len(set(counts)) > 1 else counts[0])
    policies[choosing] = np.eye(game.signals)[words[word_of_state]].transpose(1, 0, 2)
    return policies


def signals_needed(actions: int, senders: int) -> int:
    """Least ``|S|`` with ``|S|**(senders - 1) >= actions`` (Theorem 4); raises for a lone sender."""
    if actions > 1 and senders < 2:
        raise ValueError("full revelation as an equilibrium needs at least two senders")
    return next(signals for signals in itertools.count(1) if signals ** (senders - 1) >= actions)


def parity_code(words: int, senders: int, signals: int | Sequence[int]) -> np.ndarray:
    """The first ``words`` strings over ``range(signals)`` with digit sum 0 mod ``signals``.

    Returns ``(words, senders)``; the first ``senders - 1`` digits count up, the last is the check digit. With a
    list, sender ``i``'s digits are below ``signals[i]``, the sum counts mod the largest of these, and the last
    sender that has so many signals has the check digit: two words that differ in one other digit differ there.

    Raises ``ValueError`` if there are fewer words, or not as many numbers of signals as senders.
    """
    words, senders = whole_number("words", words), whole_number("senders", senders, 1)
    counts = read_counts(signals, senders, MAX_SIGNALS)
    check = len(counts) - 1 - int(np.argmax(counts[::-1]))
    bases = np.delete(np.array(counts), check)
    if words > (most := math.prod(bases.tolist())):
        raise ValueError(f"the parity code has {most} words, {words} are needed")
    places = np.concatenate([[1], np.cumprod(bases.astype(float))])[:-1]
    digits = (np.arange(words)[:, None] // places % bases).astype(int)
    return np.insert(digits, check, -digits.sum(1) % counts[check], axis=1)


def _listed(counts: list[int]) -> str:
    return str(counts[0]) if len(set(counts)) == 1 else ", ".join(map(str, counts))
