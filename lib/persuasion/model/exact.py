r"""The game in rational arithmetic: a reference without rounding, for small instances.

Numbers are ``fractions.Fraction``, held in object arrays of the package's usual shapes, and ties are
exact equalities. :func:`price_bound` proves an upper bound on every best response, so together with
:func:`exact_utilities` it proves that a profile is a Nash equilibrium.

>>> game = RationalGame(["1/2", "1/2"], [[1, 0], [0, 1]], [[[1, 0], [1, 0]]], signals=2)
>>> exact_utilities(game, rationals([[["3/4", "1/4"], ["1/4", "3/4"]]]))
array([Fraction(1, 2)], dtype=object)
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import Any

import numpy as np

from persuasion.model.checks import plain, whole_number
from persuasion.model.game import Game
from persuasion.model.policies import check_policies, joint_weights
from persuasion.model.restrictions import refuse_restrictions
from persuasion.model.ties import LOWEST_INDEX, TieRule


def rationals(values: Any, largest_denominator: int | None = None) -> np.ndarray:
    """An object array of fractions: floats exactly, or rounded to ``largest_denominator``.

    Strings such as ``"1/3"`` are read too. ``ValueError`` for entries that are no finite numbers.
    """
    try:
        array = np.asarray(plain(values), dtype=object)
    except (TypeError, RuntimeError) as error:
        raise ValueError(f"no array of numbers: {error}") from None
    result = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        try:
            number = _fraction(array.item(index))
        except (ValueError, TypeError, OverflowError, ZeroDivisionError):
            raise ValueError(
                f"entry {list(index)} is no rational number: {array[index]!r}"
            ) from None
        if largest_denominator is not None:
            number = number.limit_denominator(largest_denominator)
        result[index] = number
    return result


def _fraction(entry: Any) -> Fraction:
    """The entry as it is; numpy's whole numbers would overflow inside a fraction, its floats are no ``float``."""
    if isinstance(entry, Rational):
        return Fraction(int(entry.numerator), int(entry.denominator))
    return (
        Fraction(*entry.as_integer_ratio()) if isinstance(entry, np.floating) else Fraction(entry)
    )


def rational(name: str, value: Any) -> Fraction:
    """One number as :func:`rationals` reads them; ``ValueError`` names what is none."""
    try:
        return Fraction(rationals(value).item())
    except ValueError:
        raise ValueError(f"{name} must be a rational number, got {value!r:.60}") from None


@dataclass(frozen=True, eq=False)
class RationalGame:
    """A game whose entries are fractions; arguments and shapes as :class:`persuasion.Game`.

    Entries may be anything that :func:`rationals` reads. Raises ``ValueError`` as ``Game`` does.
    """

    prior: np.ndarray
    receiver: np.ndarray
    senders: np.ndarray
    signals: int

    def __post_init__(self) -> None:
        for key in ("prior", "receiver", "senders"):
            object.__setattr__(self, key, rationals(getattr(self, key)))
        self.floats()  # validates

    @classmethod
    def of(cls, game: Game | RationalGame, largest_denominator: int | None = None) -> RationalGame:
        """The game of these floats, exactly, or with denominators of at most this size.

        ``ValueError`` for a game in which senders do not choose or have unequal numbers of signals.
        """
        if isinstance(game, RationalGame):
            return game
        refuse_restrictions(game, "exact arithmetic")
        prior, receiver, senders = (
            rationals(table, largest_denominator)
            for table in (game.prior, game.receiver, game.senders)
        )
        return cls(prior, receiver, senders, game.signals)

    def floats(self) -> Game:
        """The nearest :class:`persuasion.Game`."""
        prior, receiver, senders = (
            table.astype(float) for table in (self.prior, self.receiver, self.senders)
        )
        return Game(prior, receiver, senders, self.signals)


def exact_actions(game: RationalGame, policies: Any, *, ties: Any = LOWEST_INDEX) -> np.ndarray:
    """The receiver's action at every joint signal, ``(signals ** senders,)``, in row-major order."""
    profile = checked_rationals(game, policies)
    return _chosen(game, joint_weights(game, profile), TieRule.parse(ties))


def exact_utilities(game: RationalGame, policies: Any, *, ties: Any = LOWEST_INDEX) -> np.ndarray:
    """Ex-ante utilities of all senders as fractions, ``(senders,)`` (Definition 1).

    ``policies`` is one profile ``(senders, states, signals)``; its rows sum to 1 within 1e-9 and are used
    exactly as given.
    """
    weights = joint_weights(game, checked_rationals(game, policies))
    actions = _chosen(game, weights, TieRule.parse(ties))
    return np.array([(weights * values[:, actions]).sum() for values in game.senders], dtype=object)


def checked_rationals(game: RationalGame, policies: Any) -> np.ndarray:
    """One profile as fractions, checked like ``check_policies`` does."""
    profile = rationals(policies)
    if profile.ndim != 3:
        raise ValueError(f"one profile (senders, states, signals) is needed, got {profile.shape}")
    check_policies(game.floats(), profile.astype(float))
    return profile


def _chosen(game: RationalGame, weights: np.ndarray, ties: TieRule) -> np.ndarray:
    payoffs = weights.T @ game.receiver
    optimal = payoffs == payoffs.max(1, keepdims=True)
    floats = game.floats()
    if (wanted := ties.action_map(floats)) is not None:
        wanted = wanted.ravel()
        agreed = optimal[np.arange(len(wanted)), wanted]
        return np.where(agreed, wanted, optimal.argmax(1))
    if (table := preference(game, ties)) is None:
        return optimal.argmax(1)
    worth = weights.T @ table
    return np.array(
        [max(np.flatnonzero(row), key=lambda a: w[a]) for row, w in zip(optimal, worth)]
    )


def preference(game: RationalGame, ties: TieRule) -> np.ndarray | None:
    """The secondary utility ``(states, actions)`` of a tie rule, as fractions; None if it has none."""
    if ties.preference(game.floats()) is None:
        return None
    return game.senders[ties.sender] if ties.sender is not None else game.senders.sum(0)


def price_bound(game: RationalGame, policies: Any, sender: int, prices: Any) -> Fraction:
    r"""An upper bound on sender ``sender``'s best response, proved by prices; the others' policies given.

    Let :math:`W_{\omega t}=\mu_0(\omega)\pi_{-i}(t\mid\omega)`. A signal sent with probabilities
    :math:`x(\omega)` earns at column :math:`t` the amount
    :math:`\sum_\omega W_{\omega t}x(\omega)v_i(a,\omega)` for an action :math:`a` that is optimal there. If the
    price :math:`\lambda_t\cdot x` covers it on the whole cone of :math:`x` where :math:`a` is optimal, for every
    :math:`t` and :math:`a`, then no policy earns more than :math:`\sum_{t,\omega}\lambda_t(\omega)`, because the
    signals of a policy sum to 1 in each state. This holds under every tie rule and any number of signals.

    Parameters
    ----------
    prices : (columns, states)
        One row per joint signal of the other senders, in row-major order.

    Raises ``ValueError`` for a sender that the game does not have, or a price that does not cover a payoff; names
    the column, the action and the offending direction.
    """
    sender = whole_number("sender", sender, 0, len(game.senders) - 1)
    profile, table = checked_rationals(game, policies), rationals(prices)
    others = np.delete(profile, sender, axis=0)
    columns = joint_weights(game, others).T
    if table.shape != columns.shape:
        raise ValueError(f"prices must have shape {columns.shape}, got {table.shape}")
    positive = rationals(np.eye(len(game.prior)))
    for t, a in itertools.product(range(len(columns)), range(game.receiver.shape[1])):
        surplus = table[t] - columns[t] * game.senders[sender][:, a]
        obey = np.delete(game.receiver[:, [a]] - game.receiver, a, axis=1).T * columns[t]
        for ray in extreme_rays(np.vstack([positive, obey])):
            if surplus @ ray < 0:
                text = ", ".join(map(str, ray))
                raise ValueError(f"column {t}, action {a}: the price is too low at x = ({text})")
    return table.sum()


def extreme_rays(inequalities: np.ndarray) -> list[np.ndarray]:
    """Extreme rays of the pointed cone ``{x: inequalities @ x >= 0}``, each of sum 1; by double description.

    The first ``dimension`` rows must be the non-negativity constraints. Row by row the rays beyond it give way to
    where it cuts the cone's edges, the pairs of rays that no third one shares all their tight rows with (Motzkin
    and others, 1953). For small cones.
    """
    dimension = inequalities.shape[1]
    rays = list(rationals(np.eye(dimension)))
    for count, row in enumerate(inequalities[dimension:], dimension):
        values = [row @ ray for ray in rays]
        tight = [set(np.flatnonzero(inequalities[:count] @ ray == 0).tolist()) for ray in rays]
        edges = [
            (i, j)
            for i, j in itertools.permutations(range(len(rays)), 2)
            if values[i] > 0 > values[j]
            and sum(tight[i] & tight[j] <= other for other in tight) == 2
        ]
        cuts = [values[i] * rays[j] - values[j] * rays[i] for i, j in edges]
        rays = [ray for ray, value in zip(rays, values) if value >= 0] + cuts
    return [ray / ray.sum() for ray in rays]
