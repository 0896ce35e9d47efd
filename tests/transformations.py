"""What does not change a game: every entry of ``TRANSFORMATIONS`` gives the same game in another form.

``TRANSFORMATIONS[name](game, policies, random)`` returns an :class:`Image`, or None if the game has no such form.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from persuasion import Game

RULES = ("lowest-index", "own", "welfare")


@dataclass(frozen=True, eq=False)
class Image:
    """The same game and profile, and how to read what is found there.

    Attributes
    ----------
    senders : image's index of every sender of the original
    unit, zero : (senders,) a sender that earns ``v`` in the original earns ``unit * v + zero`` in the image
    back : an image's policy ``(states, signals)`` as one of the original, or None
    rules : tie rules under which nothing changes: ``"own"`` is the favour of the sender in question
    richer : whether there are policies that the original lacks: its global best responses may be worth less
    local : whether local deviations are the same
    """

    game: Game
    policies: Any
    senders: np.ndarray
    unit: np.ndarray
    zero: np.ndarray
    back: Callable[[np.ndarray], np.ndarray] | None = lambda policy: policy
    rules: tuple[str, ...] = RULES
    richer: bool = False
    local: bool = True

    def values(self, found: np.ndarray, sender: int | None = None) -> np.ndarray:
        """What the original's senders (or one of them) earn, from what they earn in the image, in own units."""
        chosen = slice(None) if sender is None else sender
        return (np.asarray(found) - self.zero[chosen]) / self.unit[chosen]

    def rule(self, name: str, sender: int) -> str:
        """A tie rule of the original (``"own"`` for ``sender``), in the image's numbering."""
        return f"sender-{self.senders[sender]}" if name == "own" else name


Transformation = Callable[[Game, np.ndarray, np.random.Generator], "Image | None"]


def _image(game: Game, policies: np.ndarray, **changes: Any) -> Image:
    """The image with these parts of the game, or of the image itself, changed."""
    parts = {key: getattr(game, key) for key in ("prior", "receiver", "senders", "signals")}
    for key in parts:
        parts[key] = changes.pop(key, parts[key])
    n = game.shape.senders
    plain = {"senders": np.arange(n), "unit": np.ones(n), "zero": np.zeros(n)}
    rest = {**plain, "policies": policies, **changes}
    rest["senders"] = rest.pop("numbers", rest["senders"])
    return Image(Game(**parts), **rest)


def _range(utilities: np.ndarray) -> float:
    """The largest difference that an action makes in some state."""
    return float(np.ptp(utilities, axis=1).max()) or 1.0


# --- units and zero points


def _receiver(game, policies, random, factor=1.0, shift=0.0):
    beta = shift * _range(game.receiver) * random.choice([-1.0, -0.5, 0.75, 1.0], len(game.prior))
    return _image(game, policies, receiver=factor * (game.receiver + beta[:, None]))


def _senders(game, policies, random, shift=0.0, spread=12, constant=False):
    """Each sender in a unit and from a zero of its own."""
    n, states = game.senders.shape[:2]
    factors = 10.0 ** random.permutation(np.linspace(-spread, spread, max(n, 2)).round())[:n]
    beta = shift * random.choice([-1.0, -0.5, 0.75, 1.0], (n, 1 if constant else states))
    beta = beta * np.array([_range(v) for v in game.senders])[:, None]
    zero = factors * (np.broadcast_to(beta, (n, states)) @ game.prior)
    moved = factors[:, None, None] * (game.senders + beta[..., None])
    return _image(game, policies, senders=moved, unit=factors, zero=zero, rules=RULES[:2])


def _welfare_units(game, policies, random):
    """All senders in one other unit, which leaves their sum what it is."""
    n = game.shape.senders
    return _image(game, policies, senders=1e-9 * game.senders, unit=np.full(n, 1e-9))


# --- outcomes that never occur


def _with_action(game, policies, receiver, senders, **changes):
    """One more action, the last: ``receiver`` (states,), ``senders`` (senders, states)."""
    return _image(
        game,
        policies,
        receiver=np.column_stack([game.receiver, receiver]),
        senders=np.concatenate([game.senders, np.asarray(senders)[..., None]], 2),
        **changes,
    )


def _forbidden(game, policies, random, power=3, sign=1.0):
    size = 10.0**power
    payoffs = sign * size * np.ones(game.senders.shape[:2])
    return _with_action(game, policies, np.full(len(game.prior), -size), payoffs)


def _dominated(game, policies, random, power=3):
    worst = game.receiver.min(1) - 0.5
    return _with_action(game, policies, worst, np.full(game.senders.shape[:2], -(10.0**power)))


def _dominated_by_mixture(game, policies, random, power=3):
    """Below the mean of two actions, though it may be below neither."""
    if game.shape.actions < 2:
        return None
    mean = (game.receiver[:, 0] + game.receiver[:, 1]) / 2 - _range(game.receiver) / 16
    return _with_action(game, policies, mean, np.full(game.senders.shape[:2], -(10.0**power)))


def _worse_in_one_state(game, policies, random, power=3):
    """A copy of an action, but for one state: there it is worse, and a forbidden payoff is at stake."""
    state = int(game.prior.argmax())
    receiver, senders = game.receiver[:, 0].copy(), game.senders[:, :, 0].copy()
    receiver[state] -= _range(game.receiver) / 2
    senders[:, state] = -(10.0**power)
    return _with_action(game, policies, receiver, senders)


# --- more of the same


def _duplicated(game, policies, random):
    return _with_action(game, policies, game.receiver[:, -1], game.senders[:, :, -1])


def _split_state(game, policies, random):
    """The first state becomes two, of a quarter and three quarters of its probability; nobody tells them apart."""
    twice = np.r_[0, 0, 1 : len(game.prior)]
    shares = np.r_[0.25, 0.75, np.ones(len(game.prior) - 1)]

    def back(policy):
        return np.vstack([shares[:2] @ policy[:2], policy[2:]])

    return _image(
        game,
        policies[:, twice],
        prior=game.prior[twice] * shares,
        receiver=game.receiver[twice],
        senders=game.senders[:, twice],
        back=back,
    )


def _impossible_state(game, policies, random):
    """A last state of probability zero, with payoffs of all sizes."""
    n, _, actions, signals = game.shape
    wild = 10.0 ** random.integers(-12, 13, (n + 1, 1, actions))
    wild[:, 0, 0] = -1e12
    row = np.eye(signals)[random.integers(signals, size=n)]
    return _image(
        game,
        np.concatenate([policies, row[:, None]], 1),
        prior=np.append(game.prior, 0.0),
        receiver=np.vstack([game.receiver, wild[0]]),
        senders=np.concatenate([game.senders, wild[1:]], 1),
        back=lambda policy: policy[:-1],
    )


def _unused_signal(game, policies, random):
    wider = np.concatenate([policies, np.zeros((*policies.shape[:2], 1))], 2)
    return _image(
        game,
        wider,
        signals=game.signals + 1,
        back=None,
        richer=game.signals < len(game.prior),
        local=False,
    )


def _dummy_sender(game, policies, random):
    """A last sender to whom nothing matters, and who says nothing."""
    _, states, actions, signals = game.shape
    silent = np.full((1, states, signals), 1 / signals) if random.integers(2) else None
    silent = np.tile(np.eye(signals)[0], (1, states, 1)) if silent is None else silent
    return _image(
        game,
        np.concatenate([policies, silent]),
        senders=np.concatenate([game.senders, np.full((1, states, actions), 7e9)]),
        numbers=np.arange(game.shape.senders),
    )


# --- names


def _states(game, policies, random):
    order = random.permutation(len(game.prior))
    return _image(
        game,
        policies[:, order],
        prior=game.prior[order],
        receiver=game.receiver[order],
        senders=game.senders[:, order],
        back=lambda policy: policy[np.argsort(order)],
    )


def _actions(game, policies, random):
    """Ties that are left after a preference go by the order: only the favoured sender's value stays."""
    order = random.permutation(game.shape.actions)
    return _image(
        game,
        policies,
        receiver=game.receiver[:, order],
        senders=game.senders[..., order],
        rules=("own",),
    )


def _signals(game, policies, random):
    """Every sender names its signals anew."""
    orders = [random.permutation(game.signals) for _ in policies]
    renamed = np.stack([p[:, order] for p, order in zip(policies, orders)])
    return _image(game, renamed, back=None)


def _sender_order(game, policies, random):
    order = random.permutation(game.shape.senders)
    return _image(game, policies[order], senders=game.senders[order], numbers=np.argsort(order))


# --- spellings of the same numbers


def _spelled(game, policies, random, spell):
    parts = {key: spell(getattr(game, key)) for key in ("prior", "receiver", "senders")}
    return _image(game, spell(policies), **parts)


def _frame(array):
    if array.ndim > 2:
        return [_frame(part) for part in array]
    return pd.DataFrame(array) if array.ndim == 2 else pd.Series(array)


TRANSFORMATIONS: dict[str, Transformation] = {
    **{f"receiver x 1e{k}": partial(_receiver, factor=10.0**k) for k in (-12, -5, 4, 12)},
    **{
        f"receiver + 1e{k} of its range per state": partial(_receiver, shift=10.0**k)
        for k in (0, 3, 6)
    },
    "receiver x 1e-12, + 1e6 of its range": partial(_receiver, factor=1e-12, shift=1e6),
    "senders in units of their own": _senders,
    "senders + 1e6 of their ranges": partial(_senders, shift=1e6, spread=0, constant=True),
    "senders in units of their own, + 1e6 of their ranges per state": partial(_senders, shift=1e6),
    "senders in one other unit": _welfare_units,
    **{
        f"forbidden action of -1e{k}, worth {'+-'[sign < 0]}1e{k}": partial(
            _forbidden, power=k, sign=sign
        )
        for k in (3, 6, 9, 12)
        for sign in (1.0, -1.0)
    },
    **{
        f"{what} action, worth -1e{k}": partial(change, power=k)
        for k in (3, 12)
        for what, change in {
            "dominated": _dominated,
            "mixture-dominated": _dominated_by_mixture,
            "partly worse": _worse_in_one_state,
        }.items()
    },
    "duplicated action": _duplicated,
    "state split in two": _split_state,
    "state of probability zero": _impossible_state,
    "unused signal": _unused_signal,
    "dummy sender": _dummy_sender,
    "states renamed": _states,
    "actions renamed": _actions,
    "signals renamed": _signals,
    "senders renamed": _sender_order,
    "Fortran order": partial(_spelled, spell=np.asfortranarray),
    "nested lists": partial(_spelled, spell=np.ndarray.tolist),
    "single precision": partial(_spelled, spell=partial(np.asarray, dtype=np.float32)),
    "data frames": partial(_spelled, spell=_frame),
}
