"""The house as its imports draw it: the science knows nothing of the study, and rooms do not go in circles."""

import ast
import itertools
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from study.kinds import KINDS
from study.records.provenance import RELEVANT

LIBRARY = Path(__file__).resolve().parents[1] / "lib"
MODULES = {
    ".".join(path.relative_to(LIBRARY).with_suffix("").parts).removesuffix(".__init__"): path
    for wing in ("persuasion", "study")
    for path in (LIBRARY / wing).rglob("*.py")
}


def imported(name, at_run_time=False):
    """The project's modules that a module imports, anywhere in it; what only type checkers see only if not so."""
    nodes = list(ast.walk(ast.parse(MODULES[name].read_text())))
    if at_run_time:
        unseen = [n for n in nodes if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test)]
        hidden = {id(inner) for node in unseen for inner in ast.walk(node)}
        nodes = [node for node in nodes if id(node) not in hidden]
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def room(name):
    return ".".join(name.split(".")[:2])


def test_the_science_does_not_import_the_study():
    wrong = {
        (name, other)
        for name in MODULES
        if name.startswith("persuasion")
        for other in imported(name)
        if other.split(".")[0] == "study"
    }
    assert not wrong


ORDERS = {
    "persuasion": ["model", "regret", "equilibria", "own_game"],
    "study": ["records", "designs", "kinds", "run", "figures", "audit", "ledger"],
}


@pytest.mark.parametrize("wing", ORDERS)
def test_rooms_are_in_an_order(wing):
    graph = {}
    for name in MODULES:
        if name.startswith(f"{wing}."):
            others = {room(other) for other in imported(name) if other.startswith(f"{wing}.")}
            graph.setdefault(room(name), set()).update(others - {room(name)})
    assert len(graph) > 7
    TopologicalSorter(graph).prepare()  # raises where there is a circle
    for later, earlier in itertools.combinations(reversed(ORDERS[wing]), 2):
        assert f"{wing}.{later}" not in graph[f"{wing}.{earlier}"]


# what a job runs through without a number of its depending on it; settings are in its configuration
SETTINGS = re.compile(
    r"persuasion\.system\.|study\.(records\.(store|rows)|designs\.(settings|limits))$"
    r"|persuasion\.(learn\.recipes|learn\.training|networks\.variants)$"
)


@pytest.mark.parametrize("kind", KINDS)
def test_the_version_of_a_kinds_code_is_that_of_all_it_runs(kind):
    """Else a change would leave records of the former code where new ones are asked for."""
    patterns = (*RELEVANT[kind], f"study/kinds/{kind}.py")
    covered = {path for pattern in patterns for path in LIBRARY.glob(pattern)}
    seen, left = set(), [f"study.kinds.{kind}"]
    while left:
        name = left.pop()
        if name in MODULES and name not in seen:
            seen.add(name)
            left += imported(name, at_run_time=True)
    lost = {name for name in seen if MODULES[name] not in covered}
    packages = {name for name in lost if MODULES[name].name == "__init__.py"}
    assert {name for name in lost - packages if not SETTINGS.match(name)} == set()


@pytest.mark.parametrize("module", ["persuasion", "study", "study.__main__"])
def test_reading_needs_no_torch(module):
    code = (
        f"import sys, {module}; assert not {{'torch', 'pandas', 'matplotlib'}} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_map_of_statements_and_figures_leads_somewhere():
    text = (LIBRARY.parent / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| [^|]+ \| (`(?:persuasion|study)/[^|]+) \| ([^|]+) \|$", text, re.M)
    assert len(rows) > 11
    for files, names in rows:
        first, *others = re.findall(r"`([^`]+)`", files)
        paths = [LIBRARY / first, *(LIBRARY / Path(first).parent / other for other in others)]
        defined = {
            node.name
            for path in paths
            for node in ast.parse(path.read_text()).body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        }
        assert defined >= set(re.findall(r"`([^`]+)`", names)), (files, names)


def tolerances():
    """Where a module gives a name to a small number: the module, the name and the number."""
    for module, path in MODULES.items():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign):
                names, values = (
                    part.elts if isinstance(part, ast.Tuple) else [part]
                    for part in (node.targets[0], node.value)
                )
                for name, value in zip(names, values):
                    number = getattr(value, "value", None)
                    if isinstance(number, float) and 0 < number < 0.01:
                        yield module, name.id, number


def test_a_tolerance_has_one_value():
    values = {}
    for _, name, number in tolerances():
        values.setdefault(name, set()).add(number)
    assert len(values) > 40
    assert not {name: found for name, found in values.items() if len(found) > 1}
