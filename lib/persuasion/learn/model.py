"""A trained stack as what the optimiser needs: predicted utilities and own-policy gradients."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from persuasion.model.tensors import Array, as_tensor
from persuasion.networks import ARCHITECTURES, StackedNetwork, build_network

SCHEMA = "persuasion/utility-model/1"
SCALES = ("target_mean", "target_scale", "input_shift", "input_scale")


class UtilityModel:
    """Predicted ex-ante utilities of the senders, from one network per sender.

    Network ``i`` sees ``(policy - input_shift) / input_scale``, flattened, and predicts
    ``(V_i - target_mean[i]) / target_scale[i]``.

    Parameters
    ----------
    network : stack with one member per sender; its parameters are frozen
    target_mean, target_scale : (networks,) in utility units; ``target_scale`` positive
    input_shift, input_scale : numbers, or one per network ``(networks,)``; ``input_scale`` positive
    """

    def __init__(
        self,
        network: StackedNetwork,
        target_mean: Any = 0.0,
        target_scale: Any = 1.0,
        input_shift: Any = 0.0,
        input_scale: Any = 1.0,
    ) -> None:
        self.network = network.requires_grad_(False)
        given = (target_mean, target_scale, input_shift, input_scale)
        self.target_mean, self.target_scale, self.input_shift, self.input_scale = (
            _per_network(name, value, network) for name, value in zip(SCALES, given)
        )
        for name in ("target_scale", "input_scale"):
            if not (getattr(self, name) > 0).all():
                raise ValueError(f"{name} must be positive")

    def evaluate(self, inputs: torch.Tensor) -> torch.Tensor:
        """``([networks,] batch, inputs)`` raw inputs to ``(networks, batch)`` utilities; differentiable."""
        outputs = self.network(self._scaled(inputs))
        return outputs * self.target_scale[:, None] + self.target_mean[:, None]

    def predict(self, policies: Array) -> Array:
        """Predicted utilities ``(..., senders)`` at ``policies`` (..., senders, states, signals)."""
        given = as_tensor("policies", policies)
        with torch.no_grad():
            values = self.evaluate(self._flat(given)).T
        return _match(values.reshape(*given.shape[:-3], values.shape[-1]), policies)

    def own_gradients(self, policies: Array) -> Array:
        """Block ``i`` is the gradient of sender ``i``'s predicted utility in its own policy's entries.

        ``policies`` and the result are ``(..., senders, states, signals)``; utility per unit of probability.
        One backward pass over the stack.
        """
        given = as_tensor("policies", policies)
        flat = self._flat(given)
        senders, states, signals = given.shape[-3:]
        if senders != self.network.networks:
            raise ValueError(
                f"policies have {senders} senders, the model {self.network.networks} networks"
            )
        inputs = flat.expand(senders, -1, -1).detach().requires_grad_()
        with torch.enable_grad():
            (gradients,) = torch.autograd.grad(self.evaluate(inputs).sum(), inputs)
        blocks = gradients.unflatten(2, (senders, states, signals))
        own = blocks.diagonal(dim1=0, dim2=2).movedim(-1, 1)
        return _match(own.reshape(given.shape), policies)

    def activation_pattern(self, policies: Array) -> np.ndarray:
        """Which ReLU units are on: boolean ``(batch, networks, units)`` at ``(batch, senders, states, signals)``.

        Policies with equal patterns lie in the same piece of a network (the paper's Definition 4).
        """
        inputs = self._scaled(self._flat(as_tensor("policies", policies)))
        return self.network.activation_pattern(inputs).movedim(0, 1).cpu().numpy()

    def subset(self, members: Any) -> UtilityModel:
        """A model of some networks, in the order given: one game's senders out of a larger stack."""
        index = list(members)
        scales = {name: getattr(self, name)[index] for name in SCALES}
        return UtilityModel(self.network.subset(index), **scales)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The whole state as plain arrays, ready for ``numpy.savez``; nothing is pickled."""
        network = self.network
        names = {cls: name for name, cls in ARCHITECTURES.items()}
        description = {
            "schema": SCHEMA,
            "architecture": names[type(network)],
            "inputs": network.inputs,
            "networks": network.networks,
            "options": network.options,
        }
        arrays = {f"network/{key}": value for key, value in network.state_dict().items()}
        arrays |= {key: getattr(self, key) for key in SCALES}
        plain = {key: value.detach().cpu().numpy().copy() for key, value in arrays.items()}
        return {"description": np.array(json.dumps(description))} | plain

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> UtilityModel:
        """Inverse of :meth:`to_arrays`, on the CPU; ``ValueError`` if something is missing or misshapen."""
        try:
            description = dict(json.loads(str(arrays["description"])))
            if description.pop("schema") != SCHEMA:
                raise ValueError(f"not a {SCHEMA} record")
            options = description.pop("options")
            network = build_network(description.pop("architecture"), **description, **options)
            state = {key: torch.tensor(arrays[f"network/{key}"]) for key in network.state_dict()}
            network.to(next(iter(state.values())).dtype).load_state_dict(state)
            scales = {key: torch.tensor(arrays[key]) for key in SCALES}
        except (KeyError, TypeError, RuntimeError, ValueError) as error:
            raise ValueError(f"utility model cannot be read: {error}") from None
        return cls(network, **scales)

    def _flat(self, policies: torch.Tensor) -> torch.Tensor:
        entries = int(np.prod(policies.shape[-3:]))
        if len(policies.shape) < 3 or entries != self.network.inputs:
            raise ValueError(
                f"policies must be (..., senders, states, signals) with {self.network.inputs} entries "
                f"each, got shape {tuple(policies.shape)}"
            )
        return policies.reshape(-1, entries)

    def _scaled(self, inputs: torch.Tensor) -> torch.Tensor:
        """What the networks see."""
        shift, scale = self.input_shift[:, None, None], self.input_scale[:, None, None]
        return (inputs.to(shift) - shift) / scale


def _per_network(name: str, value: Any, network: StackedNetwork) -> torch.Tensor:
    networks = network.networks
    tensor = as_tensor(name, value).to(next(network.parameters()))
    if tensor.shape not in ((), (networks,)) or not torch.isfinite(tensor).all():
        raise ValueError(f"{name} must be one finite number, or one per network ({networks})")
    return tensor.expand(networks).clone()


def _match(result: torch.Tensor, given: Any) -> Any:
    """A tensor for a tensor, else a float64 array."""
    if isinstance(given, torch.Tensor):
        return result.to(given)
    return result.double().cpu().numpy()
