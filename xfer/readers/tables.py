"""Plain files as (line number, cells): TSV, CSV, JSONL and text lines, with every fault named by file and line.

Written on the standard library, because pandas and pyarrow turn words such as ``NA`` or ``null`` into
missing values and let a lone quote swallow lines.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xfer.core.errors import BadRow

csv.field_size_limit(2**31 - 1)


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number, text) of each line, without its end. Raises BadRow where the bytes are not UTF-8.

    Only line feeds end a line: U+2028 and vertical tabs occur inside real sentences.
    """
    number = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                yield number, text.rstrip("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 (byte {error.start + 1} of the line: 0x{error.object[error.start]:02x})"
        raise BadRow(str(path), number, f"{what}; convert the file with iconv") from None
    except OSError as error:
        raise BadRow(str(path), number, f"cannot be read: {error.strerror}") from None


def tsv(
    path: Path,
    header: Sequence[str] | None = None,
    quoted: bool = False,
    delimiter: str = "\t",
    short: bool = False,
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, cells by column) of a delimited file whose first line is the header unless one is given.

    ``quoted`` reads csv's default quoting; otherwise quotes are ordinary characters. ``short`` takes lines
    that lack their last cells, and gives those they have; otherwise they are faults.
    """
    columns = list(header) if header else None
    for number, cells in _cells(path, quoted, delimiter):
        if columns is None:
            columns = cells
            doubled = {name for name in columns if columns.count(name) > 1}
            if doubled:
                raise BadRow(str(path), number, f"the header names {', '.join(sorted(doubled))} twice")
        elif len(cells) != len(columns) and not (
            (len(cells) < len(columns) and short)
            or (len(cells) > len(columns) and header is None and _spare(cells, columns))
        ):
            raise BadRow(str(path), number, f"has {len(cells)} columns where {len(columns)} are expected")
        else:
            yield number, dict(zip(columns, cells, strict=False))


def _spare(cells: list[str], columns: list[str]) -> bool:
    """Whether the extra cells are empty: trailing tabs are harmless."""
    return not any(cells[len(columns) :])


def _cells(path: Path, quoted: bool, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    if not quoted:
        for number, text in lines(path):
            if text:
                yield number, text.split(delimiter)
        return
    ends = (text + "\n" for _, text in lines(path))
    rows = csv.reader(ends, delimiter=delimiter, strict=True)
    while True:
        start = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadRow(str(path), start, f"is not a well-quoted line: {error}") from None
        if cells:
            yield start, cells


def width(path: Path, quoted: bool = False, delimiter: str = "\t") -> int:
    """Columns of the first line; 0 for an empty file."""
    for _, cells in _cells(path, quoted, delimiter):
        return len(cells)
    return 0


def jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, object) of a file with one JSON object a line."""
    for number, text in lines(path):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            what = (
                f"is not JSON: {error.msg} at column {error.colno}"
                if isinstance(error, json.JSONDecodeError)
                else "nests too deeply"
            )
            raise BadRow(str(path), number, what) from None
        if not isinstance(value, dict):
            raise BadRow(str(path), number, "is not a JSON object")
        yield number, value
