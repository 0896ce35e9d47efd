"""The book's own tables against recomputed utilities: what a figure shows follows from the policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from persuasion.games.seeded import build_game
from persuasion.model.game import Game
from study.audit.case import Case, Check, check, close
from study.audit.evaluate import units
from study.audit.profiles import profiles
from study.audit.records import check_welfare, recompute
from study.designs.config import Preset


def check_reported(cases: Sequence[Case], preset: Preset) -> list[Check]:
    """Every row of the table behind Figures 2, 3, 5 and 8 and Table 1, recomputed.

    ``cases`` are those of one experiment. Per row: whether a profile was accepted, the utilities, and the
    welfare, which the audit adds up itself. A game whose reference is not computed yet is in no table.
    """
    from study.figures.frames import equilibria_frame, game_id

    kinds = {case.record.config["kind"] for case in cases}
    if not {"solve", "reference"} <= kinds:
        return []
    frame = equilibria_frame([case.record for case in cases], preset)
    keys = zip(frame["game"], frame["method"], frame["radius"], frame["tolerance"])
    rows = dict(zip(keys, frame.to_dict("records")))
    shown = set(frame["game"])
    checks = []
    for case in cases:
        if case.record.config["kind"] == "solve" and game_id(case.record) in shown:
            game = build_game(case.record.config["game"])
            for (radius, tolerance), value in _own_table(case, game).items():
                row = rows[game_id(case.record), case.method, radius, tolerance]
                checks += _row(case, game, (radius, tolerance), value, row)
    return checks


def _own_table(case: Case, game: Game) -> dict[tuple[float, float], np.ndarray | None]:
    """Recomputed utilities of the selected profile at every radius and tolerance; None where none is."""
    config = case.record.config
    table: dict[tuple[float, float], np.ndarray | None] = {
        (search["radius"], tolerance): None
        for search in config["searches"]
        for tolerance in config["tolerances"]
    }
    for profile in profiles(case):
        value = recompute(game, profile)
        table |= {(profile.radius, tolerance): value for tolerance in profile.tolerances}
    return table


def _row(
    case: Case,
    game: Game,
    place: tuple[float, float],
    value: np.ndarray | None,
    row: dict[Any, Any],
) -> list[Check]:
    radius, tolerance = place
    where = f"table, tolerance {tolerance:g}"
    checks = [check(case, radius, "status", where, bool(row["solved"]), value is not None)]
    if value is not None and row["solved"]:
        unit = units(game)
        agrees = close(row["utilities"], value, unit)
        checks += [
            check(case, radius, "utility", where, row["utilities"], value, agrees),
            check_welfare(case, radius, where, float(row["welfare"]), value, unit),
        ]
    return checks
