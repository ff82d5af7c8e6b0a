"""Plain files as (line number, cells): TSV, CSV, JSONL and text lines, with every fault named by file and line.

Written on the standard library, because pandas and pyarrow turn words such as ``NA`` or ``null`` into
missing values and let a lone quote swallow lines. ``each_line``, ``each_tsv`` and ``each_jsonl`` give a BadRow in
the place of a line that cannot be read and go on; ``lines``, ``tsv`` and ``jsonl`` raise it.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, TypeVar

from xfer.core.errors import BadRow
from xfer.readers.json_text import parsed
from xfer.readers.quoting import PLAIN, Alone, Dialect, cells_of, records

TableRow = dict[str, Any]
Content = TypeVar("Content")
_ARRAY = "; a line holds one object here, with no array around them (jq -c '.[]' makes lines of an array)"
_ARCHIVES: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}


def raise_faults(numbered: Iterable[tuple[int, Content | BadRow]]) -> Iterator[tuple[int, Content]]:
    """The same lines; the first that cannot be read is raised."""
    for line, content in numbered:
        if isinstance(content, BadRow):
            raise content
        yield line, content


def make_rows(
    numbered: Iterable[tuple[int, Content | BadRow]], make: Callable[[int, Content], TableRow | None]
) -> Iterator[TableRow | BadRow]:
    """``make(line, cells)`` of every line, without its Nones; a line of which no row can be made is its BadRow.

    Rows carry their ``line`` until ``sources.rows`` has checked them.
    """
    for line, content in numbered:
        if isinstance(content, BadRow):
            yield content
            continue
        try:
            row = make(line, content)
        except BadRow as bad:
            yield bad
            continue
        if row is not None:
            row["line"] = line
            yield row


def _open_archive(path: Path) -> IO[bytes]:
    opened: IO[bytes] = _ARCHIVES[path.suffix](path, "rb") if path.suffix in _ARCHIVES else path.open("rb")
    return opened


def each_line(path: Path, ends: bool = False) -> Iterator[tuple[int, str | BadRow]]:
    """(number, text) of each line, without its end; a BadRow where the bytes are not UTF-8 or an archive is cut short.

    Only line feeds end a line: U+2028, vertical tabs and carriage returns occur inside real sentences. In a file that
    holds no line feed, carriage returns do. ``ends`` leaves the ends on. Raises BadRow for a file that cannot be
    opened, is UTF-16, or whose lines end now in CR, now in LF.
    """
    number = 0
    try:
        with _open_archive(path) as file:
            for number, raw in enumerate(_split(path, file), 1):
                try:
                    text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    what = f"is not UTF-8 (byte {error.start + 1} of the line: 0x{error.object[error.start]:02x})"
                    yield number, BadRow(str(path), number, f"{what}; convert the file with iconv")
                    continue
                yield number, text if ends else text.rstrip("\n").removesuffix("\r")
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        what = f"the archive is cut short or damaged from here on ({error}); fetch it again"
        yield number + 1, BadRow(str(path), number + 1, what)
    except OSError as error:
        raise BadRow(str(path), number, f"cannot be read: {error.strerror or error}") from None


def _split(path: Path, file: IO[bytes]) -> Iterable[bytes]:
    """The lines of a file with their ends; the first tells by what lines end. Raises BadRow."""
    first = file.readline()
    if first.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in first and not (any(first[::2]) and any(first[1::2])):
        raise BadRow(str(path), 1, "is not UTF-8 but UTF-16; convert the file: iconv -f UTF-16 -t UTF-8")
    returns = first.count(b"\r") - first.count(b"\r\n")
    if not returns:
        return chain((first,) if first else (), file)
    if not first.endswith(b"\n"):
        return first.splitlines(keepends=True)
    following = list(islice(file, returns))
    if len(following) < returns:
        what = "ends some lines in CR alone (as old Macintosh files do) and some in LF"
        raise BadRow(str(path), 1, f"{what}; convert the file: tr '\\r' '\\n'")
    return chain((first, *following), file)


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """``each_line``, raising its faults."""
    return raise_faults(each_line(path))


def each_tsv(
    path: Path,
    header: Sequence[str] | None = None,
    dialect: Dialect = PLAIN,
    short: bool = False,
    needed: Sequence[str] = (),
    is_row: Callable[[dict[str, str]], bool] = lambda cells: False,
) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
    """(line, cells by column) of a delimited file whose first line is the header unless one is given.

    ``short`` takes lines that lack their last cells, and gives those they have; otherwise they are faults. A csv record
    of several lines is a fault if every one of them has a cell for each column and ``is_row``. Raises BadRow for a
    header that cannot be used, or that lacks one of the columns ``needed``.
    """
    columns = list(header) if header else []

    def alone(found: list[list[str]]) -> bool:
        return all(len(cells) == len(columns) and is_row(dict(zip(columns, cells, strict=True))) for cells in found)

    for number, cells in _line_cells(path, dialect, alone):
        if isinstance(cells, BadRow):
            if not columns:
                raise cells
            yield number, cells
        elif not columns:
            columns += cells
            _check_header(path, number, columns, needed, dialect)
        elif len(cells) != len(columns) and not (
            (len(cells) < len(columns) and short)
            or (len(cells) > len(columns) and header is None and _extra_is_empty(cells, columns))
        ):
            what = f"has {len(cells)} columns where {len(columns)} are expected"
            yield number, BadRow(str(path), number, what + _cause(cells, dialect))
        else:
            yield number, dict(zip(columns, cells, strict=False))


def tsv(
    path: Path, header: Sequence[str] | None = None, dialect: Dialect = PLAIN, short: bool = False
) -> Iterator[tuple[int, dict[str, str]]]:
    """``each_tsv``, raising its faults."""
    return raise_faults(each_tsv(path, header, dialect, short))


def _check_header(path: Path, line: int, columns: list[str], needed: Sequence[str], dialect: Dialect) -> None:
    doubled = {name for name in columns if columns.count(name) > 1}
    if doubled:
        raise BadRow(str(path), line, f"the header names {', '.join(sorted(doubled))} twice")
    lacking = next((name for name in needed if name not in columns), None)
    if lacking is None:
        return
    blanks = next((name for name in columns if name.strip() == lacking), None)
    others = [mark for mark in ",;\t|" if mark != dialect.delimiter and lacking in columns[0].split(mark)]
    hint = f"; blanks belong to a name: write {blanks!r}" if blanks else ""
    if len(columns) == 1 and others:
        hint = f"; its columns seem to be parted by {others[0]!r}"
    raise BadRow(str(path), line, f"has no column '{lacking}'; found {', '.join(columns)}{hint}")


def _cause(cells: list[str], dialect: Dialect) -> str:
    """What may have made a line of cells too many or too few."""
    if any("\r" in cell for cell in cells):
        return "; a carriage return (CR) stands inside it, which ends no line here"
    return dialect.hint() if any(cell.startswith('"') for cell in cells) else ""


def _extra_is_empty(cells: list[str], columns: list[str]) -> bool:
    """Whether the extra cells are empty: trailing tabs are harmless."""
    return not any(cells[len(columns) :])


def _line_cells(path: Path, dialect: Dialect, alone: Alone) -> Iterator[tuple[int, list[str] | BadRow]]:
    if dialect.quoting == "csv":
        yield from records(path, each_line(path, ends=True), dialect, alone)
        return
    split = cells_of(dialect)
    for number, text in each_line(path):
        if isinstance(text, BadRow):
            yield number, text
        elif text:
            yield number, split(text)


def count_columns(path: Path, dialect: Dialect = PLAIN) -> int:
    """Columns of the first line that can be read; 0 for an empty file."""
    for _, cells in _line_cells(path, dialect, lambda lines: False):
        if not isinstance(cells, BadRow):
            return len(cells)
    return 0


def each_jsonl(path: Path) -> Iterator[tuple[int, TableRow | BadRow]]:
    """(line, object) of a file with one JSON object a line."""
    for number, text in each_line(path):
        if isinstance(text, BadRow):
            yield number, text
        elif text.strip():
            yield number, _object_or_fault(path, number, text)


def jsonl(path: Path) -> Iterator[tuple[int, TableRow]]:
    """``each_jsonl``, raising its faults."""
    return raise_faults(each_jsonl(path))


def _object_or_fault(path: Path, number: int, text: str) -> TableRow | BadRow:
    try:
        return json_object(path, number, text)
    except BadRow as bad:
        return bad


def json_object(path: Path, number: int, text: str) -> TableRow:
    """The JSON object of one line. Raises BadRow."""
    try:
        value = parsed(text, path, number)
    except BadRow as bad:
        several = number == 1 and (text.strip()[:1] == "[" or text.strip() == "{")
        raise BadRow(bad.file, number, bad.message + _ARRAY * several) from None
    if not isinstance(value, dict):
        raise BadRow(str(path), number, "is not a JSON object" + _ARRAY * (number == 1 and isinstance(value, list)))
    return value


def parquet(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, TableRow]]:
    """(number, row) of a Parquet file, read in parts. Raises BadRow for one that is cut short or lacks a column."""
    import pyarrow as pa  # late: only this format needs it
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path) as file:
            lacking = [name for name in columns if name not in file.schema_arrow.names]
            if lacking:
                raise BadRow(str(path), 0, f"has no column {', '.join(lacking)}")
            for batch in file.iter_batches(1000, columns=list(columns)):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (pa.ArrowException, OSError) as error:
        what = f"is not a whole Parquet file from row {number + 1} on ({' '.join(str(error).split())}); fetch it again"
        raise BadRow(str(path), 0, what) from None
