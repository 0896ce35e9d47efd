"""One thread per test process: small problems, and xdist already uses every core.

Properties carry no deadline: on a shared machine a time limit fails without a fault.
"""

import hypothesis
import torch

torch.set_num_threads(1)
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.register_profile("forgetful", deadline=None, database=None)
hypothesis.settings.load_profile("project")


def pytest_collection_modifyitems(items):
    """Files with slow tests come first, so that no process is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
