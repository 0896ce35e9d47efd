r"""Adam on one flat array of parameters, without the optimiser's bookkeeping, which costs more than the step."""

import torch


class Adam:
    r"""Adam (Kingma and Ba 2015) with its usual constants, one operation per step.

    :math:`m\leftarrow\beta_1m+(1-\beta_1)g`, :math:`v\leftarrow\beta_2v+(1-\beta_2)g^2` and
    :math:`\theta\leftarrow\theta-\eta\,\hat m/(\sqrt{\hat v}+10^{-8})`, where :math:`\hat m=m/(1-\beta_1^t)` and
    :math:`\hat v=v/(1-\beta_2^t)`. The same as ``torch.optim.Adam(fused=True)``, to the bit.

    Parameters
    ----------
    values, gradients : of one shape and on one device; a step reads the gradients and changes the values in place
    """

    BETAS = (0.9, 0.999)

    def __init__(self, values: torch.Tensor, gradients: torch.Tensor) -> None:
        self.values, self.gradients = values, gradients
        self.averages, self.squares = torch.zeros_like(values), torch.zeros_like(values)
        self.steps = torch.zeros((), device=values.device)

    def step(self, rate: float) -> None:
        """One step of length ``rate``."""
        self.steps += 1
        torch._fused_adam_(
            [self.values],
            [self.gradients],
            [self.averages],
            [self.squares],
            [],
            [self.steps],
            lr=rate,
            beta1=self.BETAS[0],
            beta2=self.BETAS[1],
            weight_decay=0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
