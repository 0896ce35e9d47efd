"""Signaling policies: checks, samples, and the two extreme profiles.

A joint policy is an array ``(..., senders, states, signals)`` whose rows (last axis) sum to 1:
``policies[..., i, w, s]`` is the probability that sender ``i`` sends signal ``s`` in state ``w``.
"""

from typing import Any

import numpy as np

from persuasion.model.checks import whole_number
from persuasion.model.game import Game
from persuasion.model.restrictions import restrict


def check_policies(game: Game, policies: Any) -> None:
    """Raise ``ValueError`` unless :func:`as_policies` accepts ``policies``; the message names the first bad row."""
    as_policies(game, policies)


def as_policies(game: Game, policies: Any) -> np.ndarray:
    """A new float64 array of policies ``(..., senders, states, signals)``, read in the one way of the package.

    Anything that holds real numbers is read, see :func:`~persuasion.model.checks.real_array`. Rows must sum to 1
    within 1e-9 (1e-5 for inputs of lower precision than float64) and are then cleaned, see
    :func:`persuasion.model.checks.clean_rows`. ``ValueError`` names the first offending row.
    """
    from persuasion.model.tensors import policy_tensor  # torch is imported once it is needed

    return policy_tensor(game, policies).numpy(force=True).copy()


def one_profile(game: Game, policies: Any, name: str = "policies") -> np.ndarray:
    """:func:`as_policies` of exactly one profile, ``(senders, states, signals)``."""
    profile = as_policies(game, policies)
    if profile.ndim != 3:
        raise ValueError(f"{name} must be one profile with 3 axes, got shape {profile.shape}")
    return profile


def uniform_policies(
    game: Game, count: int | tuple[int, ...] = (), seed: int | np.random.Generator | None = None
) -> np.ndarray:
    """Joint policies whose rows are independent and uniform on the simplex (Dirichlet(1, ..., 1)).

    A sender that does not choose has its given policy.

    Returns ``(*count, senders, states, signals)`` float64. Drawn with numpy on every device, so that a
    seed means the same policies on CPU and GPU.
    """
    generator = np.random.default_rng(seed)
    leading = count if isinstance(count, tuple) else (whole_number("count", count),)
    size = (*leading, game.shape.senders, game.shape.states, game.shape.signals)
    draws = generator.standard_exponential(size)
    draws /= draws.sum(-1, keepdims=True)
    return restrict(game, draws)


def joint_weights(game: Any, policies: np.ndarray) -> np.ndarray:
    r"""Weights :math:`\mu_0(\omega)\prod_i\pi_i(s_i\mid\omega)` as ``(states, signals ** senders)``.

    Of a :class:`Game` in floats, of a :class:`~persuasion.model.exact.RationalGame` in fractions.
    """
    table: np.ndarray = game.prior[:, None]
    for policy in policies:
        table = (table[:, :, None] * policy[:, None, :]).reshape(len(game.prior), -1)
    return table


def no_revelation(game: Game) -> np.ndarray:
    """Every sender that chooses sends signal 0 in every state; ``(senders, states, signals)``."""
    policies = np.zeros((game.shape.senders, game.shape.states, game.shape.signals))
    policies[..., 0] = 1
    return restrict(game, policies)


def state_revelation(game: Game) -> np.ndarray:
    """Every sender that chooses names the state, signal ``w`` in state ``w``; ``(senders, states, signals)``.

    Raises ``ValueError`` if there are fewer signals than states.
    """
    shape = game.shape
    if (fewest := min(game.counts[i] for i in game.choosing)) < shape.states:
        raise ValueError(f"naming the state needs {shape.states} signals, the game has {fewest}")
    identity = np.eye(shape.states, shape.signals)
    return restrict(game, np.broadcast_to(identity, (shape.senders, *identity.shape)).copy())


def optimal_action_by_state(game: Game) -> np.ndarray:
    """The receiver's optimal action in each state ``(states,)``; ``ValueError`` where it is not unique.

    In a state of probability 0, where nothing is at stake, that of the first state that occurs.
    """
    receiver, occurs = game.standard.receiver, game.prior > 0
    tied = occurs & ((receiver == 0).sum(1) > 1)
    if tied.any():
        state = int(tied.argmax())
        several = np.flatnonzero(receiver[state] == 0).tolist()
        which = ", ".join(map(game.names.action, several)) if game.names.actions else several
        raise ValueError(
            f"{game.names.state(state)} has several optimal actions {which}; one is required"
        )
    actions = receiver.argmax(1)
    return np.where(occurs, actions, actions[occurs.argmax()])
