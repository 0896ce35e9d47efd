"""The tables of committed results: a documented class per table, one object per row.

The Parquet schema of a table and its part of the data dictionary (``results/README.md``) come from the
annotations of its class: the type of each column and what it says. ``X | None`` may be null.
"""

from __future__ import annotations

import functools
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is computed, of which game, how; the first columns of most tables."""

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
class RecordRow(Row):
    """One row per record: its whole configuration, and what it says once."""

    config: Annotated[str, "JSON: the whole configuration, with the game's parameters and seed"]
    needs: Annotated[list[str], "records that the job was given"]
    seconds: Annotated[float, "wall time of the job"]
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


@dataclass(frozen=True, kw_only=True)
class ProfileRow(Row):
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
class CertificateRow(Row):
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


@dataclass(frozen=True, kw_only=True)
class CheckRow(Row):
    """One row per start and step (kind `kinks`): what the sampled check finds, against the exact regret."""

    row: Annotated[int, "number of the row in its record"]
    start: Annotated[int, "number of the random start"]
    step: Annotated[int, "best responses so far"]
    regret: Annotated[list[float], "interval of the movers' exact regret"]
    gains: Annotated[list[list[float]] | None, "interval per mover"] = None
    sampled: Annotated[dict[str, float], "number of samples: the largest gain that they found"]
    sampled_gains: Annotated[dict[str, list[float]] | None, "the same per mover"] = None


@dataclass(frozen=True, kw_only=True)
class DynamicsRow(Row):
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
class ReachRow(Row):
    """One row per instance of a scenario (kind `reach`): the senders' welfare at simple profiles, and at most."""

    row: Annotated[int, "number of the instance"]
    silent: Annotated[float, "nobody reveals anything"]
    random: Annotated[float, "mean over random profiles"]
    best_random: Annotated[float, "the best of these"]
    honest: Annotated[float, "every sender says which of its offers is best"]
    bound: Annotated[float, "no profile has more"]


@dataclass(frozen=True, kw_only=True)
class AtlasRow(Row):
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
class ArrayRow(Row):
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


TABLES: dict[str, type] = {
    "records": RecordRow,
    "profiles": ProfileRow,
    "certificates": CertificateRow,
    "checks": CheckRow,
    "dynamics": DynamicsRow,
    "reach": ReachRow,
    "atlas": AtlasRow,
    "arrays": ArrayRow,
    "sources": SourceRow,
}
NAMES = {str: "string", int: "int64", float: "float64", bool: "bool"}


@functools.cache
def columns(table: str) -> dict[str, tuple[Any, str]]:
    """Name to type (without ``None``) and description of a table's columns, in order."""
    hints = get_type_hints(TABLES[table], include_extras=True)
    return {name: (_kept(hint.__origin__), hint.__metadata__[0]) for name, hint in hints.items()}


def _kept(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is types.UnionType else hint


def schema(table: str) -> pyarrow.Schema:
    """The Parquet schema of a table."""
    import pyarrow

    return pyarrow.schema([(name, _arrow(hint)) for name, (hint, _) in columns(table).items()])


def _arrow(hint: Any) -> pyarrow.DataType:
    import pyarrow

    if hint is np.ndarray:
        return pyarrow.list_(pyarrow.float64())
    if get_origin(hint) is list:
        return pyarrow.list_(_arrow(get_args(hint)[0]))
    if get_origin(hint) is dict:
        return pyarrow.map_(pyarrow.string(), _arrow(get_args(hint)[1]))
    return pyarrow.type_for_alias(NAMES[hint])
