"""What solving a game hands back, and its JSON."""

import json
from collections import Counter
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from persuasion.equilibria import nash
from persuasion.equilibria.record import CERTIFIED, plain
from persuasion.model.game import Game
from persuasion.own_game.request import Request
from persuasion.regret.certificate import Certificate

SCHEMA = "persuasion/solution/6"
SEARCH = "equilibria against deviations of any size"
# regret, share of the stake, above which a profile is not worth a mention
FAR = 0.05


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
    verdict : ``"equilibrium"``: a certificate confirms it; ``"no equilibrium"``: a sender gains, as only a lone one
        can; ``"unproven"``: constructed, its bound not tight enough in the time; ``"not constructed"``: ``reason``
        says what the theorem lacks
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


class Listed(NamedTuple):
    """A profile that was found, and what every table and picture calls it."""

    kind: str
    number: int
    entry: nash.Equilibrium | LocalEquilibrium

    @property
    def label(self) -> str:
        """Its kind and number, as ``"equilibrium 1"``."""
        return f"{self.kind} {self.number}"

    @property
    def mark(self) -> str:
        """The same in pictures, as ``E1``."""
        return f"{MARKS[self.kind]}{self.number}"


PROVEN, EXTENDED, NEAR = "equilibrium", "equilibrium with more signals", "near an equilibrium"
AWAY, LOCAL, SEARCHED = "no equilibrium", "local equilibrium", "local search, no proof"
MARKS = {PROVEN: "E", EXTENDED: "M", NEAR: "N", AWAY: "A", LOCAL: "L", SEARCHED: "S"}


@dataclass(frozen=True, eq=False)
class Solution:
    """Everything that :func:`persuasion.own_game.solve` found out about a game.

    Attributes
    ----------
    found : equilibria against deviations of any size, then those that take more signals than the game has, then
        profiles close to one; in each group the least regret first. If there are none, the nearest profile
    far : how many more outcomes were certified, all with a regret above 5% of a stake
    landmarks : what to compare them with
    local : profiles of the local search, certified ones first
    missing : the steps that were not done, in their order; none unless the run was interrupted or failed
    """

    game: Game
    request: Request
    version: str
    revelation: Revelation
    profile: Examined
    found: tuple[nash.Equilibrium, ...]
    far: int
    landmarks: tuple[nash.Landmark, ...]
    local: tuple[LocalEquilibrium, ...]
    missing: tuple[str, ...]
    seconds: float

    def kind(self, entry: nash.Equilibrium | LocalEquilibrium) -> str:
        """What a profile that was found is."""
        if isinstance(entry, LocalEquilibrium):
            return LOCAL if entry.certified else SEARCHED
        if entry.status != nash.EQUILIBRIUM:
            return NEAR if entry.relative_regret[0] <= FAR else AWAY
        return PROVEN if within(self.game, entry) else EXTENDED

    @property
    def listed(self) -> tuple[Listed, ...]:
        """All profiles that were found, ``found`` first, numbered by kind."""
        counts: Counter[str] = Counter()
        rows = []
        every: tuple[nash.Equilibrium | LocalEquilibrium, ...] = (*self.found, *self.local)
        for entry in every:
            kind = self.kind(entry)
            counts[kind] += 1
            rows.append(Listed(kind, counts[kind], entry))
        return tuple(rows)

    @property
    def proven(self) -> tuple[nash.Equilibrium, ...]:
        """Those of ``found`` that are proven to be equilibria of the game, within the search's target."""
        return tuple(entry for entry in self.found if self.kind(entry) == PROVEN)

    @property
    def outcomes(self) -> str:
        """In words, what the search for equilibria found."""
        kinds = Counter(map(self.kind, self.found))
        large = self.game.shape.states > nash.MOST_STATES
        if SEARCH in self.missing and not self.found:
            return "not searched yet"
        if not self.found:
            return f"not searched: more than {nash.MOST_STATES} states"
        if not kinds[PROVEN]:
            least, most = min((entry.relative_regret for entry in self.found), key=itemgetter(1))
            nearest = f"; the nearest profile found has a regret of {least:.2g} to {most:.2g} of the stake"
            text = "none proven" + ("" if kinds[EXTENDED] else nearest)
        else:
            text = f"{kinds[PROVEN]} proven"
        others = [
            (kinds[EXTENDED], "with more signals than the game has"),
            (kinds[NEAR], "near one"),
            (self.far, f"with a regret above {FAR:.0%}"),
        ]
        more = [f"{count} {what}" for count, what in others if count]
        if large:
            more.append(f"not searched for, because of more than {nash.MOST_STATES} states")
        elif SEARCH in self.missing:
            more.append("not searched for yet")
        elif not more and len(self.game.choosing) == 1:
            more.append("the best response of the only sender that chooses")
        elif not more:
            more.append("no other outcome was certified in the time")
        return "; ".join([text, *more])

    @property
    def certifies(self) -> bool:
        """Whether some profile of the game is proven to be an equilibrium, global or local."""
        return bool(self.proven or self.certified)

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
            "request": plain(self.request),
            "full_revelation": {
                "verdict": revelation.verdict,
                "reason": revelation.reason,
                "profile": plain(revelation.examined),
            },
            "profile": plain(self.profile),
            "outcomes": self.outcomes,
            "found": [
                {**entry.to_dict(), "within_game": within(self.game, entry)} for entry in self.found
            ],
            "far": self.far,
            "landmarks": plain(self.landmarks),
            "local": plain(self.local),
            "missing": list(self.missing),
            "seconds": self.seconds,
        }

    def to_json(self) -> str:
        """JSON text; floats survive bit for bit."""
        return json.dumps(self.to_dict(), allow_nan=False, indent=1)


def within(game: Game, entry: nash.Equilibrium) -> bool:
    """Whether a profile is one of the game: it takes no more signals than the game has."""
    return bool(entry.policies.shape[-1] == game.signals)
