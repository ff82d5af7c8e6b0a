"""Plain files as (line number, cells): TSV, CSV, JSONL and text lines, with every fault named by file and line.

Written on the standard library, because pandas and pyarrow turn words such as ``NA`` or ``null`` into
missing values and let a lone quote swallow lines. ``each_line``, ``each_tsv`` and ``each_jsonl`` give a BadRow in
the place of a line that cannot be read and go on; ``lines``, ``tsv`` and ``jsonl`` raise it.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

from xfer.core.errors import BadRow

csv.field_size_limit(2**31 - 1)

Row = dict[str, Any]
Found = TypeVar("Found")
_ARCHIVES: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}


def sound(found: Iterable[tuple[int, Found | BadRow]]) -> Iterator[tuple[int, Found]]:
    """The same lines; the first that cannot be read is raised."""
    for line, one in found:
        if isinstance(one, BadRow):
            raise one
        yield line, one


def made(
    found: Iterable[tuple[int, Found | BadRow]], make: Callable[[int, Found], Row | None]
) -> Iterator[Row | BadRow]:
    """``make(line, cells)`` of every line, without its Nones; a line of which no row can be made is its BadRow.

    Rows carry their ``line`` until ``sources.rows`` has checked them.
    """
    for line, one in found:
        if isinstance(one, BadRow):
            yield one
            continue
        try:
            row = make(line, one)
        except BadRow as bad:
            yield bad
            continue
        if row is not None:
            row["line"] = line
            yield row


def _opened(path: Path) -> IO[bytes]:
    opened: IO[bytes] = _ARCHIVES[path.suffix](path, "rb") if path.suffix in _ARCHIVES else path.open("rb")
    return opened


def each_line(path: Path) -> Iterator[tuple[int, str | BadRow]]:
    """(number, text) of each line, without its end; a BadRow where the bytes are not UTF-8 or an archive is cut short.

    Only line feeds end a line: U+2028 and vertical tabs occur inside real sentences. Raises BadRow for a file that
    cannot be opened.
    """
    number = 0
    try:
        with _opened(path) as file:
            for number, raw in enumerate(file, 1):
                try:
                    text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    what = f"is not UTF-8 (byte {error.start + 1} of the line: 0x{error.object[error.start]:02x})"
                    yield number, BadRow(str(path), number, f"{what}; convert the file with iconv")
                    continue
                yield number, text.rstrip("\n").removesuffix("\r")
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        what = f"the archive is cut short or damaged from here on ({error}); fetch it again"
        yield number + 1, BadRow(str(path), number + 1, what)
    except OSError as error:
        raise BadRow(str(path), number, f"cannot be read: {error.strerror or error}") from None


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """``each_line``, raising its faults."""
    return sound(each_line(path))


def each_tsv(
    path: Path,
    header: Sequence[str] | None = None,
    quoted: bool = False,
    delimiter: str = "\t",
    short: bool = False,
) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
    """(line, cells by column) of a delimited file whose first line is the header unless one is given.

    ``quoted`` reads csv's default quoting; otherwise quotes are ordinary characters. ``short`` takes lines
    that lack their last cells, and gives those they have; otherwise they are faults. Raises BadRow for a header
    that cannot be used.
    """
    columns = list(header) if header else None
    for number, cells in _cells(path, quoted, delimiter):
        if isinstance(cells, BadRow):
            if columns is None:
                raise cells
            yield number, cells
        elif columns is None:
            columns = cells
            doubled = {name for name in columns if columns.count(name) > 1}
            if doubled:
                raise BadRow(str(path), number, f"the header names {', '.join(sorted(doubled))} twice")
        elif len(cells) != len(columns) and not (
            (len(cells) < len(columns) and short)
            or (len(cells) > len(columns) and header is None and _spare(cells, columns))
        ):
            what = f"has {len(cells)} columns where {len(columns)} are expected"
            yield number, BadRow(str(path), number, what)
        else:
            yield number, dict(zip(columns, cells, strict=False))


def tsv(
    path: Path,
    header: Sequence[str] | None = None,
    quoted: bool = False,
    delimiter: str = "\t",
    short: bool = False,
) -> Iterator[tuple[int, dict[str, str]]]:
    """``each_tsv``, raising its faults."""
    return sound(each_tsv(path, header, quoted, delimiter, short))


def _spare(cells: list[str], columns: list[str]) -> bool:
    """Whether the extra cells are empty: trailing tabs are harmless."""
    return not any(cells[len(columns) :])


def _cells(path: Path, quoted: bool, delimiter: str) -> Iterator[tuple[int, list[str] | BadRow]]:
    if quoted:
        yield from _quoted(path, delimiter)
        return
    for number, text in each_line(path):
        if isinstance(text, BadRow):
            yield number, text
        elif text:
            yield number, text.split(delimiter)


def _quoted(path: Path, delimiter: str) -> Iterator[tuple[int, list[str] | BadRow]]:
    """The records of a csv file; one may take several lines, and is named by its first."""
    used: list[int] = []
    faults: list[tuple[int, BadRow]] = []

    def ends() -> Iterator[str]:
        for number, text in each_line(path):
            if isinstance(text, BadRow):
                faults.append((number, text))
            else:
                used.append(number)
                yield text + "\n"

    rows = csv.reader(ends(), delimiter=delimiter, strict=True)
    while True:
        used.clear()
        try:
            cells: list[str] | BadRow = next(rows)
        except StopIteration:
            yield from faults
            return
        except csv.Error as error:
            start = used[0] if used else 0
            cells = BadRow(str(path), start, f"is not a well-quoted line: {error}")
        yield from faults
        faults.clear()
        if cells:
            yield used[0] if used else 0, cells


def width(path: Path, quoted: bool = False, delimiter: str = "\t") -> int:
    """Columns of the first line that can be read; 0 for an empty file."""
    for _, cells in _cells(path, quoted, delimiter):
        if not isinstance(cells, BadRow):
            return len(cells)
    return 0


def each_jsonl(path: Path) -> Iterator[tuple[int, Row | BadRow]]:
    """(line, object) of a file with one JSON object a line."""
    for number, text in each_line(path):
        if isinstance(text, BadRow):
            yield number, text
        elif text.strip():
            yield number, _object(path, number, text)


def jsonl(path: Path) -> Iterator[tuple[int, Row]]:
    """``each_jsonl``, raising its faults."""
    return sound(each_jsonl(path))


def _object(path: Path, number: int, text: str) -> Row | BadRow:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return BadRow(str(path), number, f"is not JSON: {error.msg} at column {error.colno}")
    except RecursionError:
        return BadRow(str(path), number, "nests too deeply")
    return value if isinstance(value, dict) else BadRow(str(path), number, "is not a JSON object")


def parquet(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """(number, row) of a Parquet file, read in parts. Raises BadRow for one that is cut short or lacks a column."""
    import pyarrow as pa  # late: only this format needs it
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            lacking = [name for name in columns if name not in file.schema_arrow.names]
            if lacking:
                raise BadRow(str(path), 0, f"has no column {', '.join(lacking)}")
            for part in file.iter_batches(1000, columns=list(columns)):
                for row in part.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError) as error:
        what = f"is not a whole Parquet file from row {number + 1} on ({' '.join(str(error).split())}); fetch it again"
        raise BadRow(str(path), 0, what) from None
