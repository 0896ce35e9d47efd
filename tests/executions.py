"""Count how often each page is executed: a start-up file of IPython notes what every kernel runs."""

import json
from collections import Counter
from pathlib import Path

from persuasion.system.own_folder import make_folder
from study.run.pages import notebooks

STARTUP = """
def note(info):
    import json, os
    from pathlib import Path

    with Path({folder!r}, f"{{os.getpid()}}.cells").open("a") as cells:
        cells.write(json.dumps(info.raw_cell.strip()) + "\\n")

get_ipython().events.register("pre_run_cell", note)
del note  # the page's names are its own
"""


def watch(folder: Path) -> dict[str, str]:
    """Forget earlier runs; returns the environment in which kernels are counted."""
    startup = folder / "profile_default" / "startup"
    make_folder(startup)
    for old in folder.glob("*.cells"):
        old.unlink()
    (startup / "00-note.py").write_text(STARTUP.format(folder=str(folder)))
    return {"IPYTHONDIR": str(folder)}


def executions(root: Path, folder: Path) -> Counter[str]:
    """Page to the number of kernels that ran its code from the first cell to the last; others are "unknown"."""
    pages = {_code(notebook): page for page, notebook in notebooks(root)}
    found: Counter[str] = Counter()
    for path in sorted(folder.glob("*.cells")):
        found[pages.get(tuple(map(json.loads, path.read_text().splitlines())), "unknown")] += 1
    return found


def _code(notebook) -> tuple[str, ...]:
    return tuple(cell.source.strip() for cell in notebook.cells if cell.cell_type == "code")
