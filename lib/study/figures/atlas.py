"""Records of the atlas as tidy tables: what equilibria there are, and what they are worth.

Utilities are shares of each sender's own stake, 0 where nobody reveals anything. The receiver's are shares of what
information is worth to it: 0 without any, 1 under full revelation.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from persuasion.model.tolerances import SAME_UTILITY
from study.designs.settings import SIZES, Preset
from study.figures.frames import game_id
from study.figures.plays import PRIOR
from study.figures.statistics import mean_interval, per_group
from study.records.regrets import record_stakes, relative_interval
from study.records.rows import AtlasRow, CertificateRow
from study.records.store import Record

SILENT, REVEALED, COLLUSION = "no revelation", "full revelation", "collusion"
CERTIFIED = "equilibrium"
FOUND = (CERTIFIED, "approximate", "unproven")
NEAR = 0.01
"""A profile of global regret up to this share of every stake is near a global equilibrium."""


def atlas_frame(records: Sequence[Record]) -> pd.DataFrame:
    """One row per outcome that was found and per landmark.

    Columns: game, its parameters, ``size`` (its largest number of signals, states or actions), ``profile`` (status
    or landmark), ``first`` and ``second`` (the senders' utilities) and ``welfare``, their sum; ``receiver`` (NaN
    where information is worth nothing); ``lower`` and ``upper`` end of the global regret, share of stakes; support,
    start; ``origin``, the senders' utilities under silence, in utility units; ``idle``: no landmark and no outcome
    of the game differs from silence for any sender.
    """
    return pd.DataFrame([row for record in records if record.done for row in _rows(record)])


def _rows(record: Record) -> Iterator[dict[str, Any]]:
    stakes, rows = record_stakes(record), record.rows_of(AtlasRow)
    parameters = record.config["game"]["parameters"]
    marks = {row.profile: row for row in rows if row.profile not in FOUND}
    silent, revealed = (marks.get(name, marks[SILENT]) for name in (SILENT, REVEALED))
    worth = revealed.receiver_utility - silent.receiver_utility
    shares = (np.array([row.utilities for row in rows]) - silent.utilities) / stakes
    idle = bool((np.abs(shares) <= SAME_UTILITY).all())
    for row, (first, second) in zip(rows, shares.tolist()):
        lower, upper = relative_interval(row.regret, row.gains, stakes)
        told = row.receiver_utility - silent.receiver_utility
        yield {
            "game": game_id(record),
            **parameters,
            "size": max(parameters[name] for name in SIZES),
            "profile": row.profile,
            "first": first,
            "second": second,
            "welfare": first + second,
            "receiver": told / worth if worth > SAME_UTILITY else np.nan,
            "lower": lower,
            "upper": upper,
            "support": row.support,
            "start": row.start,
            "origin": silent.utilities,
            "idle": idle,
        }


def games_table(frame: pd.DataFrame, most: float) -> pd.DataFrame:
    """One row per game, indexed by it; an outcome is certified if its proven regret is at most ``most``.

    ``outcomes`` : certified ones. ``idle`` as in :func:`atlas_frame`. ``both`` : what the worse-off sender has
    above full revelation at the certified outcome where that is most, ``cost`` : what this outcome takes from the
    receiver (NaN without full revelation). Welfare of the ``best`` and ``worst`` certified outcome and of each
    landmark.
    """
    rows = [_game(part, most) for _, part in frame.groupby("game", sort=False)]
    return pd.DataFrame(rows).set_index("game")


def _game(part: pd.DataFrame, most: float) -> dict[str, Any]:
    certified = part[part["upper"] <= most]
    marks = part[~part["profile"].isin(FOUND)].set_index("profile")
    row = {
        **part.iloc[0][["game", "size", "logit_scale", "idle"]],
        "outcomes": len(certified),
        "best": certified["welfare"].max(),
        "worst": certified["welfare"].min(),
        **marks["welfare"],
        **dict.fromkeys(("both", "cost"), np.nan),
    }
    if REVEALED in marks.index and len(certified):
        revealed = marks.loc[REVEALED]
        gains = certified[["first", "second"]] - [revealed["first"], revealed["second"]]
        both = gains.min(axis=1)
        chosen: Any = both.idxmax()
        cost = revealed["receiver"] - certified["receiver"][chosen]
        row |= {"both": both[chosen], "cost": cost}
    return row


def size_table(games: pd.DataFrame, target: float) -> pd.DataFrame:
    """Per prior and size, of the games in which signals matter: distinct outcomes, and what both senders prefer.

    Better means by more than ``target`` of each sender's stake, up to which regret counts as none.
    """

    def row(part: pd.DataFrame) -> dict[str, Any]:
        awake, better, compared = _compared(part, target)
        return {
            "games": len(part),
            "signals matter": len(awake),
            "nothing certified": int((awake["outcomes"] == 0).sum()),
            "certified outcomes, mean": round(awake["outcomes"].mean(), 2),
            "at most": int(awake["outcomes"].max()) if len(awake) else 0,
            "both prefer one to full revelation": f"{len(better)} of {len(compared)}",
            "gain of the worse-off": str(mean_interval(better["both"])),
            "cost to the receiver": str(mean_interval(better["cost"])),
        }

    return per_group(games, PRIOR | {"size": "largest size"}, row)


def _compared(games: pd.DataFrame, least: float) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Games in which signals matter; those of them where both gain more than so much; those with a comparison."""
    awake = games[~games["idle"]]
    compared = awake.dropna(subset="both")
    return awake, compared[compared["both"] > least], compared


def welfare_table(games: pd.DataFrame) -> pd.DataFrame:
    """Per prior: the senders' welfare below collusion, mean and interval; the games of :func:`welfare_rows`."""

    def row(part: pd.DataFrame) -> dict[str, Any]:
        gaps = {words: part[name] - part[COLLUSION] for name, words in _places(games).items()}
        return {"games": len(part)} | {
            words: str(mean_interval(gap)) for words, gap in gaps.items()
        }

    return per_group(_proven(games), PRIOR, row)


def _places(games: pd.DataFrame) -> dict[str, str]:
    """Columns of welfare to the words for them, from collusion down."""
    alone = {f"sender {k} alone": f"sender {k + 1} alone" for k in range(2)}
    ends = {"best": "best certified outcome", "worst": "worst certified outcome"}
    places = {**alone, **ends, SILENT: SILENT, REVEALED: REVEALED}
    return {name: words for name, words in places.items() if name in games}


def welfare_rows(games: pd.DataFrame) -> pd.DataFrame:
    """One row per game and place: ``place`` and ``below``, the welfare under collusion's, shares of stakes.

    Of the games in which signals matter and some outcome is certified, so that all places have the same games.
    """
    awake = _proven(games)
    parts = [
        pd.DataFrame({"place": words, "below": awake[COLLUSION] - awake[name]})
        for name, words in _places(games).items()
    ]
    return pd.concat(parts).reset_index().dropna()


def networks_frame(records: Sequence[Record], frame: pd.DataFrame, preset: Preset) -> pd.DataFrame:
    """One row per game of the atlas and the profile that its DNL search selected at the headline tolerance.

    ``lower`` and ``upper`` end of its global regret as the ``records`` of kind ``certify`` have it; ``first`` and
    ``second`` as in :func:`atlas_frame`; ``distance`` : to the nearest certified outcome, the larger difference of
    the two senders' utilities.
    """
    headline, radius = preset.tolerances.index(preset.headline), preset.searches[0].radius
    parts = dict(list(frame.groupby("game")))
    rows = [
        _network(record, row, parts[game_id(record)])
        for record in records
        if game_id(record) in parts
        for row in record.rows_of(CertificateRow)
        if record.config["method"] == "dnl" and row.radius == radius
        if headline in row.selected_at and row.global_regret
    ]
    columns = ("game", "first", "second", "lower", "upper", "distance", "idle")
    return pd.DataFrame(rows, columns=columns)


def _network(record: Record, row: CertificateRow, part: pd.DataFrame) -> tuple[Any, ...]:
    stakes = record_stakes(record)
    shares = (np.array(row.utilities) - part["origin"].iloc[0]) / stakes
    lower, upper = relative_interval(row.global_regret, row.global_gains, stakes)
    certified = part.loc[part["profile"] == CERTIFIED, ["first", "second"]].to_numpy()
    distances = np.abs(certified - shares).max(axis=1)
    nearest, idle = distances.min(initial=np.inf), part["idle"].iloc[0]
    return game_id(record), *shares, lower, upper, nearest, idle


def _proven(games: pd.DataFrame) -> pd.DataFrame:
    return games[~games["idle"] & (games["outcomes"] > 0)]


def summary(games: pd.DataFrame, covered: tuple[int, int], target: float) -> str:
    """What the atlas says: how many games have several equilibria, how the games were chosen, and who gains."""
    proven = _proven(games)
    _, better, compared = _compared(proven, target)
    several, idle = int((proven["outcomes"] > 1).sum()), int(games["idle"].sum())
    first = (
        f"In {several} of {len(proven)} two-sender games more than one equilibrium outcome is found and proven: "
        f"nobody gains more than {target:.1%} of its stake. ({covered[0]} of {covered[1]} games of the design are "
        f"in. Left out are {idle} in which no signal matters to a sender, and {len(games) - idle - len(proven)} in "
        "which nothing could be proven in the time.)"
    )
    if better.empty:
        return f"{first} In none of these do both senders prefer a proven one to full revelation."
    return (
        f"{first} In {len(better)} of {len(compared)} both senders prefer a proven one to full revelation. In the "
        f"median the worse-off of them then gains {better['both'].median():.1%} of its stake, and the receiver "
        f"gives up {better['cost'].median():.0%} of what information is worth to it."
    )


def nearly(frame: pd.DataFrame) -> str:
    """The same comparison with full revelation if profiles near an equilibrium count, too."""
    _, better, compared = _compared(games_table(frame, NEAR), NEAR)
    return (
        f"If all profiles of a proven regret of at most {NEAR:.0%} count, both senders prefer one to full "
        f"revelation by more than that in {len(better)} of {len(compared)} games."
    )


def networks_summary(networks: pd.DataFrame) -> str:
    """How often what a network found is near a global equilibrium."""
    awake = networks[~networks["idle"].astype(bool)]
    if awake.empty:
        return (
            "0 games of the atlas in which signals matter have a profile of DNL with a certificate."
        )
    near, far = (awake["upper"] <= NEAR).sum(), (awake["lower"] > NEAR).sum()
    close = int((awake["distance"] <= NEAR).sum())
    return (
        f"Of {len(awake)} profiles of DNL that the sampled check accepted in games in which signals matter, "
        f"{near} have a proven global regret of at most {NEAR:.0%} of every sender's stake and {far} a larger one"
        + ("" if near + far == len(awake) else "; the intervals of the others contain that share")
        + f". {close} lie within {NEAR:.0%} of a certified outcome in both senders' utilities."
    )
