"""What the tables repeat for other readers, which ours leaves out: it must be what the records say."""

from collections.abc import Iterator

from study.records.results import Results, part_file
from study.records.rows import Subject
from study.records.tables import subject_of

LABELS = list(Subject.__dataclass_fields__)


def wrong_labels(results: Results) -> Iterator[str]:
    """The files with a row that begins otherwise than its record would, and those that no manifest names."""
    from pyarrow import parquet

    named = set()
    for part, records in zip(results.manifest["parts"], results.parts):
        experiment = part["name"].rpartition("-")[0]
        right = {tuple(vars(subject_of(record, experiment)).values()) for record in records}
        for table in part["files"]:
            named.add(path := part_file(results.path, table, part["name"]))
            if table == "sources":
                continue
            labels = parquet.read_table(path, columns=LABELS).group_by(LABELS).aggregate([])
            found = {tuple(row[name] for name in LABELS) for row in labels.to_pylist()}
            if wrong := sorted(map(str, found - right)):
                yield f"{path}: has rows that begin with {wrong[0]}, as no record of it does"
    for path in sorted(set(results.path.glob("*/*.parquet")) - named):
        yield f"{path}: is named by no manifest"
