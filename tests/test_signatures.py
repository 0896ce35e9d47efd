"""What every public function of the library has in common."""

import importlib
import inspect
import pkgutil
from typing import Any

import persuasion


def public_functions():
    """Functions by their place; each where it is defined."""
    for info in pkgutil.walk_packages(persuasion.__path__, "persuasion."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == info.name and not name.startswith("_"):
                yield f"{info.name}.{name}", inspect.signature(function)


def test_tie_rules_are_given_by_name():
    """Where users may name one in any spelling; what takes a parsed rule is ours."""
    found = {
        place: given.kind
        for place, signature in public_functions()
        if (given := signature.parameters.get("ties")) and given.annotation in (Any, "Any")
    }
    assert len(found) > 20
    assert [place for place, kind in found.items() if kind is not kind.KEYWORD_ONLY] == []
