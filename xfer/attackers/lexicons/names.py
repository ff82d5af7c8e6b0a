"""Names of people and places that may stand for each other.

A line of the file: a kind (first, last, city, country, nationality, or any other), a tab, and a name. A name is
replaced by another of its kind. Without a file the English lists that come with TextAttack are taken.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from xfer.attackers.lexicons.located import filled, located
from xfer.attackers.lexicons.synonyms import utf8_lines
from xfer.core.errors import BadRow, MissingPart
from xfer.core.files import FileStamp, file_stamp

MAX_NAME_WORDS = 3  # words in a name that is looked up
Names = dict[str, tuple[str, ...]]


def read_names(file: str) -> Names:
    """Kind -> names in the order of the file. Raises MissingPart, BadRow."""
    path = located(file)
    if not path.is_file():
        raise MissingPart(f"name_list: there is no file {path}")
    return _parse_names(filled(path), file_stamp(path))


@lru_cache(maxsize=4)
def _parse_names(path: Path, _stamp: FileStamp) -> Names:
    entries: dict[str, dict[str, None]] = {}
    for number, line in enumerate(utf8_lines(path), 1):
        cells = [cell.strip() for cell in line.split("\t")]
        if not line.strip():
            continue
        if len(cells) != 2 or not all(cells):
            raise BadRow(str(path), number, "is not a kind, a tab, and a name")
        entries.setdefault(cells[0], {})[cells[1]] = None
    return {kind: tuple(names) for kind, names in entries.items()}


@lru_cache(maxsize=8)
def kind_by_name(names: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, str]:
    """The kind of each name; the first kind that has it."""
    kinds_found: dict[str, str] = {}
    for kind, kind_names in names:
        for name in kind_names:
            kinds_found.setdefault(name, kind)
    return kinds_found
