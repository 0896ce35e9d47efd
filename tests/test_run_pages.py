"""The book's pages are executed side by side, once each, and anew for every build."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from persuasion.experiments.executors import default_workers

EXTENSIONS = Path(__file__).parents[1] / "book/_ext"
CONF = f"""
import sys

sys.path.insert(0, {str(EXTENSIONS)!r})
extensions = ["myst_nb", "run_pages"]
nb_execution_mode = "force"
nb_execution_show_tb = True
exclude_patterns = ["left-out.md"]
"""
HEAD = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---

# {title}

```{{code-cell}} ipython3
{code}
```
"""
COUNT = """
from pathlib import Path
with Path("{name}.runs").open("a") as runs:
    runs.write("x")
print("value", Path("value").read_text())
"""
MEET = """
import time
Path("{name}.here").touch()
deadline = time.monotonic() + 120
while not Path("{other}.here").exists():
    assert time.monotonic() < deadline, "the other page does not run"
    time.sleep(0.05)
"""


def write_book(folder, **pages):
    """A book with a first page without code, pages with code, and a page that is not part of it."""
    contents = "\n".join(pages)
    folder.mkdir()
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text(f"# Start\n\n```{{toctree}}\n{contents}\n```\n")
    for name, code in pages.items():
        (folder / f"{name}.md").write_text(HEAD.format(title=name, code=code))
    (folder / "left-out.md").write_text(
        HEAD.format(title="left out", code="Path('no.runs').touch()")
    )


def build(folder):
    """A build with warnings as errors; returns its exit code and what it said."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-a", "-E", "-q", "-b", "html"]
    done = subprocess.run(
        [*command, str(folder), str(folder.with_name("html"))], capture_output=True, text=True
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(default_workers() < 2, reason="one core runs one page at a time")
def test_pages_run_side_by_side_once_each_and_again_in_the_next_build(tmp_path):
    pages = {
        name: COUNT.format(name=name) + MEET.format(name=name, other=other)
        for name, other in (("left", "right"), ("right", "left"))
    }
    source = tmp_path / "source"
    write_book(source, **pages)
    for times, value in enumerate(("first", "second"), start=1):
        (source / "value").write_text(value)
        code, said = build(source)
        assert code == 0, said
        for name in pages:
            assert (source / f"{name}.runs").read_text() == "x" * times
            assert f"value {value}" in (tmp_path / f"html/{name}.html").read_text()
    assert not (source / "no.runs").exists()


def test_a_page_that_fails_fails_the_build_with_its_traceback(tmp_path):
    write_book(tmp_path / "source", good="print(*'abc')", bad="raise LookupError('no such game')")
    code, said = build(tmp_path / "source")
    assert code != 0
    assert "bad.md: WARNING: Executing notebook failed" in said
    assert "no such game" in said
    assert "good.md" not in said
    assert "a b c" in (tmp_path / "html/good.html").read_text()
