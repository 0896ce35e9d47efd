"""Inequalities of the book's own proofs, for all real numbers at a fixed size, as formulas for an SMT solver."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import networkx as nx
from z3 import And, Bool, ExprRef, If, Implies, Not, Or, Real, Reals, RealVal, Sum


@dataclass(frozen=True)
class Statement:
    """``conclusions`` follow from ``premises`` for all real numbers, each by itself."""

    theorem: str
    says: str
    size: str
    premises: tuple[ExprRef, ...]
    conclusions: tuple[ExprRef, ...]


LARGEST_GRAPH, MOST_RECEIVERS = 5, 6


def statements() -> Iterator[Statement]:
    """All statements, small ones first; graphs without isolated vertices."""
    for graph in nx.graph_atlas_g():
        if 2 <= len(graph) <= LARGEST_GRAPH and nx.number_of_isolates(graph) == 0:
            yield from verification(graph)
    for receivers in range(2, MOST_RECEIVERS + 1):
        yield from reduction(receivers)


def graph_name(graph: nx.Graph) -> str:
    """Its edges, as pairs of digits."""
    return " ".join(f"{u}{v}" for u, v in graph.edges)


def independent_sets(graph: nx.Graph) -> list[tuple]:
    """All independent sets, by trying all sets."""
    return [
        vertices
        for count in range(1, len(graph) + 1)
        for vertices in combinations(graph, count)
        if not graph.subgraph(vertices).edges
    ]


def verification(graph: nx.Graph) -> Iterator[Statement]:
    """The steps of the theorem on verification, for all w, K, D and all columns of sender 1."""
    name = f"{len(graph)} vertices: {graph_name(graph)}"
    size, largest = len(graph), max(degree for _, degree in graph.degree)
    w, fine, bound, share = Reals("w K D q")
    off = RealVal(1) / (2 * largest)
    stays = {v: 1 - off * graph.degree[v] for v in graph}
    conditions = (w > 0, w * (2 * largest + 1) <= 1, w <= fine, bound >= 1, bound <= size)

    base = [share + w / size < off * graph.degree[v] * 4 * largest / size for v in graph]
    base += [(1 - w) / size < stays[v] * 4 * largest / size for v in graph]
    yield Statement(
        "A", "at the prior every comparison is strict", name,
        (*conditions, share * (size + bound) == 1), tuple(base),
    )  # fmt: skip

    gain = Real("g")  # q times the lead of the first state
    plus, minus = ({v: Real(f"{kind}{v}") for v in graph} for kind in ("plus", "minus"))
    column = tuple(x >= 0 for x in (*plus.values(), *minus.values()))
    cells = [(-bound * gain, bound * gain)]
    for v in graph:
        switched = Sum([off * minus[u] for u in graph[v]])
        cells.append((-gain + w * plus[v] - switched, gain - fine * w * plus[v]))
        cells.append(((1 - w) * plus[v] - stays[v] * minus[v], -fine * (1 - w) * plus[v]))
    chosen = [Bool(f"b{cell}") for cell in range(len(cells))]
    obeys = tuple(If(b, worth >= 0, worth <= 0) for b, (worth, _) in zip(chosen, cells))
    earned = Sum([If(b, paid, 0) for b, (_, paid) in zip(chosen, cells)])
    most = max(map(len, independent_sets(graph)))
    given = (*conditions, *column, *obeys)
    yield Statement(
        "A", "without a lead a signal earns no more than at the prior", name,
        (*given, gain <= 0), (earned <= bound * gain,),
    )  # fmt: skip
    yield Statement(
        "A", "with a lead it earns at most the independence number", name,
        (*given, gain > 0), (earned <= most * gain,),
    )  # fmt: skip

    pull, conclusions = Real("pull"), []
    for vertices in independent_sets(graph):
        inside = {v: int(v in vertices) for v in graph}
        leads = [
            Not(
                -share + w * pull * inside[v] - Sum([off * 2 * pull * inside[u] for u in graph[v]])
                == 0
            )
            for v in graph
        ]
        right = [
            -share + w * pull - Sum([off * 2 * pull * inside[u] for u in graph[v]]) > 0
            for v in vertices
        ]
        unfined = [(1 - w) * pull - stays[v] * 2 * pull < 0 for v in vertices]
        gains = len(vertices) * (share - fine * w * pull) - bound * share > 0
        enough = And(2 * fine * (bound + 1) < 1, len(vertices) >= bound + 1)
        conclusions += [And(*leads, *right, *unfined), Implies(enough, gains)]
    yield Statement(
        "A", "more independent vertices than D are a strict gain", name,
        (*conditions, share > 0, w * pull == 2 * share), tuple(conclusions),
    )  # fmt: skip


def reduction(receivers: int) -> Iterator[Statement]:
    """Claims 1 to 4 and the exact reduction at one signal of sender 2, with two actions besides 0 a receiver.

    A receiver's action is worth ``y``, between -X and X, at a column with mass X on the states; so any number
    of states is covered.
    """
    size = f"{receivers} receivers"
    mass, lure, slack, penalty, weight = Reals("lambda N N' M q")
    on_states, decoy = Reals("X o")
    worth = [[Real(f"y{j}{b}") for b in range(2)] for j in range(receivers)]
    # times lambda / (1 - lambda); the first receiver's signal was sent
    own = [weight * y for y in worth[0]]
    others = [weight * y - penalty * decoy for row in worth[1:] for y in row]
    others += [-penalty * decoy] * (receivers - 1)  # kept apart, the others' zero actions
    lured = mass * lure * weight * on_states - slack * (1 - mass) * decoy
    best = [mass * value for value in [0, *own, *others]]
    taken = Or(*(value >= lured for value in best))
    conditions = (
        mass > 0, mass < 1, weight > 0, weight <= 1, lure > 1, slack >= lure,
        penalty * (lure - 1) * mass > slack * (1 - mass), on_states > 0, decoy >= 0,
        *(y <= on_states for row in worth for y in row), *(-y <= on_states for row in worth for y in row),
    )  # fmt: skip
    yield Statement(
        "claim 2", "off the lure, the decoy has its share", size,
        (*conditions, taken),
        (slack * (1 - mass) * decoy >= (lure - 1) * mass * weight * on_states,),
    )  # fmt: skip
    yield Statement(
        "claim 3", "off the lure, no other receiver's part is worth as much as nothing", size,
        (*conditions, taken), tuple(value < 0 for value in others),
    )  # fmt: skip

    parts = [0, *own]
    alone = tuple(
        Implies(And(*(part >= o for o in parts)), And(*(part > o for o in others)))
        for part in parts
    )
    yield Statement(
        "claim 4", "off the lure, the receiver chooses as receiver j does", size,
        (*conditions, taken), alone,
    )  # fmt: skip
    lifted = (1 - mass) * decoy == mass * weight * on_states
    yield Statement(
        "lift", "no other part and, if N' > N, not the lure is worth as much as nothing", size,
        (*conditions, lifted), (*(value < 0 for value in others), Implies(slack > lure, lured < 0)),
    )  # fmt: skip
