"""From random starts to certified local equilibria: gradients, then exact best responses, then a certificate."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from persuasion.equilibria import polish
from persuasion.equilibria.record import CERTIFIED
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


def find_equilibria(
    game: Game, request: Request, progress: Progress
) -> Iterator[list[LocalEquilibrium]]:
    """After every method, all certified profiles so far, best welfare first, then what polishing did not save.

    One per outcome.

    Where a search ended is first put to the paper's sampled check, which is cheap; what passes is certified as it
    is. If that leaves fewer equilibria than asked for, the best others are polished by exact local best responses.
    """
    starts = uniform_policies(game, request.starts, request.seed)
    found: list[LocalEquilibrium] = []
    for method in request.methods:
        found += _Search(game, request, method, progress).found(starts)
        yield _distinct(game, request, found)


@dataclass(frozen=True, eq=False)
class _Search:
    """The search along one method's gradients."""

    game: Game
    request: Request
    method: str
    progress: Progress

    def found(self, starts: np.ndarray) -> list[LocalEquilibrium]:
        wanted = self.request.candidates
        self.say(f"{self.request.steps} steps from {len(starts)} starts")
        ends = self.ends(starts)
        self.say(f"the sampled check of {len(ends)} profiles")
        passed, others = self.sifted(ends)
        certified: list[LocalEquilibrium] = []
        refuted: list[np.ndarray] = []
        for policies in passed[: ATTEMPTS * wanted]:
            if len(certified) == wanted:
                break
            if any(_same(self.game, self.request, policies, e.policies) for e in certified):
                continue
            self.say(f"certifying; {len(certified)} of {wanted} found")
            proof = certificate(self.game, self.request, policies, self.request.radius)
            if proof.holds(self.request.tolerance):
                certified.append(self.entry(CERTIFIED, policies, proof))
            else:
                refuted.append(policies)
        lacking = wanted - len(certified)
        for number, policies in enumerate((refuted + others)[:lacking], 1):
            self.say(f"polishing profile {number} of at most {lacking}")
            certified.append(self.polished(policies))
        return certified

    def say(self, what: str) -> None:
        self.progress(f"{self.method}: {what}")

    def ends(self, starts: np.ndarray) -> np.ndarray:
        """Where extra-gradient leads from the starts, along the exact gradient or along trained networks'."""
        game, request = self.game, self.request
        if self.method == EXACT_GRADIENT:
            return exact_gradient_search(game.standard, starts, request.steps)
        training = apply_recipe(request.training, "tuned", self.method)
        identity = {"solve": list(game.shape), "seed": request.seed}
        model = train(game.standard, identity, self.method, training).model
        gradients = of_those_who_choose(game, model.own_gradients)
        return restrict(game, extragradient(gradients, starts, request.steps))

    def sifted(self, ends: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Profiles that pass the sampled check and those that do not, the largest sum of shares of stakes first."""
        game, request = self.game.standard, self.request
        samples = samples_per_sender(game, SAMPLES_FACTOR)
        parts: tuple[list[np.ndarray], list[np.ndarray]] = [], []
        welfare = sender_utilities(game, ends, ties=request.ties).sum(-1)
        for index in np.argsort(-welfare, kind="stable").tolist():
            check = sampled_gain(
                game,
                ends[index],
                request.radius,
                samples,
                seed=(request.seed, index),
                ties=request.ties,
                stop_above=request.tolerance,
            )
            parts[int(check.gains.max() > request.tolerance)].append(ends[index])
        return parts

    def polished(self, policies: np.ndarray) -> LocalEquilibrium:
        request = self.request
        found = polish(
            self.game,
            policies,
            request.radius,
            tolerance=request.tolerance,
            margin=request.margin * self.game.receiver_stake,
            ties=request.ties,
            rounds=POLISH_ROUNDS,
            time_limit=request.time_limit,
            response_limit=request.time_limit,
        )
        return self.entry(found.status, found.policies, found.certificate)

    def entry(self, status: str, policies: np.ndarray, proof: Certificate) -> LocalEquilibrium:
        game, ties = self.game, self.request.ties
        utilities = sender_utilities(game, policies, ties=ties)
        worth = float(receiver_utility(game, policies, ties=ties))
        return LocalEquilibrium(self.method, status, policies, utilities, worth, proof)


def certificate(game: Game, request: Request, policies: np.ndarray, radius: float) -> Certificate:
    """What is proven about deviations within ``radius``, in the time that the request allows."""
    return certify(game, policies, radius, ties=request.ties, time_limit=request.time_limit)


def _same(game: Game, request: Request, first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two profiles lead to one joint distribution of state and action."""
    outcomes = outcome_distribution(game, np.stack([first, second]), ties=request.ties)
    return bool(np.abs(outcomes[0] - outcomes[1]).max() <= SAME_OUTCOME)


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
