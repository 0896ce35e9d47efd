"""One call from a game to everything that can be said about it."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

import persuasion
from persuasion.equilibria import nash
from persuasion.model.game import Game
from persuasion.model.policies import no_revelation, one_profile
from persuasion.model.simulate import receiver_utility, sender_utilities
from persuasion.model.ties import TieRule
from persuasion.own_game.profile import revealing_profile
from persuasion.own_game.request import Request
from persuasion.own_game.search import Progress, certificate, find_equilibria
from persuasion.own_game.size import check_size, check_starts
from persuasion.own_game.solution import Examined, LocalEquilibrium, Revelation, Solution
from persuasion.theorems.full_revelation import full_revelation

ANY = 1.0
# regret, share of the stake, above which a profile is not worth a mention
FAR = 0.05


def solve(
    game: Game,
    request: Request | None = None,
    profile: np.ndarray | None = None,
    profile_name: str = "given profile",
    progress: Progress = lambda _: None,
) -> Solution:
    """Full revelation, best responses to a profile, certified global and local equilibria of a game.

    Parameters
    ----------
    request : settings, see :class:`Request`
    profile : (senders, states, signals) to which every sender's best response is computed; None: no revelation
    profile_name : what the report calls it
    progress : called with a line of text before every step

    Raises ``ValueError`` for a game that is too large (with its cost), more starts than memory holds, a profile
    that does not fit, or a tie rule that the game does not have; ``ArithmeticError`` where a certificate
    contradicts itself or Theorem 4.
    """
    began = time.perf_counter()
    request = request or Request()
    check_size(game)
    check_starts(game, request.starts)
    TieRule.of(game, request.ties)
    if profile is None:
        profile, profile_name = no_revelation(game), "no revelation"
    given = one_profile(game, profile, "profile")
    progress("full revelation")
    revelation = _revelation(game, request)
    progress(f"best responses to {profile_name}")
    examined = _examined(game, request, profile_name, given)
    progress("equilibria against deviations of any size")
    equilibria, marks = _equilibria(game, request)
    local = [
        _anywhere(game, request, entry, progress)
        for entry in find_equilibria(game, request, progress)
    ]
    seconds = time.perf_counter() - began
    version = persuasion.__version__
    return Solution(
        game, request, version, revelation, examined, equilibria, marks, tuple(local), seconds
    )


def _equilibria(
    game: Game, request: Request
) -> tuple[tuple[nash.Equilibrium, ...], tuple[nash.Landmark, ...]]:
    """Global equilibria, or what comes close, and what to compare them with; none of large games."""
    if game.shape.states > nash.MOST_STATES:
        return (), ()
    found = nash.nash(
        game,
        ties=request.ties,
        limited=request.limited,
        time_limit=request.search_limit,
        seed=request.seed,
    )
    close = [entry for entry in found if entry.relative_regret[0] <= FAR]
    return tuple(close or found[:1]), tuple(nash.landmarks(game))


def _revelation(game: Game, request: Request) -> Revelation:
    """Theorem 4's construction; where actions tie, naming the state; certified against every deviation."""
    try:
        policies, what = _construction(game)
    except ValueError as obstacle:
        return Revelation("not constructed", str(obstacle), None)
    examined = _examined(game, request, "full revelation", policies)
    proven = examined.certificate.holds(request.tolerance)
    if proven is False:
        raise ArithmeticError(
            "full revelation was refuted, against Theorem 4: a bug or numerical trouble; please report the game"
        )
    return Revelation("equilibrium" if proven else "unproven", what, examined)


def _construction(game: Game) -> tuple[np.ndarray, str]:
    try:
        return full_revelation(game), "the joint signal names the receiver's optimal action"
    except ValueError:
        if len(game.choosing) < 2:
            raise
        return revealing_profile(game), "every sender names the state"


def _examined(game: Game, request: Request, name: str, policies: np.ndarray) -> Examined:
    return Examined(
        name,
        policies,
        sender_utilities(game, policies, ties=request.ties),
        float(receiver_utility(game, policies, ties=request.ties)),
        certificate(game, request, policies, ANY),
    )


def _anywhere(
    game: Game, request: Request, entry: LocalEquilibrium, progress: Progress
) -> LocalEquilibrium:
    if not entry.certified or request.radius >= ANY:
        return entry
    progress(f"{entry.method}: deviations of any size")
    return replace(entry, anywhere=certificate(game, request, entry.policies, ANY))
