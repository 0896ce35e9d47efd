"""Plugin of pytest: the notebooks that nbval executes without a failure keep their outputs."""

import time

import nbformat
import pytest
from nbval.plugin import IPyNbCell


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    started = time.monotonic()
    outcome = yield
    if isinstance(item, IPyNbCell):
        item.parent.seconds = getattr(item.parent, "seconds", 0) + time.monotonic() - started
        item.parent.passed = getattr(item.parent, "passed", 0) + (outcome.excinfo is None)


def pytest_runtest_teardown(item, nextitem):
    if not isinstance(item, IPyNbCell):
        return
    item.cell.outputs, item.cell.execution_count = item.test_outputs, item.cell_num + 1
    if nextitem is None or nextitem.parent is not item.parent:
        notebook = item.parent.nb
        if item.parent.passed == sum(cell.cell_type == "code" for cell in notebook.cells):
            notebook.metadata["papermill"] = {"duration": item.parent.seconds}
            notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
            nbformat.write(notebook, item.path)
