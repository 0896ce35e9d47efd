"""What a certificate says, in a form that prints, compares and survives JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from persuasion.model.game import Game
from persuasion.regret.response import InconsistentCertificate

SCHEMA = "persuasion/certificate/2"
ROW = "{:>6}  {:>12}  {:>11}  {:>12}  {:>14}  {:>5}  {:>10}  {:>7}"
HEADINGS = (
    "sender", "utility", "gain found", "gain at most", "share of stake", "exact", "status", "seconds",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class SenderCertificate:
    """How much one sender could gain by deviating within the radius.

    Attributes
    ----------
    sender : index
    utility : at the profile, under the tie rule, from the exact simulator
    policy : (states, signals) the best deviation found; the sender's own policy if none is better
    deviation_utility : the sender's utility there, under the tie rule, from the exact simulator
    gain : their difference, at least 0: a lower bound on the regret, in utility units
    bound : no deviation within the radius gains more, under the tie rule (up to about 1e-6 of the stake);
        ties that the rule may grant are counted in the deviator's favour
    stake : the sender's own range, ``game.stakes``, in utility units
    exact : whether gain and bound agree within 1e-6 of the stake
    status : of the search, as in :class:`persuasion.regret.best_response.BestResponse`
    solver, seconds : what did the work, and how long it took
    """

    sender: int
    utility: float
    policy: np.ndarray
    deviation_utility: float
    gain: float
    bound: float
    stake: float
    exact: bool
    status: str
    solver: str
    seconds: float

    def __post_init__(self) -> None:
        if not 0 <= self.gain <= self.bound:
            raise InconsistentCertificate(
                f"sender {self.sender}: gain {self.gain!r} and bound {self.bound!r} are not in order"
            )

    @property
    def relative(self) -> tuple[float, float]:
        """Gain and bound as shares of the sender's stake."""
        return self.gain / self.stake, self.bound / self.stake

    def in_units(self, game: Game) -> SenderCertificate:
        """The same in the utility units of ``game``, if this is in those of its standard form."""
        unit, offset = float(game.stakes[self.sender]), float(game.offsets[self.sender])
        return replace(
            self,
            utility=self.utility * unit + offset,
            deviation_utility=self.deviation_utility * unit + offset,
            gain=self.gain * unit,
            bound=self.bound * unit,
            stake=self.stake * unit,
        )


@dataclass(frozen=True, eq=False)
class Certificate:
    """How far a profile is from a (local) Nash equilibrium, proven.

    Attributes
    ----------
    game : name and sizes of the game
    radius : largest change of an entry of a policy; from 1 on every policy is in reach
    ties : name of the tie rule
    senders : one entry per sender examined
    seconds : wall time
    """

    game: dict[str, Any]
    radius: float
    ties: str
    senders: tuple[SenderCertificate, ...]
    seconds: float

    @property
    def regret(self) -> tuple[float, float]:
        """Interval that contains the regret, the largest gain of any of the senders, in utility units."""
        return max(s.gain for s in self.senders), max(s.bound for s in self.senders)

    @property
    def relative_regret(self) -> tuple[float, float]:
        """Interval of the largest gain as a share of the sender's own stake: what tolerances are compared with."""
        return max(s.relative[0] for s in self.senders), max(s.relative[1] for s in self.senders)

    @property
    def exact(self) -> bool:
        """Whether every sender's regret is known exactly."""
        return all(s.exact for s in self.senders)

    def holds(self, tolerance: float) -> bool | None:
        """Whether none of the senders examined gains more than the share ``tolerance`` of its own stake.

        None if that is undecided. Bounds carry the solvers' tolerances, so ask for a little more than 0.
        """
        lower, upper = self.relative_regret
        if upper <= tolerance:
            return True
        return False if lower > tolerance else None

    def __str__(self) -> str:
        sizes = ", ".join(f"{k} {v}" for k, v in self.game.items() if k != "name")
        name = f"{self.game['name']}: " if self.game.get("name") else ""
        reach = "any deviation" if self.radius >= 1 else f"deviations up to {self.radius:g}"
        rows = [ROW.format(*HEADINGS), *(ROW.format(*_cells(s)) for s in self.senders)]
        regrets = map(self._interval, (self.regret, self.relative_regret))
        last = "regret {}; as a share of the stake {}".format(*regrets)
        return "\n".join([f"{name}{sizes}", f"{reach}, ties {self.ties}", *rows, last])

    def _interval(self, ends: tuple[float, float]) -> str:
        lower, upper = ends
        return f"{upper:z.6g}" if self.exact else f"between {lower:z.6g} and {upper:z.6g}"

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, with a schema tag."""
        data = {"schema": SCHEMA, **asdict(self)}
        data["senders"] = [{**s, "policy": s["policy"].tolist()} for s in data["senders"]]
        return data

    def to_json(self) -> str:
        """JSON text; floats survive bit for bit."""
        return json.dumps(self.to_dict(), allow_nan=False)

    @classmethod
    def from_dict(cls, data: Any) -> Certificate:
        """Inverse of :meth:`to_dict`; ``ValueError`` for another schema or missing or unknown keys."""
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            raise ValueError(f"a certificate must be an object with schema {SCHEMA!r}")
        fields = {key: value for key, value in data.items() if key != "schema"}
        try:
            entries = [{**s, "policy": np.array(s["policy"], float)} for s in fields["senders"]]
            senders = tuple(SenderCertificate(**entry) for entry in entries)
            return cls(**{**fields, "senders": senders})
        except (TypeError, KeyError) as error:
            raise ValueError(f"not a certificate: {error}") from None

    @classmethod
    def from_json(cls, text: str) -> Certificate:
        """Inverse of :meth:`to_json`."""
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as error:
            raise ValueError(f"certificate is not valid JSON: {error}") from None


def _cells(entry: SenderCertificate) -> tuple[str, ...]:
    return (
        str(entry.sender),
        f"{entry.utility:z.8g}",
        f"{entry.gain:z.6g}",
        f"{entry.bound:z.6g}",
        f"{entry.relative[1]:z.2e}",
        "yes" if entry.exact else "no",
        entry.status,
        f"{entry.seconds:.2f}",
    )
