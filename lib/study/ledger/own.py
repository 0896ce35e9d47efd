"""Our own statements, apart from the paper's claims: proved in the book, reviewed by nobody yet.

Run on a few instances; the pages' checks are larger.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from persuasion.model.exact import exact_utilities, rationals
from persuasion.model.game import Game
from persuasion.model.policies import uniform_policies
from persuasion.model.tolerances import SAME_UTILITY
from persuasion.regret.best_response import best_response
from persuasion.theorems.audience import lift, sender_value
from persuasion.theorems.improving_column import improving_column
from persuasion.theorems.normal_form import embedding, pure_gains
from persuasion.theorems.public_verification import graph_audience, reduced_profile
from persuasion.theorems.subset_sums import count_sums, counting_profile
from persuasion.theorems.verification import verification_game
from persuasion.theorems.win_lose import sender_gains
from study.ledger.effects import Count, Part, Verdict
from study.ledger.table import Claim, ledger_table

STANDING = "proved here, reviewed by nobody yet"
VERTICES = 3
INSTANCES = 10


def _questions() -> Iterator[tuple[nx.Graph, int, bool]]:
    """Small graphs without isolated vertices, a bound, and whether more vertices than that are independent."""
    for graph in nx.graph_atlas_g():
        if 2 <= len(graph) <= VERTICES and nx.number_of_isolates(graph) == 0:
            number = nx.max_weight_clique(nx.complement(graph), weight=None)[1]
            for bound in range(1, len(graph) + 1):
                yield graph, bound, number > bound


def verification(_: Any) -> list[Part]:
    """The game of a graph, decided by exact linear programs."""
    right = []
    for graph, bound, more in _questions():
        instance = verification_game(graph, bound)
        right.append((improving_column(instance.game, instance.policies, 0) is not None) == more)
    return [Count.of("games that are decided as the graph is", right)]


def no_revelation(_: Any) -> list[Part]:
    """The reduced game of a graph's audience, decided by exact linear programs."""
    right = []
    for graph, bound, more in _questions():
        profile = reduced_profile(graph_audience(graph, bound), Fraction(1, 2), 2, 3, 6)
        right.append((improving_column(*profile, sender=0) is not None) == more)
    return [Count.of("reduced games that are decided as the graph is", right)]


def any_audience(_: Any) -> list[Part]:
    """Lifts of random schemes, in fractions."""
    right, mass = 0, Fraction(1, 2)
    for seed in range(INSTANCES):
        audience = graph_audience(nx.path_graph(VERTICES), bound=1 + seed % VERTICES)
        game, (_, opponent) = reduced_profile(audience, mass, 2, 3, 6)
        counts = np.random.default_rng(seed).integers(1, 9, (VERTICES + 1, game.signals))
        scheme = rationals(counts) / counts.sum(1, keepdims=True)
        found = exact_utilities(game, np.stack([lift(audience, scheme), opponent]), ties="sender-0")
        right += found[0] == (1 - mass) * sender_value(audience, scheme)
    return [Count("lifts that earn their share of what the scheme does", right, INSTANCES)]


def few_states(_: Any) -> list[Part]:
    """The rays' linear program against enumeration of the receiver's actions."""
    right = 0
    for seed in range(INSTANCES):
        generator = np.random.default_rng(seed)
        tables = generator.normal(size=(3, 2, 3))
        game = Game(generator.dirichlet(np.ones(2)), tables[0], tables[1:], signals=2)
        policies = uniform_policies(game, seed=generator)
        rays, every = (
            best_response(game, policies, 0, method=method).upper_bound
            for method in ("rays", "enumerate")
        )
        right += abs(rays - every) <= SAME_UTILITY * game.stakes[0]
    return [Count("games of two states in which both have the same optimum", right, INSTANCES)]


def counting(_: Any) -> list[Part]:
    """A sender's payoff against a count of signs, one by one."""
    right = 0
    for seed in range(INSTANCES):
        integers = np.random.default_rng(seed).integers(1, 9, 4).tolist()
        threshold = 1 + seed
        game, policies = counting_profile(integers, threshold)
        share = exact_utilities(game, policies)[0] / game.prior[0]
        right += share == Fraction(count_sums(integers, threshold), 2 ** len(integers))
    return [Count("payoffs that are the count", right, INSTANCES)]


def embeddings(_: Any) -> list[Part]:
    """Gains in games of three players against gains of the senders."""
    right = 0
    for seed in range(INSTANCES):
        generator = np.random.default_rng(seed)
        payoffs = generator.integers(-3, 4, (3, 2, 2, 2)).astype(float)
        game, ties = embedding(payoffs)
        policies = generator.dirichlet(np.ones(2), (3, 2))
        expected = pure_gains(payoffs, policies[:, 0]) / 2
        right += np.allclose(sender_gains(game, policies, ties=ties), expected)
    return [Count("profiles with the same gains in both games", right, INSTANCES)]


OWN = (
    Claim(
        "the paper's conjecture",
        "verification of an equilibrium is coNP-complete, already with two senders and two actions",
        "theory/is-this-an-equilibrium",
        "independent sets of small graphs against exact best responses", verification,
    ),
    Claim(
        "beside Theorem 3", "whether telling an audience nothing is optimal is coNP-complete",
        "theory/through-public-persuasion",
        "independent sets of small graphs against exact best responses", no_revelation,
    ),
    Claim(
        "beside Theorem 3", "the reduction is exact for audiences of any weights, actions and payoffs",
        "theory/through-public-persuasion", "random schemes, lifted; in fractions", any_audience,
    ),
    Claim(
        "beside Theorem 3", "with few states a best response is a linear program of polynomial size",
        "theory/few-states", "the program against enumeration; its size is proved", few_states,
    ),
    Claim(
        "not in the paper", "with many senders, evaluating one profile is #P-hard",
        "theory/many-senders", "subset sums counted by a payoff", counting,
    ),
    Claim(
        "beside Theorem 5", "any normal-form game embeds, with a tie map that reads the names of signals",
        "theory/many-senders", "three players, random profiles", embeddings,
    ),
)  # fmt: skip


def own_table() -> pd.DataFrame:
    """As :func:`ledger_table`; the standing takes the verdict's place unless an instance contradicts it."""
    table = ledger_table(OWN, None)
    return table.replace({"verdict": {Verdict.HOLDS: STANDING}})
