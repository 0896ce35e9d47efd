"""Every page is executed once per command, and the book shows what that execution gave."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from sphinx.errors import ExtensionError

from executions import executions, watch
from persuasion.system.own_folder import make_folder
from study.run.executors import default_workers
from study.run.pages import PageFailed, execute_pages, notebooks, preset_of
from study.run.reproduce import build_book

TESTS = Path(__file__).parent
EXTENSIONS = TESTS.parent / "book/_ext"
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
print("page {title}")
```

```{{code-cell}} ipython3
{code}
```
"""
# quicker where a page does nothing
COLD = {"JUPYTER_DEFAULT_PROVISIONER_NAME": "local-provisioner"}
SHOW = """
import os
print("value", os.environ["VALUE"])
"""
MEET = """
import time
from pathlib import Path
Path("{name}.here").touch()
deadline = time.monotonic() + 120
while not Path("{other}.here").exists():
    assert time.monotonic() < deadline, "the other page does not run"
    time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def extension():
    spec = importlib.util.spec_from_file_location("run_pages", EXTENSIONS / "run_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """The folder where kernels leave what they ran."""
    folder = tmp_path / "kernels"
    for name, value in watch(folder).items():
        monkeypatch.setenv(name, value)
    return folder


def write_book(folder, **pages):
    """A book with a first page without code, pages with code, and a page that is not part of it."""
    contents = "\n".join(pages)
    folder.mkdir()
    (folder / "conf.py").write_text(CONF)
    chapters = "".join(f"  - file: {name}\n" for name in pages)
    (folder / "_toc.yml").write_text(f"root: index\nchapters:\n{chapters}")
    (folder / "index.md").write_text(f"# Start\n\n```{{toctree}}\n{contents}\n```\n")
    for name, code in pages.items():
        (folder / f"{name}.md").write_text(HEAD.format(title=name, code=code))
    (folder / "left-out.md").write_text(HEAD.format(title="left out", code="1 / 0"))


def build(source, executed=None):
    """A build with warnings as errors; returns its exit code and what it said."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-a", "-E", "-q", "-b", "html"]
    given = {"PERSUASION_PAGES": str(executed)} if executed else {}
    done = subprocess.run(
        [*command, str(source), str(source.with_name("html"))],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr


def shown(source, page):
    return (source.with_name("html") / f"{page}.html").read_text()


@pytest.mark.skipif(default_workers() < 2, reason="one core runs one page at a time")
def test_papermill_runs_pages_side_by_side_once_each_and_again_in_the_next_run(tmp_path, kernels):
    pages = {
        name: SHOW + MEET.format(name=name, other=other)
        for name, other in (("left", "right"), ("right", "left"))
    }
    source, executed, done = tmp_path / "source", tmp_path / "executed", []
    write_book(source, **pages)
    for times, given in enumerate(({"VALUE": "first", **COLD}, {"VALUE": "second"}), start=1):
        execute_pages(source, executed, given, lambda *line: done.append(line), 2)
        assert executions(source, kernels) == dict.fromkeys(pages, times)
    code, said = build(source, executed)
    assert code == 0, said
    assert executions(source, kernels) == dict.fromkeys(pages, times)
    assert all("value second" in shown(source, name) for name in pages)
    assert [line[1:] for line in done] == [(1, 2), (2, 2)] * 2
    assert {page for page, *_ in done} == pages.keys()


def test_nbval_runs_pages_once_and_the_build_shows_their_outputs(tmp_path, kernels, monkeypatch):
    monkeypatch.setenv("VALUE", "of the test")
    source, executed = tmp_path / "source", tmp_path / "executed"
    write_book(source, left=SHOW, right="print(*'abc')\n[1, 2]")
    run_notebooks(source, executed, code=0)
    code, said = build(source, executed)
    assert code == 0, said
    assert executions(source, kernels) == {"left": 1, "right": 1}
    assert "value of the test" in shown(source, "left")
    assert "a b c" in shown(source, "right")
    assert "[1, 2]" in shown(source, "right")


def run_notebooks(source, executed, code, processes=2):
    places = f"Path({str(source)!r}), Path({str(executed)!r}), {processes}"
    command = f"import notebooks; from pathlib import Path; exit(notebooks.run({places}))"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=TESTS, capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def test_a_page_that_fails_nbval_is_named_and_keeps_no_outputs(tmp_path):
    write_book(tmp_path / "source", bad="raise LookupError('no such game')")
    said = run_notebooks(tmp_path / "source", tmp_path / "executed", code=1, processes=1)
    assert "bad.ipynb::Cell 1" in said
    assert "no such game" in said
    notebook = nbformat.read(tmp_path / "executed/bad.ipynb", as_version=4)
    assert all(cell.get("execution_count") is None for cell in notebook.cells)


def test_a_page_that_fails_papermill_ends_the_run_with_its_cell_and_traceback(tmp_path):
    source, executed = tmp_path / "source", tmp_path / "executed"
    write_book(source, slow="import time; time.sleep(500)", bad="raise LookupError('no such game')")
    with pytest.raises(PageFailed, match=r"^bad\.md: code cell 2 fails: LookupError: no such"):
        execute_pages(source, executed, COLD, workers=2)
    assert not list(executed.glob("*bad.ipynb"))


def test_a_build_that_lacks_pages_leaves_the_book_that_was_there(tmp_path):
    book = make_folder(tmp_path / "book")
    (book / "index.html").write_text("the book")
    with pytest.raises(ValueError, match=r"executed: lacks \d+ executed pages, first "):
        build_book("smoke", book, tmp_path / "store.sqlite", tmp_path / "executed")
    assert (book / "index.html").read_text() == "the book"


def test_pages_of_another_preset_are_refused(tmp_path, monkeypatch):
    root, executed = tmp_path / "root", make_folder(tmp_path / "executed")
    write_book(root, one="1", two="2")
    monkeypatch.setattr("study.run.reproduce.ROOT", root)
    monkeypatch.setenv("PRESET", "quick")
    for name, notebook in notebooks(root):
        nbformat.write(notebook, executed / f"{name}.ipynb")
    with pytest.raises(
        ValueError, match=r"one\.ipynb: was executed with preset quick; .* of paper"
    ):
        build_book("paper", tmp_path / "book", tmp_path / "store.sqlite", executed)


def test_the_preset_that_papermill_was_given_is_that_of_the_page(tmp_path):
    notebook, path = page("1", 1), tmp_path / "page.ipynb"
    for metadata, preset in (
        ({}, None),
        ({"preset": "quick"}, "quick"),
        ({"preset": "quick", "papermill": {"parameters": {"preset": "paper"}}}, "paper"),
    ):
        notebook.metadata = nbformat.from_dict(metadata)
        nbformat.write(notebook, path)
        assert preset_of(path) == preset


def test_a_kernel_that_dies_is_a_page_that_failed(tmp_path):
    write_book(tmp_path / "source", bad="import os; os._exit(1)")
    with pytest.raises(PageFailed, match=r"^bad\.md: DeadKernelError"):
        execute_pages(tmp_path / "source", tmp_path / "executed", COLD, workers=1)


def page(code, count):
    cell = nbformat.v4.new_code_cell(code, execution_count=count)
    return nbformat.v4.new_notebook(cells=[cell], metadata={"language_info": {"name": "python"}})


@pytest.mark.parametrize(
    ("executed", "said"),
    [
        (page("print(2)", 1), "game: was executed before its code changed"),
        (page("print(1)", None), "game: its notebook was not executed to the end"),
    ],
)
def test_what_was_executed_is_this_page_and_all_of_it(extension, executed, said):
    with pytest.raises(ExtensionError, match=said):
        extension.merge("game", page("print(1)", None), executed)
    extension.merge("game", page(executed.cells[0].source, None), page(executed.cells[0].source, 1))


def test_a_page_that_was_not_executed_is_named(tmp_path):
    write_book(tmp_path / "source", game="1")
    assert "game: is not among the executed pages" in build(tmp_path / "source", tmp_path)[1]


def test_without_executed_pages_the_build_runs_them_and_a_failure_is_an_error(tmp_path, kernels):
    source = tmp_path / "source"
    write_book(source, good="print(*'abc')", bad="raise LookupError('no such game')")
    code, said = build(source)
    assert code != 0
    assert "bad.md: WARNING: Executing notebook failed" in said
    assert "no such game" in said
    assert "good.md" not in said
    assert executions(source, kernels) == {"good": 1, "bad": 1}
