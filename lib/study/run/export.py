"""From the store to the repository: what is finished and not yet committed becomes a new part."""

from collections.abc import Sequence
from pathlib import Path

from persuasion.model.seeds import canonical
from persuasion.system.one_at_a_time import one_at_a_time
from study.designs import design
from study.designs.presets import preset as named_preset
from study.designs.settings import Preset
from study.records.archive import append
from study.records.job import Job
from study.records.places import default_results
from study.records.results import Results, committed_folder, read_once
from study.records.store import Record, Store


def export(
    preset: Preset,
    store: str | Path,
    root: str | Path,
    any_code: bool = False,
    renew: bool = False,
) -> list[str]:
    """Add the preset's finished records that ``root/<preset>`` lacks; returns a line per experiment.

    Parameters
    ----------
    store : path of the result store
    root : folder of committed results, with one folder per preset
    any_code : also take records that another version of the code made (the latest; not of jobs that need
        other jobs); by default only this version's
    renew : also add this version's records of what another version's are committed of; the new ones count

    Raises
    ------
    StoreError
        if there is no such store, or the committed results are damaged
    """
    folder = Path(root) / preset.name

    def experiment(name: str) -> str:
        jobs = design.jobs(preset, name)
        present = (known.done(jobs) if known else set()) | added & {job.key for job in jobs}
        missing = [job for job in jobs if job.key not in present]
        records = _finished(missing, opened, other)
        renewed = _renewed(jobs, opened, known, added) if renew and known else []
        added.update(job.key for job, _ in records + renewed)
        files = append(folder, preset.name, name, records + renewed) if records or renewed else []
        size = sum(path.stat().st_size for path in files) / 1e6
        return (
            f"{name}: {len(records)} records exported ({size:.2f} MB), {len(present)} were there, "
            + (f"{len(renewed)} of them exported anew, " if renew else "")
            + f"{len(missing) - len(records)} of {len(jobs)} are not computed"
        )

    with Store(store, create=False) as opened, one_at_a_time(Path(root)):
        known = committed(root, preset)
        other = opened.by_config() if any_code else {}
        added: set[str] = set()  # a job may be of several experiments
        return [experiment(name) for name in design.EXPERIMENTS]


def committed(root: str | Path, preset: Preset) -> Results | None:
    """The preset's committed results below ``root``, or None if there are none."""
    folder = committed_folder(root, preset.name)
    return None if folder is None else read_once(folder)


def paper_scale(experiment: str, root: str | Path | None = None) -> list[Record]:
    """The committed records of an experiment at the preset ``paper``, whatever preset a page shows; maybe none.

    ``root`` holds the committed results, default those of the checkout.
    """
    paper = named_preset("paper")
    known = committed(default_results() if root is None else root, paper)
    found = [known.find(job) for job in design.jobs(paper, experiment)] if known else []
    return [record for record in found if record and record.done]


def _finished(jobs: Sequence[Job], store: Store, other: dict[str, str]) -> list[tuple[Job, Record]]:
    found = []
    for job in jobs:
        record = store.get(job.key)
        # a configuration says everything only of a job that needs no other
        key = None if job.needs else other.get(canonical(job.config))
        if key and not (record and record.done):
            record = store.get(key)
        if record and record.done:
            found.append((job, record))
    return found


def _renewed(
    jobs: Sequence[Job], store: Store, known: Results, added: set[str]
) -> list[tuple[Job, Record]]:
    """Jobs whose committed record another version of the code made, with this version's."""
    return [
        (job, record)
        for job in jobs
        if job.key not in added
        if (old := known.find(job)) and (record := store.get(job.key)) and record.done
        if record.provenance["code"] != old.provenance["code"]
    ]
