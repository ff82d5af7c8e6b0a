"""What readers of sentence pairs share: one line as a row, and XTREME's own layouts.

Labels are kept as words: each reader says what a file's spelling means, so that numbers never travel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from xfer.core.errors import BadRow
from xfer.readers import tables
from xfer.readers.base import Row
from xfer.readers.cells import named, spelled
from xfer.readers.quoting import WRITTEN

PairColumns = tuple[str, str, str]  # the columns of the two texts and of the label
LabelSpellings = Mapping[str, str | None]  # a file's spelling -> the label; None drops the row
PAIR_SIDES: PairColumns = ("sentence1", "sentence2", "label")


def pair_row(
    path: Path, line: int, cells: Mapping[str, Any], keys: PairColumns, name: str, language: str, labels: LabelSpellings
) -> Row | None:
    """A classify row from the cells of one line; None where ``labels`` drops it.

    Raises BadRow for a missing column, a cell that is not text, or an unknown label.
    """
    try:
        text, other, label = (cells[key] for key in keys)
    except KeyError as missing:
        raise BadRow(str(path), line, f"has no column {missing}; found {', '.join(map(str, cells))}") from None
    label = spelled(label)
    for key, cell in zip(keys, (text, other, label), strict=True):
        if not isinstance(cell, str):
            raise BadRow(str(path), line, f"column '{key}' holds {cells[key]!r}, not text")
    if label not in labels:
        raise BadRow(str(path), line, f"label '{label}' is not one of {', '.join(labels)}")
    if labels[label] is None:
        return None
    return {"id": name, "language": language, "text": text, "pair": other, "label": labels[label]}


def numbered_rows(
    path: Path,
    lines: Iterable[tuple[int, Mapping[str, Any] | BadRow]],
    keys: PairColumns,
    language: str,
    labels: LabelSpellings,
    name: str = "",
) -> Iterator[Row | BadRow]:
    """The rows of a file; each is named by the column ``name``, or by its line where that is empty or not there."""
    return tables.make_rows(
        lines, lambda line, cells: pair_row(path, line, cells, keys, named(cells, name, line), language, labels)
    )


def xtreme_rows(path: Path, split: str, language: str, labels: LabelSpellings) -> Iterator[Row | BadRow]:
    """The rows of ``<split>-<language>.tsv`` as XTREME's utils_preprocess.py writes it.

    No header; a line is a row, whose sentences csv's writer quotes where they hold quotes (those of copies that were
    written otherwise stay as they are). Test files are written without labels, which may stand in ``labels_of(path)``,
    one a line.
    """
    if split != "test" or tables.count_columns(path, WRITTEN) != 2:
        yield from numbered_rows(path, tables.each_tsv(path, PAIR_SIDES, WRITTEN), PAIR_SIDES, language, labels)
        return
    lines = list(tables.each_tsv(path, PAIR_SIDES[:2], WRITTEN))
    given_labels = _read_labels(labels_of(path), len(lines), labels)
    for (line, cells), label in zip(lines, given_labels, strict=True):
        if isinstance(cells, BadRow) or isinstance(label, BadRow):
            yield cells if isinstance(cells, BadRow) else label  # type: ignore[misc]
            continue
        text, other = (cells[key] for key in PAIR_SIDES[:2])
        yield {"id": str(line), "language": language, "text": text, "pair": other, "label": label, "line": line}


def labels_of(path: Path) -> Path:
    """Where XTREME keeps the labels of a test file: ``labels/<task>/test-<language>.tsv`` beside the task's folder."""
    return path.parent.parent / "labels" / path.parent.name / path.name


def _read_labels(path: Path, count: int, labels: LabelSpellings) -> list[str | BadRow | None]:
    """One label for each row, or nothing for all where the file is not there. Raises BadRow where they are not one
    for one."""
    if not path.is_file():
        return [None] * count
    row_labels: list[str | BadRow | None] = []
    for line, text in tables.each_line(path):
        if isinstance(text, BadRow) or labels.get(text) is None:
            what = f"label '{text}' is not one of {', '.join(labels)}"
            row_labels.append(text if isinstance(text, BadRow) else BadRow(str(path), line, what))
        else:
            row_labels.append(labels[text])
    if len(row_labels) != count:
        bad = next((label for label in row_labels if isinstance(label, BadRow)), None)
        raise bad or BadRow(str(path), len(row_labels), f"ends after {len(row_labels)} labels for {count} rows")
    return row_labels
