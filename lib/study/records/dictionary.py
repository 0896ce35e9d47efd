"""The data dictionary of the committed results: ``python -m study.records.dictionary > results/README.md``."""

import inspect

from study.records.parquet import schema
from study.records.rows import TABLES, Subject, columns

START = """# Results

Every folder here holds the committed results of one preset as [Parquet](https://parquet.apache.org) tables; the
book shows them. A table is a folder of parts, and `pandas.read_parquet("results/paper/profiles")` reads all of
them. `manifest.json` names the parts that count, with their SHA-256. Beside the folders are the log of the audit,
`paper-audit.jsonl`; the proofs of what the certificates say, `paper-proofs.jsonl`; and what an SMT solver proved of
our own theorems, `proofs.json` (`make proofs`).

A record is what one job found. Its rows have the same `record` in all tables, on which they can be joined. A
record that was computed anew is in a later part, too, and only that one counts: where a `record` has two rows in
`records`, keep the last, and in other tables the rows with its `source`. An array is a flat list beside its shape:
`numpy.reshape(row["policies"], row["shape"])`. Sizes are null in a family that fixes them, and pandas leaves such
groups out unless told `groupby(..., dropna=False)`. Which game a row is about is in the record's `config`: beside
family, sizes and instance, games differ in their parameters, such as the scale of the prior's logits, 10 in the
paper's benchmark and 1 in the second. Gains and regrets are in utility units; the policies that a certificate is
about are among the rows of the record that it `needs`.

This file is generated: `python -m study.records.dictionary > results/README.md`.
"""


def dictionary() -> str:
    """Markdown: what every table and every column is."""
    return "\n".join([START, *map(_section, TABLES)])


def _section(table: str) -> str:
    types = schema(table)
    own = next(part for part in TABLES[table] if part is not Subject)
    shared = Subject.__annotations__ if Subject in TABLES[table] and table != "records" else ()
    lines = [
        f"| `{name}` | {str(types.field(name).type).replace('item: ', '')} | {text} |"
        for name, (_, text) in columns(table).items()
        if name not in shared
    ]
    begins = "It begins with the columns `record` to `method` of `records`.\n\n" if shared else ""
    head = f"## `{table}`\n\n{inspect.getdoc(own)}\n\n{begins}"
    return head + "| column | type | |\n|:--|:--|:--|\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(dictionary(), end="")
