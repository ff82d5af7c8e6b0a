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

WORD_CLASSES = ("noun", "verb", "adj", "adv", "*")
SynonymTable = dict[tuple[str, str], tuple[str, ...]]


def read_synonyms(file: str) -> SynonymTable:
    """(small word, part of speech) -> candidates in the order of the file. Raises MissingPart, BadRow."""
    path = located(file)
    if not path.is_file():
        raise MissingPart(f"synonyms: there is no file {path}")
    return _parse_synonyms(filled(path), file_stamp(path))


@lru_cache(maxsize=4)
def _parse_synonyms(path: Path, _stamp: FileStamp) -> SynonymTable:
    entries: dict[tuple[str, str], dict[str, None]] = {}
    for number, line in enumerate(utf8_lines(path), 1):
        cells = [cell.strip() for cell in line.split("\t")]
        if not line.strip():
            continue
        if len(cells) < 3 or cells[1] not in WORD_CLASSES or not cells[0]:
            raise BadRow(str(path), number, "is not a word, a tab, noun, verb, adj, adv or *, a tab, and other words")
        words = entries.setdefault((cells[0].lower(), cells[1]), {})
        words.update(dict.fromkeys(word for cell in cells[2:] for word in cell.split()))
    return {key: tuple(words) for key, words in entries.items()}


def utf8_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file. Raises BadRow."""
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise BadRow(str(path), 0, f"is not UTF-8 (byte {error.start})") from None
