"""Where a record comes from: the version of the code that matters, the commit, the packages, the machine."""

import ast
import contextlib
import functools
import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

LIBRARY = Path(__file__).resolve().parents[2]
# a change in these modules can change a record of the kind; elsewhere (reports, command line) it cannot
GAMES = ("persuasion/model/*.py", "persuasion/games/*.py")
LEARNING = ("persuasion/networks/*.py", "persuasion/learn/*.py")
SOLVERS = ("persuasion/regret/**/*.py", "persuasion/equilibria/*.py", "study/records/regrets.py")
REVELATION = "persuasion/theorems/full_revelation.py"
SELECTION = ("study/kinds/grid.py", "study/kinds/selection.py")
SEARCHES = (
    "persuasion/learn/baselines/*.py",
    "persuasion/learn/adam.py",
    "persuasion/learn/extragradient.py",
    "persuasion/learn/processor.py",
    "persuasion/learn/sampled_check.py",
)
RELEVANT = {
    "reference": (*GAMES, REVELATION),
    "reach": GAMES,
    "solve": (*GAMES, *LEARNING, *SELECTION),
    "baseline": (*GAMES, *SEARCHES, *SELECTION),
    "didactic": GAMES + LEARNING,
    "fit": GAMES + LEARNING,
    "certify": GAMES + SOLVERS,
    "kinks": (*GAMES, *SOLVERS, "persuasion/learn/sampled_check.py"),
    "dynamics": GAMES + SOLVERS,
    "atlas": (*GAMES, *SOLVERS, "persuasion/equilibria/nash/*.py", REVELATION),
    "verify": (*GAMES, *SOLVERS, "persuasion/learn/sampled_check.py", "study/audit/*.py"),
}
PACKAGES = ("numpy", "torch", "scipy", "highspy", "cvxpy", "pyscipopt")

# so that every Python writes a syntax tree as 3.11 does, which has no type parameters and shows what is empty
AS_3_11: dict[str, Any] = {"show_empty": True} if sys.version_info >= (3, 13) else {}


@functools.cache
def code_version(kind: str) -> str:
    """Hash of the syntax trees of the modules that determine a kind's records; comments do not count.

    The same under every version of Python that the project runs on.
    """
    digest = hashlib.sha256()
    for pattern in (*RELEVANT[kind], f"study/kinds/{kind}.py"):
        for path in sorted(LIBRARY.glob(pattern)):
            digest.update(path.relative_to(LIBRARY).as_posix().encode())
            digest.update(_syntax(path.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()[:16]


def _syntax(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
        if not getattr(node, "type_params", True):
            del node.type_params  # type: ignore[attr-defined]
    return ast.dump(tree, **AS_3_11)


@functools.cache
def commit() -> tuple[str, bool]:
    """The commit of the checkout and whether it has uncommitted changes; ("unknown", False) outside git.

    A repository that merely holds the folder of the packages, or that the environment names, does not count.
    """
    try:
        if Path(_git("rev-parse", "--show-toplevel")) != LIBRARY.parent:
            return "unknown", False
        head = _git("rev-parse", "HEAD")
        return head, bool(_git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return "unknown", False


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(LIBRARY), *arguments]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=plain)
    return done.stdout.strip()


@functools.cache
def processor() -> str:
    """The processor's name where the system tells it: results are the same to the bit on one type only."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


@functools.cache
def versions() -> dict[str, str]:
    """Versions of the packages that numbers come from; training needs no solver, so these may be missing."""
    found = {}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def provenance(kind: str, device: str = "cpu") -> dict[str, Any]:
    """Everything about this process that a reader of a record may want to know."""
    import torch

    head, dirty = commit()
    return {
        "code": code_version(kind),
        "commit": head,
        "dirty": dirty,
        "python": platform.python_version(),
        "packages": versions(),
        "machine": platform.machine(),
        "processor": processor(),
        "system": platform.system(),
        "device": torch.cuda.get_device_name() if device.startswith("cuda") else "cpu",
        "threads": torch.get_num_threads(),
    }
