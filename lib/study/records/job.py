"""Jobs: one configuration in, one record out.

The record is a function of the configuration on one type of processor, but for kinds with a limit in seconds
(``certify``, ``kinks``, ``dynamics``, ``atlas``): what these have proved or found by then depends on the machine.
A job may need the records of other jobs (a certificate needs the profile that it is about); these are
named by its ``needs`` and handed to it. What a kind of job does is in :mod:`study.kinds`.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from persuasion.model.seeds import canonical
from study.records.provenance import code_version


@dataclass(frozen=True)
class Job:
    """A unit of work.

    ``config`` is JSON-able and, with the jobs in ``needs``, says everything that the result depends on;
    ``cost`` is in seconds of one processor, roughly, for the progress line only.
    """

    config: dict[str, Any]
    cost: float = 1.0
    needs: tuple[Job, ...] = ()

    @functools.cached_property
    def key(self) -> str:
        """Hash of the full-precision configuration, the code version and the keys of what it needs."""
        content = {"config": self.config, "code": code_version(self.config["kind"])}
        if self.needs:
            content["needs"] = [job.key for job in self.needs]
        return hashlib.sha256(canonical(content).encode()).hexdigest()

    @functools.cached_property
    def identity(self) -> str:
        """Hash of what the job is, whatever version of the code runs it; the key of its committed record."""
        return config_identity(self.config, [job.identity for job in self.needs])

    @property
    def label(self) -> str:
        """Short human name for progress and error lists."""
        game = self.config.get("game", {})
        sizes = "x".join(str(v) for v in game.get("parameters", {}).values())
        parts = [game.get("family", "didactic"), sizes, f"#{game.get('index', 0)}"]
        return (
            f"{self.config['kind']} {self.config.get('method', '')} {' '.join(filter(None, parts))}"
        )


def config_identity(config: dict[str, Any], needs: Sequence[str] = ()) -> str:
    """Hash of a configuration and of the identities of the jobs that it needs."""
    content = {"config": config, "needs": list(needs)}
    return hashlib.sha256(canonical(content).encode()).hexdigest()
