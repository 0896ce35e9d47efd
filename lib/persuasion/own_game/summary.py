"""A solution in a few lines of text, as the terminal shows it."""

from collections.abc import Iterator
from functools import partial

from persuasion.equilibria.nash import Equilibrium, Landmark
from persuasion.model.tolerances import EQUAL
from persuasion.own_game.numbers import amount
from persuasion.own_game.solution import Examined, LocalEquilibrium, Solution

shown = partial(amount, digits=6)
STATUS = {
    "budget": "polishing was not finished in the time",
    "infeasible": "no profile near keeps the margin",
    "unproven": "no proof in the time",
    "cycle": "polishing goes in circles",
    "not reached": "polishing found none",
    "margin": "an equilibrium only with the margin",
}


def summary(solution: Solution) -> Iterator[str]:
    """What was found, a line each: equilibria, what to compare them with, best responses, local equilibria."""
    game, request = solution.game, solution.request

    def worth(entry: Examined | LocalEquilibrium | Equilibrium | Landmark) -> str:
        senders = ", ".join(map(shown, entry.utilities, game.stakes))
        return f"senders ({senders}), receiver {shown(entry.receiver_utility, game.receiver_stake)}"

    within = f"within {shown(request.target)} of every sender's stake"
    yield f"equilibria against any deviation, {within}: {solution.outcomes}"
    for label, entry in ((listed.label, listed.entry) for listed in solution.listed):
        if isinstance(entry, Equilibrium):
            used = " and ".join(map(str, entry.support))
            yield (
                f"{label} (from {entry.start}): {worth(entry)}; regret {regret(entry.relative_regret)}; "
                f"the senders use {used} signals"
            )
    for mark in solution.landmarks:
        doubt = "" if mark.optimal else " (perhaps not the best: no proof in the time)"
        yield f"{mark.name}: {worth(mark)}{doubt}"
    yield f"full revelation: {solution.revelation.verdict} ({solution.revelation.reason})"
    for s in solution.profile.certificate.senders:
        now, gain, most = (shown(value, s.stake) for value in (s.utility, s.gain, s.bound))
        who = f"{solution.profile.name}: {game.names.sender(s.sender)}"
        yield f"{who} has {now} and gains {gain} by a best response (at most {most})"
    for label, entry in ((listed.label, listed.entry) for listed in solution.listed):
        if isinstance(entry, LocalEquilibrium):
            near = f"within {shown(request.radius)}: {regret(entry.certificate.relative_regret)}"
            far = entry.anywhere and f", by any policy: {regret(entry.anywhere.relative_regret)}"
            yield f"{label} ({found_by(entry)}): {worth(entry)}; regret {near}{far or ''}"
    if solution.missing:
        yield f"the run ended before it was done; missing: {'; '.join(solution.missing)}"


def found_by(entry: LocalEquilibrium) -> str:
    """The method, and why there is no proof."""
    return entry.method if entry.certified else f"{entry.method}; {status_in_words(entry.status)}"


def status_in_words(status: str) -> str:
    """A status of :func:`persuasion.equilibria.polish` for readers."""
    _, _, last = status.rpartition(": ")
    return STATUS.get(last, status)


def regret(ends: tuple[float, float]) -> str:
    """The ends of an interval of relative regret, rounding left out; one number if they agree."""
    lower, upper = (end if end > EQUAL else 0.0 for end in ends)
    text = f"{upper:z.3g} of the stake"
    return text if f"{lower:z.3g}" == f"{upper:z.3g}" else f"{lower:z.3g} to {text}"
