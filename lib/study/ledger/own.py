"""Our own statements, apart from the paper's claims: proved in the book, reviewed by nobody yet.

Run on a few instances; the pages' checks are larger.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd

from persuasion.model.exact import exact_utilities
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
    return [Count("games that are decided as the graph is", sum(right), len(right))]


def no_revelation(_: Any) -> list[Part]:
    """The reduced game of a graph's audience, decided by exact linear programs."""
    right = []
    for graph, bound, more in _questions():
        profile = reduced_profile(graph_audience(graph, bound), Fraction(1, 2), 2, 3, 6)
        right.append((improving_column(*profile, sender=0) is not None) == more)
    return [Count("reduced games that are decided as the graph is", sum(right), len(right))]


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
