"""A table of words that may stand for each other by their part of speech, such as one made from HowNet's sememes.

A line of the file: a word, a tab, its part of speech (noun, verb, adj, adv, or * for any), a tab, and the words that
may stand for it, parted by tabs or spaces.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from xfer.attackers.lexicons.located import filled, located
from xfer.core.errors import BadRow, MissingPart
from xfer.core.files import FileStamp, file_stamp

CLASSES = ("noun", "verb", "adj", "adv", "*")
Table = dict[tuple[str, str], tuple[str, ...]]


def read(file: str) -> Table:
    """(small word, part of speech) -> candidates in the order of the file. Raises MissingPart, BadRow."""
    path = located(file)
    if not path.is_file():
        raise MissingPart(f"synonyms: there is no file {path}")
    return _read(filled(path), file_stamp(path))


@lru_cache(maxsize=4)
def _read(path: Path, _stamp: FileStamp) -> Table:
    found: dict[tuple[str, str], dict[str, None]] = {}
    for number, line in enumerate(lines(path), 1):
        parts = [part.strip() for part in line.split("\t")]
        if not line.strip():
            continue
        if len(parts) < 3 or parts[1] not in CLASSES or not parts[0]:
            raise BadRow(str(path), number, "is not a word, a tab, noun, verb, adj, adv or *, a tab, and other words")
        words = found.setdefault((parts[0].lower(), parts[1]), {})
        words.update(dict.fromkeys(word for part in parts[2:] for word in part.split()))
    return {key: tuple(words) for key, words in found.items()}


def lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file. Raises BadRow."""
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise BadRow(str(path), 0, f"is not UTF-8 (byte {error.start})") from None
