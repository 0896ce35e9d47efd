"""The model behind the book's playground, run by node: it reads, refuses and computes as the library does."""

import json
import shutil
import subprocess
import time
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from persuasion import Game, receiver_actions, receiver_utility, sender_utilities, uniform_policies
from problems import prosecutor
from test_json_text import BAD_GAMES, GOOD_GAMES

STATIC = Path(__file__).resolve().parents[1] / "book" / "_static"
# a page without any element; prints what the expression says about every line of the input
RUN = """
const { readFileSync } = require("fs");
const started = [];
globalThis.window = globalThis;
globalThis.document = { getElementById: () => null, addEventListener: (_, start) => started.push(start) };
const [folder, expression] = process.argv.slice(1);
for (const name of ["own-game", "playground"]) (0, eval)(readFileSync(`${folder}/${name}.js`, "utf8"));
started.forEach((start) => start());
const ask = (0, eval)(expression);
for (const line of JSON.parse(readFileSync(0, "utf8"))) {
  let said;
  try { said = ask(...line); } catch (error) { said = { error: error.message }; }
  console.log(JSON.stringify(said ?? null));
}
"""
READ = "(text) => Boolean(persuasionPlayground.readGame(text))"
EVALUATE = "(text, p) => persuasionPlayground.evaluate(persuasionPlayground.readGame(text), p)"


def node():
    """The node of the browser tests' driver, or one that is installed."""
    driver = Path(str(resources.files("playwright"))) / "driver" / "node"
    return str(driver) if driver.is_file() else shutil.which("node")


pytestmark = pytest.mark.skipif(node() is None, reason="needs node")


def answers(expression, lines):
    done = subprocess.run(
        [node(), "-e", RUN, str(STATIC), expression],
        input=json.dumps(lines), capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def library_reads(text):
    try:
        Game.from_json(text)
    except ValueError:
        return False
    return True


GAME = {**prosecutor().to_dict(), "names": {"states": ["a", "b"]}}
TEXT = json.dumps(GAME)
CHANGES = {
    "dust": {"prior": [1, -1e-12]},
    "negative": {"prior": [1 + 2e-9, -2e-9]},
    "schema of a profile": {"schema": "persuasion/profile/1"},
    "signals of one": {"names": {"signals": [["x", "y"]]}},
    "signals of none": {"names": {"signals": [[]]}},
    "signals mixed": {"names": {"signals": ["x", ["y"]]}},
    "fixed false": {"fixed": [False]},
    "fixed all": {"fixed": [[[1, 0], [1, 0]]]},
    "names text": {"names": "ab"},
    "names of states text": {"names": {"states": "ab"}},
}
TWO = {"senders": GAME["senders"] * 2, "signals": [2, 3]}
FIXED = {
    "narrow": [[1], [1]], "dust beyond": [[1, 0, -1e-12], [0, 1, 0]], "ragged": [[1, 0], [1]],
    "too wide": [[1, 0, 0, 0]] * 2, "beyond its signals": [[0, 0, 1]] * 2, "zero": 0, "empty row": [[], []],
}  # fmt: skip
TEXTS = {
    "a mark": "\ufeff" + TEXT,
    "a key twice": TEXT[:-1] + ', "signals": 1}',
    "an escaped key twice": TEXT[:-1] + ', "sign\\u0061ls": 1}',
    "a key twice inside": TEXT.replace('"states"', '"actions": ["x", "y"], "actions"'),
    "a key in a text": json.dumps({**GAME, "name": '"signals": {"signals": ['}),
    "no number": TEXT.replace("0.3", "NaN"),
    "a list": "[]",
    "nothing": "",
} | {
    name: json.dumps({**GAME, **change})
    for name, change in (
        *GOOD_GAMES.items(), *BAD_GAMES.items(), *CHANGES.items(),
        *((f"fixed {key}", {**TWO, "fixed": [policy, None]}) for key, policy in FIXED.items()),
    ) if name != "most signals"
}  # fmt: skip


def test_the_page_reads_what_the_library_reads_and_refuses_the_rest():
    found = answers(READ, [[text] for text in TEXTS.values()])
    for (name, text), answer in zip(TEXTS.items(), found):
        assert (answer is True) == library_reads(text), f"{name}: {answer}"
        assert answer is True or answer["error"], name


def almost_tied(generator):
    """A game whose payoffs are often apart by rounding only, and a profile of it."""
    senders, states, actions = generator.integers([1, 2, 2], [4, 4, 6])
    signals = generator.integers(1, 4, senders).tolist()
    tables = generator.integers(-2, 3, (senders + 1, states, actions)) / 10
    nearly = tables[0] * (1 + 2.0**-52 * generator.integers(0, 4, (states, actions)))
    shift = generator.choice([0, 1, 1e6], (states, 1))
    game = Game(
        generator.multinomial(8, np.full(states, 1 / states)) / 8,
        nearly + shift,
        tables[1:],
        signals,
    )
    policies = uniform_policies(game, seed=generator)
    return game, policies if generator.random() < 0.5 else policies.round() + 0.0


def test_the_page_breaks_ties_as_the_library_does():
    generator = np.random.default_rng(5)
    tied = Game([0.5, 0.5], [[0.3, 0.1 + 0.2]] * 2, [[[0, 1], [0, 1]]], 1)
    cases = [(tied, np.ones((1, 2, 1)))]
    while len(cases) < 300:
        game, policies = almost_tied(generator)
        if np.allclose(policies.sum(-1), 1):
            cases.append((game, policies))
    lines = [
        [game.to_json(), [own[:, :count].tolist() for own, count in zip(policies, game.counts)]]
        for game, policies in cases
    ]
    for (game, policies), found in zip(cases, answers(EVALUATE, lines)):
        actions = receiver_actions(game, policies)
        for signal in found["signals"]:
            if signal["mass"] > 0:
                assert signal["action"] == actions[tuple(signal["joint"])], game.to_json()
        expected = sender_utilities(game, policies)
        np.testing.assert_allclose(found["utilities"], expected, atol=1e-9)
        assert found["receiver"] == pytest.approx(receiver_utility(game, policies))


def test_a_game_that_would_stop_the_page_is_refused_and_one_with_many_actions_is_fast():
    def game(joint, actions):
        tables = np.arange(2.0 * actions).reshape(2, 1, actions) % 7
        return Game([1], tables[0], tables[1:], joint).to_json()

    (small, large) = answers(READ, [[game(2, 100)], [game(400, 20_000)]])
    assert small is True
    assert "400 joint signals x 1 states x 20000 actions" in large["error"]
    began = time.monotonic()
    (found,) = answers(EVALUATE, [[game(400, 2000), [[[1 / 400] * 400]]]])
    assert time.monotonic() - began < 10
    assert {signal["action"] for signal in found["signals"]} == {6}


def test_utilities_are_shown_with_the_digits_that_are_at_stake():
    cases = [
        (0.38, 1, "0.380"), (-1e-9, 1, "0.000"), (12.5, 30, "12.500"), (7e-7, 1e-6, "0.000000700"),
        (1_000_000.0005, 1e-3, "1000000.000500"), (7e-14, 1e-13, "7e-14"), (-1e-30, 1e-13, "0"),
    ]  # fmt: skip
    found = answers("persuasionPlayground.amount", [[value, unit] for value, unit, _ in cases])
    assert found == [text for *_, text in cases]
