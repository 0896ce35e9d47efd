"""A solution in a few lines of text, as the terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from persuasion.equilibria.nash import Equilibrium, Landmark
from persuasion.own_game.numbers import amount
from persuasion.own_game.solution import Examined, LocalEquilibrium, Solution

shown = partial(amount, digits=6)


def summary(solution: Solution) -> Iterator[str]:
    """What was found, a line each: equilibria, what to compare them with, best responses, local equilibria."""
    game = solution.game

    def worth(entry: Examined | LocalEquilibrium | Equilibrium | Landmark) -> str:
        senders = ", ".join(map(shown, entry.utilities, game.stakes))
        return f"senders ({senders}), receiver {shown(entry.receiver_utility, game.receiver_stake)}"

    yield f"equilibria against any deviation: {solution.outcomes}"
    for entry in solution.found:
        regret, used = _regret(entry.relative_regret), ", ".join(map(str, entry.support))
        yield f"{entry.status} (from {entry.start}): {worth(entry)}; regret {regret}; signals ({used})"
    for mark in solution.landmarks:
        yield f"{mark.name}: {worth(mark)}"
    yield f"full revelation: {solution.revelation.verdict} ({solution.revelation.reason})"
    for s in solution.profile.certificate.senders:
        now, gain, most = (shown(value, s.stake) for value in (s.utility, s.gain, s.bound))
        who = f"{solution.profile.name}: {game.names.sender(s.sender)}"
        yield f"{who} has {now} and gains {gain} by a best response (at most {most})"
    for local in solution.local:
        regret = _regret(local.certificate.relative_regret)
        yield f"{local.method}: {local.status}; {worth(local)}; local regret {regret}"


def _regret(ends: tuple[float, float]) -> str:
    lower, upper = ends
    return f"{lower:z.3g} to {upper:z.3g} of the stake"
