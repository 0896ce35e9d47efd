r"""The exact game: policies in, the receiver's actions and the senders' ex-ante utilities out.

With :math:`w(\mathbf s,\omega)=\mu_0(\omega)\prod_i\pi_i(s_i\mid\omega)` the receiver maximises
:math:`\sum_\omega w(\mathbf s,\omega)u(a,\omega)`, and
:math:`V_i(\pi)=\sum_{\mathbf s,\omega}w(\mathbf s,\omega)\,v_i(a^*(\mathbf s),\omega)`.

The full table of weights is never built. The senders are cut into two groups with tables
:math:`L_{\omega\ell}` and :math:`R_{\omega r}` whose product is :math:`w`; the receiver's utilities at all
joint signals are then one batched matrix product :math:`(L\cdot u)^\top R`, and the joint distribution of state and
action :math:`\sum_{\ell r}L_{\omega\ell}R_{\omega r}\mathbb 1[a^*(\ell r)=a]` another. Policies are
processed in chunks that fit the cache, which bounds memory whatever the batch.

>>> game = Game([0.7, 0.3], [[1, 0], [0, 1]], [[[0, 1], [0, 1]]], signals=2)
>>> sender_utilities(game, np.array([[[4 / 7, 3 / 7], [0, 1]]]), ties="sender-0").round(6)
array([0.6])
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from persuasion.model.checks import whole_number
from persuasion.model.game import Game
from persuasion.model.tensors import Array, as_tensor, clean_tensor, policy_tensor
from persuasion.model.ties import LOWEST_INDEX, TieRule
from persuasion.model.tolerances import TIE_TOLERANCE

CACHE_BYTES = 4_000_000
DEVICE_BYTES = 512_000_000


def sender_utilities(
    game: Game, policies: Array, *, ties: Any = LOWEST_INDEX, validate: bool = True
) -> Array:
    """Exact ex-ante utilities of all senders (Definition 1).

    Parameters
    ----------
    policies : (..., senders, states, signals) torch tensor, or anything ``as_policies`` reads
        Tensors give a tensor on their device, all else a numpy array. On tensors it is differentiable: the
        gradient is that of the current piece, with the receiver's actions held fixed.
    ties : TieRule or anything ``TieRule.parse`` accepts
    validate : check and clean the policies first, see ``as_policies`` (``ValueError`` naming the row)

    Returns utilities ``(..., senders)`` in double precision.
    """
    table = torch.as_tensor(outcome_distribution(game, policies, ties=ties, validate=validate))
    values = torch.einsum("...wa,iwa->...i", table, _constant(game.standard.senders, table))
    return _match(values * _constant(game.stakes, table) + _constant(game.offsets, table), policies)


def receiver_utility(game: Game, policies: Array, *, ties: Any = LOWEST_INDEX) -> Array:
    """The receiver's ex-ante utility ``(...)``; ties cannot change it beyond the tolerance."""
    table = torch.as_tensor(outcome_distribution(game, policies, ties=ties))
    return _match((table * _constant(game.receiver, table)).sum((-2, -1)), policies)


def outcome_distribution(
    game: Game, policies: Array, *, ties: Any = LOWEST_INDEX, validate: bool = True
) -> Array:
    """Joint distribution of state and receiver's action ``(..., states, actions)``; sums to 1."""
    batch, leading = _batch(game, policies, validate)
    left, right, kernel = _halves(game, batch, TieRule.parse(ties))
    result = in_chunks(
        batch,
        kernel,
        lambda rows: kernel.distribution(left(rows), right(rows)),
        batch.new_empty((len(batch), *game.receiver.shape)),
    )
    return _match(result.reshape(*leading, *game.receiver.shape), policies)


def receiver_actions(game: Game, policies: Array, *, ties: Any = LOWEST_INDEX) -> Array:
    """The receiver's action at every joint signal, ``(..., signals, ..., signals)`` whole numbers."""
    batch, leading = _batch(game, policies)
    left, right, kernel = _halves(game, batch, TieRule.parse(ties))
    joint: tuple[int, ...] = (game.shape.signals,) * game.shape.senders
    result = in_chunks(
        batch.detach(),
        kernel,
        lambda rows: kernel.actions(left(rows), right(rows)),
        torch.empty((len(batch), kernel.left, kernel.right), dtype=torch.long, device=batch.device),
    )
    return _match(result.reshape(*leading, *joint), policies)


def deviation_utilities(
    game: Game,
    policies: Array,
    sender: int,
    deviations: Array,
    *,
    ties: Any = LOWEST_INDEX,
    validate: bool = True,
) -> Array:
    """Utility of one sender under each of its deviations, the others' policies held fixed.

    Only the deviating sender's part is recomputed per deviation.

    Parameters
    ----------
    policies : (senders, states, signals), one profile
    sender : index of the deviating sender
    deviations : (..., states, signals); the last signals may be left out
    validate : check and clean the deviations, too (``ValueError`` naming the row)

    Returns utilities ``(...)`` of ``sender``.
    """
    profile = policy_tensor(game, policies)
    if profile.ndim != 3:
        raise ValueError(f"policies must be one profile with 3 axes, got {tuple(profile.shape)}")
    sender = whole_number("sender", sender, 0, game.shape.senders - 1)
    own = as_tensor("deviations", deviations)
    missing = profile.shape[-1] - own.shape[-1] if own.ndim > 1 else -1
    if missing < 0 or own.shape[-2] != profile.shape[-2]:
        raise ValueError(
            f"deviations must end in {tuple(profile.shape[-2:])}, got {tuple(own.shape)}"
        )
    own = torch.nn.functional.pad(own, (0, missing)) if missing else own
    own = (clean_tensor("deviations", own, (game.names.state,)) if validate else own).to(profile)
    batch = own.reshape(-1, *own.shape[-2:])
    others = torch.cat([profile[:sender], profile[sender + 1 :]])
    rest = joint_product(others.unsqueeze(0)) * _constant(game.prior, profile).unsqueeze(-1)
    kernel = Chooser(game, TieRule.parse(ties), batch.shape[-1], rest.shape[-1], profile, sender)
    worth = _constant(game.standard.senders[sender], profile)
    values = in_chunks(
        batch,
        kernel,
        lambda rows: (kernel.distribution(batch[rows], rest) * worth).sum((-2, -1)),
        batch.new_empty(len(batch)),
    )
    values = values * float(game.stakes[sender]) + float(game.offsets[sender])
    return _match(values.reshape(own.shape[:-2]), deviations)


def optimal_actions(weights: torch.Tensor, utilities: torch.Tensor) -> torch.Tensor:
    """Which actions ``(cells, actions)`` are optimal, ties within the tolerance (see :mod:`persuasion.model.ties`).

    Parameters
    ----------
    weights : (cells, states), not negative
    utilities : (states, actions)
    """
    return _unbeaten(torch.ones_like(weights @ utilities, dtype=torch.bool), weights, utilities)


def _unbeaten(among: torch.Tensor, weights: torch.Tensor, utilities: torch.Tensor) -> torch.Tensor:
    """Those of the actions ``among`` (cells, actions) that no other one of them beats."""
    unbeaten = among.clone()
    for action, rival in enumerate(utilities.T):
        lead = rival.unsqueeze(-1) - utilities
        beaten = weights @ lead > TIE_TOLERANCE * (weights @ lead.abs())
        unbeaten &= ~(beaten & among[:, [action]])
    return unbeaten


class Chooser:
    """The receiver's choice for two groups of senders; constants of one game, dtype and device."""

    def __init__(
        self,
        game: Game,
        ties: TieRule,
        left_signals: int,
        right_signals: int,
        like: torch.Tensor,
        first: int = 0,
    ) -> None:
        self.left, self.right = left_signals, right_signals
        receiver = _constant(game.standard.receiver, like)
        # the last column yields the mass of each joint signal
        self.utilities = torch.cat([receiver, torch.ones_like(receiver[:, :1])], 1)
        # payoffs of actions that are ever taken differ by no more: what is further from the best ties not
        possible = game.standard.receiver[game.standard.possible]
        self.slack = TIE_TOLERANCE * float(np.abs(possible).max())
        preference = ties.preference(game)
        self.preference = None if preference is None else _constant(preference, like)
        self.map: torch.Tensor | None = None
        if (actions := ties.action_map(game)) is not None:
            table = np.moveaxis(actions, first, 0).reshape(left_signals, right_signals)
            self.map = torch.tensor(table, device=like.device)
        workspace = (max(receiver.shape) + 1) * left_signals * right_signals
        self.bytes_per_policy = workspace * like.element_size()

    def distribution(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """(batch, states, actions) from ``left`` (batch, states, l) and ``right`` (batch or 1, states, r)."""
        with torch.no_grad():
            chosen = self.chosen(left, right)
        batch, actions, signals, _ = chosen.shape
        rows = chosen.reshape(batch, actions * signals, -1) @ right.transpose(1, 2)
        return torch.einsum("balw,bwl->bwa", rows.reshape(batch, actions, signals, -1), left)

    def actions(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """(batch, l, r) indices of the chosen actions."""
        with torch.no_grad():
            chosen = self.chosen(left, right).flatten(2)
        # an argmax over the booleans would take ten times as long
        indices = torch.arange(chosen.shape[1], dtype=left.dtype, device=left.device)
        return (indices @ chosen).long().unflatten(1, (self.left, self.right))

    def chosen(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """(batch, actions, l, r): 1 for the action that the receiver takes, 0 for all others."""
        return self._picked(_weighted(left, right, self.utilities), left, right)

    def chosen_at(self, weights: torch.Tensor) -> torch.Tensor:
        """The same (batch, actions, l) at joint signals of these weights (batch, states, l); no explicit map."""
        table = (self.utilities.T @ weights).unsqueeze(-1)
        return self._picked(table, weights, torch.ones_like(weights[:1, :, :1]))[..., 0]

    def _picked(self, table: torch.Tensor, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        values, mass = table[:, :-1], table[:, -1]
        # in place, and as numbers, which the products want: booleans would be made and converted
        best = values.ge_((values.amax(1) - self.slack * mass).unsqueeze(1))
        if int(best.sum()) == mass.numel():  # no ties anywhere: the common case
            return best
        optimal = _narrowed(best.bool(), left, right, mass, self.utilities[:, :-1])
        if self.map is not None:
            wanted = torch.zeros_like(optimal).scatter_(
                1, self.map.expand(optimal.shape[0], 1, *self.map.shape), True
            )
            optimal = torch.where((wanted & optimal).any(1, keepdim=True), wanted, optimal)
        elif self.preference is not None:
            optimal = _narrowed(optimal, left, right, mass, self.preference)
        return _first(optimal).to(table.dtype)


def _narrowed(
    candidates: torch.Tensor,
    left: torch.Tensor,
    right: torch.Tensor,
    mass: torch.Tensor,
    utilities: torch.Tensor,
) -> torch.Tensor:
    """Those of the candidates (batch, actions, l, r) that no other one beats; all where nothing has mass."""
    row, first, second = ((candidates.sum(1) > 1) & (mass > 0)).nonzero(as_tuple=True)
    weights = left[row, :, first] * right.expand(len(left), -1, -1)[row, :, second]
    settled = _unbeaten(candidates[row, :, first, second], weights, utilities)
    result = candidates.clone()
    result[row, :, first, second] = settled
    return result


def _weighted(left: torch.Tensor, right: torch.Tensor, utilities: torch.Tensor) -> torch.Tensor:
    """(batch, columns, l, r): sum over states of left * right * utilities[:, column]."""
    batch, _, signals = left.shape
    columns = utilities.shape[1]
    scaled = left.transpose(1, 2).unsqueeze(1) * utilities.T.reshape(1, columns, 1, -1)
    rows = scaled.reshape(batch, columns * signals, -1)
    if right.shape[0] == 1:  # shared by the whole batch: one large product
        return (rows @ right[0]).reshape(batch, columns, signals, -1)
    return torch.bmm(rows, right).reshape(batch, columns, signals, -1)


def _first(mask: torch.Tensor) -> torch.Tensor:
    """Keep the first True along the action axis."""
    taken = torch.zeros_like(mask[:, 0])
    result = torch.zeros_like(mask)
    for action in range(mask.shape[1]):
        result[:, action] = mask[:, action] & ~taken
        taken |= mask[:, action]
    return result


def _halves(game: Game, batch: torch.Tensor, ties: TieRule) -> tuple:
    """Callables from a slice of the batch to its two weight tables, and the kernel for them."""
    cut = (game.shape.senders + 1) // 2
    prior = _constant(game.prior, batch).unsqueeze(-1)
    signals = game.shape.signals
    kernel = Chooser(game, ties, signals**cut, signals ** (game.shape.senders - cut), batch)
    return (
        lambda rows: joint_product(batch[rows, :cut]) * prior,
        lambda rows: joint_product(batch[rows, cut:]),
        kernel,
    )


def joint_product(policies: torch.Tensor) -> torch.Tensor:
    """(batch, states, joint signals) probabilities of a group of senders; of none: a column of ones."""
    batch, _, states, _ = policies.shape
    table = policies.new_ones((batch, states, 1))
    for policy in policies.unbind(1):
        table = (table.unsqueeze(-1) * policy.unsqueeze(-2)).reshape(batch, states, -1)
    return table


def _constant(array: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(array, dtype=like.dtype, device=like.device)


def in_chunks(
    batch: torch.Tensor,
    kernel: Chooser,
    compute: Callable[[slice], torch.Tensor],
    result: torch.Tensor,
) -> torch.Tensor:
    """Fill ``result`` chunk by chunk.

    Filling one array, rather than joining the chunks at the end, keeps small results from splitting the
    memory that the next chunk's workspace could reuse; only a differentiable result has to be joined.
    """
    budget = CACHE_BYTES if batch.device.type == "cpu" else DEVICE_BYTES
    size = max(1, budget // kernel.bytes_per_policy)
    chunks = [slice(start, start + size) for start in range(0, len(batch), size)]
    if batch.requires_grad and chunks:
        return torch.cat([compute(rows) for rows in chunks])
    for rows in chunks:
        result[rows] = compute(rows)
    return result


def _batch(
    game: Game, policies: Any, validate: bool = True
) -> tuple[torch.Tensor, tuple[int, ...]]:
    read = policy_tensor(game, policies) if validate else as_tensor("policies", policies)
    tensor = read.double()
    return tensor.reshape(-1, *tensor.shape[-3:]), tuple(tensor.shape[:-3])


def _match(result: torch.Tensor, given: Any) -> Any:
    """numpy in, numpy out."""
    return result if isinstance(given, torch.Tensor) else result.numpy()
