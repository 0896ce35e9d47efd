"""The kinds of jobs, one module each, imported on first use: some need solvers, some need networks.

``solve``      one game, one architecture: train a network per sender, search, select, check
``reference``  one game: random starts, full revelation, how far utilities vary at all
``reach``      instances of one game: the welfare at simple profiles, and the most that any profile can have
``didactic``   one architecture on the didactic game: the surfaces of Figure 1
``fit``        one game, one architecture, one recipe: errors only
``baseline``   one game, one search without networks: search, select, check
``certify``    the exact regret of what a solve or reference job found, and polishing
``kinks``      one game: the sampled check against the exact one on optimised profiles
``dynamics``   one two-sender game: alternating global best responses from many starts
``atlas``      one two-sender game: certified equilibria from several starts, and landmarks
"""

import importlib
from typing import Any

from study.records.rows import Result

KINDS = (
    "solve", "reference", "reach", "didactic", "fit", "baseline", "certify", "kinks", "dynamics", "atlas",
)  # fmt: skip


def run_kind(config: dict[str, Any], given: tuple[Any, ...] = ()) -> Result:
    """What a job finds, from its configuration and the records that it needs.

    Raises ``ValueError`` for an unknown kind, and whatever the job raises.
    """
    kind = config["kind"]
    if kind not in KINDS:
        raise ValueError(f"unknown kind of job {kind!r}; known: {', '.join(KINDS)}")
    module = importlib.import_module(f"study.kinds.{kind}")
    return module.run(config, *given)
