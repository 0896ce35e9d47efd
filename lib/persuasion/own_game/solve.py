"""One call from a game to everything that can be said about it."""

import time
from dataclasses import replace
from functools import partial

import numpy as np

import persuasion
from persuasion.equilibria import nash
from persuasion.model.game import Game
from persuasion.model.policies import no_revelation, one_profile, optimal_action_by_state
from persuasion.model.simulate import receiver_utility, sender_utilities
from persuasion.model.ties import TieRule
from persuasion.own_game.profile import revealing_profile
from persuasion.own_game.request import Request
from persuasion.own_game.search import Progress, certificate, find_equilibria
from persuasion.own_game.size import check_size, check_starts
from persuasion.own_game.solution import (
    FAR,
    Examined,
    LocalEquilibrium,
    Revelation,
    Solution,
    within,
)
from persuasion.theorems.full_revelation import full_revelation

ANY = 1.0
REVEALED, UNPROVEN = "equilibrium", "unproven"


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

    Raises ``ValueError`` for no game or request, a game that is too large (with its cost), more starts than
    memory holds, a profile that does not fit, or a tie rule that the game does not have; ``ArithmeticError``
    where a certificate contradicts itself or Theorem 4.
    """
    began = time.perf_counter()
    request = Request() if request is None else request
    if not (isinstance(game, Game) and isinstance(request, Request)):
        raise ValueError(
            f"solve takes a Game and a Request, got {type(game).__name__} and {type(request).__name__}"
        )
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
    equilibria, marks = _equilibria(game, request, progress)
    local = [
        _anywhere(game, request, entry, progress)
        for entry in find_equilibria(game, request, progress)
    ]
    others = [examined, *filter(None, [revelation.examined])]
    found = _with_proven(game, request, equilibria, [*others, *local])
    close = [e for e in found if e.relative_regret[0] <= FAR] or found[:1]
    return Solution(
        game=game,
        request=request,
        version=persuasion.__version__,
        revelation=_settled(revelation, found),
        profile=examined,
        found=tuple(close),
        far=len(found) - len(close),
        landmarks=marks,
        local=tuple(local),
        seconds=time.perf_counter() - began,
    )


def _equilibria(
    game: Game, request: Request, progress: Progress
) -> tuple[list[nash.Equilibrium], tuple[nash.Landmark, ...]]:
    """Global equilibria or what comes close, and what to compare them with; none of large games.

    Where two senders would rather have more signals than they have, half of the time is for those that they have.
    """
    if game.shape.states > nash.MOST_STATES:
        return [], ()
    progress("equilibria against deviations of any size")
    search = partial(nash.nash, game, target=request.target, ties=request.ties, seed=request.seed)
    scarce = not request.limited and min(game.counts) < game.shape.states
    half = request.search_limit / 2
    found = search(limited=request.limited, time_limit=half if scarce else request.search_limit)
    if not any(e.status == nash.EQUILIBRIUM and within(game, e) for e in found):
        more = [entry for entry in found if not within(game, entry)]
        if more:
            progress("the same with the signals that the game has")
            found = search(limited=True, time_limit=half) + more
    progress("what to compare them with")
    return found, tuple(nash.landmarks(game, request.time_limit))


def _with_proven(
    game: Game,
    request: Request,
    found: list[nash.Equilibrium],
    others: list[Examined | LocalEquilibrium],
) -> list[nash.Equilibrium]:
    """With what else of this run is certified to be an equilibrium: those of the game first, then by regret."""
    rule = TieRule.of(game, request.ties)
    for entry in others:
        proof = entry.certificate
        if isinstance(entry, LocalEquilibrium):
            proof, name = entry.anywhere or proof, entry.method
        else:
            name = entry.name
        if proof.radius < ANY or not proof.holds(request.target):
            continue
        new = nash.Equilibrium.of(
            game, entry.policies, proof, rule, target=request.target, start=name
        )
        same = [e for e in found if within(game, e) and _alike(e, new)]
        if not any(e.status == nash.EQUILIBRIUM for e in same):
            found = [e for e in found if all(e is not other for other in same)] + [new]
    proven = nash.EQUILIBRIUM

    def rank(entry: nash.Equilibrium) -> tuple[bool, bool, float]:
        return entry.status != proven, not within(game, entry), entry.relative_regret[1]

    return sorted(found, key=rank)


def _alike(first: nash.Equilibrium, second: nash.Equilibrium) -> bool:
    return bool(np.abs(first.outcome - second.outcome).max() <= nash.SIMILAR_OUTCOME)


def _settled(revelation: Revelation, found: list[nash.Equilibrium]) -> Revelation:
    """With what the search proved of the same profile, where its own certificate did not end in time."""
    if revelation.verdict != UNPROVEN or revelation.examined is None:
        return revelation
    policies = revelation.examined.policies
    proven = any(
        e.status == nash.EQUILIBRIUM and np.array_equal(e.policies, policies) for e in found
    )
    return replace(revelation, verdict=REVEALED) if proven else revelation


def _revelation(game: Game, request: Request) -> Revelation:
    """Theorem 4's construction; where actions tie, naming the state; certified against every deviation."""
    try:
        policies, what = _construction(game)
    except ValueError as obstacle:
        return Revelation("not constructed", str(obstacle), None)
    examined = _examined(game, request, "full revelation", policies)
    proven = examined.certificate.holds(request.tolerance)
    if proven is False and len(game.choosing) == 1:
        return Revelation(
            "no equilibrium", "the only sender that chooses gains by hiding", examined
        )
    if proven is False:
        raise ArithmeticError(
            "full revelation was refuted, against Theorem 4: a bug or numerical trouble; please report the game"
        )
    return Revelation(REVEALED if proven else UNPROVEN, what, examined)


def _construction(game: Game) -> tuple[np.ndarray, str]:
    try:
        return full_revelation(game), "the joint signal names the receiver's optimal action"
    except ValueError:
        if len(game.choosing) < 2:
            optimal_action_by_state(game)  # with ties, what is revealed depends on the code
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
