"""The jobs of the atlas: which two-sender games, and in which order."""

from collections.abc import Iterable
from typing import Any

from study.designs.settings import SIZES, Preset, to_dict
from study.records.job import Job


def jobs(preset: Preset, games: Iterable[dict[str, Any]]) -> list[Job]:
    """A job per game that :class:`~study.designs.settings.Atlas` asks for.

    The smallest come first, by the largest of their numbers of signals, states and actions; among these the first
    game of every size, then the second. ``games`` are those of both benchmarks.
    """
    settings = to_dict(preset.atlas)
    small, largest, count = (settings.pop(name) for name in ("small", "largest", "games"))
    chosen = [
        (size, game["index"], game)
        for game in games
        for size in [max(game["parameters"][name] for name in SIZES)]
        if game["parameters"]["senders"] == 2 and size <= largest
        for second in [game["parameters"]["logit_scale"] == preset.second.logit_scale]
        if game["index"] < (count if second and size <= small else 1)
    ]
    return [
        Job({"kind": "atlas", "game": game, **settings}, min(settings["seconds"], size**3 / 4))
        for size, _, game in sorted(chosen, key=lambda entry: entry[:2])
    ]
