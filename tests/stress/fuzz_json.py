"""Games as text, mutated where that reaches new code (atheris, libFuzzer): ``python tests/stress/fuzz_json.py``."""

import re
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).resolve()


def fuzz(inputs: int, seed: int) -> dict:
    """Run the fuzzer in a process of its own; ``failures`` holds its report if it found one."""
    run = subprocess.run(
        [
            sys.executable,
            str(FILE),
            f"-runs={inputs}",
            f"-seed={seed}",
            "-max_len=600",
            "-timeout=5",
        ],
        capture_output=True,
        text=True,
        timeout=3600,
        cwd=FILE.parents[2] / "_build" if (FILE.parents[2] / "_build").exists() else None,
    )
    done = re.search(r"Done (\d+) (?:runs )?in", run.stderr)
    return {
        "inputs": int(done[1]) if done else 0,
        "failures": [] if run.returncode == 0 and done else [run.stderr[-2000:]],
    }


def main() -> None:
    """Feed libFuzzer's inputs to the reader of games; anything but a ``ValueError`` ends the process."""
    import atheris

    with atheris.instrument_imports(include=["persuasion.model.game", "json"]):
        from persuasion.model.game import Game
    from persuasion.games.examples import EXAMPLES, example

    corpus = [example(name).to_json().encode() for name in EXAMPLES]

    def read(content: bytes) -> None:
        """Half of the inputs are pieces put into a sound game."""
        text = content.decode("utf-8", "replace")
        if content and content[0] % 2:
            sound = corpus[content[0] // 2 % len(corpus)].decode()
            place = int.from_bytes(content[1:3], "big") % len(sound)
            text = sound[:place] + text[3:] + sound[place + len(content) % 7 :]
        try:
            game = Game.from_json(text)
        except ValueError:
            return
        assert Game.from_json(game.to_json()) == game

    atheris.Setup(sys.argv, read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
