"""The report: one HTML file without scripts, made from a solution."""

from collections.abc import Iterator
from functools import partial

import jinja2
import numpy as np

from persuasion.equilibria.nash.columns import widened
from persuasion.model.posteriors import JointSignals, likely_joint_signals
from persuasion.own_game.numbers import amount
from persuasion.own_game.pictures import (
    Picture,
    belief_picture,
    policy_picture,
    utility_picture,
    value_picture,
)
from persuasion.own_game.profile import own_signals
from persuasion.own_game.solution import EXTENDED, LOCAL, PROVEN, Solution, within
from persuasion.own_game.summary import found_by, regret

LARGEST_TABLE = 40
MOST_SIGNALS = 12
MOST_PROFILES = 3


def report_page(solution: Solution) -> str:
    """HTML of a solution; whatever the user put into names is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("persuasion.own_game"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"number": amount, "share": share, "shade": shade, "regret": regret}
    environment.globals |= {"found_by": found_by, "within": within}
    game = solution.game
    proven = [found for found in solution.listed if found.kind in (PROVEN, EXTENDED)]
    local = [found for found in solution.listed if found.kind == LOCAL]
    best = next(iter([*proven, *local]), None)
    return environment.get_template("report.html.j2").render(
        solution=solution,
        game=game,
        shape=game.shape,
        request=solution.request,
        revelation=solution.revelation,
        given=solution.profile,
        best=best,
        proven=proven,
        local=local,
        listed=solution.listed,
        signals=_signals(solution, best.entry.policies) if best else None,
        small=max(game.shape.states, game.shape.signals) <= LARGEST_TABLE,
        limit=LARGEST_TABLE,
        names=game.names,
        own_signals=partial(own_signals, game),
        pictures=[picture for picture in _pictures(solution) if picture],
    )


def _pictures(solution: Solution) -> Iterator[Picture | None]:
    """The plane of utilities, the value function, then beliefs and policies of the best equilibria found."""
    game = solution.game
    yield utility_picture(solution)
    yield value_picture(solution)
    listed = sorted(solution.listed, key=lambda found: found.kind == LOCAL)
    kinds = (PROVEN, EXTENDED, LOCAL)
    shown = [(f.label.capitalize(), f.entry.policies) for f in listed if f.kind in kinds]
    given = [(solution.profile.name, solution.profile.policies)]
    for title, policies in shown[:MOST_PROFILES] or given:
        if signals := _signals(solution, policies, MOST_SIGNALS):
            yield belief_picture(game, signals, f"{title}: what the receiver believes")
        if max(policies.shape[1:]) <= LARGEST_TABLE:
            for sender in range(game.shape.senders):
                yield policy_picture(
                    game, policies, sender, f"{title}: policy of {game.names.sender(sender)}"
                )


def share(probability: float) -> str:
    """Five decimals at most."""
    return amount(round(probability, 5))


def shade(probability: float) -> str:
    """Share of the accent colour behind a probability, in percent; the text stays legible on all of them."""
    return f"{45 * min(max(probability, 0.0), 1.0):.0f}%"


def _signals(
    solution: Solution, policies: np.ndarray, most: int = LARGEST_TABLE
) -> JointSignals | None:
    try:
        game = widened(solution.game, policies.shape[-1])
        return likely_joint_signals(game, policies, ties=solution.request.ties, count=most)
    except ValueError:  # too many to list
        return None
