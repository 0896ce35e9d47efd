"""How much a sender gains nearby without any change of the receiver's actions: one linear program."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from persuasion.model.checks import positive_number, whole_number
from persuasion.model.game import Game
from persuasion.model.policies import joint_weights, one_profile
from persuasion.model.simulate import receiver_actions
from persuasion.model.ties import LOWEST_INDEX
from persuasion.regret import highs
from persuasion.regret.anywhere.regions import spread
from persuasion.regret.nearby.box import Box, linear_range, policy_box
from persuasion.regret.nearby.cells import in_blocks
from persuasion.regret.problem import scaled_rows


def gain_within_piece(
    game: Game,
    policies: np.ndarray,
    sender: int,
    radius: float,
    *,
    ties: Any = LOWEST_INDEX,
    actions: np.ndarray | None = None,
    time_limit: float = 60.0,
) -> float:
    r"""Largest gain of a sender within ``radius`` among the policies under which the receiver acts as it does now.

    The piece of the profile is where the receiver's action at every joint signal stays optimal (Proposition 1).
    On its closure the sender's utility is linear, and this is the maximum there, 0 or more, in utility
    units. What :func:`~persuasion.regret.certify.certify` finds beyond it lies in other pieces. Joint signals that
    never occur count with the action that ``ties`` gives them.

    Parameters
    ----------
    policies : (senders, states, signals), one profile
    sender : index of the deviator
    radius : largest change of an entry, positive
    ties : tie rule that settles the receiver's actions at the profile
    time_limit : seconds
    actions : what :func:`persuasion.receiver_actions` gives for the profile, if it is known already

    Raises
    ------
    ValueError
        For bad policies, sender, radius, time limit, tie rule or actions.
    ArithmeticError
        If the program is not solved within the time limit.

    >>> from persuasion import no_revelation
    >>> game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
    >>> gain_within_piece(game, no_revelation(game), sender=0, radius=1)  # always the receiver's default
    0.0
    """
    profile = one_profile(game, policies)
    sender = whole_number("sender", sender, 0, game.shape.senders - 1)
    seconds = positive_number("time_limit", time_limit, infinite=True)
    reach = positive_number("radius", radius)
    if sender not in game.choosing:
        return 0.0
    own = profile[sender][:, : game.counts[sender]]
    box = policy_box(own, reach)
    weights = joint_weights(game, np.delete(profile, sender, axis=0)).T
    actions = receiver_actions(game, profile, ties=ties) if actions is None else actions
    joint = (game.shape.signals,) * game.shape.senders
    if actions.shape != joint:
        raise ValueError(f"actions must have shape {joint}, got {actions.shape}")
    standard = game.standard
    chosen = np.moveaxis(actions, sender, 0).reshape(game.shape.signals, -1)[: own.shape[1]]
    # (signals, states): what a unit of probability is worth
    worth = np.stack([(weights * standard.senders[sender].T[row]).sum(0) for row in chosen])
    program = _program(standard, own, box, weights, chosen, worth)
    solution = highs.solve(program, seconds)
    if not solution.optimal:
        raise ArithmeticError(
            f"sender {sender}: the program of its piece ended as {solution.status}"
        )
    gain = float(solution.value - (worth * own.T).sum())
    return max(0.0, gain) * float(game.stakes[sender])


def _program(
    game: Game,
    policy: np.ndarray,
    box: Box,
    weights: np.ndarray,
    chosen: np.ndarray,
    worth: np.ndarray,
) -> highs.LinearProgram:
    """Variables are the policy ``(signals, states)``, signal by signal."""
    signals, states = worth.shape
    receiver = game.receiver.T
    better = receiver[chosen][:, :, None] - receiver  # (signals, columns, actions, states)
    rows = scaled_rows((weights[:, None] * better).reshape(signals, -1, states))
    least, _ = linear_range(rows, box.lower[..., None], box.upper[..., None])
    # what holds in all of the box binds nowhere
    signal, which = np.nonzero(least[..., 0] < 0)
    obedience = in_blocks(rows[signal, which], signal, signals)
    obedience.eliminate_zeros()
    # staying is possible, whatever the tolerance for ties allowed
    least = np.minimum(obedience @ policy.T.ravel(), 0.0)
    one = np.ones(states)
    return highs.LinearProgram(
        cost=worth.ravel(),
        matrix=sp.vstack([obedience, spread(states, signals)], format="csc"),
        row_lower=np.concatenate([least, one]),
        row_upper=np.concatenate([np.full(len(least), np.inf), one]),
        lower=box.lower.ravel(),
        upper=box.upper.ravel(),
    )
