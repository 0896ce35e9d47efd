"""Exact regret of the profiles that a search selected, or of full revelation, and what polishing makes of them."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import numpy as np

from persuasion.games.seeded import build_game
from persuasion.model.game import Game
from persuasion.model.simulate import sender_utilities
from study.records.regrets import recorded_certificate
from study.records.rows import CertificateRow, Facts, ProfileRow, Result
from study.records.store import Record

TIES = "lowest-index"
FULL_REVELATION = "full-revelation"


def run(job: dict[str, Any], source: Record) -> Result:
    """A row per search radius and selected profile: its local regret, the global one, the polished profile.

    ``source`` is the record of the search, or the reference record for full revelation. Rows name the tolerances
    (by position) at which the search selected the profile; only the headline's profile is polished.
    """
    game = build_game(job["game"])
    settings = job["certificates"]
    rows: list[CertificateRow] = []
    arrays: dict[str, np.ndarray] = {}
    for radius, selected_at, policies in _profiles(job, source):
        about = _regret("local", game, policies, radius, settings)
        if game.shape.senders <= settings["global_senders"]:
            about |= _regret("global", game, policies, 1.0, settings)
        if job["headline"] in selected_at and settings["polish_rounds"]:
            about |= _polished(game, policies, radius, settings)
        arrays[f"{len(rows)}/policies"] = policies
        rows.append(
            CertificateRow(
                row=len(rows),
                radius=radius,
                selected_at=selected_at,
                utilities=sender_utilities(game, policies).tolist(),
                **about,
            )
        )
    return Result(Facts.units(game), rows, arrays)


def _profiles(job: dict[str, Any], source: Record) -> Iterator[tuple[float, list[int], np.ndarray]]:
    """Radius, tolerances at which it was selected, and the profile."""
    if job["method"] == FULL_REVELATION:
        if "full_revelation" in source.arrays:
            for radius in job["radii"]:
                yield radius, [], source.arrays["full_revelation"]
        return
    selected: dict[tuple[int, int], list[tuple[int, ProfileRow]]] = {}
    for number, row in enumerate(source.rows_of(ProfileRow)):
        if row.profile is not None and row.radius in job["radii"]:
            place = number % len(source.config["tolerances"])
            selected.setdefault((row.search, row.profile), []).append((place, row))
    for _, found in sorted(selected.items(), key=itemgetter(0)):
        selected_at, row = [place for place, _ in found], found[0][1]
        if job["certificates"]["every_tolerance"] or job["headline"] in selected_at:
            yield row.radius, selected_at, np.array(row.policies).reshape(row.shape)


def _regret(
    name: str, game: Game, policies: np.ndarray, radius: float, settings: dict[str, Any]
) -> dict[str, Any]:
    from persuasion.regret.certify import certify

    found = certify(game, policies, radius, ties=TIES, time_limit=settings["seconds"])
    return _named(name, exact=found.exact, **recorded_certificate(found))


def _named(name: str, **values: Any) -> dict[str, Any]:
    return {f"{name}_{key}": value for key, value in values.items()}


def _polished(
    game: Game, policies: np.ndarray, radius: float, settings: dict[str, Any]
) -> dict[str, Any]:
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
    about = _named(
        "polished",
        status=found.status,
        utilities=sender_utilities(game, found.policies).tolist(),
        rounds=found.rounds,
        moves=len(found.moves),
        policies=found.policies.ravel(),
        **recorded_certificate(found.certificate),
    )
    return about | {"shape": list(found.policies.shape)}
