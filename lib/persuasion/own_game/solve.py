"""From a game to everything that can be said about it, in one call or step by step."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

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
    SEARCH,
    Examined,
    LocalEquilibrium,
    Revelation,
    Solution,
    within,
)
from persuasion.theorems.full_revelation import full_revelation

ANY = 1.0
LANDMARKS = "what to compare them with"
PROOFS = "certificates of local equilibria against any deviation"
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
    return deque(solutions(game, request, profile, profile_name, progress), maxlen=1).pop()


def solutions(
    game: Game,
    request: Request | None = None,
    profile: np.ndarray | None = None,
    profile_name: str = "given profile",
    progress: Progress = lambda _: None,
) -> Iterator[Solution]:
    """What :func:`solve` knows at first and after every step; ``missing`` names the steps to come."""
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
    names = [*_searches(game), *(f"local search: {name}" for name in request.methods), PROOFS]
    for done, known in enumerate(_steps(game, request, progress)):
        others = [entry for entry in (examined, revelation.examined, *known.local) if entry]
        found = _with_proven(game, request, known.equilibria, others)
        close = [e for e in found if e.relative_regret[0] <= FAR] or found[:1]
        yield Solution(
            game=game,
            request=request,
            version=persuasion.__version__,
            revelation=_settled(revelation, found),
            profile=examined,
            found=tuple(close),
            far=len(found) - len(close),
            landmarks=tuple(known.landmarks),
            local=tuple(known.local),
            missing=tuple(names[done:]),
            seconds=time.perf_counter() - began,
        )


class _Known(NamedTuple):
    """What the steps so far found."""

    equilibria: Sequence[nash.Equilibrium] = ()
    landmarks: Sequence[nash.Landmark] = ()
    local: Sequence[LocalEquilibrium] = ()


def _searches(game: Game) -> tuple[str, ...]:
    """The steps that a game with too many states goes without."""
    return (SEARCH, LANDMARKS) if game.shape.states <= nash.MOST_STATES else ()


def _steps(game: Game, request: Request, progress: Progress) -> Iterator[_Known]:
    """What is known at first, and after every step."""
    known = _Known()
    yield known
    if _searches(game):
        known = known._replace(equilibria=_equilibria(game, request, progress))
        yield known
        progress(LANDMARKS)
        known = known._replace(landmarks=nash.landmarks(game, request.time_limit))
        yield known
    for local in find_equilibria(game, request, progress):
        known = known._replace(local=local)
        yield known
    local = [_anywhere(game, request, entry, progress) for entry in known.local]
    yield known._replace(local=local)


def _equilibria(game: Game, request: Request, progress: Progress) -> list[nash.Equilibrium]:
    """Global equilibria or what comes close.

    Where two senders would rather have more signals than they have, half of the time is for those that they have.
    """
    progress(SEARCH)
    search = partial(nash.nash, game, target=request.target, ties=request.ties, seed=request.seed)
    scarce = not request.limited and min(game.counts) < game.shape.states
    half = request.search_limit / 2
    found = search(limited=request.limited, time_limit=half if scarce else request.search_limit)
    if not any(e.status == nash.EQUILIBRIUM and within(game, e) for e in found):
        more = [entry for entry in found if not within(game, entry)]
        if more:
            progress("the same with the signals that the game has")
            found = search(limited=True, time_limit=half) + more
    return found


def _with_proven(
    game: Game,
    request: Request,
    found: Sequence[nash.Equilibrium],
    others: Sequence[Examined | LocalEquilibrium],
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
