"""What records say that follows from their configuration, their source, their intervals or their weights."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from persuasion.games.didactic import ROWS, didactic_surface
from persuasion.games.seeded import build_game, dataset
from persuasion.learn.model import UtilityModel
from persuasion.model.seeds import seed_sequence
from study.audit.case import RELATIVE, Case, Check, check
from study.audit.evaluate import outcome, stakes, units, utilities
from study.audit.profiles import game_of, profiles, source_rows
from study.records.rows import CertificateRow, DynamicsRow, ProfileRow

# how far a closed interval may be open, as a share of the sender's stake
CLOSED = 1e-6
# probabilities of outcomes
PROBABILITY = 1e-9
# surfaces are pictures and may be committed in single precision
SURFACE_RELATIVE = 1e-6
# what networks compute, in single precision
SINGLE = 1e-4
MODEL = "model/"
REACHED = "certified"
STOPPED, CYCLE = ("equilibrium", "margin equilibrium", "inconsistent ties", "unproven"), "cycle"


def searches(case: Case) -> Iterator[Check]:
    """The radii and tolerances of a ``solve`` or ``baseline`` record are those that its searches were asked for."""
    config, rows = case.record.config, case.record.rows_of(ProfileRow)
    radii = [search["radius"] for search in config["searches"]]
    asked = [list(pair) for pair in product(radii, config["tolerances"])]
    found = [[row.radius, row.tolerance] for row in rows]
    yield check("record", "radii and tolerances", found, asked)


def certificates(case: Case) -> Iterator[Check]:
    """Rows of a ``certify`` record: which there are, which intervals they have, and what was polished."""
    settings, game = case.record.config["certificates"], game_of(case)
    spread, rows = float(np.ptp(game.senders)), case.record.rows_of(CertificateRow)
    if case.sources:
        reported = list(source_rows(case))
        found = [[row.radius, row.selected_at] for row in rows]
        yield check("record", "rows", found, [[radius, places] for radius, places, _ in reported])
        for number, (*_, policies) in enumerate(reported):
            if (kept := case.record.arrays.get(f"{number}/policies")) is not None:
                same = np.array_equal(kept, policies)
                yield check("certificate", f"row {number}", "a profile of its source", same, same)
    everywhere = game.shape.senders <= settings["global_senders"]
    own = case.record.facts.stakes or stakes(game)
    for number, row in enumerate(rows):
        polished = settings["polish_rounds"] and case.record.config["headline"] in row.selected_at
        for name, wanted in (("local", True), ("global", everywhere), ("polished", polished)):
            where, entry = f"row {number}, {name}", row.about(name)
            yield check("record", where, bool(entry), bool(wanted))
            if entry.get("exact"):
                lengths = np.diff(entry.get("gains") or [entry["regret"]])[:, 0]
                # older records name the largest gain only
                most = np.array(own) if entry.get("gains") else max(*own, units(game).max())
                good = bool((lengths <= CLOSED * most * (1 + RELATIVE)).all())
                yield check("certificate", f"{where}, exact", True, lengths.max(), good)
            if entry and name == "polished":
                claimed, share = entry["status"] == REACHED, settings["polish_tolerance"]
                yield _reached(where, entry, claimed, share, own, spread)


def plays(case: Case) -> Iterator[Check]:
    """Runs of a ``dynamics`` record: which there are, their outcomes, and how they ended."""
    config, game = case.record.config, game_of(case)
    spread, runs = float(np.ptp(game.senders)), case.record.rows_of(DynamicsRow)
    own = case.record.facts.stakes or stakes(game)
    asked = [list(pair) for pair in product(config["margins"], range(config["starts"]))]
    yield check("record", "runs", [[run.margin, run.start] for run in runs], asked)
    claimed = case.record.arrays["outcomes"]
    yield check("record", "outcomes", len(claimed), len(runs))
    for number, (run, profile) in enumerate(zip(runs, profiles(case), strict=True)):
        where, status = f"run {number}", run.status
        found = outcome(game, profile.policies, profile.ties)
        error = float(np.abs(found - claimed[number]).max())
        yield check("utility", f"{where}, outcome", 0.0, error, error <= PROBABILITY)
        stopped, cycled = run.regret is not None, run.cycle_length is not None
        good = stopped == (status in STOPPED) and cycled == (status == CYCLE)
        good &= (run.margin > 0) if status == "margin equilibrium" else True
        good &= (run.margin == 0) if status == "inconsistent ties" else True
        good &= 0 <= run.rounds <= config["rounds"]
        text = "how such a play ends"
        yield check("status", where, f"{status}, {run.rounds} rounds", text, good)
        if stopped:
            yield _reached(
                where, vars(run), status == "equilibrium", config["tolerance"], own, spread
            )


def _reached(
    where: str, entry: Mapping[str, Any], claimed: bool, share: float, own: Any, spread: float
) -> Check:
    """Whether nobody gains more than a share of its stake; older records name the largest gain only.

    That is a share between the one of the game's utility range, which they held it against, and the one of the
    smallest stake.
    """
    if entry.get("gains"):
        least = most = float((np.array(entry["gains"], dtype=float)[:, 1] / own).max())
    else:
        upper = float(entry["regret"][1])
        least, most = upper / (spread or 1.0), upper / float(np.min(own))
    good = least <= share * (1 + RELATIVE) if claimed else most > share
    return check(
        "status", f"{where}, at most {share:g}", claimed, f"{least:.6g} to {most:.6g}", good
    )


def surfaces(case: Case) -> Iterator[Check]:
    """Figure 1: the exact surfaces from the game, a network's and its errors from its weights."""
    arrays = case.record.arrays
    identity = {
        "family": "didactic", "parameters": {}, "index": 0, "seed": case.record.config["seed"],
    }  # fmt: skip
    game, names = build_game(identity), [name for name in arrays if name.startswith(MODEL)]
    model = UtilityModel.from_arrays({name.removeprefix(MODEL): arrays[name] for name in names})
    for row in ROWS:
        policies = didactic_surface(row, len(arrays[f"{row}/grid"]))[1]
        for what, value, share in (
            ("exact", utilities(game, policies), SURFACE_RELATIVE),
            ("network", model.predict(policies), SINGLE),
        ):
            error = float(np.abs(value - arrays[f"{row}/{what}"]).max())
            good = error <= share * units(game).min()
            yield check("utility", f"{what} surface {row}", 0.0, error, good)
    facts, training = case.record.facts, case.record.config["training"]

    def drawn(purpose: str, count: int) -> tuple[np.ndarray, np.ndarray]:
        flat, values = dataset(game, count, seed_sequence(purpose, identity))
        predicted = model.predict(flat.reshape(count, len(game.senders), -1, game.signals))
        return values.var(0), ((predicted - values) ** 2).mean(0)

    spread, missed = drawn("training", training["samples"])
    claims: list[tuple[str, list[float] | None, np.ndarray]] = [
        ("variance", facts.errors_variance, spread),
        ("training errors", facts.errors_training, missed),
    ]
    if training["held_out"]:
        claims.append(
            ("held-out errors", facts.errors_held_out, drawn("held-out", training["held_out"])[1])
        )
    for what, claimed, found in claims:
        good = bool(np.allclose(claimed or [], found, rtol=SINGLE, atol=0))
        yield check("utility", what, claimed, found, good)
