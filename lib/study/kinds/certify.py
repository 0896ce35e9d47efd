"""Exact regret of the profiles that a search selected, or of full revelation, and what polishing makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from persuasion.games.seeded import build_game
from persuasion.model.game import Game
from persuasion.model.simulate import sender_utilities
from study.kinds import Payload
from study.records.regrets import recorded_certificate
from study.records.store import Record

TIES = "lowest-index"
FULL_REVELATION = "full-revelation"


def run(job: dict[str, Any], source: Record) -> Payload:
    """A row per search radius and selected profile: its local regret, the global one, the polished profile.

    ``source`` is the record of the search, or the reference record for full revelation. Rows name the tolerances
    (by position) at which the search selected the profile; only the headline's profile is polished.
    """
    game = build_game(job["game"])
    settings = job["certificates"]
    rows: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    for radius, selected_at, policies in _profiles(job, source):
        row = {"radius": radius, "selected_at": selected_at, "polished": None, "global": None}
        row["utilities"] = sender_utilities(game, policies).tolist()
        row["local"] = _regret(game, policies, radius, settings)
        if game.shape.senders <= settings["global_senders"]:
            row["global"] = _regret(game, policies, 1.0, settings)
        if job["headline"] in selected_at and settings["polish_rounds"]:
            row["polished"], polished = _polished(game, policies, radius, settings)
            arrays[f"{len(rows)}/polished"] = polished
        arrays[f"{len(rows)}/policies"] = policies
        rows.append(row)
    units = {"utility_range": game.utility_range, "stakes": game.stakes.tolist()}
    return {"rows": rows, **units}, arrays


def _profiles(job: dict[str, Any], source: Record) -> Iterator[tuple[float, list[int], np.ndarray]]:
    """Radius, tolerances at which it was selected, and the profile."""
    if job["method"] == FULL_REVELATION:
        if "full_revelation" in source.arrays:
            for radius in job["radii"]:
                yield radius, [], source.arrays["full_revelation"]
        return
    for number, search in enumerate(source.metrics["searches"]):
        if search["radius"] not in job["radii"]:
            continue
        chosen = [None if entry is None else entry["profile"] for entry in search["selected"]]
        for profile, policies in enumerate(source.arrays[f"search{number}/policies"]):
            selected_at = [k for k, which in enumerate(chosen) if which == profile]
            if job["certificates"]["every_tolerance"] or job["headline"] in selected_at:
                yield search["radius"], selected_at, policies


def _regret(
    game: Game, policies: np.ndarray, radius: float, settings: dict[str, Any]
) -> dict[str, Any]:
    from persuasion.regret.certify import certify

    found = certify(game, policies, radius, ties=TIES, time_limit=settings["seconds"])
    return {**recorded_certificate(found), "exact": found.exact}


def _polished(
    game: Game, policies: np.ndarray, radius: float, settings: dict[str, Any]
) -> tuple[dict[str, Any], np.ndarray]:
    from persuasion.equilibria import polish

    found = polish(
        game,
        policies,
        radius,
        tolerance=settings["polish_tolerance"],
        margin=settings["polish_margin"] * game.receiver_stake,
        ties=TIES,
        rounds=settings["polish_rounds"],
        time_limit=settings["seconds"],
        response_limit=settings["seconds"],
    )
    return {
        "status": found.status,
        **recorded_certificate(found.certificate),
        "utilities": sender_utilities(game, found.policies).tolist(),
        "rounds": found.rounds,
        "moves": len(found.moves),
    }, found.policies
