"""What does not change a game, done to small games: every answer must be the same, or be refused.

Every number of the games is dyadic, so that an original is compared with exact rational arithmetic, and most of its
forms are exact, too. What a form's rounding costs (payoffs of 1e6 times their differences) is granted on top.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import numpy as np

from persuasion import Game, certify, sender_utilities
from persuasion.model.exact import RationalGame, exact_utilities
from persuasion.regret.best_response import BestResponse, best_response
from persuasion.regret.nearby.local import local_best_response
from persuasion.regret.nearby.piece import gain_within_piece
from persuasion.regret.response import InconsistentCertificate
from stress import numerics
from transformations import TRANSFORMATIONS, Image

# shares of the sender's own stake. SCIP solves to 1e-7
AGREEMENT, SCIP = 1e-9, 1e-6
# a supremum that is not attained is approached by policies found in steps
APPROACH = 1e-7
EPSILON = float(np.finfo(float).eps)
SMALL, LARGE = 1 / 16, 0.4
METHODS = ("enumerate", "milp", "column-generation", "auto")


@dataclass(frozen=True)
class Original:
    """A game by its sizes, kind and seed."""

    senders: int
    states: int
    actions: int
    signals: int
    degenerate: bool
    seed: int

    @property
    def sender(self) -> int:
        """Whose answers are compared."""
        return self.seed % self.senders


@cache
def drawn(original: Original) -> tuple[Game, np.ndarray]:
    """The game and a profile: in 1024ths, or in coarse steps so that ties occur."""
    random = np.random.default_rng(original.seed)
    grid, size = (8, 2) if original.degenerate else (1024, 1024)
    n, states, actions = original.senders, original.states, original.actions

    def shares(count: int, shape: tuple[int, ...]) -> np.ndarray:
        return random.multinomial(grid, np.full(count, 1 / count), shape) / grid

    receiver = random.integers(-size, size + 1, (states, actions)) / size
    senders = random.integers(-size, size + 1, (n, states, actions)) / size
    return Game(shares(states, ()), receiver, senders, original.signals), shares(
        original.signals, (n, states)
    )


@lru_cache(2000)
def answer(original: Original, question: str, rule: str) -> Any:
    """To the question about the original's sender."""
    game, policies = drawn(original)
    name = f"sender-{original.sender}" if rule == "own" else rule
    return ask(game, policies, original.sender, question, name)


def ask(game: Game, policies: Any, sender: int, question: str, ties: str) -> Any:
    """A number or a best response."""
    kind, _, radius = question.partition(" ")
    if kind == "simulate":
        return sender_utilities(game, policies, ties=ties)[sender]
    if kind == "piece":
        return gain_within_piece(game, policies, sender, float(radius), ties=ties)
    if kind == "local":
        return local_best_response(game, policies, sender, float(radius), ties=ties)
    if kind == "certify":
        return certify(game, policies, float(radius), ties=ties, senders=[sender]).senders[0]
    return best_response(game, policies, sender, method=kind, ties=ties)


def questions(image: Image) -> Iterator[str]:
    """What has the same answer in this image."""
    yield from ("simulate", *METHODS, "certify 1")
    if image.local:
        yield from (f"local {SMALL}", f"local {LARGE}", f"piece {SMALL}", f"certify {SMALL}")


def faults(original: Original, image: Image, question: str, rule: str) -> list[str]:
    """How the image's answer differs from the original's.

    Raises ``ValueError`` or ``InconsistentCertificate`` where one of them is refused.
    """
    game, _ = drawn(original)
    sender = original.sender
    number = int(image.senders[sender])
    before = answer(original, question, rule)
    after = ask(image.game, image.policies, number, question, image.rule(rule, sender))
    stake = float(game.stakes[sender])
    rounding = 16 * EPSILON * abs(image.zero[sender] / image.unit[sender]) / stake
    share = image.game.stakes[number] / image.unit[sender] / stake
    if game.standard.senders[sender].any() and abs(share - 1) > AGREEMENT + rounding:
        return [f"stake {share - 1:.2g}"]

    def differ(name: str, slack: float) -> Iterator[str]:
        pair = (getattr(result, name, result) for result in (before, after))
        old, new = (float(value) for value in pair)
        gain = question.startswith(("piece", "certify"))
        new = new / image.unit[sender] if gain else float(image.values(new, sender))
        share = (new - old) / stake
        if not (-slack - rounding <= share <= slack + rounding or (image.richer and share > 0)):
            yield f"{name} {share:.2g}"

    if question.startswith("certify"):
        slack = AGREEMENT if before.bound - before.gain <= AGREEMENT * stake else APPROACH
        found = [*differ("gain", slack), *differ("bound", AGREEMENT)]
        same = before.exact == after.exact and before.status == after.status
        return [*found, *([] if same or image.richer else [f"{before.status} {after.status}"])]
    if not isinstance(before, BestResponse):
        return list(differ("value", AGREEMENT))
    found = [*differ("value", AGREEMENT if before.attained else APPROACH)]
    if question == "column-generation" and image.game.signals < len(image.game.prior):
        return found if after.upper_bound >= after.value else [*found, "bound below value"]
    found += differ("upper_bound", AGREEMENT)
    if not image.richer and (before.status, before.attained) != (after.status, after.attained):
        found.append(f"{before.status} {before.attained} {after.status} {after.attained}")
    if image.back is not None:
        found += _worth(original, image, after, rule, stake)
    return found


def _worth(
    original: Original, image: Image, after: BestResponse, rule: str, stake: float
) -> Iterator[str]:
    """Whether the image's policy earns in the original, exactly, what it is said to earn in the image."""
    game, policies = drawn(original)
    sender = original.sender
    changed = policies.copy()
    changed[sender] = image.back(np.asarray(after.policy))
    name = f"sender-{sender}" if rule == "own" else rule
    share = (
        image.values(after.value, sender) - sender_utilities(game, changed, ties=name)[sender]
    ) / stake
    rounding = 16 * EPSILON * abs(image.zero[sender] / image.unit[sender]) / stake
    if abs(share) > AGREEMENT + rounding:
        yield f"policy {share:.2g}"


def exact_value(original: Original) -> Fraction | None:
    """The sender's best response with ties in its favour, in rational arithmetic; None with few signals."""
    game, policies = drawn(original)
    if game.signals < len(game.prior):
        return None
    first = np.r_[original.sender, np.delete(np.arange(original.senders), original.sender)]
    turned = Game(game.prior, game.receiver, game.senders[first], game.signals)
    return numerics.exact_best_response(turned, policies[first])


def exact_utility(original: Original, rule: str) -> Fraction:
    """The sender's utility at the profile, in rational arithmetic."""
    game, policies = drawn(original)
    name = f"sender-{original.sender}" if rule == "own" else rule
    return exact_utilities(RationalGame.of(game), policies, ties=name)[original.sender]


def measure(games: int, seed: int) -> dict[str, dict[str, int]]:
    """Per transformation, over random games: answers compared, refused, and different; one question per game."""
    random = np.random.default_rng(seed)
    found = {name: {"compared": 0, "refused": 0, "different": 0} for name in TRANSFORMATIONS}
    for _ in range(games):
        sizes = [int(random.integers(1, most + 1)) for most in (2, 3, 3, 3)]
        original = Original(*sizes, bool(random.integers(2)), int(random.integers(2**31)))
        for name, counts in found.items():
            if possible := list(asked(original, name)):
                wrong = compared(original, *possible[random.integers(len(possible))])
                counts["compared"] += 1
                counts["refused"] += wrong is None
                counts["different"] += bool(wrong)
    return found


def asked(original: Original, name: str) -> Iterator[tuple[Image, str, str]]:
    """An image with every question and every tie rule."""
    game, policies = drawn(original)
    image = TRANSFORMATIONS[name](game, policies, np.random.default_rng(original.seed))
    if image is not None:
        yield from itertools.product([image], questions(image), image.rules)


def compared(original: Original, image: Image, question: str, rule: str) -> list[str] | None:
    """What is wrong with an answer; None if it was refused."""
    try:
        return faults(original, image, question, rule)
    except (ValueError, InconsistentCertificate):
        return None
