"""What solving a game hands back, and its JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from persuasion.equilibria import nash
from persuasion.equilibria.record import CERTIFIED
from persuasion.model.game import Game
from persuasion.own_game.request import Request
from persuasion.regret.certificate import Certificate

SCHEMA = "persuasion/solution/4"


@dataclass(frozen=True, eq=False)
class Examined:
    """A profile, and what every sender could gain by any policy of its own.

    Attributes
    ----------
    name : what the profile is
    policies : (senders, states, signals)
    utilities : (senders,) under the request's tie rule
    receiver_utility : the receiver's
    certificate : at radius 1: every sender's exact best response, its gain, and the bound that proves it
    """

    name: str
    policies: np.ndarray
    utilities: np.ndarray
    receiver_utility: float
    certificate: Certificate


@dataclass(frozen=True, eq=False)
class Revelation:
    """Whether full revelation is an equilibrium (Theorem 4).

    Attributes
    ----------
    verdict : ``"equilibrium"``: constructed, and the certificate confirms it; ``"unproven"``: constructed, its
        bound not tight enough in the time; ``"not constructed"``: ``reason`` says what the theorem lacks
    reason : in words
    examined : the construction, None if there is none
    """

    verdict: str
    reason: str
    examined: Examined | None


@dataclass(frozen=True, eq=False)
class LocalEquilibrium:
    """A profile that a search found and exact local best responses polished.

    Attributes
    ----------
    method : whose gradients found it
    status : of :func:`persuasion.equilibria.polish`: ``"certified"``, or why not
    policies, utilities, receiver_utility : as in :class:`Examined`
    certificate : at the request's radius
    times : profiles of all methods together that had this outcome
    anywhere : certificate at radius 1, for the certified: whether it is an equilibrium against all deviations
    """

    method: str
    status: str
    policies: np.ndarray
    utilities: np.ndarray
    receiver_utility: float
    certificate: Certificate
    times: int = 1
    anywhere: Certificate | None = None

    @property
    def certified(self) -> bool:
        """Whether the certificate proves the regret to be within the tolerance."""
        return self.status == CERTIFIED


@dataclass(frozen=True, eq=False)
class Solution:
    """Everything that :func:`persuasion.own_game.solve` found out about a game.

    Attributes
    ----------
    found : equilibria against deviations of any size, and profiles close to one, the least regret first
    landmarks : what to compare them with
    local : profiles of the local search, certified ones first
    """

    game: Game
    request: Request
    version: str
    revelation: Revelation
    profile: Examined
    found: tuple[nash.Equilibrium, ...]
    landmarks: tuple[nash.Landmark, ...]
    local: tuple[LocalEquilibrium, ...]
    seconds: float

    @property
    def proven(self) -> tuple[nash.Equilibrium, ...]:
        """Those of ``found`` that are proven to be equilibria, within the search's target."""
        return tuple(entry for entry in self.found if entry.status == nash.EQUILIBRIUM)

    @property
    def outcomes(self) -> str:
        """In words, how many outcomes the search for equilibria found."""
        if not self.found:
            return f"not searched: more than {nash.MOST_STATES} states"
        if not self.proven:
            least, most = self.found[0].relative_regret
            return f"none proven; the nearest profile found has a regret of {least:.2g} to {most:.2g} of the stake"
        if len(self.found) == 1:
            return "one, proven; no start led to another outcome in the time"
        return f"{len(self.found)} outcomes, {len(self.proven)} of them proven equilibria"

    @property
    def certifies(self) -> bool:
        """Whether some profile, full revelation included, is proven to be an equilibrium, global or local."""
        revealed = self.revelation.verdict == "equilibrium"
        return revealed or bool(self.proven or self.certified)

    @property
    def certified(self) -> tuple[LocalEquilibrium, ...]:
        """The local equilibria that are proven, the largest sum of the senders' utilities in stakes first."""
        return tuple(entry for entry in self.local if entry.certified)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings, as ``schemas/solution.json`` describes them."""
        revelation = self.revelation
        return {
            "schema": SCHEMA,
            "version": self.version,
            "game": self.game.to_dict(),
            "request": json.loads(json.dumps(asdict(self.request))),
            "full_revelation": {
                "verdict": revelation.verdict,
                "reason": revelation.reason,
                "profile": revelation.examined and _plain(revelation.examined),
            },
            "profile": _plain(self.profile),
            "outcomes": self.outcomes,
            "found": [entry.to_dict() for entry in self.found],
            "landmarks": [mark.to_dict() for mark in self.landmarks],
            "local": [_plain(entry) for entry in self.local],
            "seconds": self.seconds,
        }

    def to_json(self) -> str:
        """JSON text; floats survive bit for bit."""
        return json.dumps(self.to_dict(), allow_nan=False, indent=1)


def _plain(entry: Examined | LocalEquilibrium) -> dict[str, Any]:
    data = dict(vars(entry))
    for name in ("policies", "utilities"):
        data[name] = data[name].tolist()
    for name in ("certificate", "anywhere"):
        if isinstance(data.get(name), Certificate):
            data[name] = data[name].to_dict()
    return data
