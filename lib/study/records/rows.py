"""What jobs find, as typed rows, and the tables of committed results that they become: a documented class each.

A job hands back :class:`Facts`, said once, and rows of one of the classes in ``ROWS``; figures, audit and ledger
read these. The Parquet schema of a table and its part of the data dictionary (``results/README.md``) come from the
annotations of its classes: the type of each column and what it says. ``X | None`` may be null.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

if TYPE_CHECKING:
    from persuasion.model.game import Game

R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a row is about: the first columns of most tables, for readers who have no record at hand."""

    record: Annotated[str, "identity of the record: hash of its configuration and of its needs"]
    source: Annotated[str, "where the record comes from, a row of `sources`"]
    experiment: Annotated[str, "experiment that the record was exported for"]
    kind: Annotated[str, "kind of job: a module of `lib/study/kinds`"]
    family: Annotated[str | None, "family of games (`lib/persuasion/games`)"] = None
    instance: Annotated[int | None, "which random game of that family and size"] = None
    senders: Annotated[int | None, "number of senders; null where the family fixes it"] = None
    states: Annotated[int | None, "number of states, likewise"] = None
    actions: Annotated[int | None, "number of the receiver's actions, likewise"] = None
    signals: Annotated[int | None, "number of signals per sender, likewise"] = None
    method: Annotated[str | None, "network or search that was used; or `full-revelation`"] = None


@dataclass(frozen=True, kw_only=True)
class Head:
    """One row per record: its whole configuration, and what it says once."""

    config: Annotated[str, "JSON: the whole configuration, with the game's parameters and seed"]
    needs: Annotated[list[str], "records that the job was given"]
    seconds: Annotated[float, "wall time of the job"]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a job says once, beside its rows; each kind of job has some of it."""

    utility_range: Annotated[float | None, "largest minus smallest payoff of any sender"] = None
    stakes: Annotated[list[float] | None, "per sender, what is at stake in the game"] = None
    errors_held_out: Annotated[list[float] | None, "mean squared error per network, held out"] = (
        None
    )
    errors_training: Annotated[list[float] | None, "the same on the training profiles"] = None
    errors_variance: Annotated[list[float] | None, "variance of the targets, per network"] = None
    diverged: Annotated[str | None, "why a training had to stop"] = None
    shape_actions: Annotated[int | None, "kind `reference`: number of actions"] = None
    shape_senders: Annotated[int | None, "kind `reference`: number of senders"] = None
    shape_signals: Annotated[int | None, "kind `reference`: number of signals"] = None
    shape_states: Annotated[int | None, "kind `reference`: number of states"] = None
    variance: Annotated[list[float] | None, "per sender, over random profiles"] = None
    start_utilities: Annotated[list[float] | None, "per sender, mean over the starts"] = None
    full_revelation: Annotated[list[float] | None, "utilities under full revelation"] = None
    obstacle: Annotated[str | None, "why there is no full revelation"] = None
    timings: Annotated[list[float] | None, "kind `dynamics`: seconds of each run"] = None

    @staticmethod
    def units(game: Game) -> Facts:
        """In what units a game's certificates are."""
        return Facts(utility_range=game.utility_range, stakes=game.stakes.tolist())

    @staticmethod
    def of_errors(errors: Mapping[str, list[float]]) -> Facts:
        """Those of :func:`persuasion.learn.of_game.errors`."""
        named: dict[str, Any] = {f"errors_{name}": values for name, values in errors.items()}
        return Facts(**named)

    @property
    def shape(self) -> dict[str, int | None]:
        """The sizes of a ``reference`` record's game."""
        return {name: getattr(self, f"shape_{name}") for name in SIZES}

    @property
    def errors(self) -> dict[str, np.ndarray]:
        """``training``, ``held_out`` and ``variance`` per network; empty of a job that trained none."""
        named = {name: getattr(self, f"errors_{name}") for name in ERRORS}
        return {name: np.array(values) for name, values in named.items() if values is not None}


@dataclass(frozen=True, kw_only=True)
class ProfileRow:
    """One row per search and tolerance (kinds `solve` and `baseline`): the best profile accepted, or none."""

    search: Annotated[int, "position of the search in the configuration"]
    radius: Annotated[float, "radius of the sampled check"]
    tolerance: Annotated[float, "largest accepted gain, as a share of the utility range"]
    checked: Annotated[int, "number of profiles that the check looked at"]
    shape: Annotated[list[int], "senders, states, signals: shape of `policies`"]
    profile: Annotated[int | None, "number of the profile in its search; null: none accepted"] = (
        None
    )
    gain: Annotated[float | None, "largest gain that the sampled check found"] = None
    start: Annotated[int | None, "random start that the search came from"] = None
    utilities: Annotated[list[float] | None, "per sender"] = None
    policies: Annotated[np.ndarray | None, "probabilities, flat in order of `shape`"] = None


@dataclass(frozen=True, kw_only=True)
class CertificateRow:
    """One row per certified profile (kind `certify`): its exact regret, local and global, and polished."""

    row: Annotated[int, "number of the profile in its record"]
    radius: Annotated[float, "radius of the local regret"]
    selected_at: Annotated[list[int], "positions of the tolerances that selected the profile"]
    utilities: Annotated[list[float], "per sender"]
    local_regret: Annotated[list[float], "interval: lower end, upper end (null: no bound)"]
    local_exact: Annotated[bool, "whether the interval is as narrow as rounding allows"]
    local_gains: Annotated[list[list[float]] | None, "interval per sender"] = None
    global_regret: Annotated[list[float] | None, "the same over all policies"] = None
    global_exact: Annotated[bool | None, "as for the local regret"] = None
    global_gains: Annotated[list[list[float]] | None, "interval per sender"] = None
    polished_status: Annotated[str | None, "how polishing ended"] = None
    polished_regret: Annotated[list[float] | None, "local regret, interval"] = None
    polished_gains: Annotated[list[list[float]] | None, "interval per sender"] = None
    polished_utilities: Annotated[list[float] | None, "per sender"] = None
    polished_rounds: Annotated[int | None, "rounds of best responses"] = None
    polished_moves: Annotated[int | None, "policies that changed"] = None
    shape: Annotated[list[int] | None, "senders, states, signals"] = None
    polished_policies: Annotated[np.ndarray | None, "probabilities, flat in order of `shape`"] = (
        None
    )

    def about(self, what: str) -> dict[str, Any]:
        """What the row says of the ``"local"``, ``"global"`` or ``"polished"`` regret, by the columns' last words.

        Empty where it has no such regret.
        """
        own = {n.removeprefix(f"{what}_"): v for n, v in vars(self).items() if n.startswith(what)}
        return own if own["regret"] else {}


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """One row per start and step (kind `kinks`): what the sampled check finds, against the exact regret."""

    row: Annotated[int, "number of the row in its record"]
    start: Annotated[int, "number of the random start"]
    step: Annotated[int, "best responses so far"]
    regret: Annotated[list[float], "interval of the movers' exact regret"]
    gains: Annotated[list[list[float]] | None, "interval per mover"] = None
    sampled: Annotated[dict[str, float], "number of samples: the largest gain that they found"]
    sampled_gains: Annotated[dict[str, list[float]] | None, "the same per mover"] = None


@dataclass(frozen=True, kw_only=True)
class DynamicsRow:
    """One row per run of alternating best responses (kind `dynamics`)."""

    row: Annotated[int, "number of the run; its profile is `policies[row]` in `arrays`"]
    margin: Annotated[float, "required margin, as a share of the receiver's stake"]
    start: Annotated[int, "number of the random start"]
    status: Annotated[str, "how the run ended"]
    ties: Annotated[str, "JSON: the tie rule of the utilities, or the action per signal profile"]
    utilities: Annotated[list[float], "per sender"]
    rounds: Annotated[int, "rounds played"]
    moves: Annotated[int, "policies that changed"]
    cycle_length: Annotated[int | None, "length of the cycle, if there is one"] = None
    regret: Annotated[list[float] | None, "interval of the global regret"] = None
    gains: Annotated[list[list[float]] | None, "interval per sender"] = None


@dataclass(frozen=True, kw_only=True)
class ReachRow:
    """One row per instance of a scenario (kind `reach`): the senders' welfare at simple profiles, and at most."""

    row: Annotated[int, "number of the instance"]
    silent: Annotated[float, "nobody reveals anything"]
    random: Annotated[float, "mean over random profiles"]
    best_random: Annotated[float, "the best of these"]
    honest: Annotated[float, "every sender says which of its offers is best"]
    bound: Annotated[float, "no profile has more"]


@dataclass(frozen=True, kw_only=True)
class AtlasRow:
    """One row per outcome found in a two-sender game, and one per landmark (kind `atlas`)."""

    row: Annotated[int, "number of the row; a profile that was found is `row/policies` in `arrays`"]
    profile: Annotated[str, "`equilibrium`, `approximate`, `unproven`, or the name of the landmark"]
    utilities: Annotated[list[float], "per sender"]
    receiver_utility: Annotated[float, "the receiver's"]
    regret: Annotated[list[float] | None, "global: lower end, upper end; null for landmarks"] = None
    gains: Annotated[list[list[float]] | None, "interval per sender"] = None
    support: Annotated[list[int] | None, "signals that each sender uses"] = None
    start: Annotated[str | None, "where the search began"] = None
    times: Annotated[int | None, "starts that led to this outcome"] = None


@dataclass(frozen=True, kw_only=True)
class ArrayRow:
    """One row per further array of a record: loss curves, surfaces, weights, policies of full revelation."""

    name: Annotated[str, "name in the record"]
    dtype: Annotated[str, "type of the entries, as numpy names it"]
    shape: Annotated[list[int], "length of each axis"]
    values: Annotated[np.ndarray | None, "the entries in order of `shape`; null for text"] = None
    text: Annotated[str | None, "the text, if it is one"] = None


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """One row per source: the version of the code, the packages and the machine."""

    source: Annotated[str, "name in the other tables"]
    code: Annotated[str | None, "hash of the modules that matter for the kind"] = None
    commit: Annotated[str | None, "commit of the checkout"] = None
    dirty: Annotated[bool | None, "whether it had uncommitted changes"] = None
    python: Annotated[str | None, "version"] = None
    packages: Annotated[dict[str, str] | None, "package: version"] = None
    machine: Annotated[str | None, "architecture"] = None
    processor: Annotated[str | None, "model"] = None
    system: Annotated[str | None, "operating system"] = None
    device: Annotated[str | None, "where the networks were trained"] = None
    threads: Annotated[int | None, "threads of the process"] = None


@dataclass(frozen=True)
class Result:
    """What a job hands back.

    Attributes
    ----------
    facts : what it says once
    rows : of one of the classes in ``ROWS``
    arrays : named arrays of numbers or text, beside those in the rows
    """

    facts: Facts = field(default_factory=Facts)
    rows: list[Any] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


SIZES = ("actions", "senders", "signals", "states")
ERRORS = ("training", "held_out", "variance")
ROWS: dict[str, type[Any]] = {
    "profiles": ProfileRow,
    "certificates": CertificateRow,
    "checks": CheckRow,
    "dynamics": DynamicsRow,
    "reach": ReachRow,
    "atlas": AtlasRow,
}
"""Per table the class of what a job's rows are."""
TABLES: dict[str, tuple[type, ...]] = {
    "records": (Subject, Head, Facts),
    **{table: (Subject, row) for table, row in ROWS.items()},
    "arrays": (Subject, ArrayRow),
    "sources": (SourceRow,),
}
"""Per table the classes that its columns come from."""


def columns(table: str) -> dict[str, tuple[Any, str]]:
    """Name to type (without ``None``) and description of a table's columns, in order."""
    return {name: column for part in TABLES[table] for name, column in hints(part).items()}


@functools.cache
def hints(row: type) -> dict[str, tuple[Any, str]]:
    """The same of a class."""
    found = get_type_hints(row, include_extras=True)
    return {name: (_kept(hint.__origin__), hint.__metadata__[0]) for name, hint in found.items()}


def plain(row: Any) -> dict[str, Any]:
    """A row as JSON has it, without what is None; its arrays are lists.

    >>> plain(Facts(utility_range=2.0))
    {'utility_range': 2.0}
    """
    kept = {name: value for name, value in vars(row).items() if value is not None}
    return {n: v.tolist() if isinstance(v, np.ndarray) else v for n, v in kept.items()}


def revived(row: type, values: Mapping[str, Any]) -> Any:
    """The row that :func:`plain` was given, of that class."""
    is_array = {name for name, (hint, _) in hints(row).items() if hint is np.ndarray}
    return row(**{n: np.array(v) if n in is_array else v for n, v in values.items()})


def _kept(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is types.UnionType else hint
