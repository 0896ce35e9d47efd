"""What the search for global equilibria hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from persuasion.equilibria.record import EQUILIBRIUM, UNPROVEN, fields
from persuasion.model.game import Game
from persuasion.model.simulate import outcome_distribution
from persuasion.model.ties import TieRule
from persuasion.regret.certificate import Certificate

APPROXIMATE = "approximate"


@dataclass(frozen=True)
class Step:
    """One round of the search.

    Attributes
    ----------
    margin : lead of the receiver's action that the responses keep, as a share of ``game.receiver_stake``
    utilities : (senders,) at the round's profile, in utility units
    gains : (senders,) what the responses found gain, shares of stakes; negative where keeping the margin costs
        more, None where no policy was found that keeps it
    signals : (senders,) used in the round's profile
    directions : (senders,) known
    seconds : since the start
    """

    margin: float
    utilities: tuple[float, ...]
    gains: tuple[float | None, ...]
    signals: tuple[int, ...]
    directions: tuple[int, ...]
    seconds: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Equilibrium:
    """A profile, and the proof of how far it is from a Nash equilibrium.

    Attributes
    ----------
    status : ``"equilibrium"``: no sender gains more than ``target`` of its stake by any policy, proven;
        ``"approximate"``: some sender gains more, as the certificate says; ``"unproven"``: no such gain was found,
        nor excluded in the time
    policies : (senders, states, signals): the game's signals, or at least as many as states where the search may
        use any number; as many as states are then as good as more
    support : (senders,) signals that are used
    utilities : (senders,) under ``ties``, in utility units
    receiver_utility : the receiver's
    outcome : (states, actions) joint distribution of state and action
    certificate : the exact regret interval of each sender against all its policies, radius 1
    ties : the tie rule of all of these
    start : where the search began
    times : starts that led to this outcome
    target : share of every sender's stake
    margins : the schedule, shares of ``game.receiver_stake``
    history : the rounds, none if the start needed none
    seconds : wall time of the search from this start, without the certificate's
    """

    status: str
    policies: np.ndarray
    support: tuple[int, ...]
    utilities: np.ndarray
    receiver_utility: float
    outcome: np.ndarray
    certificate: Certificate
    ties: TieRule
    start: str
    times: int = 1
    target: float
    margins: tuple[float, ...] = ()
    history: tuple[Step, ...] = ()
    seconds: float = 0.0

    @classmethod
    def of(
        cls,
        game: Game,
        policies: np.ndarray,
        certificate: Certificate,
        ties: TieRule,
        *,
        target: float,
        **about: Any,
    ) -> Equilibrium:
        """A profile of ``game`` with its certificate at radius 1; ``about`` is what is known from the search."""
        holds = certificate.holds(target)
        outcome = outcome_distribution(game, policies, ties=ties)
        return cls(
            status=UNPROVEN if holds is None else EQUILIBRIUM if holds else APPROXIMATE,
            policies=policies,
            support=tuple(int((own > 0).any(0).sum()) for own in policies),
            utilities=np.array([sender.utility for sender in certificate.senders]),
            receiver_utility=float((outcome * game.receiver).sum()),
            outcome=outcome,
            certificate=certificate,
            ties=ties,
            target=target,
            **about,
        )

    @property
    def relative_regret(self) -> tuple[float, float]:
        """The largest gain of any sender as a share of its own stake: found, and proven to be the most."""
        return self.certificate.relative_regret

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings."""
        return fields(self)
