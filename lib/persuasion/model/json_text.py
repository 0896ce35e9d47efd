"""JSON that people wrote: games and profiles, from text or a file.

>>> parse_json("game", '{"signals": 2, "signals": 1}')
Traceback (most recent call last):
ValueError: game is not valid JSON: the key 'signals' occurs twice
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MARK = "\ufeff"  # some editors begin a file with it
LONGEST_PATH = 260


def parse_json(what: str, text: str) -> Any:
    """The value that ``text`` spells; ``ValueError`` for anything else, and for a key that occurs twice."""
    try:
        return json.loads(text.removeprefix(MARK), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        hint = f"; Path({text!r}) reads a file" if _looks_like_a_path(text) else ""
        raise ValueError(f"{what} is not valid JSON: {error}{hint}") from None


def read_text(path: Path) -> str:
    """The text of a file in UTF-8; ``ValueError`` if it is something else, ``OSError`` if it cannot be read."""
    content = path.read_bytes()
    encoding = json.detect_encoding(content)
    if not encoding.startswith("utf-8"):
        raise ValueError(f"the file looks like {encoding[:6].upper()}; save it as UTF-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text") from None


@contextlib.contextmanager
def reading(name: str | Path) -> Iterator[None]:
    """What goes wrong within is a ``ValueError`` that names what was read."""
    try:
        yield
    except OSError as error:
        raise ValueError(f"{name}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError(f"{name}: is not UTF-8 text") from None
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:60]!r} occurs twice")
        found[key] = value
    return found


def _looks_like_a_path(text: str) -> bool:
    return 0 < len(text.strip()) <= LONGEST_PATH and not set(text) & set('{}[]"\n')
