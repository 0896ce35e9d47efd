"""environment.yml, pyproject.toml and the lock name the same versions."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
TORCH_PIN = re.compile(r"\btorch\s*(?::?=|==|\s)\s*(\d+\.\d+\.\d+)", re.IGNORECASE)


def parse(lines):
    """Requirements by canonical name, without comments, hashes and options."""
    text = (line.split(" \\")[0].split(" #")[0].strip() for line in lines)
    kept = [Requirement(line) for line in text if line and not line.startswith(("#", "-"))]
    result: dict[str, list[Requirement]] = {}
    for requirement in kept:
        result.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return result


def pin(requirement):
    (specifier,) = requirement.specifier
    assert specifier.operator == "==", f"{requirement} is not pinned with =="
    return Version(specifier.version)


@pytest.fixture(scope="module")
def lock():
    return parse((ROOT / "requirements/lock.txt").read_text().splitlines())


def declared(*left_out):
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = table["optional-dependencies"].items()
    return parse(sum((own for name, own in extras if name not in left_out), table["dependencies"]))


@pytest.fixture(scope="module")
def project():
    return declared()


@pytest.fixture(scope="module")
def conda():
    return yaml.safe_load((ROOT / "environment.yml").read_text())


@pytest.fixture(scope="module")
def conda_pins(conda):
    (section,) = [entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict)]
    return parse(section)


def test_every_lock_entry_is_one_exact_pin(lock):
    assert len(lock) > 50
    for entries in lock.values():
        assert len({pin(entry) for entry in entries}) == len(entries)


def test_every_direct_dependency_is_locked(lock, project):
    assert set(project) - set(lock) == {"torch"}, "only torch is installed outside the lock"


def test_pins_of_pyproject_are_the_locked_versions(lock, project):
    for name, (requirement,) in project.items():
        if name != "torch" and requirement.specifier:
            assert pin(requirement) in {pin(entry) for entry in lock[name]}, name


def test_what_the_library_imports_is_declared():
    """Else it is there only as long as something else needs it, or the tools of developers are."""
    users = set(declared("dev"))
    known = importlib.metadata.packages_distributions()
    found = set()
    for path in (ROOT / "lib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found |= {name.partition(".")[0] for name in names}
    ours = {*sys.stdlib_module_names, "persuasion", "study"}
    needed = {name: {canonicalize_name(d) for d in known[name]} for name in found - ours}
    assert len(needed) > 20
    assert {name for name, owners in needed.items() if not owners & users} == set()
    assert "tabulate" in users, "pandas writes Markdown with it"


def test_conda_names_exactly_the_direct_dependencies(project, conda_pins):
    assert set(conda_pins) == set(project)


def test_conda_pins_are_the_locked_versions(lock, conda_pins):
    for name, (requirement,) in conda_pins.items():
        if name != "torch":
            assert pin(requirement) in {pin(entry) for entry in lock[name]}, name


def test_conda_installs_a_python_that_the_project_accepts(conda):
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (python,) = [e for e in conda["dependencies"] if isinstance(e, str) and e.startswith("python=")]
    accepted = Requirement(f"python{table['requires-python']}").specifier
    assert Version(python.removeprefix("python=")) in accepted
    assert {"pip", "make"} <= {e for e in conda["dependencies"] if isinstance(e, str)}
    assert conda["name"] == "persuasion"


def test_torch_has_one_pin():
    files = ["pyproject.toml", "environment.yml", "requirements/torch.in", "Makefile", "README.md"]
    pins = {
        name: set(TORCH_PIN.findall((ROOT / name).read_text()))
        for name in files
        if (ROOT / name).exists()
    }
    assert all(pins[name] for name in ("pyproject.toml", "environment.yml", "Makefile")), pins
    assert len(set.union(*pins.values())) == 1, pins


def test_what_torch_needs_is_locked(lock):
    needs = parse((ROOT / "requirements/torch.in").read_text().splitlines())
    assert needs
    for name, (requirement,) in needs.items():
        assert any(pin(entry) in requirement.specifier for entry in lock[name]), name
