"""Cells of delimited lines: as they stand, with the quotes of csv's writer taken off, or records of csv.

Python's csv module is not used: a quote that is never closed makes it swallow the rest of a file, and it names no line.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from xfer.core.errors import BadRow

# none: quotes are ordinary characters. cells: a line is a row, and csv's writer has quoted the cells that hold quotes.
# csv: a quoted cell may hold delimiters and line ends (RFC 4180).
Quoting = Literal["none", "cells", "csv"]
Line = tuple[int, str | BadRow]
_QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"')
_EXCEL = re.compile(r"sep=(.)")


class Dialect(NamedTuple):
    """How a file parts its cells; ``advice`` ends the faults that quotes may have made."""

    delimiter: str = "\t"
    quoting: Quoting = "none"
    advice: str = ""

    def hint(self) -> str:
        return f"; {self.advice}" if self.advice else ""


PLAIN = Dialect()
COMMAS = Dialect(",", "csv")
WRITTEN = Dialect("\t", "cells")  # by csv's writer, a line a row
Alone = Callable[[list[list[str]]], bool]


def unquoted(cell: str) -> str:
    """The text of a cell that csv's writer quoted because it holds quotes; any other cell as it stands."""
    inner = cell[1:-1]
    if len(cell) > 2 and cell[0] == cell[-1] == '"' and '"' in inner and '"' not in inner.replace('""', ""):
        return inner.replace('""', '"')
    return cell


def cells_of(dialect: Dialect) -> Callable[[str], list[str]]:
    """What makes cells of a line that is a row."""

    def quoted(text: str) -> list[str]:
        return [unquoted(cell) for cell in text.split(dialect.delimiter)]

    return quoted if dialect.quoting == "cells" else lambda text: text.split(dialect.delimiter)


def records(
    path: Path, lines: Iterator[Line], dialect: Dialect, alone: Alone
) -> Iterator[tuple[int, list[str] | BadRow]]:
    """(first line, cells) of the records of a csv file, whose ``lines`` come with their ends.

    A record with a quote that is not closed, or that is followed by text, is one BadRow, and reading goes on behind its
    first line. So is a record of several lines if ``alone(cells of each line)`` says that they are rows by themselves,
    which a stray quote has swallowed.
    """
    source = _Source(lines)
    delimiter = dialect.delimiter
    for number, text in source:
        if isinstance(text, BadRow):
            yield number, text
            continue
        named = _EXCEL.fullmatch(_bare(text)) if number == 1 else None
        if named:  # Excel's own first line
            delimiter = named[1]
        elif '"' not in text:
            if bare := _bare(text):
                yield number, bare.split(delimiter)
        else:
            yield number, _record(path, number, text, source, dialect._replace(delimiter=delimiter), alone)


def _bare(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


class _Source:
    """Lines that can be given back, and end in LF if they end as the first does."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines, self._waiting = lines, deque[Line]()
        self._end = ""

    def __iter__(self) -> _Source:
        return self

    def __next__(self) -> Line:
        if self._waiting:
            return self._waiting.popleft()
        number, text = next(self._lines)
        if isinstance(text, BadRow):
            return number, text
        self._end = self._end or text[len(_bare(text)) :]
        return number, text.removesuffix(self._end) + "\n" if self._end and text.endswith(self._end) else text

    def give_back(self, lines: list[Line]) -> None:
        self._waiting.extendleft(reversed(lines))


class _Fault(Exception):
    """What is wrong with the quotes of a record, and at which of its characters."""

    def __init__(self, what: str, offset: int, is_open: bool = False) -> None:
        super().__init__(what)
        self.offset, self.is_open = offset, is_open


def _record(path: Path, first: int, text: str, source: _Source, dialect: Dialect, alone: Alone) -> list[str] | BadRow:
    """The cells of the record that begins with ``text``, which takes as many lines from ``source`` as it needs."""
    further: list[Line] = []
    whole = text
    while True:
        try:
            found = _cells(_bare(whole), dialect.delimiter)
        except _Fault as fault:
            if fault.is_open and _pull(source, further):
                whole = "".join([text, *(str(line) for _, line in further)])
                continue
            what = f"{fault} ({_spot(first, whole, fault.offset)})"
        else:
            lines = _bare(whole).split("\n")
            if not further or not alone([line.split(dialect.delimiter) for line in lines]):
                return found
            what = f"its quote closes in line {further[-1][0]}, and each line up to there is a row by itself"
        source.give_back(further)
        return BadRow(str(path), first, f"is not a well-quoted line: {what}{dialect.hint()}")


def _pull(source: _Source, further: list[Line]) -> bool:
    """Takes lines up to the next that holds a quote; False, and what was taken is no part of the record, without."""
    for number, text in source:
        further.append((number, text))
        if isinstance(text, BadRow):
            return False
        if '"' in text:
            return True
    return False


def _cells(text: str, delimiter: str) -> list[str]:
    """The cells of a whole record. Raises _Fault."""
    found, place = [], 0
    while True:
        quoted = text.startswith('"', place)
        match = _QUOTED.match(text, place) if quoted else None
        if quoted and match is None:
            raise _Fault("a quote opens a cell and is never closed", place, is_open=True)
        end = match.end() if match else text.find(delimiter, place)
        end = len(text) if end < 0 else end
        found.append(match[1].replace('""', '"') if match else text[place:end])
        if end == len(text):
            return found
        if text[end] != delimiter:
            raise _Fault("text follows the quote that closes a cell", end)
        place = end + 1


def _spot(first: int, text: str, offset: int) -> str:
    """Where a character of a record stands."""
    line = text.count("\n", 0, offset)
    column = f"column {offset - text.rfind(chr(10), 0, offset)}"
    return f"line {first + line}, {column}" if line else column
