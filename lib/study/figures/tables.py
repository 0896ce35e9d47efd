"""Tables from records, as data frames ready to show, to write as CSV and as Markdown."""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from persuasion.model.tolerances import EQUAL
from study.designs.settings import SIZES
from study.figures.frames import commonly_solved, gaps_by_sender, paired
from study.figures.statistics import Mean, mean_interval, per_group
from study.figures.style import NAMES

OURS, OTHERS = "dnl", ("relu", "delu")
"""The network that the paper proposes, and those that it is compared with."""

# Table 1 of the paper: mean and half-width of the 95% interval over 20 instances
PAPER_TABLE_1 = {
    ("quality-advertising", "relu"): Mean(0.498, 0.004, 20),
    ("quality-advertising", "delu"): Mean(0.599, 0.003, 20),
    ("quality-advertising", "dnl"): Mean(0.699, 0.003, 20),
    ("product-advertising", "relu"): Mean(0.407, 0.176, 20),
    ("product-advertising", "delu"): Mean(0.467, 0.179, 20),
    ("product-advertising", "dnl"): Mean(0.526, 0.004, 20),
    ("ride-hailing", "relu"): Mean(3.216, 0.790, 20),
    ("ride-hailing", "delu"): Mean(3.783, 0.894, 20),
    ("ride-hailing", "dnl"): Mean(4.344, 0.885, 20),
}


def table_1(equilibria: pd.DataFrame) -> pd.DataFrame:
    """Table 1: welfare at the selected local equilibrium per scenario and network, beside the paper's, if any."""

    def row(part: pd.DataFrame) -> dict[str, str]:
        paper = PAPER_TABLE_1.get((part["family"].iloc[0], part["method"].iloc[0]))
        return {
            "solved": f"{int(part['solved'].sum())} of {len(part)}",
            "welfare": str(mean_interval(part["welfare"])),
            "paper": "{:.3f} ± {:.3f}".format(*paper) if paper else "–",
        }

    return _by_network(equilibria, {"family": "scenario"}, row)


def _by_network(
    frame: pd.DataFrame, by: dict[str, str], row: Callable[[pd.DataFrame], dict[str, str]]
) -> pd.DataFrame:
    own = frame.assign(network=frame["method"].map(NAMES))
    return per_group(own, by | {"network": "network"}, row, sort=False)


def highest_welfare(equilibria: pd.DataFrame) -> str:
    """The network of the highest mean welfare in each scenario, over instances that all solved, in a sentence."""
    parts = []
    for family, own in commonly_solved(equilibria).groupby("family", sort=False):
        best = own.groupby("method")["welfare"].mean().idxmax()
        value = mean_interval(own.loc[own["method"] == best, "welfare"])
        parts.append(f"with {NAMES[str(best)]} in {family} ({value})")
    return (
        f"Over the instances that every network solved, welfare is highest {', '.join(parts)}."
        if parts
        else "In 0 instances a profile of every network passed."
    )


def sensitivity_table(
    equilibria: pd.DataFrame, constants: Mapping[str, str], methods: Sequence[str]
) -> pd.DataFrame:
    """Table 1 per changed constant: welfare of the networks, and their order by it.

    ``constants`` says for every game which constant was changed to what. What a partial run has not measured with
    all of ``methods`` is left out. The order is that of means over the games that all networks solved, but
    for those that solved none.
    """

    def row(part: pd.DataFrame) -> dict[str, Any]:
        welfare = part.groupby("method", sort=False)["welfare"].agg(mean_interval).map(str)
        return {
            **welfare.rename(NAMES),
            "games": part["game"].nunique(),
            "degenerate": int(part.groupby("game")["degenerate"].first().sum()),
            "order": _order(part),
        }

    frame = equilibria.assign(changed=equilibria["game"].map(constants))
    tried = frame.groupby(["family", "changed"])["method"].transform("nunique")
    names = {"family": "scenario", "changed": "changed"}
    return per_group(frame[tried == len(methods)], names, row, sort=False)


def _order(part: pd.DataFrame) -> str:
    """The networks by falling mean over the same games, ``=`` between equal ones."""
    table = part.pivot(index="game", columns="method", values="welfare")
    means = table.dropna(axis=1, how="all").dropna().mean().dropna()
    known = sorted((-mean, NAMES[str(m)]) for m, mean in means.items())
    if not known:
        return "–"
    text = known[0][1]
    for (before, _), (now, name) in itertools.pairwise(known):
        text += (" = " if now - before <= EQUAL else " > ") + name
    return text


def paired_table(equilibria: pd.DataFrame) -> pd.DataFrame:
    """Paired welfare differences of DNL against the other networks, and the share of equal games."""
    solved = equilibria[equilibria["solved"]]
    return pd.DataFrame(
        {
            "comparison": f"DNL − {NAMES[other]}",
            "games": len(gap),
            "welfare difference": str(mean_interval(gap)),
            **signs(gap, "DNL "),
        }
        for other in OTHERS
        for gap in [paired(solved, "welfare", OURS, other)]
    )


def by_set(
    sets: Mapping[str, pd.DataFrame], table: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """The same table for several sets of games, one below the other."""
    found = pd.concat(
        {label: table(frame) for label, frame in sets.items()}, names=["set of games"]
    )
    return found.reset_index(level=0).reset_index(drop=True)


def improvement_table(equilibria: pd.DataFrame) -> pd.DataFrame:
    """Each sender's utility at DNL's equilibrium, less that at the starts and under full revelation.

    At the starts on average, and at the best of them where the frame says it in ``best_start``.
    """
    solved = equilibria[(equilibria["method"] == OURS) & equilibria["solved"]]
    compared = {
        "start": "the mean of the random starts",
        "best_start": "the best of the random starts",
        "revelation": "full revelation",
    }
    return pd.DataFrame(
        {
            "comparison": f"DNL − {title}",
            "sender": sender,
            "games": len(gap),
            "utility difference": str(mean_interval(gap)),
            **signs(gap, "DNL "),
        }
        for column, title in compared.items()
        if column in solved
        for sender, gap in gaps_by_sender(equilibria, solved, column)
    )


def paired_errors(errors: pd.DataFrame) -> pd.DataFrame:
    """DNL's error over the other networks', game by game: geometric mean of the ratio with its 95% interval.

    Degenerate games are left out: there is nothing to approximate.
    """
    logs = errors[~errors["degenerate"]].assign(
        **{name: np.log(errors[f"{name}_relative"]) for name in ("training", "held_out")}
    )
    return pd.DataFrame(
        {
            "error": name.replace("_", "-"),
            "comparison": f"DNL / {NAMES[other]}",
            "games": log.count(),
            "ratio": _ratio(mean_interval(log)),
            **signs(log, "DNL "),
        }
        for name in ("training", "held_out")
        for other in OTHERS
        for log in [paired(logs, name, OURS, other)]
    )


def _ratio(log: Mean) -> str:
    low, middle, high = np.exp([log.mean - log.half_width, log.mean, log.mean + log.half_width])
    return f"{middle:.3f} [{low:.3f}, {high:.3f}]" if log.size > 1 else "–"


def narrow(table: pd.DataFrame) -> pd.DataFrame:
    """The table to be read: counts that belong together share a column. What is saved keeps them apart."""
    signs = [
        name for name in table if name == "equal" or re.search(r"\b(higher|lower)$", str(name))
    ]
    for columns, between in (
        (signs, " · "),
        (["holds", "refuted", "open"], " · "),
        (["examined", "accepted"], " of "),
        (["polished, certified locally", "profiles"], " of "),
    ):
        if columns and set(columns) <= set(table):
            place = min(map(list(table).index, columns))
            joined = [between.join(map(str, row)) for row in table[columns].itertuples(index=False)]
            table = table.drop(columns=columns)
            table.insert(place, between.join(map(str, columns)), joined)
    return table


def in_words(table: pd.DataFrame, columns: Sequence[Any], title: str) -> pd.DataFrame:
    """Counts of several columns in one of words, without those that are 0; the rarest column last.

    >>> in_words(pd.DataFrame({"a": [1, 2], "b": [0, 5]}), ["a", "b"], "ends")["ends"].tolist()
    ['a 1', 'b 5, a 2']
    """
    order = sorted(columns, key=lambda name: -table[name].sum())
    words = [
        ", ".join(f"{name} {row[name]:.0f}" for name in order if row[name]) or "–"
        for row in table.to_dict("records")
    ]
    place = min((list(table).index(name) for name in columns), default=len(table.columns))
    table = table.drop(columns=list(columns))
    table.insert(place, title, words)
    return table


def paired_sentence(equilibria: pd.DataFrame) -> str:
    """The message of a figure that compares networks: DNL's welfare minus theirs, and its sign by game."""
    parts = [
        f"minus that of {row['comparison'].removeprefix('DNL − ')}'s is {row['welfare difference']} (higher in "
        f"{row['DNL higher']}, equal in {row['equal']}, lower in {row['DNL lower']} games)"
        for row in paired_table(equilibria).to_dict("records")
    ]
    return f"On average over games the welfare of DNL's profiles {', and '.join(parts)}."


def signs_message(table: pd.DataFrame, what: str = "welfare") -> str:
    """How often ``what`` DNL has is higher, equal or lower, by set of games; ``table`` from :func:`by_set`."""
    if table.empty:
        return "There are 0 games to compare."
    signs = table.groupby("set of games", sort=False)[["DNL higher", "equal", "DNL lower"]].sum()
    (first, (high, same, low)), *rest = signs.iterrows()
    others = [f"in {a}, {b} and {c} ({label})" for label, (a, b, c) in rest]
    counts = f"higher in {high}, equal in {same} and lower in {low} comparisons"
    start = f"Game by game DNL's {what} is {counts} ({first})"
    return ", ".join([start, *others]) + "."


def exact_message(table: pd.DataFrame) -> str:
    """What certificates say of the accepted profiles; ``table`` from :func:`study.figures.checks.exact_table`."""
    held, refuted, left = (int(table[name].sum()) for name in ("holds", "refuted", "open"))
    return (
        f"Of {held + refuted + left} profiles with a certificate {held} are local equilibria up to the check's "
        f"tolerance, {refuted} are refuted, and {left} are open."
    )


def signs(gap: pd.Series, name: str = "") -> dict[str, int]:
    """In how many games the first is higher, equal, lower; ``name`` goes before the words for it."""
    return {
        f"{name}higher": int((gap > EQUAL).sum()),
        "equal": int((gap.abs() <= EQUAL).sum()),
        f"{name}lower": int((gap < -EQUAL).sum()),
    }


def size_table(equilibria: pd.DataFrame) -> pd.DataFrame:
    """Every game's selected welfare, one row per game and method: the numbers behind the figures."""
    columns = ["game", "senders", *SIZES, "degenerate", "method", "radius", "tolerance", "solved"]
    table = equilibria[[*columns, "welfare", "gain", "record"]].reset_index(drop=True)
    utilities = [[] if u is None else u for u in equilibria["utilities"]]
    for sender in range(max(map(len, utilities), default=0)):
        table[f"utility_{sender + 1}"] = [u[sender] if len(u) > sender else None for u in utilities]
    return table


def error_rows(errors: pd.DataFrame) -> pd.DataFrame:
    """Every job's errors, one row per game and method: the numbers behind Figure 4."""
    kinds = [f"{name}{suffix}" for suffix in ("", "_relative") for name in ("training", "held_out")]
    columns = ["game", "senders", *SIZES, "degenerate", "method", *kinds, "record"]
    return errors[columns].reset_index(drop=True)


def coverage_table(equilibria: pd.DataFrame) -> pd.DataFrame:
    """Share of games with an accepted profile, per network and tolerance."""
    shares = equilibria.pivot_table("solved", "tolerance", "method", "mean", sort=False)
    shares = shares.rename(columns=NAMES).map(lambda share: f"{share:.0%}").reset_index()
    return shares.rename(columns={"tolerance": "tolerated gain / range"}).rename_axis(columns=None)


def error_table(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Mean errors per benchmark and network; relative errors leave degenerate games out."""
    every = pd.concat([frame.assign(games=label) for label, frame in frames.items()])
    return _by_network(every, {"games": "games"}, _error_cells)


def scenario_errors(errors: pd.DataFrame) -> pd.DataFrame:
    """Mean errors per scenario and network, with the number of degenerate instances."""

    def row(part: pd.DataFrame) -> dict[str, str]:
        degenerate = f"{int(part['degenerate'].sum())} of {len(part)}"
        return {"degenerate": degenerate, **_error_cells(part)}

    return _by_network(errors, {"family": "scenario"}, row)


def _error_cells(part: pd.DataFrame) -> dict[str, str]:
    columns = {
        "training": "training MSE",
        "held_out": "held-out MSE",
        "training_relative": "training / variance",
        "held_out_relative": "held-out / variance",
    }
    varied = part[~part["degenerate"]]
    return {
        title: str(mean_interval((varied if column.endswith("relative") else part)[column]))
        for column, title in columns.items()
    }
