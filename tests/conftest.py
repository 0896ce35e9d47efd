"""One thread per test process: small problems, and xdist already uses every core.

Properties carry no deadline: on a shared machine a time limit fails without a fault.
"""

import hypothesis
import torch

torch.set_num_threads(1)
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.register_profile("forgetful", deadline=None, database=None)
hypothesis.settings.load_profile("project")
