"""JSON as data files hold it: what is wrong with it as a fault of the file, and where its values stand.

Positions are looked up in the text, and only for a fault, since Python's parser forgets them.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from xfer.core.errors import BadRow
from xfer.core.files import FileStamp, file_stamp
from xfer.readers.strict_json import RepeatedKey, line_of, parse

Step = str | int  # the key of a member, or the number of an item from 0
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]', re.DOTALL)
_BLANK = re.compile(r"[ \t\r\n]*")
_LONG = re.compile(r"\d{4301}")  # more digits than Python makes a number of


class Doubled(dict[str, Any]):
    """An object one of whose keys was given twice: ``key``."""

    key: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    marked = Doubled(found)
    names = [name for name, _ in pairs]
    marked.key = next(name for place, name in enumerate(names) if name in names[:place])
    return marked


def parsed(text: str, path: Path, line: int = 0) -> Any:
    """The value of a JSON text that stands on ``line`` of a file, or is the file (0).

    Raises BadRow where it is no JSON, nests too deeply or gives a key twice.
    """
    try:
        return parse(text)
    except RepeatedKey as error:
        what = f"gives the key '{error.key}' twice (column {error.column})"
        raise BadRow(str(path), line or error.second, what) from None
    except (ValueError, RecursionError) as error:
        raise _syntax_fault(error, text, path, line) from None


def tree(text: str, path: Path) -> Any:
    """The value of a whole file, in which an object that gives a key twice is ``Doubled``. Raises BadRow."""
    try:
        return json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise _syntax_fault(error, text, path, 0) from None


def _syntax_fault(error: Exception, text: str, path: Path, line: int) -> BadRow:
    """What Python's parser says of a text that stands on ``line``, or is the file (0), as a fault of the file."""
    if isinstance(error, json.JSONDecodeError):
        return BadRow(str(path), line or error.lineno, f"is not JSON: {error.msg} at column {error.colno}")
    if isinstance(error, RecursionError):
        return BadRow(str(path), line, "nests too deeply")
    number = _LONG.search(text)
    return BadRow(str(path), line or line_of(text, number.start() if number else 0), "holds a number too long to read")


class Positions:
    """Where the values of a JSON text stand. Objects and arrays are walked when they are asked about."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._members: dict[int, dict[Step, int]] = {}

    @cached_property
    def _breaks(self) -> list[int]:
        return [found.start() for found in re.finditer("\n", self.text)]

    def mark(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a character."""
        line = bisect_left(self._breaks, offset)
        return line + 1, offset - (self._breaks[line - 1] if line else -1)

    def of(self, steps: tuple[Step, ...]) -> tuple[int, int]:
        """Line and column of the value that these steps lead to, or of the last that is there."""
        offset = self._value(0)
        for step in steps:
            inside = self._inside(offset)
            if step not in inside:
                break
            offset = inside[step]
        return self.mark(offset)

    def _value(self, offset: int) -> int:
        """The first character from ``offset`` on that is not blank."""
        found = _BLANK.match(self.text, offset)
        return found.end() if found else offset

    def _inside(self, start: int) -> dict[Step, int]:
        """The offsets of the values inside an object or array; of equal keys the last."""
        if start not in self._members:
            opening = self.text[start : start + 1]
            walk = {"{": self._of_object, "[": self._of_array}.get(opening)
            self._members[start] = walk(start + 1) if walk else {}
        return self._members[start]

    def _tokens(self, start: int) -> Iterator[re.Match[str]]:
        """The tokens of one object or array, without those of the objects and arrays inside it."""
        depth = 0
        for token in _TOKEN.finditer(self.text, start):
            closing = token[0] in "}]"
            if closing and not depth:
                return
            depth -= closing
            if not depth and not closing:
                yield token
            depth += token[0] in "{["

    def _of_object(self, start: int) -> dict[Step, int]:
        found: dict[Step, int] = {}
        name, is_key = "", True
        for token in self._tokens(start):
            if token[0] == ":":
                found[name] = self._value(token.end())
            elif is_key and token[0][0] == '"':
                name = json.loads(token[0])
            is_key = token[0] == ","
        return found

    def _of_array(self, start: int) -> dict[Step, int]:
        commas = (token.end() for token in self._tokens(start) if token[0] == ",")
        return {number: self._value(end) for number, end in enumerate([start, *commas])}


@lru_cache(maxsize=2)
def _positions(path: Path, stamp: FileStamp) -> Positions:
    return Positions(path.read_text("utf-8-sig"))


class Spot(NamedTuple):
    """A value of a JSON file: the steps that lead to it, and what it is called in a fault."""

    path: Path
    steps: tuple[Step, ...]
    name: str

    def __str__(self) -> str:
        return self.name

    def inside(self, key: str, number: int, name: str) -> Spot:
        """An item of a list of this object."""
        return Spot(self.path, (*self.steps, key, number), name)

    def mark(self, *steps: Step) -> tuple[int, int]:
        """Line and column of the value, or of one that ``steps`` lead to from it."""
        return _positions(self.path, file_stamp(self.path)).of((*self.steps, *steps))

    def line(self) -> int:
        """The line of the value: of an object that has an id, the line of that."""
        return self.mark("id")[0]

    def bad(self, message: str, *steps: Step) -> BadRow:
        """A fault of the value, or of one that ``steps`` lead to from it; on the first line, which is often the only
        one, with its column."""
        line, column = self.mark(*steps)
        return BadRow(str(self.path), line, message + (f" (column {column})" if line == 1 else ""))
