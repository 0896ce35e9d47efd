"""The double oracle of two senders: subgame, responses, new directions, and again, with a falling margin.

A response that takes ties in its own favour sits on the other's kinks, where the two senders' views of the pair of
columns part: the loop stalls. So responses keep a margin, which falls; the regret without one decides.
"""

import time
from functools import partial

import numpy as np

from persuasion.equilibria.nash.columns import Columns, utilities
from persuasion.equilibria.nash.kernel import Pool, kernel
from persuasion.equilibria.nash.oracle import Response, respond
from persuasion.equilibria.nash.pivoting import PolytopeGame, equilibrium
from persuasion.equilibria.nash.record import Step
from persuasion.model.game import Game
from persuasion.model.ties import TieRule

ROUNDS = 20
# share of the margin, and of the stakes, below which gains are left to the next margin
CLOSE, SMALL_GAIN = 0.1, 2e-4
RETRIES = 3


class DoubleOracle:
    """A search that can be interrupted and resumed.

    Attributes
    ----------
    columns : the present profile
    best, regret : the profile with the least regret so far; that regret as the oracle sees it, in stakes.
        Until one is examined: infinity, and the profile with the least gains by responses with the first margin
    examined : all profiles whose regret was examined, and that regret
    finished : whether the target or the end of the schedule was reached
    """

    def __init__(
        self,
        game: Game,
        start: Columns,
        ties: TieRule,
        margins: tuple[float, ...],
        target: float,
        generator: np.random.Generator,
    ) -> None:
        self.game, self.ties, self.target, self.generator = game, ties, target, generator
        self.margins = list(margins)
        self.unit = game.receiver_stake / game.receiver_unit
        self.pools = [Pool(game.shape.states) for _ in range(2)]
        for pool, columns in zip(self.pools, start):
            pool.add(columns)
        self.columns = self.best = start
        self.regret, self.least, self.finished = np.inf, np.inf, False
        self.rounds, self.seconds, self.solved = 0, 0.0, False
        self.history: list[Step] = []
        self.examined: list[tuple[float, Columns]] = []

    def advance(self, deadline: float) -> None:
        """Go on until the search is finished or time is up."""
        while not self.finished and time.perf_counter() < deadline:
            began = time.perf_counter()
            self.round(deadline)
            self.seconds += time.perf_counter() - began

    def round(self, deadline: float) -> None:
        """Responses to the present profile; then a new profile, or the next margin."""
        margin = self.margins[0]
        before, responses = self.respond(margin, deadline)
        gains = [None if r is None else r.value - v for r, v in zip(responses, before)]
        new = sum(pool.add(r.columns) for pool, r in zip(self.pools, responses) if r is not None)
        self.note(margin, before, gains)
        self.rounds += 1
        largest = max((gain for gain in gains if gain is not None), default=-np.inf)
        if np.isinf(self.regret) and abs(largest) < self.least:
            self.best, self.least = self.columns, abs(largest)
        known = self.solved and not new
        done = largest <= max(CLOSE * margin, SMALL_GAIN) or known or self.rounds == ROUNDS
        if done or not self.solve_subgame():
            self.examine(deadline)

    def respond(self, margin: float, deadline: float) -> tuple[np.ndarray, list[Response | None]]:
        """The senders' utilities at the present profile, in stakes, and their responses to it."""
        before, lead = utilities(self.game.standard, self.columns, self.ties), margin * self.unit
        ask = partial(respond, self.game, self.columns)
        return before, [ask(sender, lead, deadline, self.generator) for sender in range(2)]

    def solve_subgame(self) -> bool:
        """Move to an equilibrium between the known directions, along a path from the present profile."""
        prior = [pool.measure(columns) for pool, columns in zip(self.pools, self.columns)]
        x, y = (pool.directions for pool in self.pools)
        game = PolytopeGame(x, y, *kernel(self.game.standard, x, y, self.ties))
        for _ in range(RETRIES):
            if (found := equilibrium(game, (prior[0], prior[1]), self.generator)) is not None:
                self.columns = [pool.columns(mu) for pool, mu in zip(self.pools, found)]
                self.solved = True
                for pool, mu in zip(self.pools, found):
                    pool.note(mu)
                return True
            prior = [pool.random(self.generator) for pool in self.pools]
        return False

    def examine(self, deadline: float) -> None:
        """The regret without a margin; and the next margin, if it is too large."""
        before, responses = self.respond(0.0, deadline)
        gains = [r.value - v for r, v in zip(responses, before) if r is not None]
        regret = max(gains, default=np.inf)  # what nobody responds to says nothing of its regret
        if gains and time.perf_counter() < deadline:
            self.examined.append((regret, self.columns))
            if regret < self.regret:
                self.best, self.regret = self.columns, regret
        self.margins.pop(0)
        self.rounds = 0
        self.finished = self.regret <= self.target or not self.margins

    def note(self, margin: float, before: np.ndarray, gains: list[float | None]) -> None:
        """Add the round to the history."""
        values = before * self.game.stakes + self.game.offsets
        signals = tuple(map(len, self.columns))
        known = tuple(len(pool.directions) for pool in self.pools)
        self.history.append(
            Step(margin, tuple(values.tolist()), tuple(gains), signals, known, self.seconds)
        )
