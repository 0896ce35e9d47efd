"""The jobs of the atlas: which two-sender games, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from study.designs.config import Preset, to_dict
from study.jobs import Job

SIZES = ("signals", "states", "actions")


def jobs(preset: Preset, games: Iterable[dict[str, Any]]) -> list[Job]:
    """A job per game that :class:`~study.designs.config.Atlas` asks for.

    Games up to the size ``small`` come first: one of every size, the smallest first, then the second of every size;
    the first games of larger sizes come last. ``games`` are those of both benchmarks.
    """
    settings = to_dict(preset.atlas)
    small, largest, count = (settings.pop(name) for name in ("small", "largest", "games"))
    chosen = [
        (size > small, game["index"], size, game)
        for game in games
        for size in [max(game["parameters"][name] for name in SIZES)]
        if game["parameters"]["senders"] == 2 and size <= largest
        if game["index"] < (count if size <= small and _second(preset, game) else 1)
    ]
    return [
        Job({"kind": "atlas", "game": game, **settings}, min(settings["seconds"], size**3 / 4))
        for _, _, size, game in sorted(chosen, key=lambda entry: entry[:3])
    ]


def _second(preset: Preset, game: dict[str, Any]) -> bool:
    return bool(game["parameters"]["logit_scale"] == preset.second.logit_scale)
