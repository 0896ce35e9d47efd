"""The obvious implementations that ours are measured against. Kept apart: never imported by the library."""

import torch
from torch import nn


class NaiveReLU(nn.Module):
    """Three hidden layers of 64 units, from ``nn.Linear``."""

    def __init__(self, inputs: int, hidden: int = 64) -> None:
        super().__init__()
        self.first, self.second, self.third = (
            nn.Linear(size, hidden) for size in (inputs, hidden, hidden)
        )
        self.output = nn.Linear(hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions ``(batch,)`` from ``(batch, inputs)``."""
        for layer in (self.first, self.second, self.third):
            x = torch.relu(layer(x))
        return self.output(x).squeeze(-1)


class NaiveDeLU(nn.Module):
    """A ReLU network whose output bias comes from its activation pattern."""

    def __init__(self, inputs: int, hidden: int = 64, hyper: int = 32) -> None:
        super().__init__()
        self.first, self.second, self.third = (
            nn.Linear(size, hidden) for size in (inputs, hidden, hidden)
        )
        self.output = nn.Linear(hidden, 1, bias=False)
        self.zeta = nn.Sequential(
            nn.Linear(3 * hidden, hyper),
            nn.ReLU(),
            nn.Linear(hyper, hyper),
            nn.ReLU(),
            nn.Linear(hyper, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions ``(batch,)`` from ``(batch, inputs)``."""
        bits = []
        for layer in (self.first, self.second, self.third):
            x = torch.relu(layer(x))
            bits.append((x > 0).to(x.dtype))
        return (self.output(x) + self.zeta(torch.cat(bits, -1))).squeeze(-1)


class NaiveDNL(nn.Module):
    """DNL (hidden layers 2 and 3 generated) with a ``(batch, hidden, hidden + 1)`` weight tensor per layer."""

    def __init__(self, inputs: int, hidden: int = 64, hyper: int = 32) -> None:
        super().__init__()
        self.hidden = hidden
        self.lower = nn.Linear(inputs, hidden)
        self.hyper = nn.Sequential(
            nn.Linear(hidden, hyper), nn.ReLU(), nn.Linear(hyper, hyper), nn.ReLU()
        )
        self.second = nn.Linear(hyper, hidden * (hidden + 1))
        self.third = nn.Linear(hyper, hidden * (hidden + 1))
        self.output = nn.Linear(hidden, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions ``(batch,)`` from ``(batch, inputs)``."""
        x = torch.relu(self.lower(x))
        code = self.hyper((x > 0).to(x.dtype))
        for layer in (self.second, self.third):
            weights = layer(code).view(-1, self.hidden, self.hidden + 1)
            product = torch.einsum("boi,bi->bo", weights[..., :-1], x)
            x = torch.relu(product + weights[..., -1])
        return self.output(x).squeeze(-1)


NETWORKS = {"relu": NaiveReLU, "delu": NaiveDeLU, "dnl": NaiveDNL}


def train_epoch(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    batch_size: int = 512,
) -> float:
    """One epoch of shuffled mini-batches; the mean squared error of its last batch."""
    order = torch.randperm(len(inputs))
    for start in range(0, len(inputs), batch_size):
        rows = order[start : start + batch_size]
        loss = (network(inputs[rows]) - targets[rows]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return loss.item()
