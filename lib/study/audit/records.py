"""What every record says, checked without training and without proofs: seconds for thousands of records."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from persuasion.games.seeded import build_game, starts_of
from persuasion.model.game import Game
from persuasion.model.policies import check_policies, uniform_policies
from persuasion.model.seeds import seed_sequence
from study.audit import derived
from study.audit.case import RELATIVE, UNREADABLE, Case, Check, check, close
from study.audit.evaluate import (
    attained,
    expected,
    ignores_deviations,
    most_by_persuasion,
    stakes,
    unique_best,
    units,
    utilities,
)
from study.audit.profiles import Profile, game_of, profiles, selections
from study.records.rows import AtlasRow, Facts, ProfileRow, ReachRow

# values of linear programs, in the senders' units
LINEAR = 1e-6
# what is left of a number that is rounded to six digits
SIX_DIGITS = 6e-7
VARIATION_SAMPLES = 1_000


def check_record(case: Case) -> list[Check]:
    """All checks of one record; one that cannot be read in the way its kind is written is one failed check."""
    try:
        return case.named(one for checker in CHECKERS[case.kind] for one in checker(case))
    except UNREADABLE as error:
        return unreadable(case, error)


def unreadable(case: Case, error: Exception) -> list[Check]:
    """The one check of a record that could not be checked."""
    return case.named([check("record", "whole record", "readable", repr(error), False)])


def auditable(case: Case) -> bool:
    """Whether anything of the record can be re-derived without training."""
    return case.kind in CHECKERS


def recompute(case: Case, profile: Profile) -> np.ndarray:
    """The utilities ``(senders,)`` of a profile under the tie rule of its claims."""
    game = game_of(case, profile.policies.shape[-1])
    check_policies(game, profile.policies)
    return utilities(game, profile.policies, profile.ties)


def _searches(case: Case) -> Iterator[Check]:
    """Utilities, welfare and status at every tolerance of every search."""
    game = game_of(case)
    unit, known = units(game), iter(profiles(case))
    chosen = [rows[0] for rows in selections(case.record)]
    for number, rows in groupby(case.record.rows_of(ProfileRow), lambda row: row.search):
        own = {row.profile: next(known) for row in chosen if row.search == number}
        gains = {k: profile.gain for k, profile in own.items()}
        values = {k: recompute(case, profile) for k, profile in own.items()}
        for row in rows:
            where, index = f"search {number}, tolerance {row.tolerance:g}", row.profile
            if index is not None:
                claimed, found = row.utilities, values[index]
                yield check("utility", where, claimed, found, unit=unit, radius=row.radius)
            # the rule of acceptance of the records that ship
            limit = row.tolerance * game.utility_range
            passing = [k for k, other in gains.items() if other is not None and other <= limit]
            best = max(passing, key=lambda k: values[k].sum(), default=None)
            if None in gains.values() or index is None or best is None:
                # every stored profile is selected somewhere, and none here only if none passes
                right = None not in gains.values() and index is row.gain is best is None
            else:
                lost = values[best].sum() - values[index].sum()
                right = row.gain == gains[index] and index in passing and lost <= 1e-9 * unit.max()
            said = f"profile {index}, gain {row.gain}"
            known_best = f"profile {best}, gains {[*gains.values()]}"
            yield check("status", where, said, known_best, right, radius=row.radius)


def _stored_profiles(case: Case) -> Iterator[Check]:
    """Utilities of every profile with claimed ones, units, and intervals that contain what sampling found."""
    game, facts = game_of(case), case.record.facts
    unit, sampled = units(game), _sampled_gains(case)
    yield _utility_range(facts, game, unit)
    if (claimed := facts.stakes) is not None:
        found = stakes(game)
        yield check("game", "stakes", claimed, found, unit=found)
    for profile in profiles(case):
        where, radius = profile.where, profile.radius
        value = recompute(case, profile)
        if profile.utilities is not None:
            yield check("utility", where, profile.utilities, value, unit=unit, radius=radius)
        if profile.regret is not None:
            least = sampled.get((radius, profile.policies.tobytes()), 0.0)
            good = _in_order(profile, unit) and profile.regret[1] >= least - 1e-7 * unit.max()
            text = f"an interval with its end above the sampled gain {least:.6g}"
            yield check("certificate", where, profile.regret, text, good, radius=radius)


def _utility_range(facts: Facts, game: Game, unit: np.ndarray) -> Check:
    spread = float(np.ptp(game.senders))
    return check("game", "utility range", facts.utility_range, spread, unit=unit.max())


def _in_order(profile: Profile, unit: np.ndarray) -> bool:
    """Whether regret and every sender's gains are intervals, and the largest ends are those of the regret."""
    (lower, upper), rounding = profile.regret or (0.0, 0.0), RELATIVE * unit
    if not -rounding.max() <= lower <= upper + rounding.max():
        return False
    if profile.gains is None:
        return True
    gains = np.array(profile.gains)
    ordered = (gains[:, 0] >= -rounding) & (gains[:, 0] <= gains[:, 1] + rounding)
    return bool(ordered.all()) and close(profile.regret, gains.max(0), unit.max())


def _sampled_gains(case: Case) -> dict[tuple[float, bytes], float]:
    """The gains that the sampled check found at the profiles of a certificate's source."""
    return {
        (profile.radius, profile.policies.tobytes()): profile.gain
        for source in case.sources
        for profile in profiles(Case(case.experiment, source))
        if profile.gain is not None
    }


def _reference(case: Case) -> Iterator[Check]:
    """Everything that a reference record reports, from the game's seed."""
    config, facts, game = case.record.config, case.record.facts, game_of(case)
    unit = units(game)
    yield check("game", "shape", facts.shape, game.shape._asdict())
    yield _utility_range(facts, game, unit)
    starts = utilities(game, starts_of(game, config["game"], config["starts"])).mean(0)
    yield check("utility", "random starts", facts.start_utilities, starts, unit=unit)
    generator = np.random.default_rng(seed_sequence("variation", config["game"]))
    variance = utilities(game, uniform_policies(game, VARIATION_SAMPLES, generator)).var(0)
    yield check("game", "variance", facts.variance, variance, unit=unit**2)
    yield from _full_revelation(case, game, unit)


def _full_revelation(case: Case, game: Game, unit: np.ndarray) -> Iterator[Check]:
    """Theorem 4's condition and profile: unique optimal actions, and signals for them at distance 2."""
    where, claimed = "full revelation", case.record.facts.full_revelation
    best = game.receiver.argmax(1)
    actions, shape = len(set(best.tolist())), game.shape
    possible = unique_best(game) and shape.signals ** (shape.senders - 1) >= actions
    possible |= unique_best(game) and actions == 1
    text = "none by Theorem 4" if claimed is None else "an equilibrium exists"
    yield check("status", where, text, possible, possible == (claimed is not None))
    if claimed is not None:
        policies = case.record.arrays["full_revelation"]
        value = utilities(game, policies)
        yield check("utility", where, claimed, value, unit=unit)
        informed = (game.senders[:, np.arange(shape.states), best] * game.prior).sum(1)
        yield check("status", f"{where}: optimal in every state", informed, value, unit=unit)
        stable = ignores_deviations(game, policies)
        yield check("status", f"{where}: no sender can change the action", True, stable)


def _atlas(case: Case) -> Iterator[Check]:
    """Status, signals and receiver of the outcomes; landmarks, which have no policies; and which there are."""
    game, record = game_of(case), case.record
    rows, receiver = record.rows_of(AtlasRow), game.receiver
    # of the senders, and of the receiver
    unit = np.append(stakes(game), max(np.ptp(receiver), np.abs(receiver).max()))
    for number, row in enumerate(rows):
        where = f"row {number}, {row.profile}"
        if row.regret:
            policies = record.arrays[f"{number}/policies"]
            yield from _outcome(game, where, row, policies, unit, record.config["target"])
        else:
            yield from _landmark(game, where, row, unit)
    names = {row.profile for row in rows if not row.regret}
    wanted = {"no revelation", "sender 0 alone", "sender 1 alone", "collusion"}
    wanted |= {"full revelation"} if unique_best(game) else set()
    yield check("game", "landmarks", sorted(names), sorted(wanted))


def _outcome(
    game: Game,
    where: str,
    row: AtlasRow,
    policies: np.ndarray,
    unit: np.ndarray,
    target: float,
) -> Iterator[Check]:
    claimed, receiver = row.receiver_utility, expected(game, game.receiver[None], policies)[0]
    yield check("utility", f"{where}, receiver", claimed, receiver, unit=unit[-1], radius=1.0)
    lower, upper = (np.array(row.gains, dtype=float) / unit[:-1, None]).max(0)
    status = "equilibrium" if upper <= target else "approximate" if lower > target else "unproven"
    yield check("status", where, row.profile, status, radius=1.0)
    used = (policies > 0).any(1).sum(1).tolist()
    yield check("status", f"{where}, signals", row.support, used, radius=1.0)


def _landmark(game: Game, where: str, row: AtlasRow, unit: np.ndarray) -> Iterator[Check]:
    """What a profile that is not stored is said to be worth: by definition, or as the best of its kind.

    A sender alone, or all together, have what is most by obedient recommendations; whoever is not asked has, with
    the others, what some of these give.
    """
    name, states = row.profile, game.shape.states
    payoffs = np.concatenate([game.senders, game.receiver[None]])
    claimed, own = np.array([*row.utilities, row.receiver_utility]), unit[:-1]
    if name in ("no revelation", "full revelation"):
        told = np.eye(states) if name == "full revelation" else np.ones((states, 1))
        found = expected(game, payoffs, np.stack([told] * len(game.senders)))
        yield check("utility", where, claimed, found, unit=unit)
        return
    number = name.removeprefix("sender ").removesuffix(" alone")
    weights = 1 / own if name == "collusion" else np.eye(len(own))[int(number)] / own
    value, most = (np.einsum("i,i...->...", weights, part) for part in (claimed[:-1], game.senders))
    bound = most_by_persuasion(game, most)
    good = abs(value - bound) <= LINEAR * weights.sum() * own.max()
    yield check("utility", f"{where}, its own", float(value), bound, good)
    possible = attained(game, payoffs, claimed, LINEAR * unit)
    yield check("utility", f"{where}, all", claimed, "a profile has them", possible)


def _reach(case: Case) -> Iterator[Check]:
    """The welfare at simple profiles of every instance, and the most that any has."""
    config = case.record.config
    rows = case.record.rows_of(ReachRow)
    yield check("record", "instances", len(rows), config["instances"])
    for index, row in enumerate(rows):
        identity = config["game"] | {"index": index}
        game = build_game(identity)
        drawn = utilities(game, starts_of(game, identity, config["profiles"])).sum(1)
        silent = np.ones((game.shape.senders, game.shape.states, 1))
        found = {
            "silent": utilities(game, silent).sum(), "random": drawn.mean(),
            "best_random": drawn.max(), "honest": utilities(game, _honest(game)).sum(),
            "bound": most_by_persuasion(game, game.senders.sum(0)),
        }  # fmt: skip
        for name, value in found.items():
            slack = SIX_DIGITS + (LINEAR if name == "bound" else RELATIVE) * units(game).sum()
            claimed = getattr(row, name)
            good = abs(claimed - value) <= slack
            yield check("welfare", f"row {index}, {name}", claimed, float(value), good)


def _honest(game: Game) -> np.ndarray:
    """Every sender names the receiver's best among its own offers, which it prefers to the last action, or that."""
    policies = np.zeros((game.shape.senders, game.shape.states, game.shape.signals))
    for policy, values in zip(policies, game.senders):
        own = [a for a in range(game.shape.actions) if values[:, a].mean() > values[:, -1].mean()]
        for state, receiver in enumerate(game.receiver):
            best = max([*own, -1], key=lambda a: receiver[a])
            message = own.index(best) if best in own else len(own)
            policy[state, min(message, game.shape.signals - 1)] = 1.0
    return policies


def check_tables(cases: Sequence[Case]) -> list[Check]:
    """Every row of the table behind Figures 2, 3, 5 and 8 and Table 1, recomputed.

    ``cases`` are those of one experiment. Per row: whether a profile was accepted, the utilities, and the
    welfare, which the audit adds up itself. A game whose reference is not computed yet is in no table.
    """
    from study.figures.frames import equilibria_frame, game_id, record_id

    if not {"solve", "reference"} <= {case.kind for case in cases}:
        return []
    frame = equilibria_frame([case.record for case in cases])
    parts, games = dict(list(frame.groupby("record"))), set(frame["game"])
    checks = []
    for case in cases:
        if case.kind == "solve" and game_id(case.record) in games:
            rows = parts.get(record_id(case.record), frame[:0]).to_dict("records")
            checks += case.named(_rows(case, rows))
    return checks


def _rows(case: Case, rows: Sequence[dict[Any, Any]]) -> Iterator[Check]:
    """A record's rows of a table: one per radius and tolerance, with the utilities of its profiles."""
    config, unit = case.record.config, units(game_of(case))
    asked = [(s["radius"], t) for s in config["searches"] for t in config["tolerances"]]
    shown = [(row["radius"], row["tolerance"]) for row in rows]
    yield check("status", "table", sorted(shown), sorted(asked))
    own = {
        (profile.radius, tolerance): value
        for profile in profiles(case)
        for value in [recompute(case, profile)]
        for tolerance in profile.tolerances
    }
    for place, row in zip(shown, rows):
        where, found = f"table, tolerance {place[1]:g}", own.get(place)
        solved = bool(row["solved"])
        yield check("status", where, solved, found is not None, radius=place[0])
        if solved and found is not None:
            total, radius = float(sum(found.tolist())), place[0]
            yield check("utility", where, row["utilities"], found, unit=unit, radius=radius)
            yield check("welfare", where, row["welfare"], total, unit=unit.sum(), radius=radius)


CHECKERS: dict[str, tuple[Callable[[Case], Iterator[Check]], ...]] = {
    "solve": (derived.searches, _searches), "baseline": (derived.searches, _searches),
    "reference": (_reference,), "reach": (_reach,), "didactic": (derived.surfaces,),
    "certify": (_stored_profiles, derived.certificates), "dynamics": (_stored_profiles, derived.plays),
    "atlas": (_stored_profiles, _atlas),
}  # fmt: skip
