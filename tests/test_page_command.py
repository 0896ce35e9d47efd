"""``python -m study page``: figures whatever the shell says, and nothing written to the home folder."""

import os
import subprocess
import sys

import nbformat
import pytest

from study.__main__ import main
from study.records.places import default_results, default_store


@pytest.mark.slow
def test_a_page_has_its_figures_whatever_the_shell_says_and_needs_no_home(tmp_path):
    environment = {
        **os.environ,
        "HOME": "/proc/there-is-none",
        "MPLBACKEND": "Agg",
        "PLOTLY_RENDERER": "png",
        "PERSUASION_STORE": str(tmp_path / "store.sqlite"),
    }
    for name in ("IPYTHONDIR", "MPLCONFIGDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "study", "page", "model/game", "--preset", "smoke"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    notebook = nbformat.read(done.stdout.strip(), as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("name", ["theory/nothing", "../README", ""])
def test_a_page_that_is_not_there_is_named(name, capsys):
    assert main(["page", name]) == 2
    assert f"there is no book/{name}.md" in capsys.readouterr().err


@pytest.mark.parametrize("own", [False, True])
def test_a_page_of_a_preset_with_committed_results_shows_these(monkeypatch, tmp_path, own):
    """Else it would compute them, for days; a store of the user's own comes first."""
    shown = {}
    monkeypatch.delenv("PERSUASION_STORE", raising=False)
    if own:
        monkeypatch.setenv("PERSUASION_STORE", str(tmp_path / "own.sqlite"))
    monkeypatch.setattr(
        "study.run.reproduce.run_page", lambda name, preset, store: shown.update({preset: store})
    )
    assert main(["page", "experiments/synthetic", "--preset", "paper"]) == 0
    assert main(["page", "experiments/synthetic"]) == 0
    stores = [default_store()] * 2 if own else [default_results(), default_store()]
    assert shown == dict(zip(("paper", "quick"), stores))
