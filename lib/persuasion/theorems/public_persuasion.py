r"""Public persuasion, and its reduction to a sender's best response (Definition 5, Theorem 3).

In *public persuasion* (Dughmi and Xu, 2017) a sender with prior :math:`\mu` on :math:`\Theta` talks to :math:`m`
receivers at once. At posterior :math:`x`, receiver :math:`j` takes action 1 iff
:math:`\sum_\theta x(\theta)u_j(\theta)\ge0`; the sender earns the share of receivers who do. To approximate the
optimum is NP-hard.

The *reduced game* has a single receiver and two senders. Sender 2's policy is fixed, and its signal
:math:`j` makes the receiver play the part of receiver :math:`j`: a best response of sender 1 is an optimal public
scheme.

>>> instance = PublicPersuasion([0.5, 0.5], [[1, -1], [-0.5, 0.5]])
>>> reduced = reduced_game(instance, mass=0.5, lure=2, penalty=4, loss=1)
>>> reduced.game.shape
GameShape(senders=2, states=4, actions=5, signals=2)
>>> value, scheme = optimal_public_scheme(instance)
>>> round(value, 9), round(reduced.utility(reduced.lift(scheme)), 9)
(1.0, 0.5)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import block_diag, hstack, identity, vstack

from persuasion.model.checks import distributions, real_array
from persuasion.model.game import Game
from persuasion.model.simulate import receiver_actions, sender_utilities
from persuasion.model.tolerances import EQUAL, ROUNDING, TIE_TOLERANCE
from persuasion.regret.highs import LinearProgram, solve
from persuasion.theorems.audience import Audience, lift, reduction

MAX_RECEIVERS = 12
# what the masses of a program add up to: the solver's tolerances are absolute, and then 1e-14 of the whole
TOTAL = 1e5
FAVOUR_SENDER_1 = "sender-0"


@dataclass(frozen=True, eq=False)
class PublicPersuasion:
    r"""A public persuasion problem (Definition 5).

    Parameters
    ----------
    prior : (states,) distribution :math:`\mu`
    differences : (receivers, states) array with entries in [-1, 1]
        :math:`u_j(\theta)`, what receiver ``j`` gains by action 1 over action 0.

    ``ValueError`` names the argument and the entry that is wrong.
    """

    prior: np.ndarray
    differences: np.ndarray

    def __post_init__(self) -> None:
        prior = distributions("prior", self.prior, 1)
        differences = real_array("differences", self.differences, 2)
        if differences.shape[1] != len(prior):
            raise ValueError(
                f"differences must have shape (receivers, {len(prior)}), got {differences.shape}"
            )
        if not (np.abs(differences) <= 1).all():
            where = np.argwhere(~(np.abs(differences) <= 1))[0].tolist()
            raise ValueError(f"differences must lie in [-1, 1], see entry {where}")
        object.__setattr__(self, "prior", prior)
        object.__setattr__(self, "differences", differences)

    @property
    def receivers(self) -> int:
        """How many receivers there are, :math:`m`."""
        return len(self.differences)

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.prior)

    @property
    def audience(self) -> Audience:
        """The same in general terms: equal weights, two actions, and the sender counts who acts."""
        acts = np.column_stack([np.zeros(self.states), np.ones(self.states)])
        utilities = [np.column_stack([np.zeros(self.states), row]) for row in self.differences]
        shares = np.full(self.receivers, 1 / self.receivers)
        return Audience(self.prior, shares, utilities, [acts] * self.receivers)


def public_utility(instance: PublicPersuasion, scheme: ArrayLike) -> float:
    """The sender's utility, between 0 and 1, under a scheme ``(states, signals)``; rows sum to 1.

    A receiver that is indifferent takes action 1; ties are judged as in :mod:`persuasion.model.ties`, by what is at
    stake for the receiver at the signal.
    """
    table = distributions("scheme", scheme, 2)
    if len(table) != instance.states:
        raise ValueError(f"scheme must have shape ({instance.states}, signals), got {table.shape}")
    weights = instance.prior[:, None] * table
    gains, stakes = instance.differences @ weights, np.abs(instance.differences) @ weights
    persuaded = gains >= -TIE_TOLERANCE * stakes
    return float(persuaded.mean(0) @ weights.sum(0))


def optimal_public_scheme(instance: PublicPersuasion) -> tuple[float, np.ndarray]:
    r"""The optimum and a scheme ``(states, signals)`` that is worth it, by linear programming.

    One signal per set of persuaded receivers, so :math:`2^m` of them in the program; at most ``states``
    are used by the returned vertex.

    Raises ``ValueError`` for more than 12 receivers and ``RuntimeError`` if the program does not solve, or rounding
    leaves a scheme that :func:`public_utility` finds to be worth less.
    """
    if instance.receivers > MAX_RECEIVERS:
        raise ValueError(f"at most {MAX_RECEIVERS} receivers, got {instance.receivers}")
    profiles = np.indices((2,) * instance.receivers).reshape(instance.receivers, -1).T
    solution = solve(_masses_program(instance, profiles))
    if solution.x is None or not solution.optimal:
        raise RuntimeError(f"the public persuasion program failed: {solution.status}")
    value = max(0.0, solution.value / TOTAL)
    scheme = _scheme(solution.x.reshape(len(profiles), -1).T, TOTAL * instance.prior)
    if (worth := public_utility(instance, scheme)) < value - EQUAL:
        raise RuntimeError(
            f"the scheme found is worth {worth:.12g}, the program's optimum is {value:.12g}"
        )
    return value, scheme


def _masses_program(instance: PublicPersuasion, profiles: np.ndarray) -> LinearProgram:
    """Signals' masses ``(profiles, states)``, each obeyed by its profile's receivers, that add up to the prior."""
    largest = np.abs(instance.differences).max(1, keepdims=True)
    rows = instance.differences / np.where(largest > 0, largest, 1)
    obey = block_diag([rows[profile == 1] for profile in profiles])
    masses = TOTAL * instance.prior
    return LinearProgram(
        cost=np.repeat(profiles.mean(1), instance.states),
        matrix=vstack([obey, hstack([identity(instance.states)] * len(profiles))]),
        row_lower=np.concatenate([np.zeros(obey.shape[0]), masses]),
        row_upper=np.concatenate([np.full(obey.shape[0], np.inf), masses]),
        upper=np.inf,
    )


def _scheme(masses: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """The scheme of signals' ``masses`` ``(states, signals)``; unused signals are left out."""
    shares = masses.clip(0) / np.where(prior > 0, prior, np.inf)[:, None]
    shares = shares[:, shares.max(0) > ROUNDING]
    shares[shares.sum(1) == 0, 0] = 1  # states that do not occur
    return shares / shares.sum(1, keepdims=True)


@dataclass(frozen=True, eq=False)
class ReducedGame:
    """The best-response problem built from a public persuasion problem; see :func:`reduced_game`.

    States: those of the instance, then one decoy state per receiver. Actions: ``2 j + b`` plays receiver
    ``j``'s action ``b``; the last one is the lure. ``opponent`` is sender 2's fixed policy.
    """

    instance: PublicPersuasion
    game: Game
    opponent: np.ndarray
    mass: float
    lure: float
    penalty: float
    loss: float

    def profile(self, policy: ArrayLike) -> np.ndarray:
        """Both senders' policies ``(2, states, signals)`` with ``policy`` for sender 1."""
        return np.stack([real_array("policy", policy, 2), self.opponent])

    def utility(self, policy: ArrayLike) -> float:
        """Sender 1's utility under ``policy`` ``(states, signals)``, ties in its favour."""
        return float(sender_utilities(self.game, self.profile(policy), ties=FAVOUR_SENDER_1)[0])

    def lift(self, scheme: ArrayLike) -> np.ndarray:
        """A policy of sender 1 worth ``(1 - mass)`` times the public scheme ``(states, signals)``.

        Signals keep their meaning on the instance's states; each decoy state sends signal ``s`` as often as
        the scheme does, which makes the lure worth exactly nothing.
        """
        table = real_array("scheme", scheme, 2)
        if table.shape[1] > self.game.signals:
            raise ValueError(f"scheme has {table.shape[1]} signals, game has {self.game.signals}")
        rows = lift(self.instance.audience, table)
        return np.pad(rows, ((0, 0), (0, self.game.signals - rows.shape[1])))

    def extract(self, policy: ArrayLike) -> np.ndarray:
        """A public scheme worth at least ``utility(policy) / (1 - mass)``: the rows of the instance's states."""
        return real_array("policy", policy, 2)[: self.instance.states]

    def receiver_utilities(self, beliefs: ArrayLike) -> np.ndarray:
        """The receiver's utilities ``(..., receivers, actions)`` if sender 2 sends signal ``j`` (Claim 1).

        ``beliefs`` ``(..., states)`` are posteriors after sender 1's signal alone; values are weighted by the
        probability of signal ``j``, which changes no comparison.
        """
        signals = self.opponent[:, : self.instance.receivers]
        return np.einsum(
            "...w,wj,wa->...ja", real_array("beliefs", beliefs), signals, self.game.receiver
        )


def reduced_game(
    instance: PublicPersuasion,
    mass: float = 0.5,
    lure: float = 2.0,
    penalty: float | None = None,
    loss: float = 1.0,
    signals: int | None = None,
    enforce: bool = True,
) -> ReducedGame:
    r"""The best-response problem of Theorem 3, from a public persuasion problem.

    Parameters
    ----------
    mass : :math:`\lambda`, prior probability of the decoy states together
    lure : :math:`N`, what the lure pays the receiver in the instance's states
    penalty : :math:`M`, what playing another receiver's part costs in a decoy state; default: twice the least
    loss : :math:`L`, what sender 1 loses when the receiver takes the lure
    signals : of sender 1; default: enough to attain the optimum, and for sender 2's fixed policy
    enforce : refuse parameters outside the conditions
        :math:`N>1`, :math:`M(N-1)\lambda>N(1-\lambda)`, :math:`L\ge0`

    ``ValueError`` says which of the conditions fails.
    """
    if not 0 < mass < 1:
        raise ValueError(f"mass (lambda) must lie strictly between 0 and 1, got {mass}")
    if penalty is None:
        penalty = 2 * least_penalty(mass, lure) if lure > 1 else 1.0
    if enforce:
        _check_conditions(mass, lure, penalty, loss)
    receivers = instance.receivers
    count = max(receivers, instance.states if signals is None else signals)
    tables = reduction(instance.audience, mass, lure, lure, penalty, loss)
    senders = np.stack([tables.payoffs, np.zeros_like(tables.payoffs)])
    game = Game(tables.prior, tables.receiver, senders, count, name="reduced")
    opponent = np.pad(tables.opponent, ((0, 0), (0, count - receivers)))
    return ReducedGame(instance, game, opponent, mass, lure, penalty, loss)


def least_penalty(mass: float, lure: float) -> float:
    r"""The :math:`M` that must be exceeded, :math:`\frac{N(1-\lambda)}{(N-1)\lambda}`; ``lure`` above 1."""
    if lure <= 1:
        raise ValueError(f"condition N > 1 fails: lure is {lure:g}")
    return lure * (1 - mass) / ((lure - 1) * mass)


def _check_conditions(mass: float, lure: float, penalty: float, loss: float) -> None:
    least = least_penalty(mass, lure)
    if not penalty > least:
        raise ValueError(
            f"condition M (N - 1) lambda > N (1 - lambda) fails: {penalty * (lure - 1) * mass:g} <= "
            f"{lure * (1 - mass):g}; penalty is {penalty:g} and must exceed {least:g}"
        )
    if not loss >= 0:
        raise ValueError(f"condition L >= 0 fails: loss is {loss:g}")


@dataclass(frozen=True, eq=False)
class PaperExtraction:
    r"""The public scheme of the paper's own proof (Lemmas 1 to 4), with the quantities it bounds.

    ``scheme`` has one signal more than the policy: the last restores Bayes plausibility. ``lured`` marks the
    signals :math:`S_-` at which the receiver takes the lure for some signal of sender 2, ``lured_mass`` is
    their probability together with the instance's states, :math:`P_-(\Theta)`; ``error`` is the
    :math:`L_1` distance between the prior and the average posterior over the other signals; ``weight`` is the
    share :math:`\alpha` that the other signals keep.
    """

    scheme: np.ndarray
    lured: np.ndarray
    lured_mass: float
    error: float
    weight: float


def extract_with_extra_signal(reduced: ReducedGame, policy: ArrayLike) -> PaperExtraction:
    r"""The paper's extraction: drop the lured signals, weight the others by their full probability, repair.

    The average of the remaining posteriors on :math:`\Theta` misses the prior, so an extra signal takes what is
    left after the largest feasible share of them.
    """
    table, prior = real_array("policy", policy, 2), reduced.instance.prior
    joint = reduced.game.prior[:, None] * table
    on_instance = joint[: reduced.instance.states]
    actions = receiver_actions(reduced.game, reduced.profile(policy), ties=FAVOUR_SENDER_1)
    lured = (actions == reduced.game.shape.actions - 1).any(1)
    kept = ~lured & (on_instance.sum(0) > 0)
    weights = np.where(kept, joint.sum(0), 0)
    posteriors = on_instance / np.where(kept, on_instance.sum(0), 1)
    total = max(weights.sum(), np.finfo(float).tiny)
    average = posteriors @ weights / total
    shares = prior[average > 0] / average[average > 0]
    weight = float(shares.min()) if kept.any() else 0.0
    masses = weight * posteriors * weights / total
    return PaperExtraction(
        scheme=_conditional(masses, prior),
        lured=lured,
        lured_mass=float(on_instance[:, lured].sum()),
        error=float(np.abs(average - prior).sum()),
        weight=weight,
    )


def _conditional(masses: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Signal probabilities given the state; what ``masses`` leaves of the prior goes to an extra signal."""
    left = np.clip(prior - masses.sum(1), 0, None)
    table = np.column_stack([masses, left])
    impossible = table.sum(1) == 0
    table[impossible, -1] = 1
    return table / table.sum(1, keepdims=True)
