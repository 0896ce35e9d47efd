"""Malformed input: games, profiles, settings and command lines, thousands of them.

Every input must be accepted or refused with a ``ValueError`` (on the command line: exit code 2 and one line) within
a second of processor time; anything else is a failure.
"""

import contextlib
import copy
import io
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from persuasion import Game
from persuasion.__main__ import main
from persuasion.games.examples import EXAMPLES, example
from persuasion.model.policies import no_revelation
from persuasion.own_game.profile import profile_from
from study import Store, StoreError, preset
from study.records.results import SCHEMA, Results, manifest_digest

PATIENCE = 1.0  # seconds of processor time
LONGEST = 2000  # characters of a message
HOSTILE = (
    "",
    "null",
    "[" * 100_000,
    '{"a":' * 50_000,
    '"' + "x" * 10**6,
    "1" * 10_000,
    '{"prior": [1e999], "receiver": [[1]], "senders": [[[1]]], "signals": 2}',
    '{"prior": [NaN], "receiver": [[1]], "senders": [[[1]]], "signals": 2}',
    '{"prior": [1], "receiver": [[1]], "senders": [[[1]]], "signals": 1' + "0" * 4000 + "}",
    '{"prior": [1], "receiver": [[1' + "0" * 400 + ']], "senders": [[[1]]], "signals": 1}',
    '{"prior": [[[1]], [1]], "receiver": [[1]], "senders": [[[1]]], "signals": 1}',
    '{"prior": {"__class__": "os.system"}, "receiver": "a", "senders": 0, "signals": 1}',
    '{"schema": ["persuasion/game/1"], "prior": [1]}',
    "\ufeff{}",
    "\x00",
    "!!python/object/apply:os.system [echo]",
)
SETTINGS = (
    "training.epochs", "synthetic.senders", "instances", "methods", "searches.0.starts", "searches.9.starts",
    "certificates.radii", "didactic.training.samples", "", ".", "training", "__class__", "training.__dict__",
)  # fmt: skip
ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([1e308, -1e308, 5e-324, 2**63, -0.0, "NaN", "1/2"]),
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


class Watch:
    """Calls something on inputs and counts how it takes them."""

    def __init__(self, action: Callable[[Any], Any]) -> None:
        self.action = action
        self.inputs = self.refused = 0
        self.slowest = 0.0
        self.failures: list[str] = []

    def __call__(self, value: Any) -> None:
        self.inputs += 1
        spent, failure = self._take(value)
        if spent > PATIENCE:  # a second time: the first may have paid for collecting garbage
            spent, failure = self._take(value)
        self.slowest = max(self.slowest, spent)
        if spent > PATIENCE:
            failure = f"{spent:.1f} s"
        if failure:
            self.failures.append(f"{value!r:.200}: {failure}")

    def _take(self, value: Any) -> tuple[float, str]:
        began, failure = time.process_time(), ""
        try:
            self.action(value)
        except ValueError as error:
            self.refused += 1
            if not 0 < len(str(error)) <= LONGEST:
                failure = f"a message of {len(str(error))} characters"
        except Exception as error:
            failure = f"{type(error).__name__}: {error!s:.200}"
        return time.process_time() - began, failure

    def over(self, strategy: st.SearchStrategy, inputs: int, seed: int) -> dict:
        """Take inputs of a strategy; the same for the same seed."""
        from hypothesis import seed as seeded

        @seeded(seed)
        @settings(
            max_examples=inputs,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def feed(value: Any) -> None:
            self(value)

        feed()
        return self.counts()

    def counts(self) -> dict:
        """What happened, for the record."""
        return {
            "inputs": self.inputs,
            "refused": self.refused,
            "slowest": self.slowest,
            "failures": self.failures[:10],
        }


def fuzz(inputs: int, seed: int, folder: Path) -> dict[str, dict]:
    """All kinds of input; ``inputs`` of the cheap ones, fewer of those that run a command."""
    tenth, hundredth = max(10, inputs // 10), max(5, inputs // 100)
    found = {
        "game as text": Watch(_read_game).over(texts(), inputs, seed),
        "game as data": Watch(Game.from_dict).over(damaged(_examples()), inputs, seed),
        "profile": Watch(_read_profile).over(damaged([_profile()]), inputs, seed),
        "setting of a preset": Watch(_override).over(overrides(), inputs, seed),
        "result store": Watch(_open_store(folder)).over(st.binary(max_size=400), tenth, seed),
        "committed results": Watch(_open_results(folder)).over(VALUES, tenth, seed),
        "command line": Watch(command).over(arguments(folder), hundredth, seed),
        "game file": Watch(_solve_file(folder)).over(texts(), tenth, seed),
    }
    hostile = Watch(_read_game)
    for text in HOSTILE:
        hostile(text)
    return found | {"chosen by hand": hostile.counts()}


def _read_game(text: str) -> None:
    """A game that is accepted survives the way to JSON and back."""
    game = Game.from_json(text)
    assert Game.from_json(game.to_json()) == game


def _examples() -> list[dict]:
    return [example(name).to_dict() for name in EXAMPLES]


def _profile() -> dict:
    return {"policies": no_revelation(example("two-lawyers")).tolist()}


def _read_profile(data: Any) -> None:
    policies = profile_from(example("two-lawyers"), data)
    assert np.allclose(policies.sum(-1), 1)
    assert (policies >= 0).all()


def _override(pair: tuple[str, Any]) -> None:
    preset("smoke", dict([pair]))


def _open_store(folder: Path) -> Callable[[bytes], None]:
    path = folder / "fuzzed.sqlite"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        try:
            with Store(path) as store:
                assert list(store) == []
        except StoreError as error:
            raise ValueError(f"{error}" if str(path) in str(error) else "") from None
        finally:
            for leftover in folder.glob("fuzzed.sqlite*"):
                leftover.unlink()

    return read


def _open_results(folder: Path) -> Callable[[Any], None]:
    place = folder / "fuzzed"
    place.mkdir(exist_ok=True)

    def read(value: Any) -> None:
        manifest = {"schema": SCHEMA, "parts": value}
        manifest["digest"] = manifest_digest(manifest)
        (place / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        assert len(Results(place)) == 0

    return read


def command(words: list[str]) -> None:
    """Run the command line in this process; a refusal is one line and exit code 2."""
    error = io.StringIO()
    with contextlib.redirect_stderr(error), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = main(words)
        except SystemExit as stop:
            code = stop.code or 0
    if code == 2:
        lines = error.getvalue().splitlines()
        raise ValueError(lines[-1] if lines else "")
    assert code == 0, (code, error.getvalue())


def _solve_file(folder: Path) -> Callable[[str], None]:
    place = folder / "game"
    place.mkdir(exist_ok=True)
    path = place / "game.json"

    def solve(text: str) -> None:
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with contextlib.suppress(ValueError):
            Game.from_json(path)
            return  # a sound game: not what is tried here
        try:
            command(["solve", str(path), "--quiet"])
        finally:
            assert [entry.name for entry in place.iterdir()] == ["game.json"]

    return solve


@st.composite
def damaged(draw: st.DrawFn, originals: list[Any]) -> Any:
    """A sound object with one to three of its parts replaced, removed or repeated."""
    value = copy.deepcopy(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 3))):
        value = _damage(draw, value)
    return value


def _damage(draw: st.DrawFn, value: Any) -> Any:
    if not isinstance(value, (dict, list)) or not value or draw(st.integers(0, 4)) == 0:
        return draw(VALUES)
    names = list(value) if isinstance(value, dict) else list(range(len(value)))
    name = draw(st.sampled_from(names))
    what = draw(st.sampled_from(["inside", "inside", "remove", "repeat"]))
    if what == "remove":
        del value[name]
    elif what == "repeat" and isinstance(value, list):
        value.insert(name, copy.deepcopy(value[name]))
    elif what == "repeat":
        value[draw(st.text(max_size=6))] = copy.deepcopy(value[name])
    else:
        value[name] = _damage(draw, value[name])
    return value


@st.composite
def texts(draw: st.DrawFn) -> str:
    """JSON of a damaged game, or of anything, some of it with characters changed."""
    text = json.dumps(draw(st.one_of(damaged(_examples()), VALUES)))
    if draw(st.booleans()):
        start = draw(st.integers(0, len(text)))
        stop = draw(st.integers(start, min(len(text), start + 5)))
        text = text[:start] + draw(st.text(max_size=5)) + text[stop:]
    return text


@st.composite
def overrides(draw: st.DrawFn) -> tuple[str, Any]:
    """A name, known or not, and a value."""
    return draw(st.one_of(st.sampled_from(SETTINGS), st.text(max_size=12))), draw(VALUES)


@st.composite
def arguments(draw: st.DrawFn, folder: Path) -> list[str]:
    """A command with odd arguments; nothing that would compute for long if it were accepted."""
    odd = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=8)
    name = draw(
        st.sampled_from(["status", "example", "schema", "solve", "", "run", "verify", "export"])
    )
    words = draw(
        st.lists(
            st.one_of(odd, st.sampled_from(["--json", "--help", "--preset", "--seed"])), max_size=3
        )
    )
    if name in ("run", "verify", "export"):
        words.append(f"--preset={draw(odd)}x")
    if name == "solve":
        words.append(str(folder / "missing.json"))
    if name == "status":
        words.append(f"--set={draw(odd)}={draw(odd)}")
    return [name, *words]


def refused_for_its_size(folder: Path, states: int = 10**6) -> dict:
    """A game too large to solve, in a process with 2 GiB for its data: what it says, and what that took."""
    path = folder / "huge.json"
    row = "[" + ",".join(["[0,1]"] * states) + "]"
    prior = "[1" + ",0" * (states - 1) + "]"
    path.write_text(
        f'{{"prior": {prior}, "receiver": {row}, "senders": [{row}, {row}], "signals": 100}}'
    )
    began = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-m", "persuasion", "solve", str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30)),
    )
    return {
        "states": states,
        "code": run.returncode,
        "message": run.stderr.strip(),
        "seconds": time.monotonic() - began,
    }
