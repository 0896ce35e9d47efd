"""One thread per test process: small problems, and xdist already uses every core."""

import torch

torch.set_num_threads(1)
