"""From random starts to certified local equilibria: gradients, then exact best responses, then a certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from persuasion.equilibria import polish
from persuasion.equilibria.record import CERTIFIED, NOT_REACHED
from persuasion.learn.baselines import exact_gradient_search
from persuasion.learn.extragradient import extragradient
from persuasion.learn.of_game import train
from persuasion.learn.recipes import apply_recipe
from persuasion.learn.sampled_check import sampled_gain, samples_per_sender
from persuasion.model.game import Game
from persuasion.model.policies import uniform_policies
from persuasion.model.restrictions import of_those_who_choose, restrict
from persuasion.model.simulate import outcome_distribution, receiver_utility, sender_utilities
from persuasion.model.tolerances import SAME_OUTCOME
from persuasion.own_game.request import EXACT_GRADIENT, Request
from persuasion.own_game.solution import LocalEquilibrium
from persuasion.regret.certificate import Certificate
from persuasion.regret.certify import certify

Progress = Callable[[str], None]
SAMPLES_FACTOR = 10
ATTEMPTS = 5
POLISH_ROUNDS = 200


def find_equilibria(game: Game, request: Request, progress: Progress) -> list[LocalEquilibrium]:
    """Certified profiles of every method, best welfare first, then what polishing did not save; one per outcome.

    Where a search ended is first put to the paper's sampled check, which is cheap; what passes is certified as it
    is. If that leaves fewer equilibria than asked for, the best others are polished by exact local best responses.
    """
    starts = uniform_policies(game, request.starts, request.seed)
    found: list[LocalEquilibrium] = []
    for method in request.methods:
        progress(f"{method}: {request.steps} steps from {request.starts} starts")
        ends = _ends(game, request, method, starts)
        progress(f"{method}: the sampled check of {len(ends)} profiles")
        passed, others = _sorted(game, request, ends)
        found += _found(game, request, method, passed, others, progress)
    return _distinct(game, request, found)


def _ends(game: Game, request: Request, method: str, starts: np.ndarray) -> np.ndarray:
    """Where extra-gradient leads from the starts, along the exact gradient or along trained networks'."""
    if method == EXACT_GRADIENT:
        return exact_gradient_search(game.standard, starts, request.steps)
    training = apply_recipe(request.training, "tuned", method)
    identity = {"solve": list(game.shape), "seed": request.seed}
    model = train(game.standard, identity, method, training).model
    gradients = of_those_who_choose(game, model.own_gradients)
    return restrict(game, extragradient(gradients, starts, request.steps))


def _sorted(
    game: Game, request: Request, ends: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Profiles that pass the sampled check and those that do not, the largest sum of relative utilities first."""
    samples = samples_per_sender(game, SAMPLES_FACTOR)
    parts: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    welfare = sender_utilities(game.standard, ends, ties=request.ties).sum(-1)
    for index in np.argsort(-welfare, kind="stable").tolist():
        check = sampled_gain(
            game.standard,
            ends[index],
            request.radius,
            samples,
            seed=(request.seed, index),
            ties=request.ties,
            stop_above=request.tolerance,
        )
        parts[int(check.gains.max() > request.tolerance)].append(ends[index])
    return parts


def _found(
    game: Game,
    request: Request,
    method: str,
    passed: list[np.ndarray],
    others: list[np.ndarray],
    progress: Progress,
) -> list[LocalEquilibrium]:
    certified: list[LocalEquilibrium] = []
    refuted: list[LocalEquilibrium] = []
    for policies in passed[: ATTEMPTS * request.candidates]:
        if len(certified) == request.candidates:
            break
        if any(_same(game, request, policies, entry.policies) for entry in certified):
            continue
        progress(f"{method}: certifying; {len(certified)} of {request.candidates} found")
        entry = _certified(game, request, method, policies)
        (certified if entry.certified else refuted).append(entry)
    wanted = request.candidates - len(certified)
    rest = [entry.policies for entry in refuted] + others
    for number, policies in enumerate(rest[:wanted], 1):
        progress(f"{method}: polishing profile {number} of at most {wanted}")
        certified.append(_polished(game, request, method, policies))
    return certified


def _same(game: Game, request: Request, first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two profiles lead to one joint distribution of state and action."""
    outcomes = outcome_distribution(game, np.stack([first, second]), ties=request.ties)
    return bool(np.abs(outcomes[0] - outcomes[1]).max() <= SAME_OUTCOME)


def _certified(game: Game, request: Request, method: str, policies: np.ndarray) -> LocalEquilibrium:
    certificate = certify(
        game, policies, request.radius, ties=request.ties, time_limit=request.time_limit
    )
    holds = certificate.holds(request.tolerance)
    return _entry(game, request, method, CERTIFIED if holds else NOT_REACHED, policies, certificate)


def _polished(game: Game, request: Request, method: str, policies: np.ndarray) -> LocalEquilibrium:
    found = polish(
        game,
        policies,
        request.radius,
        tolerance=request.tolerance,
        margin=request.margin * game.receiver_stake,
        ties=request.ties,
        rounds=POLISH_ROUNDS,
        time_limit=request.time_limit,
        response_limit=request.time_limit,
    )
    return _entry(game, request, method, found.status, found.policies, found.certificate)


def _entry(
    game: Game,
    request: Request,
    method: str,
    status: str,
    policies: np.ndarray,
    certificate: Certificate,
) -> LocalEquilibrium:
    return LocalEquilibrium(
        method=method,
        status=status,
        policies=policies,
        utilities=sender_utilities(game, policies, ties=request.ties),
        receiver_utility=float(receiver_utility(game, policies, ties=request.ties)),
        certificate=certificate,
    )


def _distinct(
    game: Game, request: Request, found: list[LocalEquilibrium]
) -> list[LocalEquilibrium]:
    """One entry per outcome and status, certified first, then by the sum of shares; others are counted."""
    kept: list[LocalEquilibrium] = []

    def rank(entry: LocalEquilibrium) -> tuple[bool, float]:
        shares = (entry.utilities - game.offsets) / game.stakes
        return not entry.certified, -float(shares.sum())

    for entry in sorted(found, key=rank):
        for place, first in enumerate(kept):
            alike = first.certified == entry.certified
            if alike and _same(game, request, first.policies, entry.policies):
                kept[place] = replace(first, times=first.times + 1)
                break
        else:
            kept.append(entry)
    return kept
