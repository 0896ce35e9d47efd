"""Where figures and tables are written: one folder per preset under ``artefacts`` of the build folder."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from persuasion.model.seeds import canonical
from persuasion.system.own_folder import make_folder, own_folder
from study.designs import design
from study.designs.settings import Preset
from study.records.places import artefacts_root
from study.records.store import Record


def artefacts(preset: Preset) -> Path:
    """The preset's folder: ``PERSUASION_ARTEFACTS`` or ``artefacts`` of the build folder, then its name."""
    return artefacts_root() / preset.name


def _own(preset: Preset, kind: str) -> Path:
    own_folder(artefacts_root())
    return make_folder(artefacts(preset) / kind)


def save_figure(figure: Figure, preset: Preset, name: str) -> Figure:
    """Write ``figures/<name>.png`` and ``.svg``; returns the figure."""
    folder = _own(preset, "figures")
    figure.savefig(folder / f"{name}.png", dpi=150)
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    return figure


def save_table(table: pd.DataFrame, preset: Preset, name: str) -> pd.DataFrame:
    """Write ``tables/<name>.csv`` and ``.md``; returns the table."""
    folder = _own(preset, "tables")
    table.to_csv(folder / f"{name}.csv", index=False)
    (folder / f"{name}.md").write_text(table.to_markdown(index=False) + "\n", encoding="utf-8")
    return table


def provenance_line(records: Sequence[Record], preset: Preset, experiment: str) -> str:
    """Preset, games covered of games in the design, commit, seeds, device and computing time, in one folded line.

    Markdown with an element that opens; the book puts it under the page's first figure.
    """
    covered, planned = covered_games(records, preset, experiment)
    unit = "networks" if experiment == "didactic" else "games"
    sources = [record.provenance for record in records]
    commits = sorted({s["commit"][:10] + ("+changes" if s["dirty"] else "") for s in sources})
    devices = sorted({s["device"] for s in sources})
    seconds = sum(record.seconds for record in records)
    line = (
        f"Preset {preset.name} · {covered} of {planned} {unit} · root seed {preset.seed} · "
        f"commit {', '.join(commits)} · {', '.join(devices)} · {seconds:,.0f} s of computing"
    )
    return (
        '<details class="provenance"><summary>Where these numbers come from</summary>'
        f"{escape(line)}</details>"
    )


def coverage_label(
    records: Sequence[Record], preset: Preset, experiment: str, senders: int | None = None
) -> str:
    """``preset quick, 25 of 25 games``: finished games of the design, optionally of one number of senders."""
    covered, planned = covered_games(records, preset, experiment, senders)
    return f"preset {preset.name}, {covered} of {planned} games"


def covered_games(
    records: Sequence[Record], preset: Preset, experiment: str, senders: int | None = None
) -> tuple[int, int]:
    """Games of the design all of whose jobs have a finished record, and games in the design.

    Of the games with a number of ``senders`` only, if given. Figure 1 has one game; its networks are counted.
    """
    done = {canonical(record.config) for record in records if record.done}
    games: dict[str, bool] = {}
    for job in design.jobs(preset, experiment):
        game = job.config.get("game")
        if senders is None or (game and game["parameters"].get("senders") == senders):
            name = canonical(game or job.config["method"])
            games[name] = games.get(name, True) and canonical(job.config) in done
    return sum(games.values()), len(games)
