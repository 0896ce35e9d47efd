r"""One sender's utility at many policies near its own: most of what the receiver does is the same at all of them.

Where the receiver's action :math:`a` at a joint signal is best at every policy in the box, by more than ties
reach, the joint signal's part of the utility is linear in the policy:

.. math:: \sum_\omega W_{\omega t}\,v(a,\omega)\,x_{s\omega}.

These parts are added up once. Only the other joint signals are looked at policy by policy.

>>> from persuasion import Game, full_revelation
>>> game = Game([0.5, 0.5], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]] * 2, signals=2)
>>> near = Nearby(game, full_revelation(game), 0, 0.01)
>>> near.open, near.utilities(np.array([[[0.99, 0.01], [0.0, 1.0]]])).tolist()
(0, [0.5])
"""

from typing import Any

import numpy as np
import torch

from persuasion.model.checks import positive_number, whole_number
from persuasion.model.game import Game
from persuasion.model.policies import one_profile
from persuasion.model.simulate import Chooser, deviation_utilities, in_chunks, joint_product
from persuasion.model.ties import LOWEST_INDEX, TieRule
from persuasion.model.tolerances import ROUNDING, TIE_TOLERANCE


class Nearby:
    """A sender's utility under policies within ``radius`` of its own in every entry, the others' held fixed.

    ``open`` is the number of joint signals at which the receiver may act otherwise somewhere in the box, ``None``
    under an explicit tie map, for which nothing is prepared.

    Parameters
    ----------
    policies : (senders, states, signals), one profile
    sender : index of the sender
    radius : largest change of an entry, positive
    ties : anything ``TieRule.parse`` accepts

    Raises ``ValueError`` for an invalid profile, sender, radius or tie rule.
    """

    def __init__(
        self, game: Game, policies: Any, sender: int, radius: float, ties: Any = LOWEST_INDEX
    ) -> None:
        self.game, self.ties = game, TieRule.parse(ties)
        self.sender = whole_number("sender", sender, 0, game.shape.senders - 1)
        reach = positive_number("radius", radius)
        self.profile = torch.as_tensor(one_profile(game, policies))
        self.open: int | None = None
        if self.ties.action_map(game) is None:
            self._prepare(reach + ROUNDING)  # by which policies may lie outside the box

    def _prepare(self, radius: float) -> None:
        standard, own = self.game.standard, self.profile[self.sender]
        receiver = torch.tensor(standard.receiver)
        self.payoffs = torch.tensor(standard.senders[self.sender])
        others = torch.cat([self.profile[: self.sender], self.profile[self.sender + 1 :]])
        rest = joint_product(others.unsqueeze(0))[0] * torch.tensor(standard.prior).unsqueeze(-1)
        chooser = Chooser(self.game, self.ties, own.shape[1], rest.shape[1], self.profile)
        box = (own - radius).clamp(0, 1), (own + radius).clamp(0, 1)
        # (signals * columns, states): what joint signals weigh
        low, high = ((x.T.unsqueeze(1) * rest.T).reshape(-1, len(rest)) for x in box)
        # in the middle: the own policy may lack a signal
        action = ((low + high) @ receiver).argmax(1)
        settled = torch.empty(len(action), dtype=torch.bool)
        beyond = 2 * chooser.slack + TIE_TOLERANCE  # per mass; ties reach less far
        for a in range(receiver.shape[1]):
            rivals = [b for b in range(receiver.shape[1]) if b != a]
            lead = receiver[:, [a]] - receiver[:, rivals] - beyond
            mine = action == a
            least = low[mine] @ lead.clamp(min=0) + high[mine] @ lead.clamp(max=0)
            settled[mine] = (least >= 0).all(1)
        signals, columns = own.shape[1], rest.shape[1]
        worth = rest.T * self.payoffs[:, action].T.reshape(signals, columns, -1)
        settled = settled.reshape(signals, columns)
        # (states, signals): what a unit of probability is worth where nothing changes
        self.linear = (worth * settled.unsqueeze(-1)).sum(1).T
        self.signal, column = (~settled).nonzero(as_tuple=True)
        self.rest, self.open = rest[:, column], len(column)
        self.chooser = Chooser(self.game, self.ties, self.open, 1, self.profile)

    def utilities(self, deviations: np.ndarray) -> np.ndarray:
        """Utilities ``(count,)`` of policies ``(count, states, signals)`` in the box, taken as valid.

        The last signals may be left out, as in :func:`~persuasion.model.simulate.deviation_utilities`, whose values
        these are up to rounding.
        """
        if self.open is None:
            profile = self.profile.numpy()
            return deviation_utilities(
                self.game, profile, self.sender, deviations, ties=self.ties, validate=False
            )
        given = torch.as_tensor(deviations)
        missing = self.profile.shape[-1] - given.shape[-1]
        batch = torch.nn.functional.pad(given, (0, missing))
        values = (batch * self.linear).sum((1, 2))
        if self.open:
            values += in_chunks(
                batch,
                self.chooser,
                lambda rows: self._contested(batch[rows]),
                torch.empty_like(values),
            )
        stake, offset = (float(x[self.sender]) for x in (self.game.stakes, self.game.offsets))
        return (values * stake + offset).numpy()

    def _contested(self, batch: torch.Tensor) -> torch.Tensor:
        """What the open joint signals bring."""
        weights = batch[:, :, self.signal] * self.rest
        return ((self.payoffs.T @ weights) * self.chooser.chosen_at(weights)).sum((1, 2))
