"""The jobs behind the chapter on certificates: exact regrets of what was found, and two studies of their own."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from study.designs.settings import SIZES, Preset, game_of, to_dict
from study.records.job import Job


def certify_jobs(preset: Preset, sources: Iterable[Job]) -> list[Job]:
    """The certificates of what each of some jobs found; the profile of a reference job is full revelation."""
    certificates = to_dict(preset.certificates)
    del certificates["scenario_global"]  # global_senders says it
    searches = preset.searches[: certificates.pop("searches")]
    common = {
        "headline": preset.tolerances.index(preset.headline),
        "radii": [search.radius for search in searches],
        "certificates": certificates,
    }
    found = []
    for source in sources:
        game, method = source.config["game"], source.config.get("method", "full-revelation")
        config = {"kind": "certify", "game": game, "method": method} | common
        found.append(Job(config, _cost(preset, game["parameters"]), needs=(source,)))
    return found


def shown_jobs(
    preset: Preset, sources: Iterable[Job], searches: int, global_senders: int = 0
) -> list[Job]:
    """The same of the profiles that figures and Table 1 show and no others, without polishing: much cheaper."""
    settings = replace(
        preset.certificates,
        searches=searches,
        global_senders=global_senders,
        every_tolerance=False,
        polish_rounds=0,
    )
    return certify_jobs(replace(preset, certificates=settings), sources)


def _cost(preset: Preset, sizes: dict[str, Any]) -> float:
    """Exact in a moment with two senders; with four, the larger games take all the time that there is."""
    if sizes.get("senders", 2) <= 2:
        return 0.1
    entries = sizes["signals"] ** sizes["senders"] * sizes["states"] * sizes["actions"]
    return min(preset.certificates.seconds, entries / 2000)


def kinks_jobs(preset: Preset) -> list[Job]:
    """The sampled check against the exact one, step by step."""
    settings = to_dict(preset.kinks)
    names = ("games", "instances", "seed", "movers")
    sizes, instances, seed, movers = (settings.pop(name) for name in names)
    return [
        Job(
            {
                "kind": "kinks",
                "game": game_of("synthetic", parameters, index, seed),
                "movers": who,
                **settings,
            },
            parameters["signals"] ** 2 / 20,
        )
        for index in range(instances)
        for parameters in sizes
        for who in movers
    ]


def dynamics_jobs(preset: Preset, games: Iterable[dict[str, Any]]) -> list[Job]:
    """Best-response dynamics on those of the games that have two senders and are not too large."""
    settings = to_dict(preset.dynamics)
    largest = settings.pop("largest")
    return [
        Job({"kind": "dynamics", "game": game, **settings}, size**3 / 20)
        for game in games
        for size in [max(game["parameters"][name] for name in SIZES)]
        if game["parameters"]["senders"] == 2 and size <= largest
    ]
