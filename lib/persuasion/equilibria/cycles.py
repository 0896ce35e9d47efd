"""Whether play in turn has begun to repeat itself."""

import numpy as np

SAME_PROFILE = 1e-9
REPEATED_OUTCOME = 1e-7


class Cycles:
    """The profiles and outcomes after every move, and who made it.

    A profile met before, at the same point of the round, is a cycle: what follows is determined. States are
    continuous, though, and signals can be relabelled, so a sequence of outcomes that has just been gone through
    twice, at least one round long, counts as well. ``labelled`` says that signals cannot be relabelled: an explicit
    tie map tells them apart.
    """

    def __init__(self, labelled: bool = False) -> None:
        self.labelled = labelled
        self.profiles: list[np.ndarray] = []
        self.outcomes: list[np.ndarray] = []
        self.movers: list[int] = []

    def add(self, sender: int, policies: np.ndarray, outcome: np.ndarray) -> None:
        """Note a move of ``sender`` that led to ``policies``."""
        self.movers.append(sender)
        known = policies if self.labelled else np.stack([_sorted(policy) for policy in policies])
        self.profiles.append(known)
        self.outcomes.append(outcome.ravel())

    def length(self) -> int | None:
        """Moves per cycle if the last move closed one, else None."""
        last = len(self.movers) - 1
        for before in range(last - 1, -1, -1):
            same = np.abs(self.profiles[last] - self.profiles[before]).max() <= SAME_PROFILE
            if same and self.movers[last] == self.movers[before]:
                return last - before
        return self._outcome_period()

    def _outcome_period(self) -> int | None:
        count = len(self.movers)
        for period in range(2, count // 2 + 1):
            recent = range(count - period, count)
            repeated = all(self._alike(k, k - period) for k in recent)
            same_movers = self.movers[-period:] == self.movers[-2 * period : -period]
            # a standstill of outcomes may yet lead elsewhere
            if repeated and same_movers and not all(self._alike(k, -1) for k in recent):
                return period
        return None

    def _alike(self, first: int, second: int) -> bool:
        gap = np.abs(self.outcomes[first] - self.outcomes[second]).max()
        return bool(gap <= REPEATED_OUTCOME)


def _sorted(policy: np.ndarray) -> np.ndarray:
    """The policy with its signals in lexicographic order, so that relabelling does not hide a cycle."""
    return policy[:, np.lexsort(np.round(policy, 8))]
