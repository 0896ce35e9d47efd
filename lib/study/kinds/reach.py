"""What welfare a scenario leaves room for: at simple profiles, and at most."""

from typing import Any

import numpy as np

from persuasion.games.seeded import build_game, starts_of
from persuasion.model.game import Game
from persuasion.model.policies import no_revelation
from persuasion.model.simulate import sender_utilities
from study.records.rows import ReachRow, Result


def run(job: dict[str, Any]) -> Result:
    """A row per instance: the welfare of :func:`welfare_at`."""
    rows = []
    for index in range(job["instances"]):
        game = job["game"] | {"index": index}
        found = welfare_at(build_game(game), game, job["profiles"])
        rounded = {name: float(np.round(value, 6)) for name, value in found.items()}
        rows.append(ReachRow(row=index, **rounded))
    return Result(rows=rows)


def welfare_at(game: Game, identity: Any, profiles: int) -> dict[str, float]:
    """The senders' welfare at simple profiles, by the names in :class:`~study.records.rows.ReachRow`.

    If nobody reveals anything, on average over ``profiles`` random ones, at the best of these, if every sender is
    :func:`honest`; last, :func:`welfare_bound`.
    """
    drawn = sender_utilities(game, starts_of(game, identity, profiles)).sum(-1)
    silent, told = (sender_utilities(game, p(game)).sum() for p in (no_revelation, honest))
    return {
        "silent": float(silent),
        "random": float(drawn.mean()),
        "best_random": float(drawn.max()),
        "honest": float(told),
        "bound": welfare_bound(game),
    }


def honest(game: Game) -> np.ndarray:
    """Every sender says which of its own offers is the receiver's best, or that none is worth taking.

    An offer of a sender is an action that it prefers to the last one, which takes no offer. With fewer signals than
    messages the last ones share a signal. Returns ``(senders, states, signals)``.
    """
    shape = game.shape
    policies = np.zeros((shape.senders, shape.states, shape.signals))
    for policy, utility in zip(policies, game.senders.mean(1)):
        own = np.append(np.flatnonzero(utility > utility[-1]), shape.actions - 1)
        message = np.minimum(game.receiver[:, own].argmax(1), shape.signals - 1)
        policy[np.arange(shape.states), message] = 1
    return policies


def welfare_bound(game: Game) -> float:
    r"""The welfare of one sender that owns all signals and maximises it: no profile has more.

    The linear program of Bayesian persuasion (Kamenica and Gentzkow, 2011; Dughmi and Xu, 2016): maximise
    :math:`\sum\mu_0(\omega)x(a|\omega)\sum_iv_i(a,\omega)` over obedient recommendations :math:`x`. Raises
    ``RuntimeError`` if it is not solved.
    """
    from scipy.optimize import linprog

    shape = game.shape
    pairs = [(a, b) for a in range(shape.actions) for b in range(shape.actions) if a != b]
    obedience = np.zeros((len(pairs), shape.states, shape.actions))
    for row, (a, b) in zip(obedience, pairs):
        row[:, a] = game.prior * (game.receiver[:, b] - game.receiver[:, a])
    found = linprog(
        -(game.prior[:, None] * game.senders.sum(0)).ravel(),
        A_ub=obedience.reshape(len(pairs), -1),
        b_ub=np.zeros(len(pairs)),
        A_eq=np.kron(np.eye(shape.states), np.ones(shape.actions)),
        b_eq=np.ones(shape.states),
        bounds=(0, 1),
    )
    if found.status != 0:
        raise RuntimeError(f"the bound on welfare: {found.message}")
    return -float(found.fun)
