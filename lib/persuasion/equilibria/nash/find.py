"""Global equilibria from several starts, certified."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from persuasion.equilibria.dynamics import best_response_dynamics
from persuasion.equilibria.nash.columns import (
    Columns,
    columns_of,
    kept,
    policies_of,
    silence,
    unrestricted,
    widened,
)
from persuasion.equilibria.nash.double_oracle import DoubleOracle
from persuasion.equilibria.nash.kernel import Pool, kernel
from persuasion.equilibria.nash.pivoting import PolytopeGame
from persuasion.equilibria.nash.record import Equilibrium, Step
from persuasion.equilibria.nash.selection import best_equilibrium
from persuasion.equilibria.nash.starts import SILENCE, STARTS, start_columns
from persuasion.equilibria.record import EQUILIBRIUM, Dynamics
from persuasion.model.checks import positive_number, several, whole_number
from persuasion.model.game import Game
from persuasion.model.restrictions import restrict
from persuasion.model.simulate import outcome_distribution
from persuasion.model.ties import LOWEST_INDEX, TieRule
from persuasion.regret.best_response import best_response
from persuasion.regret.certify import certify

MARGINS = (0.05, 0.02, 0.01, 0.003, 0.001, 3e-4, 1e-4)
# shares of the time: for every start once, for all searches, and for selection among what they found
FIRST, SEARCH, SELECT = 0.5, 0.75, 0.1
# with signals to spare cut off, the rest of the searches' time is for responses in turn
LIMITED = 0.5
# the first start has this part of that time, the next the same part of what is left
AT_ONCE = 3
LEAST_SECONDS = 0.5
TINY = 1e-6
# regret up to which profiles on the way are worth a certificate
CLOSE = 0.01
SMALL = 25
MOST_STATES = 64
SIMILAR_OUTCOME = 5e-3
# so many profiles are certified, those with the least regret as far as the oracle sees it
CERTIFIED = 8


def nash(
    game: Game,
    *,
    starts: Sequence[Any] = STARTS,
    target: float = 1e-3,
    margins: Sequence[float] = MARGINS,
    ties: Any = LOWEST_INDEX,
    limited: bool = False,
    time_limit: float = 60.0,
    seed: int = 0,
) -> list[Equilibrium]:
    """Nash equilibria against deviations of any size, the least regret first; one per outcome.

    Two senders play a double oracle, whose profiles may use more signals than the game has. If ``limited``, or if
    the senders have unequal numbers of signals, best responses in turn go on from there with the game's signals.
    Other numbers of senders, over 64 states, and games in which a sender does not choose, or has a single signal
    and the other one more, have these alone. Who chooses alone has its exact best response.

    Parameters
    ----------
    starts : profiles ``(senders, states, signals)``, or names: ``"full revelation"``; ``"alone"``, every sender's
        optimum with the others silent; ``"silence"``; ``"random"``, two random signals each
    target : regret that counts as an equilibrium, share of every sender's own stake (``game.stakes``)
    margins : lead that the receiver's action keeps after responses, falling, shares of ``game.receiver_stake``
    ties : the rule of the certificates, anything ``TieRule.parse`` accepts
    limited : cut every profile to the game's signals and let the senders respond in turn from there
    time_limit : seconds in all; outcomes whose certificates find no time are left out. One is certified however
        short it is, so that it may take a few seconds more
    seed : of every random choice

    Raises
    ------
    ValueError
        For an unknown start, an invalid profile, rule, target, margin or limit.
    """
    began = time.perf_counter()
    rule = TieRule.of(game, ties)
    if rule.kind == "explicit":
        raise ValueError("an explicit tie map names signals, which equilibria are free to choose")
    shares = tuple(positive_number("margins", margin) for margin in several("margins", margins))
    if not shares:
        raise ValueError("margins is empty: at least one is needed")
    large = game.shape.states > MOST_STATES
    mute = game.restricted and min(game.counts) == 1
    doubled = len(game.senders) == 2 and not (large or game.fixed or mute)
    cut = limited or game.restricted or not doubled
    least, root = positive_number("target", target), whole_number("seed", seed)
    seconds = positive_number("time_limit", time_limit)
    search = _Search(game, least, shares, rule, root, cut)
    begun = list(start_columns(game, several("starts", starts), search.seed))
    begun = begun or [(SILENCE, silence(game))]  # a name may stand for no profile of this game
    if len(game.choosing) == 1:
        name, columns = begun[0]
        alone = search.best_response(Found(name, columns), SEARCH * seconds)
        return search.certified([alone], began + seconds)
    if doubled:
        found = search.double_oracle(begun, began + seconds * (LIMITED if cut else SEARCH))
    else:
        found = [Found(name, columns) for name, columns in begun]
    if cut:
        found = search.in_turn(found, began + SEARCH * seconds)
    return search.certified(found, began + seconds)


@dataclass(frozen=True, eq=False)
class Found:
    """Where a search from one start ended."""

    start: str
    columns: Columns
    regret: float = np.inf
    history: tuple[Step, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class _Search:
    """What all starts share."""

    game: Game
    target: float
    margins: tuple[float, ...]
    ties: TieRule
    seed: int
    limited: bool

    def double_oracle(self, begun: list[tuple[str, Columns]], deadline: float) -> list[Found]:
        """Every start for a while, then the most promising to their end, then what selection adds."""
        seconds = deadline - time.perf_counter()
        runs = [(name, self.run(columns)) for name, columns in begun]
        for _, run in runs:
            run.advance(time.perf_counter() + FIRST * seconds / len(runs))
        self.finish([run for _, run in runs], deadline - SELECT * seconds)
        chosen = [
            (f"selected for {goal}", self.run(c)) for goal, c in self.selected(runs, deadline)
        ]
        self.finish([run for _, run in chosen], deadline)
        return [entry for name, run in runs + chosen for entry in _ends(name, run)]

    def run(self, columns: Columns) -> DoubleOracle:
        """A search that has not begun."""
        generator = np.random.default_rng(self.seed)
        free = unrestricted(self.game)
        return DoubleOracle(free, columns, self.ties, self.margins, self.target, generator)

    def finish(self, runs: list[DoubleOracle], deadline: float) -> None:
        """The least regret first."""
        for run in sorted(runs, key=lambda run: run.regret):
            run.advance(deadline)

    def selected(
        self, runs: list[tuple[str, DoubleOracle]], deadline: float
    ) -> Iterator[tuple[str, Columns]]:
        """Good equilibria between the directions of the profiles found, if these are few: the best in the time."""
        pools = [Pool(self.game.shape.states) for _ in range(2)]
        for _, run in sorted(runs, key=lambda pair: pair[1].regret):
            sizes = [len(pool.directions) + len(c) for pool, c in zip(pools, run.best)]
            if max(sizes) <= SMALL:
                for pool, columns in zip(pools, run.best):
                    pool.add(columns)
        x, y = (pool.directions for pool in pools)
        polytopes = PolytopeGame(x, y, *kernel(self.game.standard, x, y, self.ties))
        first, second = map(self.game.names.sender, range(2))
        goals = ("both", (1.0, 1.0)), (first, (1.0, 0.0)), (second, (0.0, 1.0))
        for number, (goal, weights) in enumerate(goals):
            left = (deadline - time.perf_counter()) / (len(goals) + 1 - number)
            mixtures = best_equilibrium(polytopes, weights, left) if left > 0 else None
            if mixtures is not None:
                yield goal, [pool.columns(mu) for pool, mu in zip(pools, mixtures)]

    def in_turn(self, found: list[Found], deadline: float) -> list[Found]:
        """Cut to the game's signals, then best responses in turn with the same margins and a last, tiny one."""
        game = self.game
        ended: list[Found] = []
        for number, entry in enumerate(sorted(found, key=lambda entry: entry.regret)):
            began = time.perf_counter()
            if ended and began > deadline:
                break  # one is tried however short the time is
            pairs = zip(entry.columns, game.counts)
            if entry.regret <= self.target and all(len(own) <= count for own, count in pairs):
                ended.append(entry)
                continue
            seconds = max(deadline - began, LEAST_SECONDS) / min(len(found) - number, AT_ONCE)
            records = self.annealed(self.fitting(entry.columns), began + seconds)
            regrets = [(r.relative_regret or (np.inf, np.inf))[1] for r in records]
            best = int(np.argmin(regrets)) if np.isfinite(min(regrets)) else -1
            ended.append(
                Found(
                    entry.start,
                    columns_of(records[best].policies),
                    regrets[best],
                    entry.history + tuple(_steps(game, records)),
                    entry.seconds + time.perf_counter() - began,
                )
            )
        return ended

    def best_response(self, entry: Found, seconds: float) -> Found:
        """That of the only sender that chooses: no margin, which another action's payoffs may leave no room for."""
        began = time.perf_counter()
        (sender,) = self.game.choosing
        policies = self.fitting(entry.columns)
        found = best_response(self.game, policies, sender, ties=self.ties, time_limit=seconds)
        policies[sender] = found.policy
        regret = found.gap / float(self.game.stakes[sender])
        took = time.perf_counter() - began
        return Found(entry.start, columns_of(policies), regret, seconds=took)

    def fitting(self, columns: Columns) -> np.ndarray:
        """The nearest policies with the game's signals."""
        own = [kept(column, count) for column, count in zip(columns, self.game.counts)]
        return restrict(self.game, policies_of(self.game, own))

    def annealed(self, start: np.ndarray, deadline: float) -> list[Dynamics]:
        """One play per margin until one ends in an equilibrium; each has its part of the time left."""
        records: list[Dynamics] = []
        margins = (*self.margins, TINY)
        play = partial(best_response_dynamics, self.game, ties=self.ties)
        for number, share in enumerate(margins):
            left = max((deadline - time.perf_counter()) / (len(margins) - number), TINY)
            margin = share * self.game.receiver_stake
            records.append(play(start, margin=margin, time_limit=left, response_limit=left))
            if records[-1].status == EQUILIBRIUM:
                break
            start = records[-1].policies
        return records

    def certified(self, found: list[Found], deadline: float) -> list[Equilibrium]:
        """One entry per outcome, each with its certificate, the least regret first."""
        groups: list[tuple[np.ndarray, list[Found]]] = []
        for entry in sorted(found, key=lambda entry: entry.regret):
            outcome = outcome_distribution(*self.played(entry.columns), ties=self.ties)
            same = [g for o, g in groups if np.abs(o - outcome).max() <= SIMILAR_OUTCOME]
            if same:
                same[0].append(entry)
            elif len(groups) < CERTIFIED:
                groups.append((outcome, [entry]))
        entries: list[Equilibrium] = []
        for number, (_, group) in enumerate(groups):
            left = deadline - time.perf_counter()
            if entries and left <= 0:
                break
            seconds = max(left / (len(groups) - number), LEAST_SECONDS)
            entries.append(self.entry(group, seconds))
        return sorted(entries, key=lambda entry: entry.relative_regret[1])

    def played(self, columns: Columns) -> tuple[Game, np.ndarray]:
        """The game with the signals that senders may use, and the columns as policies in it.

        As many signals as states are as good as any number, if these are not limited.
        """
        if self.limited:
            return self.game, restrict(self.game, policies_of(self.game, columns))
        shape = self.game.shape
        game = widened(self.game, max(shape.states, shape.signals, *map(len, columns)))
        return game, policies_of(game, columns)

    def entry(self, group: list[Found], seconds: float) -> Equilibrium:
        """The group's first profile with its certificate."""
        best = group[0]
        game, policies = self.played(best.columns)
        return Equilibrium.of(
            game,
            policies,
            certify(game, policies, 1.0, ties=self.ties, time_limit=seconds),
            self.ties,
            target=self.target,
            start=best.start,
            times=len({id(entry.history) for entry in group}),
            margins=self.margins,
            history=best.history,
            seconds=best.seconds,
        )


def _ends(name: str, run: DoubleOracle) -> list[Found]:
    """The best profile of a run, and the others that come close to an equilibrium."""
    history, most = tuple(run.history), max(CLOSE, run.target)
    close = [(regret, c) for regret, c in run.examined if regret <= most]
    return [Found(name, c, r, history, run.seconds) for r, c in close or [(run.regret, run.best)]]


def _steps(game: Game, records: list[Dynamics]) -> Iterator[Step]:
    """Moves as rounds in which one sender responds."""
    senders = game.shape.senders
    for record in records:
        for move in record.moves:
            gains: list[float | None] = [None] * senders
            if np.isfinite(move.before):
                gains[move.sender] = (move.after - move.before) / float(game.stakes[move.sender])
            share = record.margin / (game.receiver_stake or 1.0)
            yield Step(share, move.utilities, tuple(gains), (), (), move.seconds)
