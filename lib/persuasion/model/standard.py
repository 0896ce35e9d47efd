r"""A game without units: what every function that decides something works on.

Replacing the receiver's utility by :math:`\alpha u(a,\omega)+\beta(\omega)` and a sender's by
:math:`\alpha_iv_i(a,\omega)+\beta_i(\omega)` changes no choice of anybody (but for ties by welfare, which adds
utilities up). So the solvers see the *standard game*:
in every state the receiver's best action pays 0, and a sender's utility runs from 0 to 1, the unit being the
sender's *stake*: the largest difference that the receiver's action can make to it in some state, among the outcomes
that can happen. Tolerances and relative regrets are shares of stakes, sender by sender.

>>> from persuasion import Game
>>> game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[5, 9], [5, 9]]], signals=2)
>>> game.standard.receiver.tolist(), game.standard.senders.tolist(), game.stakes.tolist()
([[0.0, -1.0], [-1.0, 0.0]], [[[0.0, 1.0], [0.0, 1.0]]], [4.0])
"""

from fractions import Fraction
from functools import partial
from operator import attrgetter

import numpy as np

from persuasion.model.game import Game
from persuasion.model.tolerances import CLEAR, TIE_TOLERANCE

# differences of so many units in the last place of the numbers that they come from are none
ROUNDING = 4 * np.finfo(float).eps
# smaller differences, as a share of the payoffs, are wrong by as much as decides a tie
FAINT = 4 * np.finfo(float).eps / TIE_TOLERANCE
# decimals of so many digits are told apart by double precision
DIGITS = np.finfo(float).precision
# coarsest rounding of a payoff, as a share of the differences in its state, that is not refused
COARSEST = 1e-6
WITNESSES = 1000
CONCENTRATIONS = (0.1, 1.0)
# how far below the others, in the receiver's units, the payoffs of actions that are never taken are cut off
CUT = 2.0**30


class StandardGame(Game):
    """The standard form of ``source``; a :class:`persuasion.Game` itself, whose standard form it is.

    Attributes
    ----------
    source : the game in the user's units
    possible : (states, actions) whether the outcome can happen: False in states of probability 0, and where the
        receiver has something better whatever it believes
    welfare : (states, actions) the sum of the senders' utilities in the user's units, up to a constant per state
        and a factor
    source_units, source_offsets : (senders,) what 1 and 0 of a sender's utility here are in the user's units
    source_receiver_unit : what 1 of the receiver's utility here is in the user's units

    Its own stakes and receiver's unit are 1, its offsets 0.
    """

    source: Game
    possible: np.ndarray
    welfare: np.ndarray
    source_units: np.ndarray
    source_offsets: np.ndarray
    source_receiver_unit: float

    def __init__(self, source: Game) -> None:
        put = partial(object.__setattr__, self)
        occurs = source.prior > 0
        centred = _centred(source.receiver, occurs)
        possible = possible_outcomes(centred, occurs)
        receiver, unit = _scaled(centred, possible)
        _refuse_coarse("receiver", source.receiver, possible)
        senders, floors, stakes = [], [], []
        for sender, utilities in enumerate(source.senders):
            _refuse_coarse(f"senders[{sender}]", utilities, possible)
            above, floor = _above_floor(_levelled(utilities), possible)
            stakes.append(above.max())
            floors.append(floor)
            senders.append(above / (stakes[-1] or 1.0))
        put("source_units", np.where(np.array(stakes) > 0, stakes, 1.0))
        weights = self.source_units / self.source_units.max()
        welfare = np.tensordot(weights, senders, 1)
        sizes = welfare + np.abs(source.senders / self.source_units.max()).sum(0)
        put("welfare", _levelled(welfare, np.where(possible, sizes, 0.0)))
        put("source_offsets", np.array(floors) @ source.prior)
        put("source", source)
        put("possible", possible)
        put("source_receiver_unit", unit)
        super().__init__(
            source.prior, receiver, senders, source.counts, source.name, source.names, source.fixed
        )
        put("standard", self)
        put("stakes", np.ones(len(senders)))
        put("offsets", np.zeros(len(senders)))
        put("receiver_unit", 1.0)

    def __reduce__(self) -> tuple:
        return (attrgetter("standard"), (self.source,))


def possible_outcomes(receiver: np.ndarray, occurs: np.ndarray) -> np.ndarray:
    """Outcomes ``(states, actions)`` that can happen, for utilities of that shape and states that may ``occur``.

    An action that is optimal at some belief in the interior can meet every state. For any other one, a mixture of
    actions is sought that in every state is clearly better or, action by action, the same: where it is better the
    action is not taken. A mixture that ties with it in some state rules nothing out: next to that state
    the receiver may take the action within the tolerance for ties, with a small probability of the others.
    """
    u = receiver[occurs]
    possible = np.ones(u.shape, bool)
    for action in np.flatnonzero(~_optimal_somewhere(u)).tolist():
        possible[:, action] = ~_beaten(u, action)
    result = np.zeros(receiver.shape, bool)
    result[occurs] = possible
    return result


def _optimal_somewhere(u: np.ndarray) -> np.ndarray:
    """Actions that are best at one of many beliefs in the interior of the simplex."""
    generator = np.random.default_rng(0)
    beliefs = [generator.dirichlet(np.full(len(u), c), WITNESSES) for c in CONCENTRATIONS]
    inside = np.vstack([np.full((1, len(u)), 1 / len(u)), *beliefs])
    # nearer to the border, rounding makes ties of what is worse
    values = inside[(inside > CLEAR).all(1)] @ (u - u.max(1, keepdims=True))
    return np.bincount(values.argmax(1), minlength=u.shape[1]) > 0


def _beaten(u: np.ndarray, action: int) -> np.ndarray:
    """States in which some mixture beats ``action``, being nowhere worse."""
    lead = u - u[:, [action]]
    pure = (lead >= 0).all(0)
    beaten = (lead[:, pure] > 0).any(1)
    if beaten.all():
        return np.asarray(beaten)
    mixture = _mixture(lead)
    net = (lead - TIE_TOLERANCE * np.abs(lead)) @ mixture
    return np.asarray(beaten | ((net > 0) & (net >= 0).all()))


def _mixture(lead: np.ndarray) -> np.ndarray:
    """Weights of actions whose mean lead is nowhere negative, and clear in as many states as possible.

    What is maximised is cut off at 1 in every state and the weights may grow, so that it counts states.
    """
    from scipy.optimize import linprog

    states, actions = lead.shape
    # every action and every state in a unit of its own: a forbidden action must not drown the others
    size = np.abs(lead).max(0)
    size = np.where(size > 0, size, 1.0)
    unit = np.abs(lead / size).max(1, keepdims=True)
    rows = (lead - CLEAR * np.abs(lead)) / size / np.where(unit > 0, unit, 1.0)
    found = linprog(
        np.append(np.zeros(actions), -np.ones(states)),
        A_ub=np.hstack([-rows, np.eye(states)]),
        b_ub=np.zeros(states),
        bounds=[(0, 1 / CLEAR)] * actions + [(0, 1)] * states,
    )
    if found.x is None:
        return np.zeros(actions)
    weights = np.maximum(found.x[:actions], 0.0) / size
    return np.asarray(weights / (weights.sum() or 1.0))


def _centred(utilities: np.ndarray, occurs: np.ndarray) -> np.ndarray:
    """Zero for the best action of every state; payoffs that only rounding sets apart made equal."""
    best = utilities.max(1, keepdims=True)
    with np.errstate(over="ignore"):
        return np.where(occurs[:, None], _less(_levelled(utilities), best), 0.0)


def _levelled(utilities: np.ndarray, sizes: np.ndarray | None = None) -> np.ndarray:
    """Payoffs ``(states, actions)``, of which neighbours in a state that only rounding sets apart are made equal.

    ``sizes`` are those of the numbers that a payoff was made of, if it was not given.
    """
    order = np.argsort(-utilities, axis=1)
    falling = np.take_along_axis(utilities, order, 1)
    size = np.take_along_axis(np.abs(utilities) if sizes is None else sizes, order, 1)[:, 1:]
    with np.errstate(over="ignore"):
        apart = falling[:, :-1] - falling[:, 1:] > ROUNDING * size
    leader = np.pad(np.where(apart, np.arange(1, falling.shape[1]), 0), ((0, 0), (1, 0)))
    level = np.take_along_axis(falling, np.maximum.accumulate(leader, axis=1), 1)
    result = np.empty(utilities.shape)
    np.put_along_axis(result, order, level, 1)
    return result


def _less(payoffs: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Payoffs less others, of a shape that fits; a faint difference is that of what they are written as."""
    difference = payoffs - others
    faint = (difference != 0) & (np.abs(difference) <= FAINT * np.abs(payoffs))
    pairs = zip(payoffs[faint], np.broadcast_to(others, payoffs.shape)[faint])
    difference[faint] = [float(_written(one) - _written(other)) for one, other in pairs]
    return difference


def _written(payoff: float) -> Fraction:
    """The decimal of few digits that reads as the payoff, or else the payoff itself."""
    text = f"{payoff:.{DIGITS}g}"
    return Fraction(text if float(text) == payoff else float(payoff))


def _scaled(centred: np.ndarray, possible: np.ndarray) -> tuple[np.ndarray, float]:
    """In units of a power of two near the largest loss of an action that can be taken, and that unit.

    What an action that is never taken pays is cut off far below the others: it stays what it is.
    """
    floor = centred[:, possible.any(0)].min(1, keepdims=True)
    largest = -float(floor.min()) or -float(centred.min()) or 1.0
    if not np.isfinite(largest):
        raise ValueError("receiver's payoffs differ by more than double precision can hold")
    unit = float(np.ldexp(1.0, np.frexp(largest)[1] - 1))
    return np.maximum(centred / unit, floor / unit - CUT), unit


def _above_floor(utilities: np.ndarray, possible: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a sender gets above the least that can happen in the state, 0 for what cannot; and that least."""
    occurs = possible.any(1)
    floor = np.where(possible, utilities, np.inf).min(1)
    floor = np.where(occurs, floor, 0.0)
    with np.errstate(over="ignore"):
        above = np.where(possible, _less(utilities, floor[:, None]), 0.0)
    if not np.isfinite(above).all():
        raise ValueError("a sender's payoffs differ by more than double precision can hold")
    return above, floor


def _refuse_coarse(name: str, utilities: np.ndarray, possible: np.ndarray) -> None:
    """``ValueError`` where rounding of large payoffs blurs the differences that decide."""
    for state in np.flatnonzero(possible.any(1)).tolist():
        values = utilities[state, possible[state]]
        spread, largest = np.ptp(values), np.abs(values).max()
        blurred = np.finfo(float).eps * largest > COARSEST * spread
        if blurred and spread > ROUNDING * largest:
            raise ValueError(
                f"{name}: in state {state} payoffs differ by {spread:.3g} around {largest:.3g}, too little for "
                "double precision to tell them apart reliably; subtract a constant from that state's payoffs, "
                "which changes nothing else"
            )
