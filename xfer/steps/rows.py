"""What passes between nodes: rows of examples as columns of plain values, and their parquet files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xfer.core.errors import BadRow
from xfer.core.store import Entry
from xfer.forms.sheet import form_facts
from xfer.graph.jobs import Job
from xfer.graph.node import Node
from xfer.text.surrogates import without_surrogates

Parents = Mapping[str, Entry]  # role -> a finished node
ProgressFunction = Callable[..., None]
NodeWork = Callable[[Node[Job], Parents, Path, ProgressFunction], dict[str, Any]]  # does a node; returns a summary
RowColumns = dict[str, list[Any]]


def write_rows(path: Path, columns: RowColumns) -> None:
    """Columns as parquet. Unpaired surrogates, which UTF-8 cannot hold, become U+FFFD."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {}
    for name, values in columns.items():
        try:
            arrays[name] = pa.array(values)
        except (UnicodeEncodeError, pa.lib.ArrowInvalid):
            arrays[name] = pa.array([_utf8_value(value) for value in values])
    pq.write_table(pa.table(arrays), path, compression="zstd")


def _utf8_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_utf8_value(item) for item in value]
    return without_surrogates(value) if isinstance(value, str) else value


def read_rows(entry: Entry, name: str = "rows.parquet", columns: Sequence[str] | None = None) -> RowColumns:
    """The columns of a finished node, or the named ones of them."""
    import pyarrow.parquet as pq

    rows: RowColumns = pq.read_table(entry.out / name, columns=columns and list(columns)).to_pydict()
    return rows


def row_texts(columns: RowColumns) -> Iterator[str]:
    """All texts, row by row."""
    names = [name for name in ("text", "pair", "question", "options") if name in columns]
    for row in zip(*(columns[name] for name in names), strict=True):
        for value in row:
            if value is not None:
                yield from [value] if isinstance(value, str) else value


def require_labels(rows: RowColumns, form: str) -> RowColumns:
    """Training rows must have a label where the form has one."""
    facts = form_facts(form)
    gold = "" if facts.searches_pool else facts.gold  # candidates have none
    if gold and None in rows[gold]:
        number = rows[gold].index(None)
        raise BadRow("training data", number + 1, f"row {rows['id'][number]} has no label")
    return rows


def row_dicts(columns: RowColumns) -> list[dict[str, Any]]:
    """The rows one by one."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
