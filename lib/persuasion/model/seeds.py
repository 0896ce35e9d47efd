"""Seeds derived from what a random draw is for, never from the order in which it happens."""

import hashlib
import json
from typing import Any

import numpy as np


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces and full-precision numbers: equal values, equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def seed_sequence(*identity: Any) -> np.random.SeedSequence:
    """A seed sequence for a JSON-able identity.

    >>> seed_sequence("game", 1).entropy == seed_sequence("game", 1).entropy
    True
    """
    return np.random.SeedSequence(
        int.from_bytes(hashlib.sha256(canonical(identity).encode()).digest(), "big")
    )


def integer_seed(*identity: Any) -> int:
    """A 63-bit seed for libraries that take an integer."""
    return int(seed_sequence(*identity).generate_state(1, np.uint64)[0] >> 1)
