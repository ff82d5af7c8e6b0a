"""Word lists that say what a word may be replaced by, and where their words stand in a text.

A list is a folder of plain files, one a pair of languages (``de-en.txt``, as MUSE has them) or one a language
(``de.txt``): a word, a tab or a space, and what may stand for it; with tabs either side may hold several words.
May import: scripts, segment, lexicons, the standard library, ``regex`` and the tables of the miniature languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import regex

from xfer.attackers.lexicons.located import located
from xfer.core.errors import BadRow, MissingPart
from xfer.core.files import FileStamp, file_stamp
from xfer.text.edits import Edit
from xfer.text.scripts import UNSPACED, graphemes, script_of
from xfer.text.segment import ends

Table = dict[str, tuple[str, ...]]
Span = tuple[int, int]
_RUN = regex.compile(r"[\p{L}\p{M}\p{N}\u200c\u200d]++")
_WORDS = 3  # longest phrase of a script with spaces that is looked up
_APOSTROPHES = ("'", "’")
_CLITIC = 2  # longest part after an apostrophe that is no word
_CHARACTERS = 8  # longest word of a script without


def path(folder: str, name: str) -> Path:
    """The file of a list. Raises MissingPart if it is not there."""
    found = located(folder) / f"{name}.txt"
    if not found.is_file():
        raise MissingPart(f"there is no word list {found}; a line of it is a word, a tab, and what may stand for it")
    return found


def checked(folder: str, name: str) -> Path:
    """``path``, of a list that holds a word. Raises MissingPart, BadRow."""
    file = path(folder, name)
    check(file)
    return file


def read(file: Path) -> Table:
    """The words of a file, small, with what may stand for each, in the order of the file.

    Raises BadRow, also where it holds no word that another may stand for.
    """
    return _read(file, file_stamp(file))


@lru_cache(maxsize=64)
def _read(file: Path, stamp: FileStamp) -> Table:
    found: dict[str, dict[str, None]] = {}
    for word, other in _pairs(file):
        found.setdefault(word, {})[other] = None
    if not found:
        raise _empty(file)
    return {word: tuple(others) for word, others in found.items()}


def check(file: Path) -> None:
    """Raises BadRow where a list holds no word that another may stand for."""
    if next(_pairs(file), None) is None:
        raise _empty(file)


def _empty(file: Path) -> BadRow:
    return BadRow(str(file), 0, "is an empty list: no line holds a word and another that may stand for it")


def _pairs(file: Path) -> Iterator[tuple[str, str]]:
    """Each word, small, and what may stand for it, line by line; a word does not stand for itself."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise BadRow(str(file), 0, f"is not UTF-8 (byte {error.start})") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        parts = [part.strip() for part in (line.split("\t") if "\t" in line else line.split())]
        if len(parts) != 2 or not all(parts):
            raise BadRow(str(file), number, "is not a word, a tab, and what may stand for it")
        if parts[0].lower() != parts[1].lower():
            yield parts[0].lower(), parts[1]


@lru_cache(maxsize=256)
def miniature(language: str, other: str) -> Table:
    """The words of the miniature world in ``language`` and in ``other``; empty where it speaks one of them not."""
    from xfer.miniature.languages import BY_CODE  # late: only this list needs its tables

    if language not in BY_CODE or other not in BY_CODE or language == other:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    ours, theirs = BY_CODE[language], BY_CODE[other]
    for name in ("agents", "objects", "qualities", "verbs", "phrases"):
        here, there = getattr(ours, name), getattr(theirs, name)
        for concept in here:
            inflected = name in ("qualities", "verbs")
            forms = here[concept] if inflected else here[concept][:1]
            if name == "verbs" and ours.negative_forms:
                forms = forms[:-1]
            new = _plain(there[concept][0]) if concept in there else ""
            for form in map(_plain, forms):
                if form and new and form.lower() != new.lower():
                    found.setdefault(form.lower(), (new,))
    return found


def _plain(form: str) -> str:
    return " ".join(form.replace("~", " ").split())


def places(text: str, known: Callable[[str], object]) -> Iterator[tuple[Span, str]]:
    """Where words stand that are ``known`` (asked in small letters), the longest first, without overlap, in order."""
    runs = [span for span in (match.span() for match in _RUN.finditer(text)) if not _contracted(text, *span)]
    place = 0
    while place < len(runs):
        start, end = runs[place]
        if script_of(text[start]) in UNSPACED and not _joined(text, runs, place, known):
            yield from _unspaced(text, start, end, known)
            place += 1
            continue
        size = _joined(text, runs, place, known)
        if size:
            yield (start, runs[place + size - 1][1]), text[start : runs[place + size - 1][1]].lower()
        place += size or 1


def _contracted(text: str, start: int, end: int) -> bool:
    """Whether a run is a part of "don't" or "we'll": no word of its own, unlike the parts of "l'eau"."""
    before, after = _RUN.fullmatch(text, start - 2, start - 1), _RUN.match(text, end + 1)
    if text[end : end + 1] in _APOSTROPHES and after and len(after.group()) <= _CLITIC:
        return True
    return text[start - 1 : start] in _APOSTROPHES and start > 1 and before is not None and end - start <= _CLITIC


def _joined(text: str, runs: list[Span], place: int, known: Callable[[str], object]) -> int:
    """How many runs from ``place`` on, with one space between each, are a known phrase."""
    for size in range(min(_WORDS, len(runs) - place), 0, -1):
        part = runs[place : place + size]
        spaced = all(text[one[1] : two[0]] == " " for one, two in pairwise(part))
        if spaced and known(text[part[0][0] : part[-1][1]].lower()):
            return size
    return 0


def _unspaced(text: str, start: int, end: int, known: Callable[[str], object]) -> Iterator[tuple[Span, str]]:
    cuts = ends(text[start:end])  # with a segmenter a hit is made of whole words, without one of whole clusters
    borders = {start, *(past for _, past in graphemes(text, start, end))}
    borders &= borders if cuts is None else {start, *(start + cut for cut in cuts)}
    while start < end:
        sizes = range(min(_CHARACTERS, end - start), 0, -1) if start in borders else range(0)
        fit = (n for n in sizes if start + n in borders)
        size = next((n for n in fit if known(text[start : start + n])), 0)
        if size:
            yield (start, start + size), text[start : start + size]
        start += size or 1


def fitted(text: str, span: Span, new: str) -> str:
    """``new`` in the case of what it stands for, with a space where it would touch another word."""
    start, end = span
    old = text[start:end]
    if len(old) > 1 and old.isupper():
        new = new.upper()
    elif old[:1].isupper():
        new = new[:1].upper() + new[1:]
    before, after = text[start - 1 : start], text[end : end + 1]
    return (" " if _touch(before, new[0]) else "") + new + (" " if _touch(new[-1], after) else "")


def one_space(edits: list[Edit]) -> list[Edit]:
    """Sorted edits, with one space only between two words that are put in side by side."""
    made: list[Edit] = []
    for edit in edits:
        if made and made[-1].end == edit.start and made[-1].new.endswith(" "):
            edit = edit._replace(new=edit.new.removeprefix(" "))
        made.append(edit)
    return made


def _touch(left: str, right: str) -> bool:
    """Whether two letters side by side would read as one word."""
    both = [char for char in (left, right) if char and _RUN.match(char)]
    return len(both) == 2 and any(script_of(char) not in UNSPACED for char in both)
