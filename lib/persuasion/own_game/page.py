"""The report: one HTML file without scripts, made from a solution."""

from __future__ import annotations

import jinja2
import numpy as np

from persuasion.model.posteriors import JointSignals, likely_joint_signals
from persuasion.own_game.solution import Solution

LARGEST_TABLE = 40


def report_page(solution: Solution) -> str:
    """HTML of a solution; whatever the user put into names is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("persuasion.own_game"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"number": number, "shade": shade}
    game = solution.game
    best = solution.certified[0] if solution.certified else None
    return environment.get_template("report.html.j2").render(
        solution=solution,
        game=game,
        shape=game.shape,
        request=solution.request,
        revelation=solution.revelation,
        given=solution.profile,
        best=best,
        signals=_signals(solution, best.policies) if best else None,
        small=max(game.shape.states, game.shape.signals) <= LARGEST_TABLE,
        limit=LARGEST_TABLE,
    )


def number(value: float) -> str:
    """Five significant digits, no minus before a zero."""
    return f"{value:z.5g}"


def shade(probability: float) -> str:
    """Share of the accent colour behind a probability, in percent; the text stays legible on all of them."""
    return f"{45 * min(max(probability, 0.0), 1.0):.0f}%"


def _signals(solution: Solution, policies: np.ndarray) -> JointSignals | None:
    try:
        return likely_joint_signals(solution.game, policies, solution.request.ties, LARGEST_TABLE)
    except ValueError:  # too many to list
        return None
